/** What the live engine is asked to do for one sample of a this-cpu workload, and what it answers. */
import type { AccessMode } from '../../../../shared/design.ts';
import type { MemoryFigures } from '../../../../shared/run-record.ts';
import type { MixOperation } from '../../../../shared/this-cpu-profile.ts';
import type { AccessFigures } from '../../../machine/percpu/access/cpu-statistics.ts';
import type { Arena } from '../../../machine/memory/arena.ts';
import type { CpuId } from '../../../machine/units.ts';
import type { LatencyCounts } from '../../latency-counts.ts';
import type { LiveCpu } from '../live-cpu.ts';
import type { MappedMachineConfig } from '../../../machine/percpu/local-mapping/mapped-machine.ts';

/** One operation of a unit of work, done `number` times in a row. */
export interface MixStep {
  readonly operation: MixOperation;
  readonly number: number;
}

export interface StormMix {
  readonly name: string;
  /** One unit of work, in this order. */
  readonly steps: readonly MixStep[];
  /** After so many units in a row a CPU's counter goes into the shared total. */
  readonly batch?: number | undefined;
  /** Units that every task does; at most, where time ends the mix. */
  readonly unitsPerTask: number;
}

export interface StormPlan {
  readonly mode: AccessMode;
  readonly machine: MappedMachineConfig;
  readonly tasksPerCpu: number;
  /** Operations between two ticks of a CPU, about: up to twice as many. */
  readonly tickOperations: number;
  /** See TasksConfig. */
  readonly balanceTicks: number;
  readonly mixes: readonly StormMix[];
  /** Each mix ends after so long; absent: when its units are done. */
  readonly repeatForMs?: number | undefined;
  readonly seed: number;
}

/** Where a storm stands. */
export interface StormTick {
  readonly mix: number;
  /** Milliseconds since the mix's barrier. */
  readonly mixMs: number;
  /** this_cpu operations since then, all CPUs. */
  readonly operations: number;
  readonly memory: MemoryFigures;
  /** By CPU, since the mix's barrier. */
  readonly lockWaitMs: readonly number[];
}

export interface StormObserver {
  readonly onMix: (mix: number) => void;
  readonly onTick: (tick: StormTick) => void;
}

/** One mix, all CPUs together. */
export interface MixOutcome {
  readonly name: string;
  /** Units of work that were done. */
  readonly units: number;
  /** Additions issued, and what the shared total and all CPUs' counters come to. */
  readonly issued: number;
  readonly counted: number;
  /** From the first CPU's start to the last one's end. */
  readonly durationNs: number;
  /** Processor time of all CPUs' threads: what others do on the host's cores does not count. */
  readonly processorNs: number;
  readonly figures: AccessFigures;
  readonly lockWaitNs: number;
  readonly lockContentions: number;
  /** Picoseconds per operation, a value per slice of uninterrupted ones; of each CPU. */
  readonly slices: readonly LatencyCounts[];
}

export interface StormOutcome {
  readonly mixes: readonly MixOutcome[];
  /** Of all mixes, by CPU. */
  readonly cpus: readonly AccessFigures[];
  readonly memoryAtEnd: MemoryFigures;
  readonly memoryAtPeak: MemoryFigures;
}

/** What a CPU's thread is given. */
export interface StormCpuPlan {
  readonly buffer: SharedArrayBuffer;
  readonly tasksStart: number;
  readonly cpu: number;
  readonly mixes: readonly (StormMix & {
    /** PercpuPtr of its counter and of its flags. */
    readonly counter: number;
    readonly flags: number;
    /** See StormPlan; the warm-up runs to its units. */
    readonly repeatForMs?: number | undefined;
  })[];
  readonly tickOperations: number;
  readonly seed: number;
}

/** Whose locks and words a storm CPU's thread takes. */
export type MakeStormCpu = (arena: Arena, id: CpuId) => LiveCpu;

/** What a CPU's thread posts: before the barrier of a mix, and after the mix. */
export type StormMessage =
  | { readonly kind: 'armed' }
  | {
      readonly kind: 'done';
      /** On the host's monotonic clock. */
      readonly startNs: bigint;
      readonly endNs: bigint;
      /** Processor time of its thread in between. */
      readonly processorNs: number;
      readonly slices: LatencyCounts;
    };

/** this_cpu operations of one unit of work. */
export function operationsPerUnit({ steps }: Pick<StormMix, 'steps'>): number {
  return sumOf(steps, (operation) => operation !== 'shared_add');
}

/** Additions of one unit of work that its totals must show. */
export function additionsPerUnit({ steps }: Pick<StormMix, 'steps'>): number {
  return sumOf(steps, (operation) => ADDITIONS.includes(operation));
}

/** All operations of one unit of work. */
export function turnsPerUnit({ steps }: Pick<StormMix, 'steps'>): number {
  return sumOf(steps, () => true);
}

const ADDITIONS: readonly MixOperation[] = ['shared_add', 'add', 'add_return', 'cmpxchg'];

function sumOf(steps: readonly MixStep[], counts: (operation: MixOperation) => boolean): number {
  return steps.reduce((sum, { operation, number }) => sum + (counts(operation) ? number : 0), 0);
}
