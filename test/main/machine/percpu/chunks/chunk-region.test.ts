/** The region's parts do not meet, and two views of it are one allocator. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUMMARY_WORDS } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import {
  createFirstChunk,
  createChunk,
  destroyChunk,
  markPopulated,
} from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { percpuStats } from '../../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import {
  checkGeometry,
  firstChunkParts,
  type PercpuGeometry,
} from '../../../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';
import { RECORDED_GEOMETRY } from './one-region.ts';
import { SMALL_GEOMETRY } from './percpu-machine.ts';

const geometries: fc.Arbitrary<PercpuGeometry> = fc
  .record({
    pageSizeBytes: fc.constantFrom(4096, 16384, 65536),
    pages: fc.integer({ min: 8, max: 40 }),
    staticBytes: fc.integer({ min: 0, max: 20_000 }),
    reservedBytes: fc.constantFrom(0, 2048, 8192),
    dynBytes: fc.integer({ min: 12, max: 4000 }),
    possibleCpus: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ pageSizeBytes, pages, ...parts }) => ({
    ...parts,
    pageSizeBytes,
    unitBytes: pageSizeBytes * pages,
    // The end of the dynamic part is a page's, as every kernel has it.
    dynBytes:
      parts.dynBytes + (pageSizeBytes - ((parts.staticBytes + parts.reservedBytes + parts.dynBytes) % pageSizeBytes)),
    atomBytes: pageSizeBytes,
    allocBytes: pageSizeBytes * pages,
    units: parts.possibleCpus,
  }))
  .filter((geometry) => geometry.staticBytes + geometry.reservedBytes + geometry.dynBytes <= geometry.unitBytes);

function format(geometry: PercpuGeometry, maxChunks: number, byteOffset = 0): ChunkRegion {
  const capacity = { maxChunks, mappedUnits: geometry.units, callSites: 3 };
  const bytes = byteOffset + ChunkRegion.bytesFor(geometry, capacity);
  return ChunkRegion.format(new RegionWords(new SharedArrayBuffer(bytes)), byteOffset, geometry, capacity);
}

describe('the parts of a region', () => {
  it('do not meet, chunk by chunk, and end within it', () => {
    fc.assert(
      fc.property(geometries, fc.integer({ min: 2, max: 5 }), (geometry, maxChunks) => {
        const region = format(geometry, maxChunks);
        const pages = geometry.unitBytes / geometry.pageSizeBytes;
        const cells = geometry.unitBytes / 4;
        const words = (bits: number): number => Math.ceil(bits / 32);
        // The first chunk's frames, static part included, stand before all chunks.
        const frames = pages * geometry.units;
        let end = region.firstChunkFrameWord(0, 0) + frames;
        expect(end).toBeLessThanOrEqual(region.layout.firstChunk);
        for (let chunk = 0; chunk < maxChunks; chunk++) {
          const parts: readonly (readonly [start: number, length: number])[] = [
            [region.chunkWord(chunk), ChunkW.summary + SUMMARY_WORDS],
            [region.allocMap(chunk), words(cells)],
            [region.boundMap(chunk), words(cells + 1)],
            [region.populatedMap(chunk), words(pages)],
            [region.blockSummary(chunk, 0), pages * SUMMARY_WORDS],
            [chunk < 2 ? region.chunkWord(chunk) + region.layout.frameMap : region.frameWord(chunk, 0, 0), frames],
            [region.chunkWord(chunk) + region.layout.tags, cells / 2],
          ];
          for (const [start, length] of parts) {
            expect(start).toBeGreaterThanOrEqual(end);
            end = start + length;
          }
        }
        expect(end * 4).toBeLessThanOrEqual(ChunkRegion.bytesFor(geometry, region.capacity));
      }),
      { numRuns: 60 },
    );
  });

  it('are found again by whoever attaches', () => {
    const region = format(SMALL_GEOMETRY, 4, 512);
    createFirstChunk(region);
    createChunk(region);
    const other = ChunkRegion.attach(new RegionWords(sharedOf(region)), 512);
    expect(other.geometry).toEqual(region.geometry);
    expect(other.capacity).toEqual(region.capacity);
    expect(percpuStats(other)).toEqual(percpuStats(region));
  });

  it('must lie at a multiple of 256 bytes, and within the buffer', () => {
    const capacity = { maxChunks: 4, mappedUnits: 0 };
    const bytes = ChunkRegion.bytesFor(SMALL_GEOMETRY, capacity);
    const words = new RegionWords(new SharedArrayBuffer(bytes));
    expect(() => ChunkRegion.format(words, 128, SMALL_GEOMETRY, capacity)).toThrow('no multiple of 256');
    expect(() => ChunkRegion.format(words, 256, SMALL_GEOMETRY, capacity)).toThrow(`of a buffer of ${bytes}`);
    expect(() => words.get(bytes / 4)).toThrow('lies outside');
  });

  it('have no frame for a unit that is not mapped', () => {
    expect(() => format(SMALL_GEOMETRY, 4).frameWord(0, 0, 4)).toThrow('unit 4 has no frame map');
  });
});

function sharedOf({ words }: ChunkRegion): SharedArrayBuffer {
  const { buffer } = words.view;
  if (!(buffer instanceof SharedArrayBuffer)) throw new Error('a region lies in shared memory');
  return buffer;
}

describe('a chunk', () => {
  it('gets the lowest free number, and another generation', () => {
    const region = format(SMALL_GEOMETRY, 5);
    createFirstChunk(region);
    const [one, two] = [createChunk(region), createChunk(region)];
    const generation = region.chunkField(two, ChunkW.generation);
    destroyChunk(region, one);
    destroyChunk(region, two);
    expect([createChunk(region), createChunk(region), createChunk(region), createChunk(region)]).toEqual([
      one,
      two,
      4,
      -1,
    ]);
    expect(region.chunkField(two, ChunkW.generation)).toBe(generation + 1);
  });

  it('with pages cannot be destroyed', () => {
    const region = format(SMALL_GEOMETRY, 5);
    createFirstChunk(region);
    const chunk = createChunk(region);
    markPopulated(region, chunk, { first: 3, end: 5 });
    expect(() => destroyChunk(region, chunk)).toThrow(`chunk ${chunk} destroyed with objects or pages in it`);
  });

  it('names runs of populated pages and of the others', () => {
    const region = format(SMALL_GEOMETRY, 5);
    createFirstChunk(region);
    const chunk = createChunk(region);
    markPopulated(region, chunk, { first: 3, end: 5 });
    markPopulated(region, chunk, { first: 9, end: 16 });
    const all = { first: 0, end: 16 };
    expect(region.populatedRun(chunk, all)).toEqual({ first: 3, end: 5 });
    expect(region.populatedRun(chunk, { first: 4, end: 16 })).toEqual({ first: 4, end: 5 });
    expect(region.populatedRun(chunk, { first: 5, end: 9 })).toBeUndefined();
    expect(region.unpopulatedRun(chunk, { first: 3, end: 16 })).toEqual({ first: 5, end: 9 });
    expect(region.unpopulatedRun(chunk, { first: 9, end: 16 })).toBeUndefined();
  });
});

describe('the first chunk', () => {
  it('of the recorded machine gives its first object byte 1240 of eight pages', () => {
    expect(firstChunkParts(RECORDED_GEOMETRY)).toEqual({
      dynamic: { baseBytes: 45 * 4096, pages: 8, startOffsetBytes: 1240, endOffsetBytes: 0 },
      reserved: undefined,
    });
  });

  it('has parts in whole pages around the bytes that are given out', () => {
    fc.assert(
      fc.property(geometries, (geometry) => {
        const { dynamic, reserved } = firstChunkParts(geometry);
        for (const part of reserved === undefined ? [dynamic] : [dynamic, reserved]) {
          expect(part.baseBytes % geometry.pageSizeBytes).toBe(0);
          expect(part.startOffsetBytes % 4).toBe(0);
          expect(part.startOffsetBytes).toBeLessThan(geometry.pageSizeBytes);
          expect(part.endOffsetBytes).toBeLessThan(geometry.pageSizeBytes);
        }
        const region = format(geometry, 3);
        createFirstChunk(region);
        const [first] = percpuStats(region).chunks.filter(({ heading }) => heading === 'first');
        const rounded = Math.ceil(geometry.staticBytes / 4) * 4 - geometry.staticBytes;
        expect(first?.freeBytes).toBe(Math.floor((geometry.dynBytes - rounded) / 4) * 4);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a unit that is no number of pages', { unitBytes: 40_000 }, 'is no number of 4096-byte pages'],
    ['a unit that holds no object', { unitBytes: 16_384 }, 'that holds an object'],
    ['parts that exceed the unit', { dynBytes: 70_000 }, 'exceed the unit of 65536'],
    ['fewer units than CPUs', { units: 3 }, '3 units do not serve 4 CPUs'],
  ])('is refused %s', (_name, change, sentence) => {
    expect(() => checkGeometry({ ...SMALL_GEOMETRY, ...change })).toThrow(sentence);
  });
});
