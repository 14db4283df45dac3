import { describe, expect, test } from 'vitest';
import { createLiveFigures } from '../../../src/renderer/stores/live-figures.ts';
import { otherBytes } from '../../../src/renderer/words/memory-kinds.ts';
import type { RunProgress } from '../../../src/shared/contract.ts';
import { sampleProfile } from '../sample-profile.ts';
import { scriptedEvents } from '../scripted-run.ts';

const progress = scriptedEvents('run-1', sampleProfile()).flatMap((event) =>
  event.kind === 'progress' ? [event.progress] : [],
);
const [first] = progress;

function at(atMs: number, parts: Partial<RunProgress>): RunProgress {
  if (first === undefined) throw new Error('the script has no progress');
  return { ...first, atMs, ...parts };
}

describe('live figures', () => {
  test('give each design and direction its own line', () => {
    const figures = createLiveFigures(['single-mutex', 'per-cpu-global'], ['write', 'read']);
    figures.add(at(0, { design: 'single-mutex', megabytesPerSecond: { write: 400 } }));
    figures.add(at(100, { design: 'per-cpu-global', megabytesPerSecond: { write: 700, read: 1400 } }));
    const lines = figures.snapshot().throughput.map(({ design, direction, points }) => [design, direction, points]);
    expect(lines).toEqual([
      ['single-mutex', 'write', [[0, 400]]],
      ['single-mutex', 'read', []],
      ['per-cpu-global', 'write', [[0.1, 700]]],
      ['per-cpu-global', 'read', [[0.1, 1400]]],
    ]);
  });

  test('split memory into kinds that add up to what is in use', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    const withMemory = progress.find(({ memory }) => (memory?.poolBytes ?? 0) > 0);
    const memory = withMemory?.memory;
    if (memory === undefined) throw new Error('the script has no memory');
    figures.add(at(0, { memory }));
    const kinds = figures.snapshot().memory.map((points) => points[0]?.[1] ?? NaN);
    expect(kinds.reduce((sum, bytes) => sum + bytes, 0)).toBe(memory.usedBytes);
    expect(kinds[3]).toBe(otherBytes(memory));
  });

  test('tell what the devices held by design and kind, with a gap while another design runs', () => {
    const figures = createLiveFigures(['single-mutex', 'per-cpu-global'], ['write', 'read']);
    const memory = progress.find((each) => (each.memory?.poolBytes ?? 0) > 0)?.memory;
    if (memory === undefined) throw new Error('the script has no memory');
    figures.add(at(0, { design: 'single-mutex', memory }));
    figures.add(at(100, { design: 'per-cpu-global', memory: { ...memory, poolBytes: 4096 } }));
    const lines = figures.snapshot().held.map(({ design, kind, points }) => [design, kind, points]);
    expect(lines).toHaveLength(6);
    expect(lines[0]).toEqual(['single-mutex', 'original', [[0, memory.originalBytes]]]);
    expect(lines[5]).toEqual(['per-cpu-global', 'pool', [[0.1, 4096]]]);
    const objects = createLiveFigures(['embed'], ['create', 'destroy']);
    objects.add(at(0, { design: 'embed', memory }));
    expect(objects.snapshot().held).toEqual([]);
  });

  test('break every line between two machines, also of one design', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    const memory = progress.find((each) => (each.memory?.poolBytes ?? 0) > 0)?.memory;
    if (memory === undefined) throw new Error('the script has no memory');
    const sample = { design: 'single-mutex', memory, megabytesPerSecond: { write: 400 } } as const;
    [0, 0, 1].forEach((which, index) => {
      figures.add(at(100 * index, { ...sample, sample: which }));
    });
    const { throughput, memory: kinds, held } = figures.snapshot();
    const values = [throughput[0], { points: kinds[0] ?? [] }, held[0]].map((line) =>
      line?.points.map(([, value]) => Number.isNaN(value)),
    );
    expect(values).toEqual(Array.from({ length: 3 }, () => [false, false, true, false]));
  });

  test('take the mean of what CPUs did since the last snapshot', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    figures.add(at(0, { cpus: [{ working: 0.2, lockWait: 0.4, withheld: 0.3 }] }));
    figures.add(at(100, { cpus: [{ working: 0.6, lockWait: 0, withheld: 0.1 }] }));
    const [cpu] = figures.snapshot().cpus;
    expect(cpu?.working).toBeCloseTo(0.4);
    expect(cpu?.withheld).toBeCloseTo(0.2);
    figures.add(at(200, { cpus: [{ working: 1, lockWait: 0 }] }));
    expect(figures.snapshot().cpus).toEqual([{ working: 1, lockWait: 0, withheld: 0 }]);
  });

  test('show the CPUs of phases shorter than the time between snapshots, and none where none ran', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    figures.add(at(0, { cpus: [] }));
    figures.add(at(100, { cpus: [{ working: 0.8, lockWait: 0 }] }));
    figures.add(at(200, { cpus: [] }));
    expect(figures.snapshot().cpus).toEqual([{ working: 0.8, lockWait: 0, withheld: 0 }]);
    figures.add(at(300, { cpus: [] }));
    expect(figures.snapshot().cpus).toEqual([]);
  });

  test('know from when until when the blocks before the first repetition went on, without what was prepared', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    figures.add(at(500, { repetition: 0, phase: 'prepare' }));
    expect(figures.snapshot().firstBlockSeconds).toBeUndefined();
    figures.add(at(700, { repetition: 0, phase: 'write' }));
    figures.add(at(900, { repetition: 0, phase: 'read' }));
    figures.add(at(1000, { repetition: 0, phase: 'prepare' }));
    figures.add(at(1300, { repetition: 1, phase: 'write' }));
    expect(figures.snapshot().firstBlockSeconds).toEqual([0.7, 0.9]);
  });

  test('keep showing the last CPUs while no event comes', () => {
    const figures = createLiveFigures(['single-mutex'], ['write', 'read']);
    figures.add(at(0, { cpus: [{ working: 0.5, lockWait: 0.1 }] }));
    figures.snapshot();
    expect(figures.snapshot().cpus).toEqual([{ working: 0.5, lockWait: 0.1, withheld: 0 }]);
  });
});
