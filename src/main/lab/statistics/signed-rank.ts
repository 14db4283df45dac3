/**
 * Where the centre of paired differences lies: the Hodges-Lehmann estimate and its exact signed-rank interval.
 *
 *   differences d1 … dn        one per block
 *   Walsh averages (di + dj)/2 for i ≤ j, sorted: W(1) ≤ … ≤ W(M), M = n(n+1)/2
 *   estimate                   the median of the Walsh averages
 *   interval                   [W(k), W(M+1-k)], the centres that Wilcoxon's signed-rank test would not reject
 *   its confidence             1 - 2 P(T ≤ k-1), with T the signed-rank statistic when the centre is 0
 *
 * T is the sum of the ranks with a positive sign; under the null hypothesis each of the 2^n choices of signs is equally
 * likely, so P(T ≤ t) is a count of subsets of {1 … n} and no normal approximation is needed. The largest k is taken
 * whose confidence is not below what was asked; the confidence stated is the one reached, which is a little higher.
 * With n < 6 even the whole range W(1) … W(M) does not reach 95 % (n = 5: 1 - 2/32 = 93.75 %).
 *
 * Assumes differences independent and symmetric about the centre; equal differences make the interval wider than
 * it need be, never narrower (its ends are included).
 *
 * Source: M. Hollander, D. A. Wolfe, Nonparametric Statistical Methods, sections 3.1 to 3.3.
 */
import { median } from 'simple-statistics';

/** Ends included; `confidence` is the exact one that was reached, 0 … 1. */
export interface ExactInterval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** 2^n and the counts of subsets are exact in a double up to here; profiles allow no more repetitions. */
const MOST_DIFFERENCES = 50;

/**
 * The Hodges-Lehmann estimate of the centre of `differences`, in their unit.
 *
 * @throws when there is no difference
 */
export function hodgesLehmann(differences: readonly number[]): number {
  if (differences.length === 0) throw new Error('no differences to estimate a centre of');
  return median(walshAverages(differences));
}

/**
 * The narrowest exact interval for the centre whose confidence is at least `confidence` (0 … 1); undefined where so few
 * differences allow none.
 *
 * @throws when there are more than 50 differences
 */
export function signedRankInterval(differences: readonly number[], confidence: number): ExactInterval | undefined {
  const tail = lowerTail(differences.length);
  const critical = largestSignificant(tail, 1 - confidence);
  const tailThere = tail[critical];
  if (tailThere === undefined) return undefined;
  const walsh = walshAverages(differences);
  // W(k) with k = critical + 1, counted from 1.
  const low = walsh[critical];
  const high = walsh[walsh.length - 1 - critical];
  if (low === undefined || high === undefined) throw new Error(`no Walsh average at ${critical} of ${walsh.length}`);
  return { low, high, confidence: 1 - 2 * tailThere };
}

/**
 * The largest t for which a signed-rank statistic of at most t is significant in the two-sided test at `alpha`, as
 * printed in tables; undefined where not even t = 0 is.
 *
 * @throws when `pairs` is above 50
 */
export function signedRankCriticalValue(pairs: number, alpha: number): number | undefined {
  const critical = largestSignificant(lowerTail(pairs), alpha);
  return critical < 0 ? undefined : critical;
}

/** Index of the last entry of `tail` whose double is at most `alpha`; -1 when there is none. */
function largestSignificant(tail: readonly number[], alpha: number): number {
  return tail.findLastIndex((probability) => 2 * probability <= alpha);
}

/** Entry t: P(T ≤ t) when the centre of `pairs` differences is 0. */
function lowerTail(pairs: number): readonly number[] {
  let favourable = 0;
  return subsetCounts(pairs).map((count) => (favourable += count) / 2 ** pairs);
}

/** Entry t: how many subsets of {1 … n} have the sum t. */
function subsetCounts(n: number): readonly number[] {
  if (n > MOST_DIFFERENCES) throw new Error(`the exact distribution is computed up to ${MOST_DIFFERENCES} pairs: ${n}`);
  let counts = [1];
  for (let rank = 1; rank <= n; rank++) {
    // A sum is reached without this rank, or with it from the sum that is `rank` smaller.
    const without = counts;
    const length = without.length + rank;
    counts = Array.from({ length }, (_, sum) => (without[sum] ?? 0) + (without[sum - rank] ?? 0));
  }
  return counts;
}

/** All (di + dj)/2 with i ≤ j, ascending. */
function walshAverages(differences: readonly number[]): number[] {
  return differences
    .flatMap((first, index) => differences.slice(index).map((second) => (first + second) / 2))
    .sort((left, right) => left - right);
}
