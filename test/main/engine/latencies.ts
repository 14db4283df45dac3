import { type LatencyCounts, LatencyRecorder } from '../../../src/main/engine/latency-counts.ts';

/** What a CPU reports that recorded these. */
export function latenciesOf(...values: readonly number[]): LatencyCounts {
  const recorder = new LatencyRecorder();
  for (const value of values) recorder.record(value);
  return recorder.counts();
}
