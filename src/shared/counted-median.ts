/** The middle of what was counted. */

/**
 * The median of counts (bytes, pages), in their unit: of an even number the smaller of the two in the middle. It is then a count
 * that a repetition really came to, whole, and of page frames a whole number of pages, where the mean of the two may be neither.
 *
 * @throws when there is none
 */
export function countedMedian(counts: readonly number[]): number {
  const middle = counts.toSorted((left, right) => left - right)[Math.ceil(counts.length / 2) - 1];
  if (middle === undefined) throw new Error('no counts to take a median of');
  return middle;
}
