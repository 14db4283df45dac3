/** What the live engine is asked to do for one sample, and what it answers. */
import type { Direction, MemoryFigures, Sample } from '../../../shared/run-record.ts';
import type { MachineConfig } from '../../machine/memory/arena.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import type { CodecParts } from '../codec/make-codec.ts';
import type { DisturbancePlan, DisturbanceReport } from './disturbance-plan.ts';
import type { RecompressJobPlan } from './recompress-job.ts';
import type { JobPlan, PercpuJobPlan, PhaseKind } from '../../workload/job-plan.ts';

/** Jobs that run together from one barrier to the last of them. */
export interface PhasePlan {
  readonly kind: PhaseKind;
  /** Names of the jobs that take part. */
  readonly jobs: readonly string[];
  /** Directions that the phase measures; none for layout and for reads that only check. */
  readonly measures: readonly Direction[];
  /**
   * Of phases that show what recompression costs: jobs as before but without it, jobs with it beside, recompression alone, or
   * what was recompressed read back.
   */
  readonly recompression?: 'off' | 'beside' | 'alone' | 'after' | undefined;
}

export interface SamplePlan extends DisturbancePlan {
  readonly machine: MachineConfig;
  readonly codec: CodecParts;
  readonly jobs: readonly JobPlan[];
  readonly percpuJobs: readonly PercpuJobPlan[];
  /** By number, as tags name them. */
  readonly callSites: readonly string[];
  readonly phases: readonly PhasePlan[];
  readonly pageSets: readonly PageSet[];
  /** Recompression by a CPU of the machine, in the phases that name it. */
  readonly recompressJob?: RecompressJobPlan | undefined;
  /** mem_limit of each zram device; absent: none. */
  readonly memLimitBytes?: number | undefined;
  /** Each measured phase goes round for this long; absent: to its size. */
  readonly repeatForMs?: number | undefined;
}

/** What the arena's counters say at one moment of a phase. */
export interface Tick {
  readonly phase: PhasePlan;
  readonly phaseIndex: number;
  /** Milliseconds since the phase's barrier. */
  readonly phaseMs: number;
  /** Since the start of the phase, all CPUs. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Per-CPU objects given out and taken back since the start of the phase. */
  readonly createdObjects: number;
  readonly destroyedObjects: number;
  /** this_cpu operations since the start of the phase, and those that it will come to unless time ends it; of this-cpu workloads. */
  readonly accesses?: number | undefined;
  readonly accessesExpected?: number | undefined;
  readonly memory: MemoryFigures;
  /** By online CPU. */
  readonly cpus: readonly CpuTick[];
}

export interface CpuTick {
  /** Milliseconds waited for locks since the start of the phase, a wait in hand included. */
  readonly lockWaitMs: number;
  /** Milliseconds on a core since the start of the phase; absent where the host does not tell while a thread runs. */
  readonly processorMs?: number | undefined;
  /** Whether the CPU has jobs left in this phase. */
  readonly isBusy: boolean;
}

/** What an engine finds out about a sample; the rest of its record is the plan's. */
export interface SampleFigures extends Pick<
  Sample,
  Direction | 'percpu' | 'thisCpu' | 'memoryAtEnd' | 'memoryAtPeak' | 'verifiedPages'
> {
  /** Of a plan that asks for some. */
  readonly disturbances?: DisturbanceReport | undefined;
  /** By phase: 10^6 bytes per second that its jobs wrote and read, whether it measures or not. Of the live engine. */
  readonly phaseMBps?: readonly PhaseMBps[] | undefined;
}

export interface PhaseMBps {
  readonly write: number;
  readonly read: number;
}
