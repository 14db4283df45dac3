/**
 * Latencies counted in buckets, and what a sample tells of them. Ours, because recording is part of every request that is timed:
 * with createHistogram of node:perf_hooks, job/codec of `npm run bench -- overhead` was 0.675 for lz4-kernel and the 2010 job's pages,
 * with this 0.70 (three runs of each in turn).
 *
 *     value      0 … 2047    2048 … 4095    4096 … 8191    …    up to 2^37 − 1 (137 s of nanoseconds)
 *     bucket     of 1        of 2           of 4                1024 to each doubling: 3 digits
 *
 * A percentile is the nearest rank: the smallest latency that at least so many of all did not exceed.
 *
 *     8 latencies   a ≤ b ≤ c ≤ d ≤ e ≤ f ≤ g ≤ h      p50 = d      p90 = h, for 7 of 8 are only 87.5 %
 *
 * Values are whole numbers from 1 on, in a unit of the caller's. A percentile is the upper end of its bucket, never below the
 * latency that was recorded nor above the greatest; mean and maximum are exact. One thread records; what it sends to others are
 * `LatencyCounts`.
 */
import type { LatencyNs } from '../../shared/run-record.ts';

const BUCKET_BITS = 10;
const BUCKETS_A_DOUBLING = 2 ** BUCKET_BITS;
/** Below it a bucket is one value. */
const SINGLE_VALUES = 2 * BUCKETS_A_DOUBLING;
const VALUE_BITS = 37;
const GREATEST = 2 ** VALUE_BITS - 1;
const BUCKETS = bucketOf(GREATEST) + 1;

/** What was recorded, as it goes from thread to thread. */
export interface LatencyCounts {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
  /** The bucket that `counts` begins with: the first in use; `counts` ends with the last. */
  readonly firstBucket: number;
  readonly counts: Float64Array;
}

export class LatencyRecorder {
  readonly #counts = new Float64Array(BUCKETS);
  #firstBucket = BUCKETS;
  #sum = 0;
  #max = 0;

  /** Rounds to whole units; what is too small or too great counts as the least or the greatest. */
  record(value: number): void {
    const whole = Math.max(1, Math.min(GREATEST, Math.round(value)));
    const bucket = bucketOf(whole);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += whole;
    if (bucket < this.#firstBucket) this.#firstBucket = bucket;
    if (whole > this.#max) this.#max = whole;
  }

  /** What was recorded so far; a copy. */
  counts(): LatencyCounts {
    const counts = this.#counts.slice(this.#firstBucket, bucketOf(this.#max) + 1);
    let count = 0;
    for (const each of counts) count += each;
    if (!Number.isFinite(this.#sum)) throw new Error('a latency that is no number was recorded');
    return { count, sum: this.#sum, max: this.#max, firstBucket: this.#firstBucket, counts };
  }
}

/** Of all parts together; zeros where nothing was recorded. */
export function latencyFigures(parts: readonly LatencyCounts[]): LatencyNs {
  const total = countOf(parts);
  if (total === 0) return { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const all = new Float64Array(BUCKETS);
  for (const { firstBucket, counts } of parts) addCounts(all, firstBucket, counts);
  const max = parts.reduce((most, part) => Math.max(most, part.max), 0);
  const sum = parts.reduce((before, part) => before + part.sum, 0);
  // Ranks are whole numbers of thousandths, which no rounding of a double moves.
  const at = (thousandths: number): number => Math.min(max, valueAtRank(all, Math.ceil((total * thousandths) / 1000)));
  return { mean: sum / total, p50: at(500), p90: at(900), p99: at(990), p999: at(999), max };
}

export function countOf(parts: readonly LatencyCounts[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

/** Of a whole number from 0 to `GREATEST`. By shifts where they reach: a power of two takes longer than all the rest. */
function bucketOf(value: number): number {
  if (value < SINGLE_VALUES) return value;
  if (value < 2 ** 31) {
    const shift = 31 - BUCKET_BITS - Math.clz32(value);
    return (shift << BUCKET_BITS) + (value >> shift);
  }
  const shift = Math.floor(Math.log2(value)) - BUCKET_BITS;
  return shift * BUCKETS_A_DOUBLING + Math.floor(value / 2 ** shift);
}

/** The greatest value of a bucket. */
function upperEnd(bucket: number): number {
  if (bucket < SINGLE_VALUES) return bucket;
  const shift = (bucket >> BUCKET_BITS) - 1;
  return (bucket - shift * BUCKETS_A_DOUBLING + 1) * 2 ** shift - 1;
}

/** By index, as below: many CPUs have a million buckets together, and iterators would take tenths of a second. */
function addCounts(to: Float64Array, firstBucket: number, counts: Float64Array): void {
  for (let at = 0; at < counts.length; at++) to[firstBucket + at] = (to[firstBucket + at] ?? 0) + (counts[at] ?? 0);
}

/** The upper end of the bucket that the latency of `rank` is in, counted from 1. */
function valueAtRank(counts: Float64Array, rank: number): number {
  let seen = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    seen += counts[bucket] ?? 0;
    if (seen >= rank) return upperEnd(bucket);
  }
  throw new Error(`of ${seen} latencies none has rank ${rank}`);
}
