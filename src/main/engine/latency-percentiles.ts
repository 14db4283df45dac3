/**
 * Percentiles of a histogram of latencies, by the nearest rank: the smallest latency that at least so many of all did not exceed.
 *
 *     8 latencies   a ≤ b ≤ c ≤ d ≤ e ≤ f ≤ g ≤ h      p50 = d      p90 = h, for 7 of 8 are only 87.5 %
 *
 * The histogram itself rounds the rank to the nearest whole number, down as often as up: of few latencies, fewer than 90 % would
 * lie within its p90. Ranks here are whole numbers of thousandths, which no rounding of a double moves.
 *
 * Units are the histogram's. A value is the upper end of its bucket: to three digits, never below the latency that was recorded.
 */
import type { RecordableHistogram } from 'node:perf_hooks';
import type { LatencyNs } from '../../shared/run-record.ts';

/** 0 where nothing was recorded. */
export function latencyPercentiles(histogram: RecordableHistogram): Omit<LatencyNs, 'mean'> {
  const { count } = histogram;
  if (count === 0) return { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  const at = (thousandths: number): number => {
    const rank = Math.ceil((count * thousandths) / 1000);
    return histogram.percentile((100 * rank) / count);
  };
  return { p50: at(500), p90: at(900), p99: at(990), p999: at(999), max: histogram.max };
}
