/** Requests against several chunks: which one serves, what is parked, counted, isolated and put back into use. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChunkSummaryW,
  ChunkW,
  FIRST_CHUNK,
  RegionW,
} from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { createChunk, markPopulated } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import type { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { objectAt } from '../../../../../src/main/machine/percpu/chunks/release.ts';
import {
  blankPlace,
  commitPlace,
  releaseCells,
  searchPlace,
  takeCells,
} from '../../../../../src/main/machine/percpu/chunks/requests.ts';
import { chunksOf } from '../../../../../src/main/machine/percpu/chunks/slots.ts';
import { makeRegionWithFullFirstChunk, PAGE_CELLS } from './one-region.ts';

const CHUNK_CELLS = 256 * PAGE_CELLS;

/** Takes `size/align` in bytes; answers with `chunk+cell`, or undefined. */
function take(region: ChunkRegion, sizeBytes: number, alignBytes = 4, atomic = false): string | undefined {
  const place = blankPlace();
  const cells = Math.ceil(sizeBytes / 4);
  if (!searchPlace(region, { cells, alignCells: alignBytes / 4, atomic, reserved: false }, place)) return undefined;
  commitPlace(region, place, cells);
  return `${place.chunk}+${place.start}`;
}

function release(region: ChunkRegion, chunk: number, start: number): void {
  const object = objectAt(region, chunk, start);
  if (object === undefined) throw new Error(`no object at cell ${start} of chunk ${chunk}`);
  releaseCells(region, object);
}

/** A chunk that is full of objects of so many cells. */
function fullChunk(region: ChunkRegion, objectCells: number): number {
  const chunk = createChunk(region);
  markPopulated(region, chunk, { first: 0, end: 256 });
  for (let start = 0; start < CHUNK_CELLS; start += objectCells)
    takeCells(region, { chunk, start, cells: objectCells });
  return chunk;
}

describe('a search', () => {
  it('takes the fullest chunk that has room, not the first or the emptiest', () => {
    const region = makeRegionWithFullFirstChunk();
    const [roomy, full, tight] = [createChunk(region), createChunk(region), createChunk(region)];
    takeCells(region, { chunk: roomy, start: 0, cells: 4 });
    takeCells(region, { chunk: full, start: 0, cells: CHUNK_CELLS });
    takeCells(region, { chunk: tight, start: 0, cells: CHUNK_CELLS - 8 });
    expect(take(region, 16)).toBe(`${tight}+${CHUNK_CELLS - 8}`);
    expect(take(region, 64)).toBe(`${roomy}+4`);
    expect(take(region, 16)).toBe(`${tight}+${CHUNK_CELLS - 4}`);
    expect(take(region, 16)).toBe(`${roomy}+20`);
  });

  it('of nothing that fits answers so and takes nothing', () => {
    const region = makeRegionWithFullFirstChunk();
    expect(take(region, 16)).toBeUndefined();
    const chunk = createChunk(region);
    takeCells(region, { chunk, start: 0, cells: CHUNK_CELLS - 3 });
    const words = region.words.view.slice();
    expect(take(region, 16)).toBeUndefined();
    // The chunk of twelve free bytes is on a list that a request for sixteen does not search.
    expect(region.words.view).toEqual(words);
  });

  it('parks a chunk of the low lists that alignment keeps from serving, until its own list changes', () => {
    const region = makeRegionWithFullFirstChunk();
    const chunk = createChunk(region);
    takeCells(region, { chunk, start: 0, cells: 1 });
    takeCells(region, { chunk, start: 1 + 5, cells: CHUNK_CELLS - 6 });
    expect(chunksOf(region, 2)).toEqual([chunk]);
    // Cells 1 to 5 hold 16 bytes, but not aligned to 16.
    expect(take(region, 16, 16)).toBeUndefined();
    expect([chunksOf(region, 2), chunksOf(region, 0)]).toEqual([[], [chunk, FIRST_CHUNK]]);
    expect(take(region, 16)).toBeUndefined();
    release(region, chunk, 0);
    expect(chunksOf(region, 2)).toEqual([]);
    release(region, chunk, 6);
    expect(chunksOf(region, region.slots.fullyFree)).toEqual([chunk]);
    expect(take(region, 16, 16)).toBe(`${chunk}+0`);
  });

  it('that must not wait passes over pages that nobody has populated', () => {
    const region = makeRegionWithFullFirstChunk();
    const chunk = createChunk(region);
    expect(take(region, 16, 4, true)).toBeUndefined();
    markPopulated(region, chunk, { first: 3, end: 4 });
    expect(take(region, 16, 4, true)).toBe(`${chunk}+${3 * PAGE_CELLS}`);
    // More than a page is populated in one piece nowhere.
    expect(take(region, 8192, 4, true)).toBeUndefined();
    expect(take(region, 8192, 4)).toBe(`${chunk}+0`);
  });
});

