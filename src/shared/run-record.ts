/**
 * What an experiment produces: the record that is stored, shown, printed and exported. Plain JSON.
 *
 *   experiment = blocks of all designs in random order          block 0 is the warm-up and is thrown away
 *   sample     = one design in one block: its write and read figures and its memory
 *   design     = median and spread over its samples
 *   comparison = a design against the first design of the profile, block by block
 *
 * Units are in the names. MB/s is 10^6 bytes per second. All times are the wall clock under the live engine.
 */
import type { BufferLayout } from './design.ts';
import type { Profile } from './profile.ts';
import type { LabError } from './result.ts';

export type Engine = 'live';
/** Where a time comes from; never mixed in one figure. */
export type Clock = 'wall';
export type Direction = 'write' | 'read';

/** Of one operation (one request of the job's block size), from handing it to the device to its completion. */
export interface LatencyNs {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface DirectionFigures {
  readonly operations: number;
  readonly bytes: number;
  /** From the start barrier to the last CPU's last completion. */
  readonly durationNs: number;
  readonly megabytesPerSecond: number;
  readonly latencyNs: LatencyNs;
  /** Time spent waiting for contended locks, summed over CPUs. */
  readonly lockWaitNs: number;
  /** lockWaitNs over durationNs × CPUs that had a job: 0 … 1. */
  readonly lockWaitShare: number;
  /** Lock acquisitions that had to wait. */
  readonly lockContentions: number;
}

/** Bytes, each counted from the arena; the first two are contents, the rest page frames. */
export interface MemoryFigures {
  /** Stored pages × page size (mm_stat orig_data_size), all devices. */
  readonly originalBytes: number;
  /** Sum of stored sizes (mm_stat compr_data_size), all devices. */
  readonly compressedBytes: number;
  /** Page frames of the compressed-object pools (mm_stat mem_used_total). */
  readonly poolBytes: number;
  /** Page frames of compression buffers: two pages each. */
  readonly bufferBytes: number;
  /** Page frames of compressor work memory. */
  readonly workMemoryBytes: number;
  /** Page frames of per-CPU memory: first chunk, later chunks, big objects. */
  readonly percpuAreaBytes: number;
  /** Page frames of the zram slot tables. */
  readonly slotTableBytes: number;
  /** All page frames in use. */
  readonly usedBytes: number;
  /** All page frames of the machine. */
  readonly totalBytes: number;
}

/** One design in one block. */
export interface Sample {
  readonly design: BufferLayout;
  /** 1-based; 0 is the warm-up, which is not kept. */
  readonly repetition: number;
  /** 1-based place of this design in its block's random order. */
  readonly position: number;
  readonly cpus: number;
  readonly clock: Clock;
  readonly write?: DirectionFigures | undefined;
  readonly read?: DirectionFigures | undefined;
  readonly memoryAtEnd: MemoryFigures;
  /** Highest value of each column, each on its own. */
  readonly memoryAtPeak: MemoryFigures;
  /** Pages read back and found equal to what was written. */
  readonly verifiedPages: number;
}

export interface Spread {
  readonly median: number;
  /** Smallest and largest sample. */
  readonly low: number;
  readonly high: number;
  readonly samples: readonly number[];
}

export interface DirectionSummary {
  readonly megabytesPerSecond: Spread;
  /** Medians over the samples of each sample's figure. */
  readonly latencyNs: LatencyNs;
  readonly lockWaitShare: number;
}

export interface DesignSummary {
  readonly design: BufferLayout;
  readonly write?: DirectionSummary | undefined;
  readonly read?: DirectionSummary | undefined;
  /** Medians over the samples, column by column. */
  readonly memoryAtEnd: MemoryFigures;
  readonly memoryAtPeak: MemoryFigures;
}

export type Verdict = 'faster' | 'slower' | 'same' | 'inconclusive';

/** Throughput of `design` over throughput of `baseline`, block by block. */
export interface Comparison {
  readonly direction: Direction;
  readonly design: BufferLayout;
  readonly baseline: BufferLayout;
  /** Blocks in which both were measured. */
  readonly blocks: number;
  /** Hodges-Lehmann estimate of the ratio: 1.2 is 20 % more. */
  readonly ratio: number;
  /** Interval of the ratio; absent when so few blocks allow none. */
  readonly interval?: { readonly low: number; readonly high: number; readonly confidence: number } | undefined;
  readonly verdict: Verdict;
  /** Why that verdict, in one sentence. */
  readonly reason: string;
}

/** What the figures were measured on. */
export interface Environment {
  readonly cpuModel: string;
  readonly hostCores: number;
  readonly hostMemoryBytes: number;
  readonly operatingSystem: string;
  readonly kernel: string;
  /** CPU frequency governor; 'not readable' where the host does not say. */
  readonly governor: string;
  readonly runtime: string;
  readonly codec: string;
  readonly labVersion: string;
}

export type RunOutcome = 'complete' | 'cancelled' | 'failed';

export interface RunRecord {
  readonly id: string;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly outcome: RunOutcome;
  /** Present when the outcome is 'failed'. */
  readonly error?: LabError | undefined;
  readonly engine: Engine;
  /** More online CPUs than host cores: CPUs share cores, so ratios between designs are distorted. */
  readonly oversubscribed: boolean;
  readonly profile: Profile;
  readonly environment: Environment;
  /** What the reader must know beside the numbers, a sentence each. */
  readonly notes: readonly string[];
  readonly samples: readonly Sample[];
  readonly designs: readonly DesignSummary[];
  readonly comparisons: readonly Comparison[];
}

/** One line of the list of past runs. */
export interface RunListing {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly outcome: RunOutcome;
  readonly engine: Engine;
  readonly designs: readonly BufferLayout[];
  readonly sampleCount: number;
}
