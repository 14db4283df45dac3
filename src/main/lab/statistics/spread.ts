/**
 * One figure over the repetitions of a design: its median and how far the samples lie apart.
 *
 * The median and the extremes are shown, not mean and standard deviation: a repetition that the host disturbed then
 * moves the range that the reader sees, but hardly the figure itself.
 */
import { median } from 'simple-statistics';
import type { Spread } from '../../../shared/run-record.ts';

/**
 * Median, smallest and largest of `samples`, in their unit; the samples stay in the order given.
 *
 * @throws when there is no sample, or one that is not a finite number
 */
export function spread(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new Error('no samples to take a median of');
  const odd = samples.find((sample) => !Number.isFinite(sample));
  if (odd !== undefined) throw new Error(`a sample is not a finite number: ${odd}`);
  return { median: median([...samples]), low: Math.min(...samples), high: Math.max(...samples), samples };
}

/**
 * The median of one figure over `rows`, in its unit. Medians of several columns are each on their own and need not come
 * from the same row.
 *
 * @throws as `spread`
 */
export function medianOf<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return spread(rows.map(figure)).median;
}
