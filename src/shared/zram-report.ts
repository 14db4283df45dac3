/** What zram devices say of themselves at the end of a sample: statistics files as a kernel prints them, and the pool's classes. */
import type { ZramStep } from './zram-profile.ts';

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
  readonly classes: readonly ZramClass[];
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

export interface ZramReport {
  /** By device, when the jobs had ended. */
  readonly atEnd: readonly ZramDeviceState[];
  /** The profile's steps, in order. */
  readonly afterwards: readonly ZramStepOutcome[];
}
