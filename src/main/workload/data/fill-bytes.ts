/**
 * The two ways in which fio fills a stretch of a buffer: a repeated pattern, and a random part with a compressible rest.
 */
import type { Random } from '../random.ts';

/** Repeats `pattern` (at least one byte) from the start of `bytes`; the last repetition may be cut. */
export function repeatPattern(bytes: Uint8Array, pattern: readonly number[]): void {
  if (pattern.length === 0) throw new RangeError('a pattern needs at least one byte');
  bytes.set(pattern.slice(0, bytes.length));
  for (let filled = pattern.length; filled < bytes.length; filled *= 2) {
    bytes.copyWithin(filled, 0, Math.min(filled, bytes.length - filled));
  }
}

/** Percentages are 0 … 100 of each chunk; `rest` is the pattern of the compressible part, zero when absent. */
export interface Compressibility {
  readonly compressPercent: number;
  readonly chunkBytes: number;
  readonly rest?: readonly number[] | undefined;
}

/**
 * Fills each chunk with floor((100 - p) % of its length) random bytes followed by the rest, as fio 3.33 does for
 * buffer_compress_percentage (measured: 343 random bytes of 512 at 33 %); the last chunk may be shorter.
 */
export function fillCompressible(bytes: Uint8Array, how: Compressibility, random: Random): void {
  for (let start = 0; start < bytes.length; start += how.chunkBytes) {
    const chunk = bytes.subarray(start, Math.min(start + how.chunkBytes, bytes.length));
    const randomBytes = Math.floor((chunk.length * (100 - how.compressPercent)) / 100);
    random.fillBytes(chunk.subarray(0, randomBytes));
    const rest = chunk.subarray(randomBytes);
    if (how.rest === undefined) rest.fill(0);
    else repeatPattern(rest, how.rest);
  }
}
