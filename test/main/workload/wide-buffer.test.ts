import { describe, expect, it } from 'vitest';
import { WideBuffer } from '../../../src/main/workload/wide-buffer.ts';
import { Lz4Codec } from '../../../src/main/engine/codec/lz4.ts';
import { deflateCodec, zstdCodec } from '../../../src/main/engine/codec/zlib.ts';
import { physicalAddress } from '../../../src/main/machine/units.ts';
import { Random } from '../../../src/main/workload/random.ts';
import { blankPage } from '../machine/fixtures/sized-pages.ts';

const GIB = 2 ** 30;
const BYTES = 5000;

/** Takes address space, and memory only for what is touched. */
const arena = new SharedArrayBuffer(5 * GIB);
const bytes = new Uint8Array(arena);

/** What the arena holds, without the copies under test. */
function held(at: number): Buffer {
  return Buffer.from(bytes.slice(at, at + BYTES));
}

it.each([
  { where: 'at the beginning', at: 0 },
  { where: 'across 2 GiB', at: 2 * GIB - 1000 },
  { where: 'across 4 GiB', at: 4 * GIB - 1000 },
  { where: 'beyond 4 GiB', at: 4 * GIB + 12_345 },
  { where: 'at the very end', at: 5 * GIB - BYTES },
])('brings bytes $where of an arena of 5 GiB, and fetches them', ({ at }) => {
  const memory = new WideBuffer(arena);
  const place = physicalAddress(at);
  const data = Buffer.alloc(8 + BYTES);
  new Random(1).fillBytes(data);
  memory.bring(data, 8, place);
  expect(held(at).equals(data.subarray(8))).toBe(true);
  const fetched = Buffer.alloc(BYTES + 2);
  memory.fetch(place, BYTES, fetched, 1);
  expect(fetched.equals(Buffer.concat([Buffer.alloc(1), data.subarray(8), Buffer.alloc(1)]))).toBe(true);
});

describe.each([
  { name: 'lz4', codec: new Lz4Codec(arena, 4096) },
  { name: 'zstd', codec: zstdCodec(arena, 4096) },
  { name: 'deflate', codec: deflateCodec(arena, 4096) },
])('$name with buffer and object beyond 4 GiB', ({ codec }) => {
  it('gives pages back, and leaves what lies 4 GiB below', () => {
    const [target, object] = [physicalAddress(4 * GIB + 2 ** 20), physicalAddress(4 * GIB + 2 ** 21)];
    const below = [target, object].map((address) => held(address - 4 * GIB));
    const page = blankPage(4096);
    page.bytes.fill(0x61);
    new Random(3).fillBytes(page.bytes.subarray(0, 2000));
    const length = codec.compress(page, target, physicalAddress(0));
    expect(length).toBeLessThan(3000);
    bytes.copyWithin(object, target, target + length);
    const read = blankPage(4096);
    const span = { first: object, firstBytes: length, rest: physicalAddress(0), restBytes: 0 };
    expect(codec.decompress(span, read)).toBe(true);
    expect(Buffer.from(read.bytes).equals(page.bytes)).toBe(true);
    expect([target, object].map((address) => held(address - 4 * GIB))).toEqual(below);
  });
});
