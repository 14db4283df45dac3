/**
 * What a fio job file asks for, with fio's own arithmetic done: plain JSON, one entry per process that fio would start.
 */

/** Facts about the machine that a job file may refer to. */
export interface FioJobContext {
  /** For ${NAME}; an unset name is empty. */
  readonly environment: Readonly<Record<string, string>>;
  /** $ncpus */
  readonly cpus: number;
  /** $pagesize */
  readonly pageSizeBytes: number;
  /** $mb_memory */
  readonly memoryMegabytes: number;
}

/** 'readwrite' is fio's `rw`; the mixed ones choose at random per operation. */
export type FioDirection = 'write' | 'read' | 'randwrite' | 'randread' | 'readwrite' | 'randrw';

/**
 * The verify types that the lab models. 'none' is verify=0; 'pattern-header' is verify_pattern without verify: header,
 * then pattern; 'pattern' has no header; 'null' writes and reads without checking.
 */
export type FioVerify = 'none' | 'null' | 'meta' | 'pattern' | 'pattern-header' | 'crc32c';

/** The options that say what is in a buffer. Percentages are 0 … 100. */
export interface FioBuffer {
  /** zero_buffers */
  readonly zero: boolean;
  /** buffer_pattern, 1 … 511 bytes. */
  readonly pattern?: readonly number[] | undefined;
  /** refill_buffers */
  readonly refill: boolean;
  /** scramble_buffers; fio's default is true. */
  readonly scramble: boolean;
  /** buffer_compress_percentage */
  readonly compressPercent: number;
  /** buffer_compress_chunk */
  readonly compressChunkBytes: number;
  /** dedupe_percentage */
  readonly dedupePercent: number;
}

/** One job after cloning: what one process of fio would do. */
export interface FioJob {
  /** The section's name; clones share it. */
  readonly name: string;
  /** 0 … numjobs - 1. */
  readonly cloneIndex: number;
  /** Of the section, 1-based. */
  readonly line: number;
  readonly rw: FioDirection;
  /** Share of the operations that read: rwmixread in the mixed directions, else 0 or 100. */
  readonly readPercent: number;
  /** A multiple of 4096, zram's block. */
  readonly blockBytes: number;
  /** Length of the region, rounded down to whole blocks; at least one. */
  readonly sizeBytes: number;
  /** io_size in whole blocks: how much to transfer in each loop when that is not the region once. */
  readonly ioSizeBytes?: number | undefined;
  /** Start of the region: offset + offset_increment × cloneIndex; a multiple of 4096. */
  readonly offsetBytes: number;
  /** Upper limit of the job's duration. */
  readonly runtimeMs?: number | undefined;
  /** Start over at the end of the region until runtimeMs, which is then there. */
  readonly timeBased: boolean;
  /** At least 1. */
  readonly loops: number;
  /** Operations in flight; 1 under sync and psync, whatever the file says. */
  readonly ioDepth: number;
  /** Jobs with equal numbers run together, a greater number waits for all smaller ones (stonewall). From 0. */
  readonly phaseGroup: number;
  /** Jobs with equal numbers are reported together when group_reporting is asked for. From 0. */
  readonly reportGroup: number;
  /** randseed */
  readonly randSeed?: number | undefined;
  /** N when the job's file is /dev/zramN; absent: the lab chooses a device. */
  readonly deviceIndex?: number | undefined;
  /** As fio would name the file: jobs with equal names work on the same blocks. */
  readonly fileName: string;
  readonly verify: FioVerify;
  /** verify_pattern, 1 … 511 bytes; always there for 'pattern' and 'pattern-header'. */
  readonly verifyPattern?: readonly number[] | undefined;
  /** Whether a verifying read phase follows the writes, where there is something to verify. */
  readonly doVerify: boolean;
  readonly buffer: FioBuffer;
}

/** A place in the file, 1-based, and one sentence without a full stop. */
export interface FioJobRemark {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type FioJobError = FioJobRemark;

export type FioJobFileResult =
  | {
      readonly ok: true;
      /** In file order, clones one after the other. At least one. */
      readonly jobs: readonly FioJob[];
      /** Options that were accepted and change nothing in the lab, in file order. */
      readonly ignored: readonly { readonly name: string; readonly line: number; readonly column: number }[];
      /** What may surprise: values that fio reads otherwise than they look. In file order. */
      readonly notes: readonly FioJobRemark[];
    }
  /** All that is wrong, in file order. At least one. */
  | { readonly ok: false; readonly errors: readonly FioJobError[] };

/** A remark as one line for a person: `line 3, column 6: 'size' needs a value`. */
export function fioJobRemarkText(remark: FioJobRemark): string {
  return `line ${remark.line}, column ${remark.column}: ${remark.message}`;
}
