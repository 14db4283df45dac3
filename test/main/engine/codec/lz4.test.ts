import { uncompressSync } from 'lz4-napi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lz4Codec } from '../../../../src/main/engine/codec/lz4.ts';
import type { IoPage, ObjectSpan } from '../../../../src/main/machine/codec.ts';
import { physicalAddress } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { blankPage, samePage } from '../../machine/fixtures/sized-pages.ts';

const TARGET = 1 << 20;

function codecFor(pageSizeBytes = 4096) {
  const memory = new SharedArrayBuffer(4 << 20);
  return { bytes: Buffer.from(memory), codec: new Lz4Codec(memory, pageSizeBytes) };
}

function spanOf(first: number, firstBytes: number, rest = 0, restBytes = 0): ObjectSpan {
  return { first: physicalAddress(first), firstBytes, rest: physicalAddress(rest), restBytes };
}

/** The first `randomBytes` are random, the rest repeats a letter. */
function mixedPage(randomBytes: number, seed: number, pageSizeBytes = 4096): IoPage {
  const page = blankPage(pageSizeBytes);
  page.bytes.fill(0x61);
  new Random(seed).fillBytes(page.bytes.subarray(0, randomBytes));
  return page;
}

describe.each([4096, 16384, 65536])('LZ4 of pages of %i bytes', (pageSizeBytes) => {
  it('gives every page back that it made smaller, wherever the object is cut in two', () => {
    const { bytes, codec } = codecFor(pageSizeBytes);
    fc.assert(
      fc.property(
        fc.nat(pageSizeBytes),
        fc.nat(0xffff),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (random, seed, cut) => {
          const page = mixedPage(random, seed, pageSizeBytes);
          const length = codec.compress(page, physicalAddress(TARGET));
          // What is no gain is nowhere: such a page is stored as it is.
          fc.pre(length < pageSizeBytes);
          const first = Math.floor(length * cut);
          // The two parts of an object that crosses pages lie anywhere.
          bytes.copy(bytes, 64, TARGET, TARGET + first);
          bytes.copy(bytes, 3 << 20, TARGET + first, TARGET + length);
          const read = blankPage(pageSizeBytes);
          expect(codec.decompress(spanOf(64, first, 3 << 20, length - first), read)).toBe(true);
          expect(Buffer.from(read.bytes).equals(page.bytes)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('answers with a length of at most two pages for a page that it makes no smaller', () => {
    const { codec } = codecFor(pageSizeBytes);
    const length = codec.compress(mixedPage(pageSizeBytes, 3, pageSizeBytes), physicalAddress(TARGET));
    expect(length).toBeGreaterThan(pageSizeBytes);
    expect(length).toBeLessThanOrEqual(2 * pageSizeBytes);
  });

  it('writes blocks that the library itself reads, and nothing behind them', () => {
    const { bytes, codec } = codecFor(pageSizeBytes);
    const page = mixedPage(pageSizeBytes / 2, 5, pageSizeBytes);
    bytes.fill(0xee);
    const length = codec.compress(page, physicalAddress(TARGET));
    const withSize = Buffer.alloc(4 + length);
    withSize.writeUInt32LE(pageSizeBytes);
    bytes.copy(withSize, 4, TARGET, TARGET + length);
    expect(uncompressSync(withSize).equals(page.bytes)).toBe(true);
    expect([bytes[TARGET - 1], bytes[TARGET + length]]).toEqual([0xee, 0xee]);
  });
});

describe('compressed sizes', () => {
  it('are those of the LZ4 block format: literals with their length bytes when nothing repeats', () => {
    const { codec } = codecFor();
    const random = mixedPage(4096, 3);
    // One token, 4096 literals, and floor((4096 - 15) / 255) + 1 length bytes (LZ4 block format).
    expect(codec.compress(random, physicalAddress(TARGET))).toBe(1 + 4096 + Math.floor((4096 - 15) / 255) + 1);
  });

  it('are small when everything repeats', () => {
    const { codec } = codecFor();
    expect(codec.compress(samePage(7), physicalAddress(TARGET))).toBeLessThan(40);
  });

  it('do not depend on what was compressed before', () => {
    const { codec } = codecFor();
    const sizes = [1, 2, 1].map((seed) => codec.compress(mixedPage(2000, seed), physicalAddress(TARGET)));
    expect(sizes[2]).toBe(sizes[0]);
  });
});

describe('what is no compressed page', () => {
  it('is refused: noise, an object cut short, an object of a smaller page', () => {
    const { bytes, codec } = codecFor();
    const read = blankPage();
    const length = codec.compress(mixedPage(1000, 1), physicalAddress(TARGET));
    expect(codec.decompress(spanOf(TARGET, length - 1), read)).toBe(false);
    expect(codec.decompress(spanOf(TARGET, 1), read)).toBe(false);
    expect(codec.decompress(spanOf(TARGET, 0), read)).toBe(false);
    new Random(9).fillBytes(bytes.subarray(TARGET, TARGET + 3000));
    expect(codec.decompress(spanOf(TARGET, 3000), read)).toBe(false);
    const small = codecFor(2048);
    const smallLength = small.codec.compress(mixedPage(100, 1, 2048), physicalAddress(TARGET));
    small.bytes.copy(bytes, TARGET, TARGET, TARGET + smallLength);
    expect(codec.decompress(spanOf(TARGET, smallLength), read)).toBe(false);
  });

  it('leaves the page as it was', () => {
    const { codec } = codecFor();
    const read = samePage(42);
    codec.decompress(spanOf(TARGET, 500), read);
    expect(Buffer.from(read.bytes).equals(samePage(42).bytes)).toBe(true);
  });
});
