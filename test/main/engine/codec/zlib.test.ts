import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import { deflateCodec, zstdCodec } from '../../../../src/main/engine/codec/zlib.ts';
import type { Codec, IoPage, ObjectSpan } from '../../../../src/main/machine/codec.ts';
import { physicalAddress } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { blankPage } from '../../machine/fixtures/sized-pages.ts';

const TARGET = 1 << 20;

const CODECS = [
  { name: 'zstd', make: zstdCodec, uncompress: (block: Buffer) => zstdDecompressSync(block) },
  { name: 'deflate', make: deflateCodec, uncompress: (block: Buffer) => inflateRawSync(block) },
];

function spanOf(first: number, firstBytes: number, rest = 0, restBytes = 0): ObjectSpan {
  return { first: physicalAddress(first), firstBytes, rest: physicalAddress(rest), restBytes };
}

/** Random at first, letters of a small alphabet behind. */
function mixedPage(randomBytes: number, seed: number, pageSizeBytes = 4096): IoPage {
  const page = blankPage(pageSizeBytes);
  const random = new Random(seed);
  for (let at = 0; at < pageSizeBytes; at++) page.bytes[at] = 97 + random.nextBelow(8);
  random.fillBytes(page.bytes.subarray(0, randomBytes));
  return page;
}

describe.each(CODECS)('$name', ({ name, make, uncompress }) => {
  it('gives every page back, wherever the object is cut in two, and so does the library alone', () => {
    for (const pageSizeBytes of [4096, 65536]) {
      const memory = new SharedArrayBuffer(4 << 20);
      const bytes = Buffer.from(memory);
      const codec = make(memory, pageSizeBytes);
      fc.assert(
        fc.property(
          fc.nat(pageSizeBytes),
          fc.nat(0xffff),
          fc.double({ min: 0, max: 1, noNaN: true }),
          (randomBytes, seed, cut) => {
            const page = mixedPage(randomBytes, seed, pageSizeBytes);
            const length = codec.compress(page, physicalAddress(TARGET), physicalAddress(0));
            expect(length).toBeLessThanOrEqual(2 * pageSizeBytes);
            expect(uncompress(bytes.subarray(TARGET, TARGET + length)).equals(page.bytes)).toBe(true);
            const first = Math.floor(length * cut);
            bytes.copy(bytes, 64, TARGET, TARGET + first);
            bytes.copy(bytes, 3 << 20, TARGET + first, TARGET + length);
            const read = blankPage(pageSizeBytes);
            expect(codec.decompress(spanOf(64, first, 3 << 20, length - first), read)).toBe(true);
            expect(Buffer.from(read.bytes).equals(page.bytes)).toBe(true);
          },
        ),
        { numRuns: 20 },
      );
    }
  });

  it('says of what is no page of its own that it is not', () => {
    const memory = new SharedArrayBuffer(4 << 20);
    const codec = make(memory, 4096);
    const length = codec.compress(mixedPage(2000, 1), physicalAddress(TARGET), physicalAddress(0));
    const read = blankPage();
    expect(codec.decompress(spanOf(TARGET, length - 9), read)).toBe(false);
    const longer = make(memory, 16384).compress(mixedPage(2000, 1, 16384), physicalAddress(TARGET), physicalAddress(0));
    expect(codec.decompress(spanOf(TARGET, longer), read)).toBe(false);
    Buffer.from(memory).fill(0xa5, TARGET, TARGET + 4096);
    expect(codec.decompress(spanOf(TARGET, 4096), read)).toBe(false);
  });

  it('compresses text-like pages better than LZ4, which is what recompression is for', () => {
    const memory = new SharedArrayBuffer(4 << 20);
    const lengths = (codec: Codec): number =>
      [1, 2, 3].reduce(
        (sum, seed) => sum + codec.compress(mixedPage(500, seed), physicalAddress(TARGET), physicalAddress(0)),
        0,
      );
    expect(lengths(make(memory, 4096))).toBeLessThan(lengths(new Lz4Codec(memory, 4096)));
    expect(make(memory, 4096).name).toBe(name);
  });

  it('compresses better at a higher level', () => {
    const memory = new SharedArrayBuffer(4 << 20);
    const page = blankPage(65536);
    const lines = Array.from({ length: 4000 }, (_, line) => `line ${(line * 7919) % 4099} of ${line % 61} things\n`);
    Buffer.from(page.bytes.buffer).write(lines.join(''), 'latin1');
    const at = (level: number): number =>
      make(memory, 65536, level).compress(page, physicalAddress(TARGET), physicalAddress(0));
    expect(at(9)).toBeLessThan(at(1));
  });
});
