/**
 * What an experiment produces: the record that is stored, shown, printed and exported. Plain JSON.
 *
 *   experiment = blocks of all designs in random order          after a warm-up that is thrown away
 *   sample     = one design in one block: its write and read figures and its memory
 *   design     = median and spread over its samples
 *   comparison = a design against the first design of the profile, block by block
 *
 * Units are in the names. MB/s is 10^6 bytes per second. All times are the wall clock.
 */
import type { BufferCount } from './buffer-count.ts';
import type { CodecName } from './codec.ts';
import type { Design } from './design.ts';
import type { MappingReport } from './mapping-report.ts';
import type { PercpuStats } from './percpu-stats.ts';
import type { DataSource, Profile } from './profile.ts';
import type { LabError } from './result.ts';
import type { AccessCounts, ThisCpuFigures } from './this-cpu-report.ts';
import type { ZramDeviceState, ZramReport } from './zram-report.ts';

/** Who played the CPUs: worker threads over the simulated machine, or threads over this host's own kernel. */
export const ENGINES = ['live', 'kernel'] as const;
export type Engine = (typeof ENGINES)[number];
/** Where a time comes from; never mixed in one figure. */
export type Clock = 'wall';
/**
 * What is measured: blocks written and read by a fio workload, per-CPU objects created and destroyed by a percpu one, per-CPU data
 * accessed by a this-cpu one.
 */
export const DIRECTIONS = ['write', 'read', 'create', 'destroy', 'access'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The directions that a workload can have, in the order of display. */
export const DIRECTIONS_OF_WORKLOAD = {
  fio: ['write', 'read'],
  percpu: ['create', 'destroy'],
  'this-cpu': ['access'],
} as const satisfies Record<Profile['workload']['kind'], readonly Direction[]>;

/** The figure that is a direction's throughput: bytes where bytes move, else operations. */
export const THROUGHPUT_OF = {
  write: 'megabytesPerSecond',
  read: 'megabytesPerSecond',
  create: 'operationsPerSecond',
  destroy: 'operationsPerSecond',
  access: 'operationsPerSecond',
} as const satisfies Record<Direction, 'megabytesPerSecond' | 'operationsPerSecond'>;

/**
 * Of one operation: a request of the job's block size from handing it to the device to its completion; one allocation; one free.
 * Percentiles are by the nearest rank, to three digits and never below what was measured.
 * Of a this_cpu operation: the mean by processor time, the rest by the clock over slices of uninterrupted operations.
 */
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
  /** Moved; of per-CPU objects: sizes of one CPU's copies. */
  readonly bytes: number;
  /** From the start barrier to the last CPU's last completion. */
  readonly durationNs: number;
  readonly megabytesPerSecond: number;
  readonly operationsPerSecond: number;
  readonly latencyNs: LatencyNs;
  /** Time spent waiting for contended locks, summed over CPUs. */
  readonly lockWaitNs: number;
  /** lockWaitNs over durationNs × CPUs that had a job: 0 … 1. */
  readonly lockWaitShare: number;
  /** Lock acquisitions that had to wait. */
  readonly lockContentions: number;
  /**
   * What of the time of the threads that played the CPUs, each from its own start to its own end, requests took, 0 … 1: the rest is
   * the jobs' own, such as filling and comparing pages. Of a mixed phase the requests of both directions, and so the same in both.
   * Of fio workloads; absent in records of earlier versions.
   */
  readonly requestShare?: number | undefined;
  /**
   * Share of the CPUs' time in which their threads neither ran nor slept on a lock of the machine: what the host gave to
   * others, or under the kernel engine what the kernel waited for as well. 0 … 1, rather too low than too high. Of fio and
   * percpu workloads; absent where phases were too short to tell, and in records of earlier versions.
   */
  readonly withheldShare?: number | undefined;
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
  /** Page frames of compressor work memory, and of streams' local copies. */
  readonly workMemoryBytes: number;
  /** Page frames of per-CPU memory: first chunk, later chunks, big objects. */
  readonly percpuAreaBytes: number;
  /** Page frames of the zram slot tables. */
  readonly slotTableBytes: number;
  /** Page frames of the jobs' requests in flight. */
  readonly ioBufferBytes: number;
  /** All page frames in use. */
  readonly usedBytes: number;
  /** All page frames of the machine. */
  readonly totalBytes: number;
}

