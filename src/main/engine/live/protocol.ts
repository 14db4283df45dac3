/**
 * What the main thread and a CPU's thread say to each other. Nothing here is sent while a phase runs: CPUs count in the
 * arena, and the main thread looks.
 *
 *     main ── prepare ──▶ cpu ── prepared ──▶
 *          ── phase ────▶     ── armed ─────▶    (all armed: main raises the `go` word in the arena and wakes the CPUs)
 *                             ── phaseDone ─▶
 *          ── release ──▶     ── released ──▶
 */
import type { Direction } from '../../../shared/run-record.ts';
import type { ArenaMemory } from '../codec/arena-memory.ts';
import type { CodecParts } from '../codec/make-codec.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import type { HotplugCounts } from '../../../shared/hotplug-profile.ts';
import type { LatencyCounts } from '../latency-counts.ts';
import type { SharedDisturbances } from './disturbance-plan.ts';
import type { JobFailure } from '../../workload/job-clock.ts';
import type { RecompressJobPlan } from './recompress-job.ts';
import type { JobPlan, PercpuJobPlan, PhaseKind } from '../../workload/job-plan.ts';
import type { ObjectTally } from '../../workload/percpu-job.ts';

export type CpuRequest =
  | {
      readonly kind: 'prepare';
      readonly memory: ArenaMemory;
      readonly codec: CodecParts;
      readonly cpu: number;
      /** Those placed on this CPU. */
      readonly jobs: readonly JobPlan[];
      readonly percpuJobs: readonly PercpuJobPlan[];
      /** Of every CPU: its codecs read what was recompressed. The job itself is for one. */
      readonly recompressJob?: RecompressJobPlan | undefined;
      readonly pageSets: readonly PageSet[];
      /** By device: the record of what was written where (WrittenPages). */
      readonly written: readonly SharedArrayBuffer[];
      /** Absent: the CPU runs undisturbed and unwatched. */
      readonly disturbances?: SharedDisturbances | undefined;
      /** Whether this CPU is the one that changes the others, where they come and go. */
      readonly drivesHotplug?: boolean | undefined;
    }
  | {
      readonly kind: 'phase';
      readonly phase: PhaseKind;
      /** Value of the `go` word that starts it. */
      readonly number: number;
      /** Names of the jobs that take part, of those on this CPU. */
      readonly jobs: readonly string[];
      /** All CPUs that have jobs in it, for the one that changes the others. */
      readonly cpus?: readonly number[] | undefined;
      /** Go round until this many milliseconds have passed, whatever the size. */
      readonly repeatForMs?: number | undefined;
    }
  | {
      readonly kind: 'release';
      /** Whether no other machine follows in the same memory. */
      readonly memoryToo?: boolean;
    };

/** Why CPUs cannot go on coming and going. */
export interface HotplugFailure {
  readonly kind: 'hotplug';
  /** A sentence. */
  readonly reason: string;
}

/** What a CPU did in a phase. */
export interface PhaseReport {
  /** Monotonic host clock, nanoseconds, the same for all threads. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Of that time on a core. */
  readonly processorNs: number;
  /** Nanoseconds, of the directions in which something was done. */
  readonly latencies: Readonly<Partial<Record<Direction, LatencyCounts>>>;
  readonly verifiedPages: number;
  /** Of percpu jobs. */
  readonly objects?: ObjectTally | undefined;
  /** The CPU only recompressed: its times are not the jobs'. */
  readonly isUpkeep?: boolean | undefined;
  readonly failure?: JobFailure | HotplugFailure | undefined;
  /** Of the CPU that changes the others. */
  readonly hotplug?: HotplugCounts | undefined;
}

export type CpuResponse =
  | { readonly kind: 'prepared' }
  /** With the thread's number on its host, where that tells it (host-threads.ts). */
  | { readonly kind: 'armed'; readonly hostThread?: number | undefined }
  | { readonly kind: 'phaseDone'; readonly report: PhaseReport }
  /** The CPU gave up because the machine was halted. */
  | { readonly kind: 'halted' }
  /** The machine's code threw: a broken invariant. The thread goes on serving. */
  | { readonly kind: 'threw'; readonly message: string }
  | { readonly kind: 'released' };
