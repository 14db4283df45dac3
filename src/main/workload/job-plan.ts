/** What CPUs execute, ready to run: plain data that crosses thread borders. */

export const ACCESS_PATTERNS = ['write', 'read', 'randwrite', 'randread', 'readwrite', 'randrw'] as const;
/** fio's rw, with `rw` spelled `readwrite`. */
export type AccessPattern = (typeof ACCESS_PATTERNS)[number];

/** One job, placed on a CPU and on a stretch of a device. No two jobs that write share a page. */
export interface JobPlan {
  readonly name: string;
  readonly cpu: number;
  readonly device: number;
  /** First slot (page) of the job's stretch. */
  readonly firstSlot: number;
  /** Blocks of the stretch. */
  readonly blocks: number;
  readonly blockPages: number;
  readonly pattern: AccessPattern;
  /** Share of reads in mixed patterns, 0 … 100. */
  readonly readPercent: number;
  /** Requests that are prepared together and then submitted back to back. */
  readonly ioDepth: number;
  /** Blocks to do in one phase; more than `blocks` goes round again. Absent: until the time limit. */
  readonly blocksToDo?: number | undefined;
  /** Milliseconds that a phase of this job may take. */
  readonly runtimeMs?: number | undefined;
  /** Which page set the job writes from, and at which of its pages it starts. */
  readonly pageSet: number;
  readonly firstSetPage: number;
  /** Order of random patterns derives from it. */
  readonly seed: number;
}

/** Objects of one kind that a group allocates. */
export interface PercpuObjects {
  /** Number of the call site, by which the machine tags them. */
  readonly callSite: number;
  readonly number: number;
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

/** A CPU's share of a percpu workload. */
export interface PercpuJobPlan {
  readonly name: string;
  readonly cpu: number;
  readonly groups: number;
  /** What each group allocates, in order. */
  readonly objects: readonly PercpuObjects[];
  readonly destroyOrder: 'in-order' | 'random';
  /** The random order derives from it. */
  readonly seed: number;
}

/**
 * What a phase does with a job: `layout` writes each block once, unmeasured, so that there is something to read; `main` is
 * the job itself; `verify` reads back, in order, every block that was written. Percpu jobs know `create` and `destroy`.
 */
export type PhaseKind = FioPhaseKind | PercpuPhaseKind | ThisCpuPhaseKind;
export type FioPhaseKind = 'layout' | 'main' | 'verify';
export type PercpuPhaseKind = 'create' | 'destroy';
export type ThisCpuPhaseKind = 'access';
