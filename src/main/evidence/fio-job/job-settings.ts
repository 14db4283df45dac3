/** The options of one section, read: what `[global]` hands down and each section overrides. */
import type { FioBuffer, FioDirection, FioVerify } from './fio-job.ts';
import type { KbBase } from './number-values.ts';

/** The engines that the lab's queue depth stands for. */
export type FioEngine = 'sync' | 'psync' | 'libaio' | 'io_uring';

export interface JobSettings {
  readonly kbBase: KbBase;
  readonly rw: FioDirection;
  readonly mixedReadPercent: number;
  readonly readBlockBytes: number;
  readonly writeBlockBytes: number;
  readonly engine: FioEngine;
  readonly ioDepth: number;
  readonly sizeBytes?: number | undefined;
  readonly ioSizeBytes?: number | undefined;
  readonly offsetBytes: number;
  readonly offsetIncrementBytes: number;
  readonly runtimeMs?: number | undefined;
  readonly timeBased: boolean;
  readonly loops: number;
  readonly clones: number;
  readonly fileName?: string | undefined;
  readonly directory?: string | undefined;
  /** stonewall */
  readonly startsPhase: boolean;
  /** new_group */
  readonly startsGroup: boolean;
  readonly randSeed?: number | undefined;
  /** Absent: 'pattern-header' with a pattern, else 'none'. */
  readonly verify?: FioVerify | undefined;
  readonly verifyPattern?: readonly number[] | undefined;
  readonly doVerify: boolean;
  readonly buffer: FioBuffer;
}

/** fio 3.33's own defaults. */
export const DEFAULT_SETTINGS: JobSettings = {
  kbBase: 1024,
  rw: 'read',
  mixedReadPercent: 50,
  readBlockBytes: 4096,
  writeBlockBytes: 4096,
  engine: 'psync',
  ioDepth: 1,
  offsetBytes: 0,
  offsetIncrementBytes: 0,
  timeBased: false,
  loops: 1,
  clones: 1,
  startsPhase: false,
  startsGroup: false,
  doVerify: true,
  buffer: {
    zero: false,
    refill: false,
    scramble: true,
    compressPercent: 0,
    compressChunkBytes: 512,
    dedupePercent: 0,
  },
};
