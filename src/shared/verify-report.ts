/**
 * The same pages through this host's kernel zram and through the lab, side by side. Plain JSON; what `lab verify --json`
 * prints. MB/s is 10^6 bytes per second; all times are the wall clock of this host.
 */
import type { CodecName } from './codec.ts';
import type { Environment, LatencyNs, Spread } from './run-record.ts';
import type { IoStat, MmStat, MmStatColumn } from './zram-stat.ts';

/** The lab's codecs that stand for the kernel's LZ4; the first gives its sizes exactly. */
export const VERIFY_CODECS = ['lz4-kernel', 'lz4'] as const satisfies readonly CodecName[];
export type VerifyCodec = (typeof VERIFY_CODECS)[number];

/** Limits that the form shows and the parsers enforce. */
export const VERIFY_LIMITS = { jobs: { min: 1, max: 64 }, rounds: { min: 1, max: 1000 } } as const;

/** Measured rounds when nobody says how many, at least; of fewer the spread says little, and a warning tells. */
export const VERIFY_USUAL_ROUNDS = 7;

/** What is measured, in the order in which it is done. */
export const VERIFIED_DIRECTIONS = ['write', 'read'] as const;
export type VerifiedDirection = (typeof VERIFIED_DIRECTIONS)[number];

/** One of the two, over all rounds. */
export interface VerifySide {
  /** Medians over the rounds. */
  readonly writeMBps: number;
  readonly readMBps: number;
  readonly write: VerifyDirection;
  readonly read: VerifyDirection;
  /** Of the last round, after all was written once and read once. */
  readonly mm_stat: MmStat;
}

export interface VerifyDirection {
  readonly megabytesPerSecond: Spread;
  /** Of one request; medians over the rounds, `max` the longest of all. */
  readonly latencyNs: LatencyNs;
  /**
   * Share of the jobs' time, 0 … 1, median over the rounds, in which they neither ran nor slept on a lock of the lab's machine.
   * Absent where a round took less than 1 ms for each.
   */
  readonly withheldShare?: number | undefined;
}

export interface LabSide extends VerifySide {
  readonly codec: VerifyCodec;
}

/** Lab over kernel: above 1 the lab is faster. Medians of the ratios of each round, whose two runs follow one another. */
export interface VerifyRatio {
  readonly write: number;
  readonly read: number;
  readonly samples: { readonly write: Spread; readonly read: Spread };
}

/** A column of both; the difference is the lab's minus the kernel's. */
export interface ColumnPair {
  readonly kernel: number;
  readonly lab: number;
  readonly difference: number;
}

/** The lab with one codec beside the kernel. */
export interface VerifyComparison {
  readonly lab: LabSide;
  readonly ratio: VerifyRatio;
  readonly memory: Readonly<Record<MmStatColumn, ColumnPair>>;
  /** Whether every column is equal. */
  readonly memoryIsEqual: boolean;
}

/** `lab`, `ratio` and `memory` are those of the first codec. */
export interface VerifyReport extends VerifyComparison {
  readonly outcome: 'complete' | 'cancelled';
  readonly kernel: VerifySide & {
    readonly io_stat: IoStat;
    /** What a system call of a page costs on the way from the job to the kernel: nanoseconds, measured on /dev/null. */
    readonly callNs: number;
  };
  /** One per codec, in the order asked for. */
  readonly codecs: readonly VerifyComparison[];
  readonly data: { readonly description: string; readonly pages: number; readonly bytes: number };
  readonly jobs: number;
  readonly pageSizeBytes: number;
  /** Bytes of a request. */
  readonly blockBytes: number;
  /** Measured; warm-ups come on top. */
  readonly rounds: number;
  readonly environment: Environment;
  /** What makes times and ratios doubtful, a sentence each: shown beside them. */
  readonly warnings: readonly string[];
  /** The warnings, and what each figure includes, a sentence each. */
  readonly notes: readonly string[];
}

/** How far it is. */
export interface VerifyProgress {
  readonly phase: 'prepare' | 'warm-up' | 'measure';
  /** Measured rounds done, of how many. */
  readonly round: number;
  readonly rounds: number;
  /** Of the round that was just finished: 10^6 bytes per second. */
  readonly kernel?: { readonly write: number; readonly read: number } | undefined;
  readonly lab?: { readonly codec: VerifyCodec; readonly write: number; readonly read: number } | undefined;
}
