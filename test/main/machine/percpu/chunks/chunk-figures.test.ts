/** percpu_stats of chunks that are drawn, and what bookkeeping takes. */
import { describe, expect, it } from 'vitest';
import { percpuStats } from '../../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import { chunkMetadata } from '../../../../../src/main/machine/percpu/chunks/chunk-metadata.ts';
import { rebuildFromMap } from '../../../../../src/main/machine/percpu/chunks/rebuild.ts';
import { createChunk } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { clearRange, setRange } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { ChunkW, RESERVED_CHUNK } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { takeCells } from '../../../../../src/main/machine/percpu/chunks/requests.ts';
import { isolate, moveToTail } from '../../../../../src/main/machine/percpu/chunks/slots.ts';
import { printPercpuStats, parsePercpuStats } from '../../../../../src/main/evidence/percpu-trace/stats-text.ts';
import { DrawnChunk, makeRegion, makeRegionWithFullFirstChunk, PAGE_CELLS, RECORDED_GEOMETRY } from './one-region.ts';

/** The figures of the drawn chunk, which the fully printed text must give back. */
function figuresOf({ region }: DrawnChunk) {
  const stats = percpuStats(region);
  const read = parsePercpuStats(printPercpuStats(stats));
  expect(read).toEqual({ ok: true, value: stats });
  const [, figures] = stats.chunks;
  if (figures === undefined) throw new Error('the drawn chunk is not on a list');
  return figures;
}

describe('percpu_stats', () => {
  it('of an empty chunk has no live size and no fragment', () => {
    expect(figuresOf(new DrawnChunk())).toEqual({
      heading: 'ordinary',
      liveObjects: 0,
      largestBytes: 0,
      emptyPages: 0,
      firstFreeCell: 0,
      freeBytes: 1048576,
      contigBytes: 1048576,
      fragmentBytes: 0,
      largestFragmentBytes: 0,
      smallestLiveBytes: 0,
      medianLiveBytes: 0,
      largestLiveBytes: 0,
    });
  });

  it('counts the free runs before the last used cell, and live sizes with the lower middle one', () => {
    const drawn = new DrawnChunk();
    for (const size of [16, 32, 8, 64, 4, 128]) drawn.allocate(size, 4);
    drawn.free(4);
    drawn.free(14);
    expect(drawn.draw(0, 30)).toBe('####........##................');
    expect(figuresOf(drawn)).toMatchObject({
      liveObjects: 4,
      largestBytes: 128,
      firstFreeCell: 4,
      fragmentBytes: 32 + 64,
      largestFragmentBytes: 64,
      smallestLiveBytes: 4,
      medianLiveBytes: 8,
      largestLiveBytes: 128,
    });
  });

  it('of a reserved chunk leaves out what else lies on its first and last page', () => {
    // Static 185560 = 45 pages and 1240 bytes; the reserved part ends 1240 bytes into its last page.
    const region = makeRegion({ ...RECORDED_GEOMETRY, reservedBytes: 8192 });
    // As a 6.18 kernel prints a chunk without objects: all of these are 0.
    const nothing = {
      liveObjects: 0,
      fragmentBytes: 0,
      largestFragmentBytes: 0,
      smallestLiveBytes: 0,
      medianLiveBytes: 0,
      largestLiveBytes: 0,
    };
    expect(percpuStats(region).chunks[0]).toMatchObject({ heading: 'reserved', freeBytes: 8192, ...nothing });
    const start = 1240 / 4;
    takeCells(region, { chunk: RESERVED_CHUNK, start: start + 2, cells: 4 });
    expect(percpuStats(region).chunks[0]).toMatchObject({
      freeBytes: 8176,
      fragmentBytes: 8,
      largestFragmentBytes: 8,
      smallestLiveBytes: 16,
      largestLiveBytes: 16,
    });
  });

  it('looks for the last used cell one short of the end, so that an object there is 4 bytes short', () => {
    const drawn = new DrawnChunk();
    const { region, chunk } = drawn;
    for (let object = 0; object < 32; object++) drawn.allocate(32768, 4);
    expect(figuresOf(drawn)).toMatchObject({ liveObjects: 32, firstFreeCell: 262144, freeBytes: 0, contigBytes: 0 });
    expect(figuresOf(drawn)).toMatchObject({
      smallestLiveBytes: 32764,
      medianLiveBytes: 32768,
      largestLiveBytes: 32768,
    });
    expect(region.chunkField(chunk, ChunkW.list)).toBe(0);
  });

  it('says of isolated chunks where they wait', () => {
    const drawn = new DrawnChunk();
    const { region, chunk } = drawn;
    isolate(region, chunk);
    expect(percpuStats(region).chunks.map(({ heading }) => heading)).toEqual(['first', 'to-depopulate']);
    moveToTail(region, chunk, region.slots.sidelined);
    expect(percpuStats(region).chunks.map(({ heading }) => heading)).toEqual(['first', 'sidelined']);
  });

  it('shows chunks in the order of their lists', () => {
    const region = makeRegionWithFullFirstChunk();
    const [one, two, three] = [createChunk(region), createChunk(region), createChunk(region)];
    moveToTail(region, two, 7);
    moveToTail(region, one, 7);
    moveToTail(region, three, 3);
    for (const [chunk, free] of [
      [one, 100],
      [two, 200],
      [three, 300],
    ] as const)
      region.setChunkField(chunk, ChunkW.freeBytes, free);
    expect(percpuStats(region).chunks.map(({ freeBytes }) => freeBytes)).toEqual([0, 300, 200, 100]);
  });
});

describe('bookkeeping of a chunk of 1 MiB', () => {
  it('takes 32 KiB for each map, 32 bytes a page, and 2 MiB for the side table', () => {
    const { mapsBytes, sideTableBytes } = chunkMetadata(RECORDED_GEOMETRY);
    expect(sideTableBytes).toBe(2 * 2 ** 20);
    const fixed = mapsBytes - (32768 + 32768 + 8 + 256 * 32);
    expect(fixed).toBeGreaterThan(0);
    expect(fixed).toBeLessThan(1024);
  });
});

describe('a chunk that is made from its map', () => {
  it('has the free bytes, hints and pages that follow from it', () => {
    const region = makeRegionWithFullFirstChunk();
    const chunk = createChunk(region);
    const map = region.allocMap(chunk);
    const cells = region.chunkField(chunk, ChunkW.cells);
    setRange(region.words, map, 0, cells);
    clearRange(region.words, map, 100, 150);
    clearRange(region.words, map, 3 * PAGE_CELLS, 6 * PAGE_CELLS);
    rebuildFromMap(region, chunk, 2);
    const drawn = Object.assign(Object.create(DrawnChunk.prototype) as DrawnChunk, { region, chunk });
    expect(drawn.hints(0)).toBe('C=50@100');
    expect(drawn.hints(4)).toBe('C=1024@0');
    expect(drawn.chunkHints()).toBe(`C=${3 * PAGE_CELLS}@${3 * PAGE_CELLS} S=50@100`);
    expect(region.chunkField(chunk, ChunkW.freeBytes)).toBe((50 + 3 * PAGE_CELLS) * 4);
    // Of the three free pages two are populated.
    expect(region.chunkField(chunk, ChunkW.emptyPages)).toBe(2);
    expect(region.chunkField(chunk, ChunkW.populatedPages)).toBe(cells / PAGE_CELLS - 1);
  });
});
