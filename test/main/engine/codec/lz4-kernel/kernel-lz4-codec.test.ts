import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compressSync, uncompressSync } from 'lz4-napi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { physicalAddress as physical } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import { PageMemory } from './page-memory.ts';

const SIZES = [4096, 16384, 65536];
const memories = new Map(SIZES.map((size) => [size, new PageMemory(size)]));

function memoryFor(pageSizeBytes: number): PageMemory {
  const memory = memories.get(pageSizeBytes);
  if (memory === undefined) throw new Error(`no memory for pages of ${pageSizeBytes}`);
  return memory;
}

/** What lz4-napi makes of a block: it wants the content's size in front. */
function decodedByPeer(block: Uint8Array, pageSizeBytes: number): Buffer {
  const input = Buffer.alloc(4 + block.length);
  input.writeUInt32LE(pageSizeBytes);
  input.set(block, 4);
  return uncompressSync(input);
}

function encodedByPeer(page: Buffer): Buffer {
  return compressSync(page).subarray(4);
}

/** A page as a list of pieces: random bytes, and repetitions of what stands `distance` before, as LZ4 itself sees data. */
const pieces = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('random' as const), length: fc.integer({ min: 1, max: 600 }), seed: fc.nat() }),
    fc.record({
      kind: fc.constant('repeat' as const),
      length: fc.integer({ min: 1, max: 900 }),
      distance: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })),
    }),
  ),
  { minLength: 1, maxLength: 40 },
);
type Piece = typeof pieces extends fc.Arbitrary<(infer P)[]> ? P : never;

/** The pieces over and over until the page is full. */
function pageOf(list: readonly Piece[], pageSizeBytes: number): Buffer {
  const page = Buffer.alloc(pageSizeBytes);
  let at = 0;
  for (let index = 0; at < pageSizeBytes; index++) {
    const piece = list[index % list.length];
    if (piece === undefined) throw new Error('there is at least one piece');
    const end = Math.min(pageSizeBytes, at + piece.length);
    if (piece.kind === 'random') new Random(piece.seed + index).fillBytes(page.subarray(at, end));
    else for (let to = at; to < end; to++) page[to] = page[Math.max(0, to - piece.distance)] ?? 0;
    at = end;
  }
  return page;
}

function literals(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => (at * 7) % 251);
}

describe.each(SIZES)('lz4-kernel with pages of %i bytes', (pageSizeBytes) => {
  it('gives every page back, wherever the object is cut in two, and writes nowhere else', () => {
    const memory = memoryFor(pageSizeBytes);
    fc.assert(
      fc.property(pieces, fc.double({ min: 0, max: 1, noNaN: true }), (list, cut) => {
        const page = pageOf(list, pageSizeBytes);
        const object = memory.compress(page);
        expect(object.length).toBeLessThanOrEqual(2 * pageSizeBytes);
        for (const at of [0, 1, Math.floor(object.length * cut), object.length - 1, object.length]) {
          expect(memory.decompress(object, at)?.equals(page), `cut at ${at} of ${object.length}`).toBe(true);
        }
      }),
      { numRuns: pageSizeBytes === 4096 ? 60 : 15 },
    );
  });

  it('writes what lz4-napi reads, and reads what lz4-napi writes', () => {
    const memory = memoryFor(pageSizeBytes);
    fc.assert(
      fc.property(pieces, fc.nat(), (list, cut) => {
        const page = pageOf(list, pageSizeBytes);
        expect(decodedByPeer(memory.compress(page), pageSizeBytes).equals(page)).toBe(true);
        const block = encodedByPeer(page);
        expect(memory.decompress(block, cut % (block.length + 1))?.equals(page)).toBe(true);
      }),
      { numRuns: pageSizeBytes === 4096 ? 60 : 15 },
    );
  });
});

describe('every page of a real file', () => {
  it.each([
    ['a program file', process.execPath],
    ['source text', fileURLToPath(import.meta.resolve('typescript'))],
  ])('comes back, %s', (_name, path) => {
    const memory = memoryFor(4096);
    const file = readFileSync(path).subarray(0, 600 * 4096);
    for (let at = 0; at + 4096 <= file.length; at += 4096) {
      const page = file.subarray(at, at + 4096);
      const object = memory.compress(page);
      expect(memory.decompress(object, (at / 4096) % object.length)?.equals(page), `page ${at / 4096}`).toBe(true);
      expect(decodedByPeer(object, 4096).equals(page), `page ${at / 4096} by lz4-napi`).toBe(true);
    }
  });
});

