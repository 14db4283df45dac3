/** Pages and objects copied into each other, and pages of one word. */
import type { Codec, IoPage, ObjectSpan } from '../codec.ts';
import * as units from '../units.ts';
import type { PhysicalAddress } from '../units.ts';

// This module's own: V8 compiles it into a write, while an import is looked up at every use.
const { physicalAddress } = units;

/**
 * Copies the bytes at `from` to where `span` says, up to 7 more than the span has: copies of whole 8-byte words take a quarter less
 * time in shared memory, and an object, which begins on a word, has room for whole words, as the buffer that it comes from has.
 * By the codec, where that is quicker still.
 */
export function copyToObject(
  memory: Uint8Array,
  from: PhysicalAddress,
  { first, firstBytes, rest, restBytes }: Readonly<ObjectSpan>,
  codec?: Codec,
): void {
  if (codec?.copyWords !== undefined) {
    codec.copyWords(from, first, firstBytes);
    if (restBytes > 0) codec.copyWords(physicalAddress(from + firstBytes), rest, restBytes);
    return;
  }
  memory.copyWithin(first, from, from + wholeWords(firstBytes));
  if (restBytes > 0) memory.copyWithin(rest, from + firstBytes, from + firstBytes + wholeWords(restBytes));
}

function wholeWords(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Brings an object that crosses pages together at `to`, and points its span there. */
export function joinObject(memory: Uint8Array, to: PhysicalAddress, span: ObjectSpan): void {
  memory.copyWithin(to, span.first, span.first + span.firstBytes);
  memory.copyWithin(to + span.firstBytes, span.rest, span.rest + span.restBytes);
  span.first = to;
  span.firstBytes += span.restBytes;
  span.restBytes = 0;
}

/** Copies a raw page out of the object that has a page of its own. */
export function copyRawPage(memory: Uint8Array, { first, firstBytes }: Readonly<ObjectSpan>, page: IoPage): void {
  page.bytes.set(memory.subarray(first, first + firstBytes));
}

/** All 8-byte words of the page equal, compared as pairs of 32-bit words. */
export function isSameFilled(words: Int32Array): boolean {
  const low = words[0];
  const high = words[1];
  for (let at = 2; at < words.length; at += 2) {
    if (words[at] !== low || words[at + 1] !== high) return false;
  }
  return true;
}

/** Fills a page with one 8-byte word, given as its halves. */
export function fillPage(words: Int32Array, low: number, high: number): void {
  if (low === high) {
    words.fill(low);
    return;
  }
  for (let at = 0; at < words.length; at += 2) {
    words[at] = low;
    words[at + 1] = high;
  }
}
