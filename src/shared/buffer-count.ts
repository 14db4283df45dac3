/** Pages of zram's compression streams, counted on machines that were booted for it: `zram.bufferCount` of a profile. */
import type { BufferLayout, StreamProtection } from './design.ts';

/** A machine that was counted. */
export interface BufferCountRow {
  readonly layout: BufferLayout;
  readonly protection: StreamProtection;
  readonly cpus: number;
  /** Algorithms of a device. */
  readonly streams: number;
  readonly devices: number;
  /** Pages of the compressed form's buffers, of compressors' work memory, and of readers' local copies. */
  readonly bufferPages: number;
  readonly workMemoryPages: number;
  readonly localCopyPages: number;
  /** Bytes of one CPU's stream records in per-CPU memory. */
  readonly recordBytes: number;
}

/** What a paper says, beside what was counted on the same machine. */
export interface BufferPaperRow {
  readonly says: string;
  readonly layout: BufferLayout;
  readonly devices: number;
  readonly paperPages: number;
  readonly labPages: number;
}

export interface BufferCount {
  readonly paper: readonly BufferPaperRow[];
  /** By layout, in the order of `BUFFER_LAYOUTS`, then by devices as the profile names them. */
  readonly rows: readonly BufferCountRow[];
}