/** The per-CPU allocator at one moment, counted. Bytes. */
export interface PercpuMoment {
  readonly liveObjects: number;
  /** Of one CPU's copies, sizes rounded up to 4. */
  readonly liveBytes: number;
  readonly chunks: number;
  /** Page frames behind chunks, all CPUs: what `Percpu:` of /proc/meminfo counts. */
  readonly populatedBytes: number;
  /** Address space of all chunks. */
  readonly addressSpaceBytes: number;
  /** What a kernel's bookkeeping of these chunks takes beside them. */
  readonly metadataBytes: number;
}

/** Page tables of a machine that maps its chunks, at one moment, counted. Bytes; numbers since boot began. */
export interface ChunkTables {
  /** All tables; and of these the ones that one CPU alone walks through, CPU 0's top-level table not among them. */
  readonly tableBytes: number;
  readonly ownTableBytes: number;
  readonly tablesMade: number;
  readonly tablesFreed: number;
  /** Stores that kept the CPUs' top-level tables equal. */
  readonly pgdCopies: number;
  /** Ranges invalidated on all CPUs. */
  readonly flushes: number;
}

/** One row of the table of who allocates what. */
export interface CallSiteTotal {
  readonly callSite: string;
  readonly number: number;
  /** Where all objects have one size, rounded up to 4. */
  readonly sizeBytes?: number | undefined;
  /** Of one CPU's copies. */
  readonly totalBytes: number;
  /** Of all rows' totals, 0 … 1. */
  readonly share: number;
}

/** What a percpu workload leaves to be looked at. */
export interface PercpuFigures {
  /** When all groups are there, and when they have been destroyed. */
  readonly atFull: PercpuMoment;
  readonly atEnd: PercpuMoment;
  /** At the fullest moment, largest total first. */
  readonly callSites: readonly CallSiteTotal[];
  /** percpu_stats at the fullest moment; its `info` is the geometry. */
  readonly statsAtFull: PercpuStats;
  /** Of designs with page tables: before the first group, and at the two moments. */
  readonly tables?: Readonly<Record<'atBoot' | 'atFull' | 'atEnd', ChunkTables>> | undefined;
}

/** One design in one block. */
export interface Sample {
  readonly design: Design;
  /** 1-based; 0 is the warm-up, which is not kept. */
  readonly repetition: number;
  /** 1-based place of this design in its block's random order. */
  readonly position: number;
  readonly cpus: number;
  readonly clock: Clock;
  readonly write?: DirectionFigures | undefined;
  readonly read?: DirectionFigures | undefined;
  readonly create?: DirectionFigures | undefined;
  readonly destroy?: DirectionFigures | undefined;
  readonly access?: DirectionFigures | undefined;
  /** Of percpu workloads. */
  readonly percpu?: PercpuFigures | undefined;
  /** Of this-cpu workloads. */
  readonly thisCpu?: ThisCpuFigures | undefined;
  /** When the jobs have ended and the profile's steps are done. */
  readonly memoryAtEnd: MemoryFigures;
  /** Highest value of each column until then, each on its own. */
  readonly memoryAtPeak: MemoryFigures;
  /** Pages read back and found equal to what was written. */
  readonly verifiedPages: number;
  /** What the zram devices say of themselves; absent in records of earlier versions. */
  readonly zram?: ZramReport | undefined;
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
  readonly operationsPerSecond: Spread;
  /** Medians over the samples of each sample's figure; `max` is the longest of all, in runs of before a median, too. */
  readonly latencyNs: LatencyNs;
  readonly lockWaitShare: number;
  readonly requestShare?: number | undefined;
  readonly withheldShare?: number | undefined;
}

/** What became of the bytes of the stored pages, at the end of a sample: shares that compare where designs stored different amounts. */
export interface StoredShares {
  /** Compressed bytes over original bytes. */
  readonly compressed: Spread;
  /** Bytes of the pool's page frames over original bytes. */
  readonly pool: Spread;
}

export interface DesignSummary {
  readonly design: Design;
  readonly write?: DirectionSummary | undefined;
  readonly read?: DirectionSummary | undefined;
  readonly create?: DirectionSummary | undefined;
  readonly destroy?: DirectionSummary | undefined;
  readonly access?: DirectionSummary | undefined;
  /** Of the last sample: counted, and the same in all where CPUs did not get in each other's way. */
  readonly percpu?: PercpuFigures | undefined;
  readonly thisCpu?: ThisCpuSummary | undefined;
  /** Medians over the samples, column by column; of an even number the smaller of the two in the middle, so that bytes stay whole. */
  readonly memoryAtEnd: MemoryFigures;
  readonly memoryAtPeak: MemoryFigures;
  /** Where each sample stored something; absent in records of earlier versions. */
  readonly storedShares?: StoredShares | undefined;
}

