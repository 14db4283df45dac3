/**
 * What fio would write for a job's own verify and buffer options. Composition and layout are those of fio 3.33, read
 * off files that it wrote; the random numbers are ours.
 *
 * Which option wins, measured: verify with a header (over its pattern, else random data), verify=pattern,
 * buffer_compress_percentage, dedupe_percentage, patterns, zero_buffers, refill_buffers; with none of them all blocks
 * are one random buffer, scrambled.
 */
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import { Random } from '../random.ts';
import { fillCompressible, repeatPattern } from './fill-bytes.ts';
import { greatestCommonDivisor } from './greatest-common-divisor.ts';
import type { JobBuffer, JobContents } from './job-contents.ts';
import { allocatePages, type PageSet } from './page-set.ts';
import { writeVerifyHeader, type HeaderKind } from './verify-header.ts';

/** fio scrambles each 512 bytes alike: the block's offset at the start of one 64-byte line, the time at byte 48. */
const SCRAMBLE_BYTES = 512;
const LINE_BYTES = 64;
const SCRAMBLE_TIME_AT = 48;

/** Fictional clock of the headers: fio's first block came about 0.1 s after its start, the next ones this far apart. */
const FIRST_BLOCK_NS = 110_000_000;
const MAX_STEP_NS = 50_000;

export interface JobPages {
  readonly pageSizeBytes: number;
  /** The job's block size. */
  readonly blockBytes: number;
  /** Pages wanted; rounded up until pages and blocks end together. */
  readonly count: number;
  readonly seed: number;
}

/** All blocks of the set, in the order in which the job writes them. */
type Blocks = readonly Uint8Array[];

/** Time of writing, which only ever grows. */
function clockFrom(random: Random): () => number {
  let now = FIRST_BLOCK_NS;
  return () => (now += random.nextBelow(MAX_STEP_NS));
}

function fillRandomOrCompressible(block: Uint8Array, chunkBytes: number, buffer: JobBuffer, random: Random): void {
  const { compressPercent, pattern: rest } = buffer;
  if (compressPercent === 0) random.fillBytes(block);
  else fillCompressible(block, { compressPercent, chunkBytes, rest }, random);
}

/** The pattern counts from the block's start, under the header; random data is compressible as one chunk. */
function fillVerified(blocks: Blocks, kind: HeaderKind, contents: JobContents, random: Random): void {
  const nextTime = clockFrom(random);
  const seedBytes = new BigUint64Array(1);
  let offsetBytes = 0;
  blocks.forEach((block, number) => {
    if (contents.verifyPattern === undefined) {
      random.fillBytes(new Uint8Array(seedBytes.buffer));
      fillRandomOrCompressible(block, block.length, contents.buffer, random);
    } else repeatPattern(block, contents.verifyPattern);
    writeVerifyHeader(block, { kind, seed: seedBytes[0] ?? 0n, offsetBytes, timeNs: nextTime(), number });
    offsetBytes += block.length;
  });
}

/** Fresh data for each block, except for an exact share, chosen at random, that repeats the block before it. */
function fillFresh(blocks: Blocks, buffer: JobBuffer, random: Random): void {
  const repeats = blocks.map((_, block) => block < Math.round((blocks.length * buffer.dedupePercent) / 100));
  random.shuffle(repeats);
  let previous: Uint8Array | undefined;
  blocks.forEach((block, number) => {
    if (previous !== undefined && repeats[number]) block.set(previous);
    else fillRandomOrCompressible(block, buffer.compressChunkBytes, buffer, random);
    previous = block;
  });
}

/** One buffer for all blocks, which keeps the words that scrambling leaves in it. */
function fillReused(blocks: Blocks, scramble: boolean, random: Random): void {
  const [first] = blocks;
  if (first === undefined) return;
  const reused = new Uint8Array(first.length);
  random.fillBytes(reused);
  const nextTime = clockFrom(random);
  blocks.forEach((block, number) => {
    if (scramble) scrambleBlock(reused, number * block.length, nextTime(), random);
    block.set(reused);
  });
}

