/**
 * How chunks come to be and go: the first chunk at boot, others on demand and by the balance work.
 *
 *     createFirstChunk ─▶ first chunk (dynamic, reserved): populated for good
 *     createChunk ─▶ wholly free, no page populated, head of the fully free list ─▶ … ─▶ destroyChunk, all pages given back
 *
 * Under pcpu_lock.
 */
import { bitIsSet, clearRange, setRange } from './bitmap.ts';
import { SummaryW } from './block-summary.ts';
import { ChunkFlag, ChunkW, FIRST_CHUNK, RegionW, RESERVED_CHUNK } from './chunk-layout.ts';
import type { ChunkRegion, PageRange } from './chunk-region.ts';
import { CELL_BYTES, type FirstChunkPart, firstChunkParts } from './percpu-geometry.ts';
import { placeObject } from './place.ts';
import { moveToHead, relocate, takeOffList } from './slots.ts';

/** Makes the bookkeeping of the first chunk in a new region. Once, before any request. */
export function createFirstChunk(region: ChunkRegion): void {
  const { dynamic, reserved } = firstChunkParts(region.geometry);
  if (reserved !== undefined) bootPart(region, RESERVED_CHUNK, reserved, ChunkFlag.reserved);
  bootPart(region, FIRST_CHUNK, dynamic, 0);
  relocate(region, FIRST_CHUNK, -1);
  countChunk(region);
}

/** The bytes at the ends are one object each to maps and summaries, but no object to the counters. */
function bootPart(region: ChunkRegion, chunk: number, part: FirstChunkPart, flags: number): void {
  region.initialiseChunk(chunk, part.pages, flags | ChunkFlag.immutable);
  setRange(region.words, region.populatedMap(chunk), 0, part.pages);
  region.setChunkField(chunk, ChunkW.populatedPages, part.pages);
  region.addEmptyPages(chunk, part.pages);
  region.setChunkField(chunk, ChunkW.startOffsetBytes, part.startOffsetBytes);
  region.setChunkField(chunk, ChunkW.endOffsetBytes, part.endOffsetBytes);
  const startCells = part.startOffsetBytes / CELL_BYTES;
  const endCells = Math.floor(part.endOffsetBytes / CELL_BYTES);
  if (startCells > 0) placeObject(region, { chunk, start: 0, cells: startCells });
  const cells = region.chunkField(chunk, ChunkW.cells);
  if (endCells > 0) placeObject(region, { chunk, start: cells - endCells, cells: endCells });
}

/**
 * The number that the next chunk will have: the lowest free one, as the next chunk lies in the lowest hole of address space; −1
 * when the region has no room for one more. It stays so as long as the caller holds the allocation mutex.
 */
export function nextChunkNumber(region: ChunkRegion): number {
  const fresh = region.header(RegionW.freshChunk);
  for (let chunk = RESERVED_CHUNK + 1; chunk < fresh; chunk++) if (!region.exists(chunk)) return chunk;
  return fresh < region.capacity.maxChunks ? fresh : -1;
}

/** A new chunk at the head of the fully free list; −1 when the region has no room for one more. */
export function createChunk(region: ChunkRegion): number {
  const chunk = nextChunkNumber(region);
  if (chunk < 0) return -1;
  if (chunk === region.header(RegionW.freshChunk)) region.setHeader(RegionW.freshChunk, chunk + 1);
  region.initialiseChunk(chunk, region.layout.pagesPerUnit, 0);
  moveToHead(region, chunk, region.slots.fullyFree);
  countChunk(region);
  return chunk;
}

function countChunk(region: ChunkRegion): void {
  const chunks = region.header(RegionW.chunks) + 1;
  region.setHeader(RegionW.chunks, chunks);
  if (chunks > region.header(RegionW.chunksPeak)) region.setHeader(RegionW.chunksPeak, chunks);
}

/** Forgets a chunk whose pages have been given back. */
export function destroyChunk(region: ChunkRegion, chunk: number): void {
  if (region.chunkField(chunk, ChunkW.populatedPages) !== 0 || !region.isWhollyFree(chunk)) {
    throw new Error(`chunk ${chunk} destroyed with objects or pages in it`);
  }
  takeOffList(region, chunk);
  region.setChunkField(chunk, ChunkW.flags, 0);
  region.addHeader(RegionW.chunks, -1);
}

/** Counts pages that have been populated; they are empty, or the object that waits for them has been subtracted already. */
export function markPopulated(region: ChunkRegion, chunk: number, { first, end }: PageRange): void {
  setRange(region.words, region.populatedMap(chunk), first, end);
  region.addChunkField(chunk, ChunkW.populatedPages, end - first);
  region.addHeader(RegionW.populatedPages, end - first);
  region.addEmptyPages(chunk, end - first);
}

/** Counts wholly free pages as not populated any more; their frames are the caller's to give back afterwards. */
export function markDepopulated(region: ChunkRegion, chunk: number, { first, end }: PageRange): void {
  clearRange(region.words, region.populatedMap(chunk), first, end);
  region.addChunkField(chunk, ChunkW.populatedPages, first - end);
  region.addHeader(RegionW.populatedPages, first - end);
  region.addEmptyPages(chunk, first - end);
}

/** Whether a page is populated and wholly free. */
export function isEmptyPopulatedPage(region: ChunkRegion, chunk: number, page: number): boolean {
  const contig = region.words.get(region.blockSummary(chunk, page) + SummaryW.contig);
  return contig === region.layout.cellsPerPage && bitIsSet(region.words, region.populatedMap(chunk), page);
}
