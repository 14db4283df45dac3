/**
 * The live objects of chunks, read from two bitmaps: a set bit of the allocation map is a used cell, one of the bound map
 * where an object begins.
 *
 *     alloc   1 1 1 1 0 0 1 1
 *     bounds  1 0 1 0 . . 1 0        objects [0, 2), [2, 4), [6, 8)
 *
 * The bytes at the ends of the first chunk's parts are marked, but nobody's. Reads words and nothing else; what is found is of
 * one moment at rest, under pcpu_lock, or on a copy that was taken under it.
 */
import { nextSet } from './bitmap.ts';
import { chunksInOrder } from './chunk-figures.ts';
import { ChunkW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { CELL_BYTES } from './percpu-geometry.ts';

/** Cells `[start, end)` of a chunk that are one object. */
export interface ObjectCells {
  readonly start: number;
  readonly end: number;
}

/** The live objects of a chunk, ascending. */
export function* objectCells(region: ChunkRegion, chunk: number): Generator<ObjectCells, void, void> {
  const { words } = region;
  const map = region.allocMap(chunk);
  const bounds = region.boundMap(chunk);
  const first = Math.ceil(region.chunkField(chunk, ChunkW.startOffsetBytes) / CELL_BYTES);
  const cells = region.chunkField(chunk, ChunkW.cells);
  const last = cells - Math.floor(region.chunkField(chunk, ChunkW.endOffsetBytes) / CELL_BYTES);
  for (let start = nextSet(words, map, first, last); start < last;) {
    const end = nextSet(words, bounds, start + 1, last);
    yield { start, end };
    start = nextSet(words, map, end, last);
  }
}

/** A live object; bytes from the start of its chunk. */
export interface LiveObject {
  readonly chunk: number;
  readonly startBytes: number;
  readonly sizeBytes: number;
  readonly callSite: number;
}

/** All live objects of a region that keeps call sites, chunk by chunk in the order of percpu_stats, ascending within one. */
export function* liveObjects(region: ChunkRegion): Generator<LiveObject, void, void> {
  for (const chunk of chunksInOrder(region)) {
    for (const { start, end } of objectCells(region, chunk)) {
      const callSite = region.callSiteOf(chunk, start);
      yield { chunk, startBytes: start * CELL_BYTES, sizeBytes: (end - start) * CELL_BYTES, callSite };
    }
  }
}
