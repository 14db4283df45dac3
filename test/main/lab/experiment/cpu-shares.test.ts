import { describe, expect, it } from 'vitest';
import { cpuShares } from '../../../../src/main/lab/experiment/cpu-shares.ts';
import type { CpuTick } from '../../../../src/main/engine/live/sample-plan.ts';

const busy = (lockWaitMs: number, processorMs?: number): CpuTick => ({ lockWaitMs, processorMs, isBusy: true });

/** Of one CPU in the 100 ms between two ticks. */
function between(before: CpuTick, now: CpuTick) {
  return cpuShares({ phaseMs: 300, cpus: [now] }, { phaseMs: 200, cpus: [before] })[0];
}

describe('the shares of a CPU', () => {
  it.each([
    ['on a core all the time it works', busy(50, 90), busy(50, 190), { working: 1, lockWait: 0, withheld: 0 }],
    ['asleep on a lock it waits', busy(0, 90), busy(60, 130), { working: 0.4, lockWait: 0.6, withheld: 0 }],
    ['spinning on a lock it waits, too', busy(0, 90), busy(60, 190), { working: 0.4, lockWait: 0.6, withheld: 0 }],
    ['what is neither is withheld', busy(10, 90), busy(35, 140), { working: 0.5, lockWait: 0.25, withheld: 0.25 }],
    ['never more than all of it', busy(0, 0), busy(130, 130), { working: 0, lockWait: 1, withheld: 0 }],
    [
      'a clock that is brought up to date late does not run backwards',
      busy(0, 90),
      busy(0, 80),
      { working: 0, lockWait: 0, withheld: 1 },
    ],
  ])('%s', (_case, before, now, shares) => {
    const got = between(before, now);
    expect(got?.working).toBeCloseTo(shares.working);
    expect(got?.lockWait).toBeCloseTo(shares.lockWait);
    expect(got?.withheld).toBeCloseTo(shares.withheld);
  });

  it('has no share withheld where the host does not tell, and works then', () => {
    expect(between(busy(0), busy(25))).toEqual({ working: 0.75, lockWait: 0.25 });
  });

  it('is idle once its jobs are done, whatever its thread does', () => {
    expect(between(busy(0, 90), { lockWaitMs: 0, processorMs: 95, isBusy: false })).toEqual({
      working: 0,
      lockWait: 0,
    });
  });

  it('is since the start of the phase at the first tick', () => {
    const [shares] = cpuShares({ phaseMs: 80, cpus: [busy(20, 40)] }, undefined);
    expect(shares).toEqual({ working: 0.5, lockWait: 0.25, withheld: 0.25 });
  });

  it('works at a tick of no time', () => {
    expect(cpuShares({ phaseMs: 0, cpus: [busy(0, 0)] }, undefined)).toEqual([{ working: 1, lockWait: 0 }]);
  });
});
