import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedMedian } from '../../src/shared/counted-median.ts';

describe('the median of counts', () => {
  it.each([
    [[7], 7],
    [[3, 1, 2], 2],
    [[594, 593], 593],
    [[4, 100, 1, 3], 3],
    [[10, 9, 8, 100], 9],
  ])('of %j is %d', (counts, median) => {
    expect(countedMedian(counts)).toBe(median);
  });

  it('is always one of them, with at most half below it and at most half above', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 50 }), (counts) => {
        const median = countedMedian(counts);
        expect(counts).toContain(median);
        expect(counts.filter((count) => count < median).length).toBeLessThan((counts.length + 1) / 2);
        expect(counts.filter((count) => count > median).length).toBeLessThanOrEqual(counts.length / 2);
      }),
    );
  });

  it('of none is refused', () => {
    expect(() => countedMedian([])).toThrow('no counts');
  });
});
