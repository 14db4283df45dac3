import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { latencyPercentiles } from '../../../src/main/engine/latency-percentiles.ts';

function histogramOf(values: readonly number[]): RecordableHistogram {
  const histogram = createHistogram({ lowest: 1, highest: 1e11, figures: 3 });
  for (const value of values) histogram.record(value);
  return histogram;
}

/** 1 to `count`, each once: the value is its own rank. */
function ranks(count: number): RecordableHistogram {
  return histogramOf(Array.from({ length: count }, (_, index) => index + 1));
}

describe('percentiles of latencies', () => {
  it('are zeros where nothing was recorded', () => {
    expect(latencyPercentiles(histogramOf([]))).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });

  it.each([
    [1, { p50: 1, p90: 1, p99: 1, p999: 1, max: 1 }],
    [2, { p50: 1, p90: 2, p99: 2, p999: 2, max: 2 }],
    [3, { p50: 2, p90: 3, p99: 3, p999: 3, max: 3 }],
    [8, { p50: 4, p90: 8, p99: 8, p999: 8, max: 8 }],
    [60, { p50: 30, p90: 54, p99: 60, p999: 60, max: 60 }],
    [100, { p50: 50, p90: 90, p99: 99, p999: 100, max: 100 }],
    [1000, { p50: 500, p90: 900, p99: 990, p999: 999, max: 1000 }],
    [1001, { p50: 501, p90: 901, p99: 991, p999: 1000, max: 1001 }],
  ])('of %d are the nearest ranks', (count, percentiles) => {
    expect(latencyPercentiles(ranks(count))).toEqual(percentiles);
  });

  it('are values that so many did not exceed, to three digits, for any latencies', () => {
    const latency = fc.integer({ min: 0, max: 10 }).chain((exponent) => fc.integer({ min: 1, max: 10 ** exponent }));
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 200 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const { p50, p90, p99, p999, max } = latencyPercentiles(histogramOf(values));
        const expectAt = (read: number, thousandths: number): void => {
          const exact = sorted[Math.ceil((values.length * thousandths) / 1000) - 1] ?? NaN;
          expect(read).toBeGreaterThanOrEqual(exact);
          expect(read).toBeLessThanOrEqual(exact * 1.001);
        };
        for (const [read, thousandths] of [
          [p50, 500],
          [p90, 900],
          [p99, 990],
          [p999, 999],
          [max, 1000],
        ] as const) {
          expectAt(read, thousandths);
        }
      }),
    );
  });
});
