/**
 * Summaries, counters and pages of a chunk made anew from its alloc map, as if nothing had ever been freed or scanned: for a
 * chunk whose map is known and whose history is not. Under pcpu_lock.
 */
import { countSet, nextClear, nextSet } from './bitmap.ts';
import { absorb, SUMMARY_WORDS, SummaryW } from './block-summary.ts';
import { ChunkW } from './chunk-layout.ts';
import { markPopulated } from './chunk-lifecycle.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { CELL_BYTES } from './percpu-geometry.ts';
import { rescanChunk } from './rescan.ts';

/** Of a chunk that has no populated page yet. Pages in use are populated, and `emptyPages` of the lowest free ones. */
export function rebuildFromMap(region: ChunkRegion, chunk: number, emptyPages: number): void {
  const { words } = region;
  const { summary, cells } = region.chunkSpan(chunk);
  const map = region.allocMap(chunk);
  region.setChunkField(chunk, ChunkW.freeBytes, (cells - countSet(words, map, 0, cells)) * CELL_BYTES);
  const pages = region.chunkField(chunk, ChunkW.pages);
  for (let block = 0; block < pages; block++) rebuildBlock(region, chunk, block);
  words.fill(0, summary, summary + SUMMARY_WORDS);
  words.set(summary + SummaryW.firstFree, nextClear(words, map, 0, cells));
  rescanChunk(region, chunk, 'free');
  populateUsedPages(region, chunk, emptyPages);
}

function rebuildBlock(region: ChunkRegion, chunk: number, block: number): void {
  const { words } = region;
  const span = region.blockSpan(chunk, block);
  const map = region.allocMap(chunk);
  const blockStart = block * span.cells;
  const end = blockStart + span.cells;
  words.fill(0, span.summary, span.summary + SUMMARY_WORDS);
  words.set(span.summary + SummaryW.firstFree, span.cells);
  for (let start = nextClear(words, map, blockStart, end); start < end;) {
    const used = nextSet(words, map, start, end);
    absorb(words, span, start - blockStart, used - blockStart);
    start = nextClear(words, map, used, end);
  }
}

function populateUsedPages(region: ChunkRegion, chunk: number, emptyPages: number): void {
  let empty = emptyPages;
  const pages = region.chunkField(chunk, ChunkW.pages);
  for (let page = 0; page < pages; page++) {
    const isUsed = region.words.get(region.blockSummary(chunk, page) + SummaryW.contig) < region.layout.cellsPerPage;
    if (isUsed) {
      markPopulated(region, chunk, { first: page, end: page + 1 });
      region.addEmptyPages(chunk, -1);
    } else if (empty > 0) {
      markPopulated(region, chunk, { first: page, end: page + 1 });
      empty -= 1;
    }
  }
}
