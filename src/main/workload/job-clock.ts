/** What a job is given of time, and what it says at the end of a batch: the same for jobs of every kind. */
import type { Direction } from '../../shared/run-record.ts';

/** Time and the recording of it, brought by the engine. */
export interface JobClock {
  /** Milliseconds since some moment. */
  now(): number;
  /** A completed operation: start and end as `now` gave them. */
  record(direction: Direction, startMs: number, endMs: number): void;
  /** True once every job must end: the run was cancelled or another CPU failed. */
  stopped(): boolean;
}

/** Why a fio job cannot go on. `slot` is the first page of the request in hand. */
export interface IoFailure {
  readonly kind: 'no-memory' | 'no-buffer' | 'codec-failed' | 'corrupt' | 'mismatch';
  readonly job: string;
  readonly device: number;
  readonly slot: number;
}

/** Why a percpu job cannot go on; `group` counts from 0 within the job. */
export interface PercpuFailure {
  readonly kind: 'percpu';
  readonly job: string;
  readonly group: number;
  /** A phrase. */
  readonly reason: string;
  readonly cause: 'out-of-memory' | 'overwritten' | 'not-freed';
}

export type JobFailure = IoFailure | PercpuFailure;

export type BatchOutcome = 'more' | 'finished' | JobFailure;
