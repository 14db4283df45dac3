/**
 * Unmarking an object and bringing the summaries up to date.
 *
 * The free run around the object is looked for inside the blocks concerned only. A free that fills no page and crosses no
 * block does not raise the chunk's contig hint, except in block 0: the kernel hands the chunk's summary a run whose start is
 * relative to the chunk and whose end is relative to the block. That is what its recorded offsets show, and it is why chunks
 * with much scattered free space stay in low lists. Under pcpu_lock.
 *
 *     block 0   ###....####    absorbed: [3, 7)
 *     block 5   ###....####    absorbed: [5 × 1024 + 3, 7), a run of negative length: only firstFree is lowered
 */
import { afterPreviousSet, bitIsSet, clearRange, nextSet } from './bitmap.ts';
import { absorb, clearSummary, SummaryW } from './block-summary.ts';
import { ChunkSummaryW, ChunkW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { CELL_BYTES } from './percpu-geometry.ts';
import type { ObjectCells } from './place.ts';
import { rescanChunk } from './rescan.ts';

/** The live object that begins at `start`, or undefined when none does. */
export function objectAt(region: ChunkRegion, chunk: number, start: number): ObjectCells | undefined {
  const { words } = region;
  const cells = region.chunkField(chunk, ChunkW.cells);
  if (start < 0 || start >= cells) return undefined;
  const bounds = region.boundMap(chunk);
  if (!bitIsSet(words, region.allocMap(chunk), start) || !bitIsSet(words, bounds, start)) return undefined;
  return { chunk, start, cells: nextSet(words, bounds, start + 1, cells) - start };
}

/** Frees an object that `objectAt` has found. */
export function releaseObject(region: ChunkRegion, object: ObjectCells): void {
  const { chunk, start, cells } = object;
  const { words } = region;
  clearRange(words, region.allocMap(chunk), start, start + cells);
  region.addChunkField(chunk, ChunkW.freeBytes, cells * CELL_BYTES);
  if (start < region.chunkField(chunk, ChunkSummaryW.firstFree)) {
    region.setChunkField(chunk, ChunkSummaryW.firstFree, start);
  }
  const perPage = region.layout.cellsPerPage;
  const firstBlock = Math.floor(start / perPage);
  const lastBlock = Math.floor((start + cells - 1) / perPage);
  const runStart = runStartAround(region, object, firstBlock);
  const runEnd = runEndAround(region, object, lastBlock);
  if (firstBlock < lastBlock) {
    giveToBlocks(region, chunk, { firstBlock, lastBlock, runStart, runEnd });
    rescanChunk(region, chunk, 'free');
    return;
  }
  absorb(words, region.blockSpan(chunk, firstBlock), runStart, runEnd);
  if (runEnd - runStart === perPage) {
    region.addEmptyPages(chunk, 1);
    rescanChunk(region, chunk, 'free');
  } else {
    absorb(words, region.chunkSpan(chunk), firstBlock * perPage + runStart, runEnd);
  }
}

/** Where the free run around the object begins in its first block; block-relative. */
function runStartAround(region: ChunkRegion, { chunk, start }: ObjectCells, block: number): number {
  const { words } = region;
  const summary = region.blockSummary(chunk, block);
  const blockStart = block * region.layout.cellsPerPage;
  const contigStart = words.get(summary + SummaryW.contigStart);
  if (start - blockStart === contigStart + words.get(summary + SummaryW.contig)) return contigStart;
  return afterPreviousSet(words, region.allocMap(chunk), blockStart, start) - blockStart;
}

/** Where it ends in the object's last block; block-relative. */
function runEndAround(region: ChunkRegion, { chunk, start, cells }: ObjectCells, block: number): number {
  const { words } = region;
  const summary = region.blockSummary(chunk, block);
  const perPage = region.layout.cellsPerPage;
  const blockStart = block * perPage;
  const contigStart = words.get(summary + SummaryW.contigStart);
  const end = start + cells;
  if (end - blockStart === contigStart) return contigStart + words.get(summary + SummaryW.contig);
  return nextSet(words, region.allocMap(chunk), end, blockStart + perPage) - blockStart;
}

interface FreedBlocks {
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** Relative to the first block, and to the last. */
  readonly runStart: number;
  readonly runEnd: number;
}

function giveToBlocks(region: ChunkRegion, chunk: number, freed: FreedBlocks): void {
  const { words } = region;
  const { firstBlock, lastBlock, runStart, runEnd } = freed;
  const perPage = region.layout.cellsPerPage;
  absorb(words, region.blockSpan(chunk, firstBlock), runStart, perPage);
  absorb(words, region.blockSpan(chunk, lastBlock), 0, runEnd);
  for (let block = firstBlock + 1; block < lastBlock; block++) clearSummary(words, region.blockSpan(chunk, block));
  const emptied = (runStart === 0 ? 1 : 0) + (runEnd === perPage ? 1 : 0) + (lastBlock - firstBlock - 1);
  if (emptied > 0) region.addEmptyPages(chunk, emptied);
}
