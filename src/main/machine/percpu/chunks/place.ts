/**
 * Marking an object at [start, start + cells) and bringing the summaries up to date.
 *
 *     block   │ first          │ middle         │ last           │
 *     object  │        ████████│████████████████│█████           │
 *
 * Each wholly free page that the object touches is an empty page lost, even one that is not populated yet: population adds
 * it back. Under pcpu_lock.
 */
import { afterPreviousSet, clearRange, nextClear, setBit, setRange } from './bitmap.ts';
import { absorb, runMeets, SummaryW } from './block-summary.ts';
import { ChunkSummaryW, ChunkW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import type { Fit } from './find-fit.ts';
import { CELL_BYTES } from './percpu-geometry.ts';
import { rescanBlock, rescanChunk } from './rescan.ts';

/** A run of cells of one chunk. */
export interface ObjectCells {
  readonly chunk: number;
  readonly start: number;
  readonly cells: number;
}

/** Gives back to its block what alignment made the bit scan skip. Only for a fit that is about to be placed, and before. */
export function feedBackHole(region: ChunkRegion, chunk: number, { holeStart, holeCells }: Fit): void {
  if (holeCells === 0) return;
  const perPage = region.layout.cellsPerPage;
  const block = Math.floor(holeStart / perPage);
  const blockStart = block * perPage;
  const end = holeStart + holeCells - blockStart;
  if (end > perPage) return;
  const start = afterPreviousSet(region.words, region.allocMap(chunk), blockStart, holeStart) - blockStart;
  absorb(region.words, region.blockSpan(chunk, block), start, end);
}

/** Marks the object, which must be free, and updates blocks and chunk. */
export function placeObject(region: ChunkRegion, object: ObjectCells): void {
  const { chunk, start, cells } = object;
  const end = start + cells;
  markObject(region, object);
  const perPage = region.layout.cellsPerPage;
  const firstBlock = Math.floor(start / perPage);
  const lastBlock = Math.floor((end - 1) / perPage);
  const lostPages =
    takeFromFirstBlock(region, object, firstBlock) +
    (lastBlock > firstBlock ? takeFromLastBlock(region, object, lastBlock) : 0) +
    takeMiddleBlocks(region, chunk, firstBlock + 1, lastBlock);
  if (lostPages > 0) region.addEmptyPages(chunk, -lostPages);
  takeFromChunk(region, object);
}

function markObject(region: ChunkRegion, { chunk, start, cells }: ObjectCells): void {
  const { words } = region;
  const end = start + cells;
  const bounds = region.boundMap(chunk);
  setRange(words, region.allocMap(chunk), start, end);
  clearRange(words, bounds, start + 1, end);
  setBit(words, bounds, start);
  setBit(words, bounds, end);
  region.addChunkField(chunk, ChunkW.freeBytes, -cells * CELL_BYTES);
  if (region.chunkField(chunk, ChunkSummaryW.firstFree) === start) {
    const span = region.chunkSpan(chunk);
    words.set(span.summary + SummaryW.firstFree, nextClear(words, region.allocMap(chunk), end, span.cells));
  }
}

/** Answers with the empty pages lost. */
function takeFromFirstBlock(region: ChunkRegion, { chunk, start, cells }: ObjectCells, block: number): number {
  const { words } = region;
  const perPage = region.layout.cellsPerPage;
  const summary = region.blockSummary(chunk, block);
  const from = start - block * perPage;
  const end = Math.min(from + cells, perPage);
  const wasFree = words.get(summary + SummaryW.contig) === perPage;
  if (from === words.get(summary + SummaryW.firstFree)) {
    words.set(summary + SummaryW.firstFree, nextFreeInBlock(region, chunk, block, end));
  }
  dropMetScanHint(region, summary, from, end);
  if (runMeets(words.get(summary + SummaryW.contigStart), words.get(summary + SummaryW.contig), from, end)) {
    if (from === 0) words.set(summary + SummaryW.left, 0);
    rescanBlock(region, chunk, block);
  } else {
    words.set(summary + SummaryW.left, Math.min(words.get(summary + SummaryW.left), from));
    words.set(summary + SummaryW.right, Math.min(words.get(summary + SummaryW.right), perPage - end));
  }
  return wasFree ? 1 : 0;
}

/** The block in which an object of several blocks ends. Answers with the empty pages lost. */
function takeFromLastBlock(region: ChunkRegion, { chunk, start, cells }: ObjectCells, block: number): number {
  const { words } = region;
  const perPage = region.layout.cellsPerPage;
  const summary = region.blockSummary(chunk, block);
  const end = start + cells - block * perPage;
  const wasFree = words.get(summary + SummaryW.contig) === perPage;
  words.set(summary + SummaryW.firstFree, nextFreeInBlock(region, chunk, block, end));
  if (end === perPage) {
    takeWholeBlock(region, summary);
    return wasFree ? 1 : 0;
  }
  if (end > words.get(summary + SummaryW.scanStart)) words.set(summary + SummaryW.scan, 0);
  words.set(summary + SummaryW.left, 0);
  if (end > words.get(summary + SummaryW.contigStart)) {
    rescanBlock(region, chunk, block);
  } else {
    words.set(summary + SummaryW.right, Math.min(words.get(summary + SummaryW.right), perPage - end));
  }
  return wasFree ? 1 : 0;
}

/** Blocks [first, end) that the object covers. Answers with the empty pages lost. */
function takeMiddleBlocks(region: ChunkRegion, chunk: number, first: number, end: number): number {
  for (let block = first; block < end; block++) takeWholeBlock(region, region.blockSummary(chunk, block));
  return Math.max(end - first, 0);
}

function takeWholeBlock({ words }: ChunkRegion, summary: number): void {
  words.set(summary + SummaryW.scan, 0);
  words.set(summary + SummaryW.contig, 0);
  words.set(summary + SummaryW.left, 0);
  words.set(summary + SummaryW.right, 0);
}

function takeFromChunk(region: ChunkRegion, { chunk, start, cells }: ObjectCells): void {
  const { words } = region;
  const summary = region.chunkWord(chunk) + ChunkW.summary;
  const end = start + cells;
  dropMetScanHint(region, summary, start, end);
  if (runMeets(words.get(summary + SummaryW.contigStart), words.get(summary + SummaryW.contig), start, end)) {
    rescanChunk(region, chunk, 'alloc');
  }
}

function dropMetScanHint({ words }: ChunkRegion, summary: number, from: number, end: number): void {
  if (runMeets(words.get(summary + SummaryW.scanStart), words.get(summary + SummaryW.scan), from, end)) {
    words.set(summary + SummaryW.scan, 0);
  }
}

/** Block-relative; a page's cells when there is none at or after `from`. */
function nextFreeInBlock(region: ChunkRegion, chunk: number, block: number, from: number): number {
  const perPage = region.layout.cellsPerPage;
  const blockStart = block * perPage;
  return nextClear(region.words, region.allocMap(chunk), blockStart + from, blockStart + perPage) - blockStart;
}
