import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOf,
  type LatencyCounts,
  latencyFigures,
  LatencyRecorder,
} from '../../../src/main/engine/latency-counts.ts';
import { latenciesOf } from './latencies.ts';

/** 1 to `count`, each once: the value is its own rank. */
function ranks(count: number): LatencyCounts {
  return latenciesOf(...Array.from({ length: count }, (_, index) => index + 1));
}

const GREATEST = 2 ** 37 - 1;
const latency = fc
  .integer({ min: 0, max: 37 })
  .chain((bits) => fc.integer({ min: 1, max: Math.max(1, 2 ** bits - 1) }));

describe('figures of latencies', () => {
  it('are zeros where nothing was recorded', () => {
    const zeros = { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
    expect([latencyFigures([]), latencyFigures([latenciesOf()])]).toEqual([zeros, zeros]);
  });

  it.each([
    [1, { mean: 1, p50: 1, p90: 1, p99: 1, p999: 1, max: 1 }],
    [2, { mean: 1.5, p50: 1, p90: 2, p99: 2, p999: 2, max: 2 }],
    [3, { mean: 2, p50: 2, p90: 3, p99: 3, p999: 3, max: 3 }],
    [8, { mean: 4.5, p50: 4, p90: 8, p99: 8, p999: 8, max: 8 }],
    [60, { mean: 30.5, p50: 30, p90: 54, p99: 60, p999: 60, max: 60 }],
    [100, { mean: 50.5, p50: 50, p90: 90, p99: 99, p999: 100, max: 100 }],
    [1000, { mean: 500.5, p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 }],
    [1001, { mean: 501, p50: 501, p90: 901, p99: 991, p999: 1000, max: 1001 }],
  ])('of %d are the nearest ranks', (count, figures) => {
    expect(latencyFigures([ranks(count)])).toEqual(figures);
  });

  it('are values that so many did not exceed, to three digits and never above the greatest, from whatever parts', () => {
    fc.assert(
      fc.property(fc.array(fc.array(latency, { maxLength: 60 }), { minLength: 1, maxLength: 4 }), (parts) => {
        const sorted = parts.flat().toSorted((a, b) => a - b);
        fc.pre(sorted.length > 0);
        const figures = latencyFigures(parts.map((values) => latenciesOf(...values)));
        const greatest = sorted.at(-1) ?? NaN;
        for (const [read, thousandths] of [
          [figures.p50, 500],
          [figures.p90, 900],
          [figures.p99, 990],
          [figures.p999, 999],
        ] as const) {
          const exact = sorted[Math.ceil((sorted.length * thousandths) / 1000) - 1] ?? NaN;
          expect(read).toBeGreaterThanOrEqual(exact);
          expect(read).toBeLessThanOrEqual(Math.min(greatest, exact * 1.001));
        }
        expect(figures.max).toBe(greatest);
        expect(figures.mean).toBeCloseTo(sorted.reduce((sum, value) => sum + value, 0) / sorted.length, 3);
      }),
    );
  });
});

describe('a recorder', () => {
  it('rounds to whole units, and has a least and a greatest one', () => {
    const figures = (value: number): number[] => {
      const { mean, p50, max } = latencyFigures([latenciesOf(value)]);
      return [mean, p50, max];
    };
    expect(figures(700.4)).toEqual([700, 700, 700]);
    expect(figures(700.5)).toEqual([701, 701, 701]);
    expect(figures(0)).toEqual([1, 1, 1]);
    expect(figures(-5)).toEqual([1, 1, 1]);
    expect(figures(GREATEST + 1e6)).toEqual([GREATEST, GREATEST, GREATEST]);
  });

  it('refuses what is no number', () => {
    expect(() => latenciesOf(100, NaN)).toThrow('no number');
  });

  it('gives a copy, of the buckets that are in use', () => {
    const recorder = new LatencyRecorder();
    for (const value of [900, 1000, 1000]) recorder.record(value);
    const before = recorder.counts();
    recorder.record(5000);
    expect(before).toMatchObject({ count: 3, sum: 2900, max: 1000, firstBucket: 900 });
    expect([before.counts.length, before.counts[0], before.counts[100]]).toEqual([101, 1, 2]);
    expect(countOf([before, recorder.counts()])).toBe(7);
  });

  it('tells values apart at the borders of its buckets', () => {
    for (const border of [2047, 2048, 2049, 2050, 4095, 4096, 4100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, GREATEST]) {
      const { p50 } = latencyFigures([latenciesOf(border, border * 2)]);
      expect([border, p50 >= border && p50 <= border * 1.001]).toEqual([border, true]);
    }
  });
});
