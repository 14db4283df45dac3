/**
 * Bitmaps over the words of a region: bit b of a map lies in word `map + b / 32`, lowest bit first. Ranges are [from, end).
 * A search reads whole words; callers keep `end` within the map.
 */
import type { RegionWords } from './region-words.ts';

/** Whether a bit of the map is set. */
export function bitIsSet(words: RegionWords, map: number, bit: number): boolean {
  return ((words.get(map + (bit >>> 5)) >>> (bit & 31)) & 1) !== 0;
}

/** Sets one bit. */
export function setBit(words: RegionWords, map: number, bit: number): void {
  const index = map + (bit >>> 5);
  words.set(index, words.get(index) | (1 << (bit & 31)));
}

/** Number of trailing zero bits of a positive number, which is at most 32 bits long. */
export function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value);
}

/** First set bit in the range, or `end`. */
export function nextSet(words: RegionWords, map: number, from: number, end: number): number {
  return nextBit(words, map, 0, { from, end });
}

/** First clear bit in the range, or `end`. */
export function nextClear(words: RegionWords, map: number, from: number, end: number): number {
  return nextBit(words, map, -1, { from, end });
}

/** First bit that differs from those of `flip` (0 or −1), or the range's end. */
function nextBit(words: RegionWords, map: number, flip: number, { from, end }: { from: number; end: number }): number {
  if (from >= end) return end;
  const last = (end - 1) >>> 5;
  let index = from >>> 5;
  let bits = (words.get(map + index) ^ flip) & (-1 << (from & 31));
  while (bits === 0) {
    if (index === last) return end;
    index += 1;
    bits = words.get(map + index) ^ flip;
  }
  return Math.min(index * 32 + trailingZeros(bits), end);
}

/** The cell after the last set bit in [low, before), or `low` when there is none. */
export function afterPreviousSet(words: RegionWords, map: number, low: number, before: number): number {
  if (before <= low) return low;
  const first = low >>> 5;
  let index = (before - 1) >>> 5;
  let bits = words.get(map + index) & (-1 >>> (31 - ((before - 1) & 31)));
  while (bits === 0) {
    if (index === first) return low;
    index -= 1;
    bits = words.get(map + index);
  }
  return Math.max(index * 32 + 32 - Math.clz32(bits), low);
}

/** Sets the bits [from, end). */
export function setRange(words: RegionWords, map: number, from: number, end: number): void {
  for (let index = from >>> 5; index * 32 < end; index++) {
    words.set(map + index, words.get(map + index) | maskIn(index, from, end));
  }
}

/** Clears the bits [from, end). */
export function clearRange(words: RegionWords, map: number, from: number, end: number): void {
  for (let index = from >>> 5; index * 32 < end; index++) {
    words.set(map + index, words.get(map + index) & ~maskIn(index, from, end));
  }
}

/** The bits of word `index` that the range covers. */
function maskIn(index: number, from: number, end: number): number {
  const low = Math.max(from - index * 32, 0);
  const high = Math.min(end - index * 32, 32);
  if (high <= low) return 0;
  return (-1 << low) & (-1 >>> (32 - high));
}

/** Set bits in the range. */
export function countSet(words: RegionWords, map: number, from: number, end: number): number {
  let count = 0;
  for (let start = nextSet(words, map, from, end); start < end;) {
    const stop = nextClear(words, map, start, end);
    count += stop - start;
    start = nextSet(words, map, stop, end);
  }
  return count;
}
