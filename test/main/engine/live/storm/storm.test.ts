import { describe, expect, it } from 'vitest';
import { runStorm, type StormPlan } from '../../../../../src/main/engine/live/storm/storm.ts';
import { ACCESS_MODES, type AccessMode } from '../../../../../src/shared/design.ts';
import { bootCpu } from '../../../machine/percpu/local-mapping/mapped-machines.ts';

const WORKER = new URL('../../../../../src/main/engine/live/storm/storm-worker.ts', import.meta.url);

function storm(mode: AccessMode, changes: Partial<StormPlan> = {}) {
  return runStorm(bootCpu, WORKER, {
    mode,
    cpus: 2,
    tasksPerCpu: 3,
    additions: 50_000,
    slice: 200,
    seed: 1,
    ...changes,
  });
}

describe('a counter storm on threads', () => {
  it.each(ACCESS_MODES.filter((mode) => mode !== 'unprotected'))(
    'ends with the exact total in mode %s, with tasks that migrate',
    async (mode) => {
      const { issued, counted, figures } = await storm(mode);
      expect(issued).toBe(300_000);
      expect(counted).toBe(issued);
      expect(figures.operations).toBe(issued);
      expect(figures.strayAccesses).toBe(0);
      expect(figures.switches).toBeGreaterThan(100);
      expect(figures.migrations).toBeGreaterThan(10);
      expect(figures.tlbHits + figures.tlbMisses).toBe(issued);
    },
  );

  it('loses additions in mode unprotected', async () => {
    const { issued, counted, figures } = await storm('unprotected');
    expect(figures.operations).toBe(issued);
    expect(counted).toBeLessThan(issued);
    expect(figures.strayAccesses).toBeGreaterThan(0);
  });

  it('counts per addition what the mode costs', async () => {
    const { issued, figures } = await storm('preempt-offset', { additions: 5000 });
    const each = [figures.preemptPairs, figures.rescheduleChecks, figures.offsetReads, figures.atomics];
    expect(each).toEqual([issued, issued, issued, issued]);
    expect(figures.windowAccesses).toBe(0);
    const local = await storm('local-mapping', { additions: 5000 });
    expect(local.figures.windowAccesses).toBe(issued);
    expect(local.figures.preemptPairs + local.figures.offsetReads + local.figures.notes).toBe(0);
  });

  it('says so when a thread cannot do its work', async () => {
    const missing = new URL('./no-such-worker.ts', import.meta.url);
    await expect(
      runStorm(bootCpu, missing, { mode: 'segment', cpus: 1, tasksPerCpu: 1, additions: 1, slice: 1, seed: 1 }),
    ).rejects.toThrow('no-such-worker');
  });
});
