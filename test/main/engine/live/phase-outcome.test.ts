import { describe, expect, it } from 'vitest';
import type { CpuCounters } from '../../../../src/main/engine/live/cpu-counters.ts';
import { directionFigures } from '../../../../src/main/engine/live/phase-figures.ts';
import {
  countersSince,
  type CpuReport,
  jobReports,
  phaseOutcome,
} from '../../../../src/main/engine/live/phase-outcome.ts';
import { latenciesOf } from '../latencies.ts';

function report(cpu: number, startNs: bigint, endNs: bigint, changes: Partial<CpuReport> = {}): CpuReport {
  return { cpu, startNs, endNs, processorNs: Number(endNs - startNs), latencies: {}, verifiedPages: 0, ...changes };
}

/** Half of the waits asleep. */
function counters(readBytes: number, writtenBytes: number, lockWaitNs: number, lockContentions: number): CpuCounters {
  return { readBytes, writtenBytes, lockWaitNs, lockSleepNs: lockWaitNs / 2, lockContentions, isFinished: true };
}

/** CPU 0 idle, CPU 1 with a job, CPU 2 recompressing beside it. */
const REPORTS = [report(2, 0n, 9000n, { isUpkeep: true }), report(1, 1000n, 5000n)];
const BEFORE = [counters(7, 7, 7, 7), counters(0, 4096, 100, 1), counters(0, 0, 0, 0)];
const NOW = [counters(7, 7, 7, 7), counters(0, 12_288, 1100, 4), counters(0, 0, 6000, 50)];

describe('what CPUs counted in a phase', () => {
  it('is that of the CPUs whose time the phase is: one that recompresses beside them is neither', () => {
    const own = jobReports(REPORTS);
    expect(own.map(({ cpu }) => cpu)).toEqual([1]);
    const since = countersSince(BEFORE, NOW, own);
    expect(since).toEqual({ readBytes: 0, writtenBytes: 8192, lockWaitNs: 1000, lockSleepNs: 500, lockContentions: 3 });
    const phase = { kind: 'main' as const, jobs: ['job'], measures: ['write' as const] };
    const outcome = phaseOutcome(phase, own, since);
    expect(outcome).toMatchObject({ durationNs: 4000, cpus: 1, threads: { clockNs: 4000, processorNs: 4000 } });
    // 1000 ns of 4000, and not 7000.
    expect(directionFigures([outcome], 'write')?.lockWaitShare).toBe(0.25);
  });

  it('is that of the CPU that recompresses where nobody else is at work', () => {
    const [alone] = REPORTS;
    if (alone === undefined) throw new Error('no report');
    expect(countersSince(BEFORE, NOW, jobReports([alone]))).toMatchObject({ lockWaitNs: 6000, lockContentions: 50 });
  });

  it('is of every CPU that had a job, in whatever order they report', () => {
    const reports = [report(2, 0n, 1n), report(0, 0n, 1n), report(1, 0n, 1n)];
    expect(countersSince(BEFORE, NOW, reports)).toMatchObject({ lockWaitNs: 7000, lockContentions: 53 });
  });
});

describe('a phase', () => {
  it('lasts from the first start to the last end, with the latencies of all', () => {
    const [one, other] = [latenciesOf(100), latenciesOf(300)];
    const phase = { kind: 'main' as const, jobs: ['a', 'b'], measures: ['write' as const] };
    const outcome = phaseOutcome(
      phase,
      [report(0, 50n, 700n, { latencies: { write: one } }), report(1, 20n, 600n, { latencies: { write: other } })],
      countersSince(BEFORE, NOW, []),
    );
    expect(outcome).toMatchObject({ durationNs: 680, cpus: 2, lockWaitNs: 0, threads: { clockNs: 1230 } });
    expect(directionFigures([outcome], 'write')).toMatchObject({ operations: 2, latencyNs: { p50: 100, max: 300 } });
  });

  it('moves the sizes of the objects that its CPUs made or destroyed, not of those that were not to be had', () => {
    const phase = { kind: 'create' as const, jobs: ['a'], measures: ['create' as const] };
    const reports = [
      report(0, 0n, 1n, { objects: { bytes: 1000, failed: 3 } }),
      report(1, 0n, 1n, { objects: { bytes: 160, failed: 0 } }),
    ];
    const outcome = phaseOutcome(phase, reports, countersSince(BEFORE, NOW, []));
    expect([outcome.bytes.create, outcome.bytes.destroy]).toEqual([1160, 1160]);
  });
});
