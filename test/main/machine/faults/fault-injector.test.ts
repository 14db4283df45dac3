import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultInjector } from '../../../../src/main/machine/faults/fault-injector.ts';
import { FAULT_SITES, type FaultPlan } from '../../../../src/shared/fault-profile.ts';

/** Which of the first `requests` at codec calls are refused, counted from 1. */
function refusedCalls(plan: FaultPlan, requests: number): number[] {
  const faults = FaultInjector.create(plan);
  faults.arm(true);
  return Array.from({ length: requests }, (_, index) => index + 1).filter(() => faults.refuses('codec'));
}

describe('every nth', () => {
  it('is every nth, from the nth on', () => {
    expect(refusedCalls({ codec: { every: 3 } }, 10)).toEqual([3, 6, 9]);
    expect(refusedCalls({ codec: { every: 1 } }, 3)).toEqual([1, 2, 3]);
  });

  it('counts each site by itself', () => {
    const faults = FaultInjector.create({ codec: { every: 2 }, atomic: { every: 3 } });
    faults.arm(true);
    const seen = Array.from({ length: 6 }, () => [faults.refuses('codec'), faults.refuses('atomic')]);
    expect(seen.map(([codec]) => codec)).toEqual([false, true, false, true, false, true]);
    expect(seen.map(([, atomic]) => atomic)).toEqual([false, false, true, false, false, true]);
  });
});

describe('a share', () => {
  it('is about that share of all, for any seed', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.constantFrom(1, 5, 25, 50, 90), (seed, percent) => {
        const refused = refusedCalls({ seed, codec: { percent } }, 4000).length;
        // Six standard deviations of a binomial distribution.
        const spread = 6 * Math.sqrt(4000 * (percent / 100) * (1 - percent / 100));
        expect(Math.abs(refused - 40 * percent)).toBeLessThan(spread);
      }),
      { numRuns: 200 },
    );
  });

  it('of 100 percent is all, and of almost nothing is almost nothing', () => {
    expect(refusedCalls({ codec: { percent: 100 } }, 5000)).toHaveLength(5000);
    expect(refusedCalls({ codec: { percent: 1e-6 } }, 5000)).toHaveLength(0);
  });

  it('is the same for the same seed, another for another seed, and another for another site', () => {
    const [once, again, other] = [7, 7, 8].map((seed) => refusedCalls({ seed, codec: { percent: 10 } }, 500));
    expect(once).toEqual(again);
    expect(once).not.toEqual(other);
    const faults = FaultInjector.create({ seed: 7, codec: { percent: 10 }, frames: { percent: 10 } });
    faults.arm(true);
    const frames = Array.from({ length: 500 }, (_, index) => index + 1).filter(() => faults.refuses('frames'));
    expect(frames).not.toEqual(once);
  });

  it('does not come in a rhythm: refusals next to each other are as many as chance gives', () => {
    const refused = new Set(refusedCalls({ seed: 3, codec: { percent: 50 } }, 20_000));
    const pairs = [...refused].filter((call) => refused.has(call + 1)).length;
    expect(Math.abs(pairs - 5000)).toBeLessThan(400);
  });
});

describe('an injector', () => {
  it('refuses and counts nothing while it is not armed', () => {
    const faults = FaultInjector.create({ codec: { every: 1 } });
    expect(faults.refuses('codec')).toBe(false);
    faults.arm(true);
    expect(faults.refuses('codec')).toBe(true);
    faults.arm(false);
    expect(faults.refuses('codec')).toBe(false);
    expect(faults.counts()).toEqual([{ site: 'codec', attempts: 1, injected: 1 }]);
  });

  it('never refuses at a site that the plan does not name', () => {
    const faults = FaultInjector.create({ bringUps: { every: 1 } });
    faults.arm(true);
    const refusing = FAULT_SITES.filter((site) => faults.refuses(site));
    expect(refusing).toEqual(['bringUps']);
    expect(faults.counts()).toEqual([{ site: 'bringUps', attempts: 1, injected: 1 }]);
  });

  it('goes on where another one over the same record has stopped', () => {
    const faults = FaultInjector.create({ frames: { every: 2 } });
    faults.arm(true);
    const elsewhere = new FaultInjector(faults.record);
    expect([faults.refuses('frames'), elsewhere.refuses('frames'), faults.refuses('frames')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(elsewhere.counts()).toEqual([{ site: 'frames', attempts: 3, injected: 1 }]);
  });
});
