import { describe, expect, it } from 'vitest';
import { directionFigures, type PhaseOutcome } from '../../../../src/main/engine/live/phase-figures.ts';
import { latenciesOf } from '../latencies.ts';

function outcome(changes: Partial<PhaseOutcome> = {}): PhaseOutcome {
  return {
    measures: ['write'],
    durationNs: 1000,
    cpus: 2,
    threads: { clockNs: 2000, processorNs: 1500 },
    bytes: { read: 0, write: 8192 },
    latencies: { read: [], write: [latenciesOf(100), latenciesOf(300)] },
    lockWaitNs: 500,
    lockSleepNs: 400,
    lockContentions: 3,
    ...changes,
  };
}

describe('the figures of a direction', () => {
  it('are absent when no phase measures it', () => {
    expect(directionFigures([outcome()], 'read')).toBeUndefined();
    expect(directionFigures([], 'write')).toBeUndefined();
  });

  it('are those of a phase: bytes per time in 10^6 bytes a second, waiting as a share of all CPUs', () => {
    expect(directionFigures([outcome()], 'write')).toMatchObject({
      operations: 2,
      bytes: 8192,
      durationNs: 1000,
      megabytesPerSecond: 8192,
      lockWaitNs: 500,
      lockWaitShare: 0.25,
      lockContentions: 3,
    });
  });

  it('add up phases that follow one another, and leave out those that measure something else', () => {
    const figures = directionFigures(
      [
        outcome(),
        outcome({ durationNs: 3000, cpus: 1, bytes: { read: 0, write: 4096 }, lockWaitNs: 0, lockContentions: 0 }),
        outcome({ measures: ['read'], durationNs: 9e9, bytes: { read: 1, write: 1 } }),
        outcome({ measures: [], durationNs: 9e9 }),
      ],
      'write',
    );
    expect(figures).toMatchObject({ operations: 4, bytes: 12288, durationNs: 4000, lockContentions: 3 });
    // 500 ns of 2 × 1000 + 1 × 3000.
    expect(figures?.lockWaitShare).toBe(0.1);
    expect(figures?.megabytesPerSecond).toBe((12288 / 4000) * 1000);
  });

  it('say what share of their time the threads neither ran nor slept on a lock', () => {
    const waits = { lockWaitNs: 0.6e9, lockSleepNs: 0.5e9 };
    const second = { ...waits, threads: { clockNs: 2e9, processorNs: 1.5e9 } };
    const starved = { ...waits, threads: { clockNs: 2e9, processorNs: 0.5e9 } };
    // 2 s, of which 1.5 on a core and 0.5 asleep: nothing is left.
    expect(directionFigures([outcome(second)], 'write')?.withheldShare).toBe(0);
    // 1 s of 2, and over both phases 1 of 4.
    expect(directionFigures([outcome(starved)], 'write')?.withheldShare).toBe(0.5);
    expect(directionFigures([outcome(second), outcome(starved)], 'write')?.withheldShare).toBe(0.25);
    // A wait that only looks is running, and what others had the core for meanwhile is not hidden by it.
    const looking = outcome({ lockWaitNs: 1e9, lockSleepNs: 0, threads: { clockNs: 2e9, processorNs: 1.5e9 } });
    expect(directionFigures([looking], 'write')?.withheldShare).toBe(0.25);
  });

  it('say what of their time the threads were in requests, of both directions where a phase has both', () => {
    const threads = { clockNs: 2000, processorNs: 2000 };
    const writing = outcome({ threads, latencies: { write: [latenciesOf(500, 400), latenciesOf(300)] } });
    expect(directionFigures([writing], 'write')?.requestShare).toBe(0.6);
    const idle = outcome({ threads: { ...threads, clockNs: 1000 }, latencies: { write: [] } });
    expect(directionFigures([writing, idle], 'write')?.requestShare).toBe(0.4);
    const latencies = { write: [latenciesOf(500)], read: [latenciesOf(600, 700)] };
    const mixed = outcome({ measures: ['write', 'read'], threads, latencies });
    expect(directionFigures([mixed], 'write')?.requestShare).toBe(0.9);
    expect(directionFigures([mixed], 'read')?.requestShare).toBe(0.9);
    const creating = outcome({ measures: ['create'], threads, latencies: { create: [latenciesOf(500)] } });
    expect(directionFigures([creating], 'create')?.requestShare).toBeUndefined();
  });

  it('do not say it of phases so short that waking up is a good part of them', () => {
    const idle = (clockNs: number): PhaseOutcome =>
      outcome({ lockWaitNs: 0, lockSleepNs: 0, threads: { clockNs, processorNs: 0 } });
    // Two threads each.
    expect(directionFigures([idle(1.9e6)], 'write')?.withheldShare).toBeUndefined();
    expect(directionFigures([idle(2e6)], 'write')?.withheldShare).toBe(1);
    // Many short phases are no better than one.
    expect(directionFigures([idle(1.5e6), idle(1.5e6)], 'write')?.withheldShare).toBeUndefined();
  });

  it('merge the latencies of all CPUs', () => {
    const many = Array.from({ length: 99 }, () => 1000);
    const figures = directionFigures(
      [outcome({ latencies: { read: [], write: [latenciesOf(...many), latenciesOf(50_000)] } })],
      'write',
    );
    expect(figures?.operations).toBe(100);
    expect(figures?.latencyNs.p50).toBe(1000);
    expect(figures?.latencyNs.p99).toBe(1000);
    expect(figures?.latencyNs.max).toBeGreaterThanOrEqual(50_000);
    expect(figures?.latencyNs.mean).toBeCloseTo((99 * 1000 + 50_000) / 100, -1);
  });

  it('are zeros, not NaN, when nothing was done in no time', () => {
    const nothing = outcome({
      durationNs: 0,
      threads: { clockNs: 0, processorNs: 0 },
      bytes: { read: 0, write: 0 },
      latencies: { read: [], write: [] },
      lockWaitNs: 0,
      lockSleepNs: 0,
    });
    expect(directionFigures([nothing], 'write')).toMatchObject({
      operations: 0,
      megabytesPerSecond: 0,
      lockWaitShare: 0,
      requestShare: undefined,
      withheldShare: undefined,
      latencyNs: { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 },
    });
  });
});
