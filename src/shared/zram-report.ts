/** What zram devices say of themselves at the end of a sample: statistics files as a kernel prints them, and the pool's classes. */
import { CODECS } from './codec.ts';
import type { RunPhase } from './run-phase.ts';
import { RECOMPRESSION_ALGORITHMS, type RECOMPRESSION_TIMES, type ZramStep } from './zram-profile.ts';

/** Who made what is stored of a page: a codec, or nobody, because it did not shrink or is one word repeated. */
export const STORED_BY = [...CODECS, ...RECOMPRESSION_ALGORITHMS, 'huge', 'same-filled'] as const;
export type StoredBy = (typeof STORED_BY)[number];

export interface StoredShare {
  readonly by: StoredBy;
  readonly pages: number;
  /** Of compr_data_size. */
  readonly bytes: number;
}

/** A size class of a pool that holds something. */
export interface ZramClass {
  /** The number under which the kernel lists the class. */
  readonly index: number;
  /** Of an object, its header included. */
  readonly objectBytes: number;
  readonly pagesPerZspage: number;
  /** Zspages in use below 10 %, 20 %, … 90 %, below 100 %, and full: eleven numbers. */
  readonly zspagesByTenth: readonly number[];
  readonly allocatedObjects: number;
  readonly usedObjects: number;
  readonly pagesUsed: number;
  /** Pages that compaction would release. */
  readonly freeablePages: number;
}

export interface ZramDeviceState {
  /** The files' text. */
  readonly mmStat: string;
  readonly ioStat: string;
  readonly debugStat: string;
  readonly bdStat: string;
  /** Empty of a kernel's device: it does not show them. */
  readonly classes: readonly ZramClass[];
  /** The primary codec first. Absent of a running machine, of a kernel's device, and in records of earlier versions. */
  readonly stored?: readonly StoredShare[] | undefined;
}

/** A step and what came of it, summed over the devices. */
export interface ZramStepOutcome {
  readonly step: ZramStep;
  readonly pagesReleased: number;
  readonly pagesTried: number;
  readonly pagesRecompressed: number;
  /** By device. */
  readonly devices: readonly ZramDeviceState[];
}

/** What all devices of a sample held over its time: columns of equal length, in the order of time. */
export interface ZramCourse {
  /** Milliseconds since the first phase began. */
  readonly atMs: readonly number[];
  readonly originalBytes: readonly number[];
  readonly compressedBytes: readonly number[];
  readonly poolBytes: readonly number[];
  readonly phases: readonly { readonly phase: RunPhase; readonly fromMs: number }[];
}

/** Recompression by a CPU of the machine in one sample: what it did, what it gave, what it cost. */
export interface RecompressionRun {
  readonly when: (typeof RECOMPRESSION_TIMES)[number];
  readonly passes: number;
  readonly pagesTried: number;
  readonly pagesRecompressed: number;
  /** Time in passes. */
  readonly busyMs: number;
  /** All devices, when its phase began and when it ended. */
  readonly compressedBytes: BeforeAndAfter;
  readonly poolBytes: BeforeAndAfter;
  /** 10^6 bytes per second of the jobs: writes without and with it beside, or reads before and after it. Absent where none was read. */
  readonly jobsMBps?:
    { readonly direction: 'write' | 'read'; readonly without: number; readonly withIt: number } | undefined;
}

interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

export interface ZramReport {
  /** By device, when the jobs had ended. */
  readonly atEnd: readonly ZramDeviceState[];
  /** The profile's steps, in order. */
  readonly afterwards: readonly ZramStepOutcome[];
  /** Where the profile asks for it. */
  readonly recompress?: RecompressionRun | undefined;
  /** Absent in records of earlier versions. */
  readonly course?: ZramCourse | undefined;
}
