/** The clock of the jobs of one thread: records latencies of one phase and says when the run was stopped. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Direction } from '../../../shared/run-record.ts';
import type { JobClock } from '../../workload/job-clock.ts';

/** Longest latency that a histogram tells apart, nanoseconds: 100 s. */
const LONGEST_NS = 1e11;

export class PhaseClock implements JobClock {
  latencies: Partial<Record<Direction, RecordableHistogram>> = {};
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
    this.latencies = {};
  }

  now(): number {
    return performance.now();
  }

  record(direction: Direction, startMs: number, endMs: number): void {
    (this.latencies[direction] ??= newHistogram()).record(toNs(endMs - startMs));
  }

  stopped(): boolean {
    return this.#words[this.#stop] !== 0;
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST_NS, figures: 3 });
}

function toNs(milliseconds: number): number {
  return Math.min(LONGEST_NS, Math.max(1, Math.round(milliseconds * 1e6)));
}
