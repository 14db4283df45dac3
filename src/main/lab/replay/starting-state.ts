/**
 * The allocator as it was when a trace began, as far as that can be told: older chunks get the bitmap that the survey left
 * them and fresh summaries; what a percpu_stats text of that moment says of lists, hints and pages is taken from there.
 *
 * Chunks that the trace never touches are filled up, so that no search finds anything in them.
 */
import type { PercpuStats, PercpuStatsChunk } from '../../../shared/percpu-stats.ts';
import { setBit, setRange } from '../../machine/percpu/chunks/bitmap.ts';
import { ChunkFlag, ChunkSummaryW, ChunkW, FIRST_CHUNK, RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { createFirstChunk, createChunk } from '../../machine/percpu/chunks/chunk-lifecycle.ts';
import type { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { rebuildFromMap } from '../../machine/percpu/chunks/rebuild.ts';
import { computedSlot, moveToTail } from '../../machine/percpu/chunks/slots.ts';
import { pairChunks } from './stats-evidence.ts';
import type { OlderChunk, TraceSurvey } from './trace-survey.ts';
import { LARGEST_UNSEEN_CELLS } from './unseen-objects.ts';

/** Makes the chunks in a new region; answers with those that the trace names by their base: number, and the line that does. */
export function buildStartingState(
  region: ChunkRegion,
  survey: TraceSurvey,
  stats: PercpuStats | undefined,
): Map<string, { readonly chunk: number; readonly firstLine: number }> {
  createFirstChunk(region);
  fillFirstChunk(region);
  const printedFirst = stats?.chunks.find(({ heading }) => heading === 'first');
  if (printedFirst !== undefined) {
    takePrintedFigures(region, FIRST_CHUNK, printedFirst);
    region.setChunkField(FIRST_CHUNK, ChunkSummaryW.firstFree, printedFirst.firstFreeCell);
  }
  const chunkOf = new Map<string, { chunk: number; firstLine: number }>();
  const placed: { chunk: number; printed: PercpuStatsChunk | undefined }[] = [];
  for (const { older, printed } of pairChunks(survey, stats)) {
    const chunk = createChunk(region);
    if (chunk < 0) throw new Error('a region made for a trace has no room for the chunks that the trace begins with');
    if (older === undefined) makeUntouched(region, chunk, printed);
    else makeOlder(region, chunk, older, printed);
    if (printed !== undefined) takePrintedFigures(region, chunk, printed);
    if (older !== undefined) chunkOf.set(older.base, { chunk, firstLine: older.firstLine });
    placed.push({ chunk, printed });
  }
  putOnLists(region, placed);
  if (stats !== undefined) takePrintedTotals(region, stats);
  return chunkOf;
}

/** Leaves no room in the first chunk, as after any boot; its figures count no object. */
export function fillFirstChunk(region: ChunkRegion): void {
  setRange(region.words, region.allocMap(FIRST_CHUNK), 0, region.chunkField(FIRST_CHUNK, ChunkW.cells));
  region.addEmptyPages(FIRST_CHUNK, -region.chunkField(FIRST_CHUNK, ChunkW.emptyPages));
  region.setChunkField(FIRST_CHUNK, ChunkW.populatedPages, 0);
  rebuildFromMap(region, FIRST_CHUNK, 0);
  // The first chunk's pages are not counted with those of the others.
  region.setHeader(RegionW.populatedPages, 0);
  moveToTail(region, FIRST_CHUNK, 0);
}

/** A chunk that the trace never mentions: wholly free if it was printed so, else full. */
function makeUntouched(region: ChunkRegion, chunk: number, printed: PercpuStatsChunk | undefined): void {
  if (printed?.liveObjects === 0) {
    rebuildFromMap(region, chunk, printed.emptyPages);
    return;
  }
  setRange(region.words, region.allocMap(chunk), 0, region.chunkField(chunk, ChunkW.cells));
  rebuildFromMap(region, chunk, 0);
}

function makeOlder(region: ChunkRegion, chunk: number, older: OlderChunk, printed: PercpuStatsChunk | undefined): void {
  if (printed?.liveObjects !== 0) {
    const cells = region.chunkField(chunk, ChunkW.cells);
    // Behind the last used cell everything is free, and the text tells how much that is.
    const printedTail = printed === undefined ? 0 : (printed.freeBytes - printed.fragmentBytes) / CELL_BYTES;
    markUntouched(region, chunk, older, Math.min(older.freshFrom, cells - printedTail));
    markOlderObjects(region, chunk, older);
  }
  rebuildFromMap(region, chunk, printed?.emptyPages ?? 0);
}

/** In use for good: cells before `end` that no traced object touches. */
function markUntouched(region: ChunkRegion, chunk: number, { touched }: OlderChunk, end: number): void {
  for (let cell = 0; cell < end;) {
    const used = Math.min(touched.next(cell), end);
    if (used > cell) markObject(region, chunk, cell, used);
    cell = used;
    while (cell < end && touched.has(cell)) cell += 1;
  }
}

/** In use at the start: objects that the trace sees freed only. Their size is not known: each ends where the next thing begins. */
function markOlderObjects(region: ChunkRegion, chunk: number, { olderObjects }: OlderChunk): void {
  const cells = region.chunkField(chunk, ChunkW.cells);
  const starts = new Set(olderObjects.map(({ start }) => start));
  for (const { start, limit } of olderObjects) {
    const furthest = Math.min(limit, cells, start + LARGEST_UNSEEN_CELLS);
    let end = start + 1;
    while (end < furthest && !starts.has(end)) end += 1;
    if (start < cells) markObject(region, chunk, start, end);
  }
}

function markObject(region: ChunkRegion, chunk: number, start: number, end: number): void {
  const { words } = region;
  const bounds = region.boundMap(chunk);
  setRange(words, region.allocMap(chunk), start, end);
  setBit(words, bounds, start);
  setBit(words, bounds, end);
}

/** Counters that only the kernel knows, and its contig hint, which may be stale. */
function takePrintedFigures(region: ChunkRegion, chunk: number, printed: PercpuStatsChunk): void {
  region.setChunkField(chunk, ChunkW.liveObjects, printed.liveObjects);
  region.setChunkField(chunk, ChunkW.largestBytes, printed.largestBytes);
  region.setChunkField(chunk, ChunkSummaryW.contig, printed.contigBytes / CELL_BYTES);
  const freeBytes = Math.max(printed.freeBytes, region.chunkField(chunk, ChunkW.freeBytes));
  region.setChunkField(chunk, ChunkW.freeBytes, freeBytes);
}

/** The printed order is list by list; a chunk that stands before one of a lower list was parked on list 0. */
function putOnLists(
  region: ChunkRegion,
  chunks: readonly { readonly chunk: number; readonly printed: PercpuStatsChunk | undefined }[],
): void {
  let lowestBehind = Infinity;
  const lists: number[] = [];
  for (const { chunk, printed } of chunks.toReversed()) {
    const slot = isolatedSlot(region, printed) ?? computedSlot(region, chunk);
    const list = slot <= lowestBehind || printed === undefined ? slot : 0;
    lowestBehind = Math.min(lowestBehind, slot);
    lists.unshift(list);
  }
  for (const [index, { chunk, printed }] of chunks.entries()) {
    if (isolatedSlot(region, printed) !== undefined) {
      region.addHeader(RegionW.emptyPages, -region.chunkField(chunk, ChunkW.emptyPages));
      region.setFlag(chunk, ChunkFlag.isolated, true);
    }
    moveToTail(region, chunk, lists[index] ?? 0);
  }
}

function isolatedSlot(region: ChunkRegion, printed: PercpuStatsChunk | undefined): number | undefined {
  if (printed?.heading === 'sidelined') return region.slots.sidelined;
  return printed?.heading === 'to-depopulate' ? region.slots.toDepopulate : undefined;
}

function takePrintedTotals(region: ChunkRegion, { totals }: PercpuStats): void {
  const setLong = (low: number, value: number): void => {
    region.setHeader(low, value | 0);
    region.setHeader(low + 1, Math.floor(value / 2 ** 32));
  };
  setLong(RegionW.allocatedLow, totals.allocations);
  setLong(RegionW.freedLow, totals.frees);
  region.setHeader(RegionW.liveObjects, totals.liveObjects);
  region.setHeader(RegionW.liveObjectsPeak, totals.liveObjectsPeak);
  region.setHeader(RegionW.chunksPeak, totals.chunksPeak);
  region.setHeader(RegionW.smallestBytes, totals.smallestBytes);
  region.setHeader(RegionW.largestBytes, totals.largestBytes);
}