/** One mix of one design, over its samples. */
export interface MixSummary {
  readonly name: string;
  /** Processor time. */
  readonly nsPerOperation: Spread;
  /** By the clock, all CPUs together. */
  readonly operationsPerSecond: Spread;
  /** Sums over the samples. */
  readonly operations: number;
  readonly issued: number;
  readonly counted: number;
  readonly counts: AccessCounts;
  /** Processor time against the first design of the profile, block by block; absent for that design itself. */
  readonly comparison?: Comparison | undefined;
}

/** One design, over its samples. */
export interface ThisCpuSummary {
  readonly mixes: readonly MixSummary[];
  /** Sums over the samples, by online CPU. */
  readonly cpus: readonly AccessCounts[];
  /** Absent where all totals are exact. */
  readonly wrong?: WrongTotals | undefined;
}

/** On the speeds of two designs that both gave right results. */
export const SPEED_VERDICTS = ['faster', 'slower', 'same', 'inconclusive'] as const;
export type SpeedVerdict = (typeof SPEED_VERDICTS)[number];
/** 'wrong': one of the two designs gave wrong results, and no speed makes up for that. */
export type Verdict = SpeedVerdict | 'wrong';

/** A design whose additions have not all arrived, or have come back, over its samples. */
export interface WrongTotals {
  readonly design: Design;
  readonly issued: number;
  readonly lost: number;
  /** Counted beyond what was issued. */
  readonly extra: number;
}

/** What is made of a comparison; of a wrong result with which design is wrong and how far. */
export type Judgement = { readonly verdict: SpeedVerdict } | { readonly verdict: 'wrong'; readonly wrong: WrongTotals };

/** Throughput (`THROUGHPUT_OF` the direction) of `design` over that of `baseline`, block by block. */
export type Comparison = ComparedSpeeds & Judgement;

interface ComparedSpeeds {
  readonly direction: Direction;
  readonly design: Design;
  readonly baseline: Design;
  /** Blocks in which both were measured. */
  readonly blocks: number;
  /** Hodges-Lehmann estimate of the ratio: 1.2 is 20 % more. */
  readonly ratio: number;
  /** Interval of the ratio; absent when so few blocks allow none. */
  readonly interval?: { readonly low: number; readonly high: number; readonly confidence: number } | undefined;
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
  /** Absent where the workload compresses nothing. */
  readonly codec?: string | undefined;
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
  /** Where a sample of a fio workload failed once its jobs had begun: its devices as they were then, by device. */
  readonly zramAtFailure?: readonly ZramDeviceState[] | undefined;
  readonly engine: Engine;
  /** More online CPUs than host cores: CPUs share cores, so ratios between designs are distorted. */
  readonly oversubscribed: boolean;
  readonly profile: Profile;
  readonly environment: Environment;
  /** What the reader must know beside the numbers, a sentence each. */
  readonly notes: readonly string[];
  /** Of a fio workload whose data came in: each set of pages as it was loaded or made, in words, with an order other than the files'. */
  readonly pageData?: readonly string[] | undefined;
  readonly samples: readonly Sample[];
  /** Page tables of the machines that the profile wants counted. */
  readonly mapping?: MappingReport | undefined;
  readonly designs: readonly DesignSummary[];
  readonly comparisons: readonly Comparison[];
  /** Where the profile asks for it. */
  readonly bufferCount?: BufferCount | undefined;
}

/** What of its profile tells a run from others of the same name. */
export interface RunTraits {
  readonly onlineCpus: number;
  /** Of fio workloads, clones counted; absent where the job file asks for environment variables, which no record keeps. */
  readonly jobs?: number | undefined;
  /** Of fio workloads on machines of the lab's own. */
  readonly codec?: CodecName | undefined;
  /** Where time was limited. */
  readonly seconds?: number | undefined;
  /** Of fio workloads. */
  readonly data?: DataSource | undefined;
}

/** One line of the list of past runs. */
export interface RunListing {
  readonly id: string;
  readonly name: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly outcome: RunOutcome;
  readonly engine: Engine;
  readonly designs: readonly Design[];
  readonly sampleCount: number;
  /** Absent where the stored profile cannot be read. */
  readonly traits?: RunTraits | undefined;
  /** Why the run cannot be opened; designs are [] then, and what else cannot be read is '', 'failed', 'live' or 0. */
  readonly damage?: string;
}
