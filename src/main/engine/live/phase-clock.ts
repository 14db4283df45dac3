/** The clock of the jobs of one thread: records latencies of one phase and says when the run was stopped. */
import { type Direction, DIRECTIONS } from '../../../shared/run-record.ts';
import type { JobClock } from '../../workload/job-clock.ts';
import { type LatencyCounts, LatencyRecorder } from '../latency-counts.ts';

export class PhaseClock implements JobClock {
  #recorders: Partial<Record<Direction, LatencyRecorder>> = {};
  readonly #words: Int32Array;
  readonly #stop: number;

  /**
   * `words[stop]` is not 0 once every job must end; whoever stops stores it there atomically. A look at it is a plain one, between
   * requests: it sees the store a moment later, and costs each request a hundredth of a microsecond less.
   */
  constructor(words: Int32Array, stop: number) {
    this.#words = words;
    this.#stop = stop;
  }

  /** Forgets the last phase. */
  start(): void {
    this.#recorders = {};
  }

  now(): number {
    return performance.now();
  }

  /** In nanoseconds. */
  record(direction: Direction, startMs: number, endMs: number): void {
    (this.#recorders[direction] ??= new LatencyRecorder()).record((endMs - startMs) * 1e6);
  }

  stopped(): boolean {
    return this.#words[this.#stop] !== 0;
  }

  /** Nanoseconds, of the directions in which something was done. */
  latencies(): Partial<Record<Direction, LatencyCounts>> {
    const counts: Partial<Record<Direction, LatencyCounts>> = {};
    for (const direction of DIRECTIONS) {
      const recorder = this.#recorders[direction];
      if (recorder !== undefined) counts[direction] = recorder.counts();
    }
    return counts;
  }
}
