/** The figures of several samples in one direction: medians, the longest latency, and throughput with its spread. Pure. */
import type { DirectionFigures, DirectionSummary, LatencyNs } from '../../../shared/run-record.ts';
import { medianOf, spread } from './spread.ts';

/** Undefined of no samples; without a share that one of them could not tell. */
export function summariseDirection(figures: readonly DirectionFigures[]): DirectionSummary | undefined {
  if (figures.length === 0) return undefined;
  const requestShare = shareMedian(figures.map((figure) => figure.requestShare));
  const withheldShare = shareMedian(figures.map((figure) => figure.withheldShare));
  return {
    megabytesPerSecond: spread(figures.map((figure) => figure.megabytesPerSecond)),
    operationsPerSecond: spread(figures.map((figure) => figure.operationsPerSecond)),
    latencyNs: latencyMedians(figures.map((figure) => figure.latencyNs)),
    lockWaitShare: medianOf(figures, (figure) => figure.lockWaitShare),
    ...(requestShare === undefined ? {} : { requestShare }),
    ...(withheldShare === undefined ? {} : { withheldShare }),
  };
}

/** Undefined where one of the samples could not tell it. */
function shareMedian(shares: readonly (number | undefined)[]): number | undefined {
  const known = shares.filter((share) => share !== undefined);
  return known.length === shares.length ? spread(known).median : undefined;
}

/** Medians over the samples, but the longest of all. */
function latencyMedians(rows: readonly LatencyNs[]): LatencyNs {
  return {
    mean: medianOf(rows, (row) => row.mean),
    p50: medianOf(rows, (row) => row.p50),
    p90: medianOf(rows, (row) => row.p90),
    p99: medianOf(rows, (row) => row.p99),
    p999: medianOf(rows, (row) => row.p999),
    max: Math.max(...rows.map((row) => row.max)),
  };
}
