/** Pages and objects copied into each other, and pages of one word. */
import type { Codec, IoPage, ObjectSpan } from '../codec.ts';
import * as units from '../units.ts';
import type { PhysicalAddress } from '../units.ts';

// This module's own: V8 compiles it into a write, while an import is looked up at every use.
const { physicalAddress } = units;

/**
 * Copies the bytes at `from` to where `span` says, up to 7 more than the span has: copies of whole 8-byte words take a quarter less
 * time in shared memory, and an object, which begins on a word, has room for whole words, as the buffer that it comes from has.
 */
export function copyToObject(
  memory: Uint8Array,
  from: PhysicalAddress,
  span: Readonly<ObjectSpan>,
  codec?: Codec,
): void {
  const copy = codec?.copyWords;
  if (copy === undefined || span.restBytes > 0) copyInRuns(memory, from, span, codec);
  else copy(from, span.first, span.firstBytes);
}

/** An object in two pieces, or without a codec that copies. */
function copyInRuns(
  memory: Uint8Array,
  from: PhysicalAddress,
  { first, firstBytes, rest, restBytes }: Readonly<ObjectSpan>,
  codec: Codec | undefined,
): void {
  copyWords(memory, { from, to: first, bytes: firstBytes }, codec);
  if (restBytes > 0) copyWords(memory, { from: physicalAddress(from + firstBytes), to: rest, bytes: restBytes }, codec);
}

/** Brings an object that crosses pages together at `to`, where there is room for whole words, and points its span there. */
export function joinObject(memory: Uint8Array, to: PhysicalAddress, span: ObjectSpan, codec?: Codec): void {
  copyWords(memory, { from: span.first, to, bytes: span.firstBytes }, codec);
  copyWords(memory, { from: span.rest, to: physicalAddress(to + span.firstBytes), bytes: span.restBytes }, codec);
  span.first = to;
  span.firstBytes += span.restBytes;
  span.restBytes = 0;
}

interface WordCopy {
  readonly from: PhysicalAddress;
  readonly to: PhysicalAddress;
  readonly bytes: number;
}

/** By the codec, where that is quicker. */
function copyWords(memory: Uint8Array, { from, to, bytes }: WordCopy, codec: Codec | undefined): void {
  if (codec?.copyWords !== undefined) codec.copyWords(from, to, bytes);
  else memory.copyWithin(to, from, from + ((bytes + 7) & ~7));
}

/** Copies a raw page into the object that it has for itself. */
export function copyPageIn(memory: Uint8Array, page: IoPage, { first }: Readonly<ObjectSpan>, codec?: Codec): void {
  if (codec?.copyWords !== undefined) codec.copyWords(page.address, first, page.bytes.length);
  else memory.set(page.bytes, first);
}

/** Copies a raw page out of the object that has a page of its own. */
export function copyPageOut(memory: Uint8Array, { first }: Readonly<ObjectSpan>, page: IoPage, codec?: Codec): void {
  if (codec?.copyWords !== undefined) codec.copyWords(first, page.address, page.bytes.length);
  else page.bytes.set(memory.subarray(first, first + page.bytes.length));
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
