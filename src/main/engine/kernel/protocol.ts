/**
 * What the main thread and a thread that runs jobs on the kernel's zram say to each other: the live engine's words, with
 * devices of the kernel in place of an arena. Nothing is sent while a phase runs.
 */
import type { PageSet } from '../../workload/data/page-set.ts';
import type { JobPlan } from '../../workload/job-plan.ts';
import type { CpuRequest } from '../live/protocol.ts';

export type JobThreadRequest =
  | {
      readonly kind: 'prepare';
      /** The words of a ControlBlock. */
      readonly control: SharedArrayBuffer;
      /** Which part of the control block is this thread's. */
      readonly thread: number;
      readonly pageSizeBytes: number;
      /** By device: its file, open for direct I/O in this process. */
      readonly files: readonly number[];
      /** Those of this thread. */
      readonly jobs: readonly JobPlan[];
      readonly pageSets: readonly PageSet[];
      /** By device: the record of what was written where (WrittenPages). */
      readonly written: readonly SharedArrayBuffer[];
    }
  | Extract<CpuRequest, { kind: 'phase' | 'release' }>;
