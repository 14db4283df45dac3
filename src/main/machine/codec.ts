/** The compressor port: what the machine needs of LZ4 and its like. Engines bring the implementations. */
import type { PhysicalAddress } from './units.ts';

/** A page on its way between a job and a device: where it lies in the arena, and that memory as bytes and as 32-bit words. */
export interface IoPage {
  readonly address: PhysicalAddress;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/** Where an object lies: one run of bytes, or two when it crosses a page border. Filled in place to spare allocations. */
export interface ObjectSpan {
  first: PhysicalAddress;
  firstBytes: number;
  rest: PhysicalAddress;
  /** 0 when the object lies within one page. */
  restBytes: number;
}

/** The answer of `compress` when nothing came of it; longer than any page, so that who looks for a gain finds none. */
export const COMPRESSION_FAILED = 2 ** 30;

/**
 * Copies `bytes` bytes, and up to 7 more to a whole 8-byte word, within the arena; both places begin on a word and do not
 * overlap.
 */
export type CopyWords = (...args: [from: PhysicalAddress, to: PhysicalAddress, bytes: number]) => void;

export interface Codec {
  readonly name: string;
  /**
   * Compresses `page` to `target` and answers with the length in bytes; from the page's size on, and when that is COMPRESSION_FAILED,
   * what is at `target` then is nobody's matter. There is room for two pages there, and at `workMemory` for
   * LZ4_WORK_MEMORY_BYTES; the caller owns both (stream lock or preemption off). What the work memory holds before and after does
   * not matter.
   */
  compress(page: IoPage, target: PhysicalAddress, workMemory: PhysicalAddress): number;
  /** Absent where the codec's memory offers no quicker way than `copyWithin`. */
  readonly copyWords?: CopyWords | undefined;
  /**
   * Whether what its calls leave behind is freed in turns of the thread's event loop alone: who compresses page after page must
   * let it have some.
   */
  readonly freesInTurns?: boolean;
  /** Decompresses an object into `page`; false when the object is not what `compress` made of a page. */
  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean;
}