describe('compressed sizes', () => {
  const memory = memoryFor(4096);

  it('do not depend on what the work memory held before', () => {
    const page = pageOf(
      [
        { kind: 'random', length: 300, seed: 4 },
        { kind: 'repeat', length: 500, distance: 120 },
      ],
      4096,
    );
    const size = memory.compress(page).length;
    memory.bytes.fill(0x77, memory.workMemory, memory.workMemory + 16416);
    memory.page.bytes.set(page);
    expect(memory.codec.compress(memory.page, memory.buffer, memory.workMemory)).toBe(size);
    // As `compress` leaves them.
    memory.bytes.fill(0xa5, memory.workMemory, memory.workMemory + 16416);
    memory.bytes.fill(0xa5, memory.buffer, memory.buffer + 8192);
  });

  it('are at most 4114, where nothing repeats', () => {
    const page = Buffer.alloc(4096);
    new Random(2).fillBytes(page);
    // 1 token, 4096 literals, floor((4096 - 15) / 255) + 1 bytes of length.
    expect(memory.compress(page).length).toBe(1 + 4096 + Math.floor((4096 - 15) / 255) + 1);
  });

  it('follow the kernel where the search stops: a match at N - 13 is found, one at N - 12 is not', () => {
    const withMatchAt = (start: number): number => {
      const page = Buffer.alloc(4096);
      new Random(8).fillBytes(page);
      // Steps of one byte are left after 64 tries, so a first match brings the search close to the end again.
      page.copy(page, 4000, 500, 560);
      page.copy(page, start, 100, 104 + (4096 - 5 - start - 4));
      return memory.compress(page).length;
    };
    expect(withMatchAt(4096 - 13)).toBeLessThan(withMatchAt(4096 - 12));
  });
});

describe('what is no compressed page', () => {
  const memory = memoryFor(4096);
  const page = pageOf(
    [
      { kind: 'random', length: 200, seed: 1 },
      { kind: 'repeat', length: 90, distance: 33 },
    ],
    4096,
  );
  const object = memory.compress(page);

  it('is refused wherever it is cut short, or has bytes too many', () => {
    for (let length = 0; length < object.length; length++) {
      expect(memory.decompress(object.subarray(0, length), length >> 1), `${length} bytes`).toBeUndefined();
    }
    expect(memory.decompress(Buffer.concat([object, Buffer.alloc(1)]))).toBeUndefined();
  });

  it.each([
    ['an offset of 0', [0x10, 65, 0, 0, ...literals(5)]],
    ['an offset before the page', [0x10, 65, 2, 0, ...literals(5)]],
    ['literals beyond the source', [0xf0, 255, 255, 3, ...literals(40)]],
    ['literals beyond the page', [0xf0, ...Array.from({ length: 17 }, () => 255), 0, ...literals(4400)]],
    ['a match beyond the page', [0x1f, 65, 1, 0, ...Array.from({ length: 20 }, () => 255), 0, ...literals(40)]],
    ['a length that never ends', [0x1f, 65, 1, 0, ...Array.from({ length: 300 }, () => 255)]],
    ['half an offset', [0x10, 65, 1]],
    ['nothing', []],
    ['a smaller page', [0x50, 1, 2, 3, 4, 5]],
  ])('is refused: %s', (_name, bytes) => {
    for (const cut of [0, 1, bytes.length >> 1, bytes.length]) {
      expect(memory.decompress(Buffer.from(bytes), Math.min(cut, bytes.length))).toBeUndefined();
    }
  });

  it('never makes the decoder write outside the page, whatever the bytes, at every seam', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(), (bytes, cut) => {
        // Throws when a guard byte changed.
        expect(() => memory.decompress(bytes, cut % (bytes.length + 1))).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('nor with a few bytes of a good object changed, and agrees with lz4-napi where that accepts it', () => {
    const change = fc.record({ at: fc.nat(object.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(object.length), (changes, cut) => {
        const damaged = Buffer.from(object);
        for (const { at, value } of changes) damaged[at] = value;
        const ours = memory.decompress(damaged, cut);
        const peers = peerOrUndefined(damaged);
        if (ours !== undefined) expect(peers?.equals(ours)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  function peerOrUndefined(block: Buffer): Buffer | undefined {
    try {
      return decodedByPeer(block, 4096);
    } catch {
      return undefined;
    }
  }

  it('reads nothing behind the end of the memory', () => {
    // An object and a page that end where the memory ends: a read or write beyond would trap.
    const { codec, bytes, page: ioPage } = new PageMemory();
    const end = bytes.length;
    object.copy(bytes, end - object.length);
    const span = { first: ioPage.address, firstBytes: 0, rest: ioPage.address, restBytes: 0 };
    const last = { ...span, first: physical(end - object.length), firstBytes: object.length };
    expect(codec.decompress(last, ioPage)).toBe(true);
    expect(Buffer.from(ioPage.bytes).equals(page)).toBe(true);
    const lastPage = { ...ioPage, address: physical(end - 4096) };
    page.copy(bytes, end - 4096);
    expect(codec.compress(lastPage, physical(2 ** 17), physical(2 ** 16))).toBe(object.length);
    bytes.fill(0, end - 4096);
    expect(codec.decompress({ ...span, first: physical(2 ** 17), firstBytes: object.length }, lastPage)).toBe(true);
    expect(bytes.subarray(end - 4096).equals(page)).toBe(true);
  });
});
