import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hodgesLehmann,
  signedRankCriticalValue,
  signedRankInterval,
} from '../../../../src/main/lab/statistics/signed-rank.ts';

/**
 * Two-sided 5 % critical values for n = 6 … 50: R. L. McCornack, Extended Tables of the Wilcoxon Matched Pair Signed
 * Rank Statistic, J. Am. Stat. Assoc. 60 (1965); the same as SciPy 1.17's exact distribution gives.
 */
const CRITICAL_VALUES = [
  0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89, 98, 107, 116, 126, 137, 147, 159, 170, 182,
  195, 208, 221, 235, 249, 264, 279, 294, 310, 327, 343, 361, 378, 396, 415, 434,
];

/**
 * Change of the Hamilton depression scale factor IV of nine patients after a tranquillizer: Hollander and Wolfe, example
 * 3.1 (test: T = 5, P = 0.039), 3.3 (estimate -0.46) and 3.4 (96.1 % interval -0.786 … -0.010).
 */
const HAMILTON = [-0.952, 0.147, -1.022, -0.43, -0.62, -0.59, -0.49, 0.08, -0.01];

describe('signedRankCriticalValue', () => {
  it.each(CRITICAL_VALUES.map((critical, index) => ({ pairs: index + 6, critical })))(
    'is $critical for $pairs pairs at 5 %, as in the published table',
    ({ pairs, critical }) => {
      expect(signedRankCriticalValue(pairs, 0.05)).toBe(critical);
    },
  );

  it('does not exist at 5 % below six pairs', () => {
    for (let pairs = 0; pairs < 6; pairs++) expect(signedRankCriticalValue(pairs, 0.05)).toBeUndefined();
  });

  it('refuses more pairs than it can count exactly', () => {
    expect(() => signedRankCriticalValue(51, 0.05)).toThrow('51');
  });
});

describe('the interval', () => {
  it('and the estimate are those of the textbook example', () => {
    expect(hodgesLehmann(HAMILTON)).toBeCloseTo(-0.46, 10);
    const interval = signedRankInterval(HAMILTON, 0.95);
    expect(interval?.low).toBeCloseTo(-0.786, 10);
    expect(interval?.high).toBeCloseTo(-0.01, 10);
    // 2 P(T ≤ 5) = 20/512, the P of the example.
    expect(interval?.confidence).toBe(1 - 20 / 512);
  });

  it('of six differences is their whole range, at 96.875 %', () => {
    const interval = signedRankInterval([3, 1, 4, 1.5, 9, 2.6], 0.95);
    expect(interval).toEqual({ low: 1, high: 9, confidence: 0.96875 });
  });

  it('does not exist for five differences at 95 %, but at 90 %', () => {
    expect(signedRankInterval([1, 2, 3, 4, 5], 0.95)).toBeUndefined();
    expect(signedRankInterval([1, 2, 3, 4, 5], 0.9)?.confidence).toBe(0.9375);
  });

  it('covers the centre as often as it says', () => {
    const next = seededGenerator(2010);
    for (const size of [6, 8, 12]) {
      const runs = 3000;
      let covered = 0;
      let stated = 0;
      for (let run = 0; run < runs; run++) {
        // Symmetric about 7, with heavy tails.
        const interval = signedRankInterval(
          Array.from({ length: size }, () => 7 + Math.tan(Math.PI * (next() - 0.5))),
          0.95,
        );
        if (interval === undefined) throw new Error(`no interval for ${size}`);
        stated = interval.confidence;
        if (interval.low <= 7 && 7 <= interval.high) covered++;
      }
      const standardError = Math.sqrt((stated * (1 - stated)) / runs);
      expect(Math.abs(covered / runs - stated)).toBeLessThan(4 * standardError);
    }
  });
});

const differences = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 20 });

describe('the interval and the estimate, whatever the differences', () => {
  it('hold each other: low ≤ estimate ≤ high, at the confidence asked for or more', () => {
    fc.assert(
      fc.property(differences, (values) => {
        const interval = required(values);
        const estimate = hodgesLehmann(values);
        expect(interval.low).toBeLessThanOrEqual(estimate);
        expect(interval.high).toBeGreaterThanOrEqual(estimate);
        expect(interval.confidence).toBeGreaterThanOrEqual(0.95);
      }),
    );
  });

  it('do not depend on the order', () => {
    fc.assert(
      fc.property(differences, (values) => {
        const turned = values.toReversed();
        expect(signedRankInterval(turned, 0.95)).toEqual(signedRankInterval(values, 0.95));
        expect(hodgesLehmann(turned)).toBe(hodgesLehmann(values));
      }),
    );
  });

  it('shift and stretch with the differences, and turn over with their sign', () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: -50, max: 50 }), (values, shift) => {
        const before = required(values);
        const moved = required(values.map((value) => 2 * value + shift));
        expect(moved).toEqual({ ...before, low: 2 * before.low + shift, high: 2 * before.high + shift });
        // Added to 0 so that -0 is 0.
        const mirrored = required(values.map((value) => 0 - value));
        expect([mirrored.low + 0, mirrored.high + 0]).toEqual([0 - before.high, 0 - before.low]);
      }),
    );
  });

  it('never fall when one difference rises', () => {
    fc.assert(
      fc.property(differences, fc.nat(), fc.nat(500), (values, pick, rise) => {
        const index = pick % values.length;
        const risen = values.map((value, at) => (at === index ? value + rise : value));
        expect(hodgesLehmann(risen)).toBeGreaterThanOrEqual(hodgesLehmann(values));
        expect(required(risen).low).toBeGreaterThanOrEqual(required(values).low);
        expect(required(risen).high).toBeGreaterThanOrEqual(required(values).high);
      }),
    );
  });

  it('get no narrower when more confidence is asked for', () => {
    fc.assert(
      fc.property(differences, (values) => {
        const wide = signedRankInterval(values, 0.96) ?? { low: -Infinity, high: Infinity };
        expect(wide.low).toBeLessThanOrEqual(required(values).low);
        expect(wide.high).toBeGreaterThanOrEqual(required(values).high);
      }),
    );
  });
});

function required(values: readonly number[]) {
  const interval = signedRankInterval(values, 0.95);
  if (interval === undefined) throw new Error(`no interval for ${values.length}`);
  return interval;
}

/** Numbers in (0, 1) by the minimal standard generator of Park and Miller (CACM 31, 1988). */
function seededGenerator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