describe('a chunk from which much is freed', () => {
  it('is isolated when a quarter of its pages is empty and others have more than enough', () => {
    const region = makeRegionWithFullFirstChunk();
    const busy = fullChunk(region, PAGE_CELLS);
    const spare = createChunk(region);
    markPopulated(region, spare, { first: 0, end: 5 });
    for (let page = 1; page < 64; page++) release(region, busy, page * PAGE_CELLS);
    expect(region.isIsolated(busy)).toBe(false);
    expect(region.header(RegionW.emptyPages)).toBe(63 + 5);
    release(region, busy, 64 * PAGE_CELLS);
    expect(region.isIsolated(busy)).toBe(true);
    expect(chunksOf(region, region.slots.toDepopulate)).toEqual([busy]);
    // Its empty pages count for nobody any more.
    expect(region.header(RegionW.emptyPages)).toBe(5);
    expect(region.header(RegionW.balanceWanted)).toBe(1);
  });

  it('is left alone while the other chunks have no more than four empty pages', () => {
    const region = makeRegionWithFullFirstChunk();
    const busy = fullChunk(region, PAGE_CELLS);
    const spare = createChunk(region);
    markPopulated(region, spare, { first: 0, end: 4 });
    for (let page = 1; page < 200; page++) release(region, busy, page * PAGE_CELLS);
    expect(region.isIsolated(busy)).toBe(false);
    expect(region.header(RegionW.emptyPages)).toBe(199 + 4);
  });

  it('is searched by nobody while its pages are to be given back', () => {
    const region = makeRegionWithFullFirstChunk();
    const busy = fullChunk(region, PAGE_CELLS);
    const spare = createChunk(region);
    markPopulated(region, spare, { first: 0, end: 5 });
    for (let page = 1; page <= 64; page++) release(region, busy, page * PAGE_CELLS);
    expect(take(region, 4096)).toBe(`${spare}+0`);
    expect(chunksOf(region, region.slots.toDepopulate)).toEqual([busy]);
  });
});

describe('a wholly free chunk', () => {
  it('calls for the balance work when it is not the only one', () => {
    const region = makeRegionWithFullFirstChunk();
    // Enough empty pages that an allocation calls for no more.
    const other = fullChunk(region, PAGE_CELLS);
    release(region, other, 0);
    release(region, other, PAGE_CELLS);
    release(region, other, 2 * PAGE_CELLS);
    const chunk = createChunk(region);
    markPopulated(region, chunk, { first: 0, end: 2 });
    takeCells(region, { chunk, start: 0, cells: 4 });
    region.setHeader(RegionW.balanceWanted, 0);
    release(region, chunk, 0);
    expect(region.header(RegionW.balanceWanted)).toBe(0);
    takeCells(region, { chunk, start: 0, cells: 4 });
    createChunk(region);
    release(region, chunk, 0);
    expect(region.header(RegionW.balanceWanted)).toBe(1);
  });
});

describe('counters', () => {
  it('are those of a list of all that was taken and freed', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 32768 }), fc.constant('free')), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const region = makeRegionWithFullFirstChunk();
        const before = region.header(RegionW.liveObjects);
        const [taken, freed] = [region.header(RegionW.allocatedLow), region.header(RegionW.freedLow)];
        const sizes: number[] = [];
        const live: { chunk: number; start: number; sizeBytes: number }[] = [];
        let peak = 0;
        let frees = 0;
        for (const step of all) {
          if (step === 'free') {
            const object = live.shift();
            if (object === undefined) continue;
            release(region, object.chunk, object.start);
            frees += 1;
            continue;
          }
          const place = take(region, step) ?? (createChunk(region), take(region, step));
          const [chunk = NaN, start = NaN] = (place ?? '').split('+').map(Number);
          const sizeBytes = Math.ceil(step / 4) * 4;
          sizes.push(sizeBytes);
          live.push({ chunk, start, sizeBytes });
          peak = Math.max(peak, live.length);
        }
        expect(region.header(RegionW.liveObjects) - before).toBe(live.length);
        expect(region.header(RegionW.allocatedLow) - taken).toBe(sizes.length);
        expect(region.header(RegionW.freedLow) - freed).toBe(frees);
        if (peak > 0) expect(region.header(RegionW.liveObjectsPeak) - before).toBe(peak);
        const chunks = new Set(live.map(({ chunk }) => chunk));
        for (const chunk of chunks) {
          const own = live.filter((object) => object.chunk === chunk);
          const used = own.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          expect(region.chunkField(chunk, ChunkW.liveObjects)).toBe(own.length);
          expect(region.chunkField(chunk, ChunkW.freeBytes)).toBe(4 * CHUNK_CELLS - used);
          expect(region.chunkField(chunk, ChunkSummaryW.contig) * 4).toBeLessThanOrEqual(4 * CHUNK_CELLS - used);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of objects go beyond 32 bits', () => {
    const region = makeRegionWithFullFirstChunk();
    const chunk = createChunk(region);
    region.setHeader(RegionW.allocatedLow, -1);
    region.setHeader(RegionW.freedLow, -1);
    takeCells(region, { chunk, start: 0, cells: 1 });
    release(region, chunk, 0);
    const words = [RegionW.allocatedLow, RegionW.allocatedHigh, RegionW.freedLow, RegionW.freedHigh];
    expect(words.map((word) => region.header(word))).toEqual([0, 1, 0, 1]);
  });
});