function scrambleBlock(block: Uint8Array, offsetBytes: number, timeNs: number, random: Random): void {
  const lineAt = random.nextBelow(SCRAMBLE_BYTES / LINE_BYTES) * LINE_BYTES;
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  for (let start = 0; start + SCRAMBLE_BYTES <= block.length; start += SCRAMBLE_BYTES) {
    view.setBigUint64(start + lineAt, BigInt(offsetBytes + start), true);
    view.setBigUint64(start + SCRAMBLE_TIME_AT, BigInt(Math.floor(timeNs / 1e9)), true);
    view.setBigUint64(start + SCRAMBLE_TIME_AT + 8, BigInt(timeNs % 1e9), true);
  }
}

function fillPattern(blocks: Blocks, pattern: readonly number[]): string {
  for (const block of blocks) repeatPattern(block, pattern);
  return `pattern of ${pattern.length} bytes, no header`;
}

/** Without verification verify_pattern acts as buffer_pattern does, except under buffer_compress_percentage. */
function fillUnverified(blocks: Blocks, contents: JobContents, random: Random): string {
  const { buffer } = contents;
  const pattern = contents.verifyPattern ?? buffer.pattern;
  if (buffer.compressPercent > 0 || (buffer.dedupePercent > 0 && pattern === undefined)) {
    fillFresh(blocks, buffer, random);
    return `buffer_compress_percentage=${buffer.compressPercent}, dedupe_percentage=${buffer.dedupePercent}`;
  }
  if (buffer.dedupePercent > 0) {
    fillReused(blocks, false, random);
    return 'one random buffer (dedupe_percentage with a pattern)';
  }
  if (pattern !== undefined) return fillPattern(blocks, pattern);
  if (buffer.zero) return 'zero_buffers';
  if (buffer.refill) {
    fillFresh(blocks, buffer, random);
    return 'refill_buffers, random';
  }
  const scramble = buffer.scramble && contents.verify !== 'null';
  fillReused(blocks, scramble, random);
  return scramble ? 'one random buffer, scrambled' : 'one random buffer';
}

/** Fills zeroed blocks and says with what. */
function fillBlocks(blocks: Blocks, contents: JobContents, random: Random): string {
  switch (contents.verify) {
    case 'meta':
    case 'crc32c':
    case 'pattern-header': {
      fillVerified(blocks, contents.verify, contents, random);
      const data = contents.verifyPattern === undefined ? 'random' : `${contents.verifyPattern.length}-byte pattern`;
      return `verify=${contents.verify}, ${data}`;
    }
    case 'pattern':
      return fillPattern(blocks, contents.verifyPattern ?? []);
    case 'none':
    case 'null':
      return fillUnverified(blocks, contents, random);
    default:
      return assertUnreachable(contents.verify);
  }
}

function checkContents({ verify, verifyPattern }: JobContents): void {
  if (verifyPattern === undefined && (verify === 'pattern' || verify === 'pattern-header'))
    throw new RangeError(`verify '${verify}' needs a pattern`);
}

/**
 * Builds the pages; the same arguments give the same bytes. The count of the result is the wanted one rounded up to
 * whole blocks. Throws when the contents contradict themselves; fails with 'out-of-memory' only.
 */
export function pageSetFromJob(contents: JobContents, wanted: JobPages): Result<PageSet> {
  checkContents(contents);
  const { pageSizeBytes, blockBytes } = wanted;
  const unitBytes = (pageSizeBytes * blockBytes) / greatestCommonDivisor(pageSizeBytes, blockBytes);
  const totalBytes = Math.ceil((wanted.count * pageSizeBytes) / unitBytes) * unitBytes;
  const count = totalBytes / pageSizeBytes;
  const allocated = allocatePages(pageSizeBytes, count);
  if (!allocated.ok) return allocated;

  const blocks = Array.from(
    { length: totalBytes / blockBytes },
    (_, block) => new Uint8Array(allocated.value, block * blockBytes, blockBytes),
  );
  const words = fillBlocks(blocks, contents, new Random(wanted.seed));
  const description = `${count} pages as fio writes them in blocks of ${blockBytes} bytes: ${words}`;
  return ok({ pageSizeBytes, count, bytes: allocated.value, description });
}
