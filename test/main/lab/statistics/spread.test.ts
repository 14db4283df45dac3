import { describe, expect, it } from 'vitest';
import { medianOf, spread } from '../../../../src/main/lab/statistics/spread.ts';

describe('spread', () => {
  it('gives the middle sample, the extremes and the samples in their own order', () => {
    expect(spread([30, 10, 20])).toEqual({ median: 20, low: 10, high: 30, samples: [30, 10, 20] });
  });

  it('takes the mean of the two middle samples of an even number', () => {
    expect(spread([1, 100, 3, 4]).median).toBe(3.5);
  });

  it('refuses no samples and samples that are not numbers', () => {
    expect(() => spread([])).toThrow('no samples');
    expect(() => spread([1, NaN])).toThrow('NaN');
    expect(() => spread([Infinity])).toThrow('Infinity');
  });
});

describe('medianOf', () => {
  it('takes each column on its own', () => {
    const rows = [
      { p50: 1, p99: 90 },
      { p50: 2, p99: 70 },
      { p50: 3, p99: 80 },
    ];
    expect(medianOf(rows, (row) => row.p50)).toBe(2);
    expect(medianOf(rows, (row) => row.p99)).toBe(80);
  });
});
