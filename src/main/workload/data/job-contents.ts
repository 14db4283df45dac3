/**
 * What a fio job's options say about the bytes that it writes. Plain JSON; a parsed job file's jobs fit this shape.
 */

/** fio's own options for what is in a buffer. Percentages are 0 … 100. */
export interface JobBuffer {
  /** zero_buffers */
  readonly zero: boolean;
  /** buffer_pattern; at least one byte. */
  readonly pattern?: readonly number[] | undefined;
  /** refill_buffers: fresh random data for every block. */
  readonly refill: boolean;
  /** scramble_buffers: a few words of a reused buffer differ from block to block. */
  readonly scramble: boolean;
  /** buffer_compress_percentage; 0 is none. */
  readonly compressPercent: number;
  /** buffer_compress_chunk */
  readonly compressChunkBytes: number;
  /** dedupe_percentage: share of the blocks that repeat the one before. */
  readonly dedupePercent: number;
}

/**
 * `verify`: 'pattern-header' is what fio does with verify_pattern and no verify; 'pattern' has no header; 'null' writes
 * what 'none' writes, unscrambled.
 */
export type VerifyMode = 'none' | 'null' | 'meta' | 'pattern' | 'pattern-header' | 'crc32c';

export interface JobContents {
  readonly verify: VerifyMode;
  /** verify_pattern; at least one byte. Must be there for 'pattern' and 'pattern-header'. */
  readonly verifyPattern?: readonly number[] | undefined;
  readonly buffer: JobBuffer;
}
