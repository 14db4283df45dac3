/**
 * Looking for the largest runs anew: in a block through its bitmap, in a chunk through its blocks' summaries.
 *
 *     block A              block B              block C
 *     ##....####.....######|####......####....|..........######
 *       c, C shown           c, C shown   └─ R ─┴── L ──┘ one run, shown once
 *
 * A chunk rescan sees of each block its contig run (unless that touches the right edge) and its tail; small holes beside a
 * block's largest run are invisible to it. Under pcpu_lock.
 */
import { nextClear, nextSet } from './bitmap.ts';
import { absorb, SUMMARY_WORDS, SummaryW } from './block-summary.ts';
import { ChunkW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import type { RegionWords } from './region-words.ts';

/**
 * Why a chunk is rescanned. alloc: its contig run was broken, so the scan hint, if any, is promoted. free: runs grew, so
 * everything is looked at; the scan hint stays as it is.
 */
export type RescanMode = 'alloc' | 'free';

/** The scan hint becomes the contig hint; answers with the cell behind it. */
function promoteScanHint(words: RegionWords, summary: number): number {
  const scan = words.get(summary + SummaryW.scan);
  const scanStart = words.get(summary + SummaryW.scanStart);
  words.set(summary + SummaryW.contigStart, scanStart);
  words.set(summary + SummaryW.contig, scan);
  words.set(summary + SummaryW.scan, 0);
  return scanStart + scan;
}

/** Forgets the contig hint; answers with the first free cell. */
function dropContigHint(words: RegionWords, summary: number): number {
  words.set(summary + SummaryW.contig, 0);
  return words.get(summary + SummaryW.firstFree);
}

/** After the block's contig run was broken. `left` is the caller's to keep right. */
export function rescanBlock(region: ChunkRegion, chunk: number, block: number): void {
  const { words } = region;
  const span = region.blockSpan(chunk, block);
  const { summary } = span;
  const hasScanHint = words.get(summary + SummaryW.scan) > 0;
  const from = hasScanHint ? promoteScanHint(words, summary) : dropContigHint(words, summary);
  words.set(summary + SummaryW.right, 0);
  const map = region.allocMap(chunk);
  const blockStart = block * span.cells;
  const end = blockStart + span.cells;
  for (let start = nextClear(words, map, blockStart + from, end); start < end;) {
    const used = nextSet(words, map, start, end);
    absorb(words, span, start - blockStart, used - blockStart);
    start = nextClear(words, map, used, end);
  }
}

/** Makes the chunk's hints anew from those of its blocks. Under pcpu_lock. */
export function rescanChunk(region: ChunkRegion, chunk: number, mode: RescanMode): void {
  const { words } = region;
  const span = region.chunkSpan(chunk);
  const { summary } = span;
  const promotes = mode === 'alloc' && words.get(summary + SummaryW.scan) > 0;
  const run = { from: promotes ? promoteScanHint(words, summary) : dropContigHint(words, summary), start: 0, end: 0 };
  while (nextShownRun(region, chunk, run)) {
    absorb(words, span, run.start, run.end);
    run.from = run.end + 1;
  }
}

interface ShownRun {
  /** Cell from which on runs are wanted. */
  from: number;
  start: number;
  end: number;
}

/**
 * The next run that the block summaries show; false at the end of the chunk. Most of a busy chunk's blocks show nothing, and
 * there are hundreds: hence the plain walk over the words.
 */
function nextShownRun(region: ChunkRegion, chunk: number, run: ShownRun): boolean {
  const { view } = region.words;
  const perPage = region.layout.cellsPerPage;
  const pages = region.chunkField(chunk, ChunkW.pages);
  let block = Math.floor(run.from / perPage);
  let limit = run.from - block * perPage;
  let tailStart = 0;
  let tail = 0;
  for (let summary = region.blockSummary(chunk, block); block < pages; block++, summary += SUMMARY_WORDS) {
    if (tail > 0) {
      const left = view[summary + SummaryW.left] ?? 0;
      tail += left;
      if (left === perPage) continue;
      return show(run, tailStart, tail);
    }
    const contig = view[summary + SummaryW.contig] ?? 0;
    if (contig > 0) {
      const contigStart = view[summary + SummaryW.contigStart] ?? 0;
      if (contigStart >= limit && contigStart + contig < perPage) {
        return show(run, block * perPage + contigStart, contig);
      }
    }
    limit = 0;
    tail = view[summary + SummaryW.right] ?? 0;
    tailStart = (block + 1) * perPage - tail;
  }
  return tail > 0 && show(run, tailStart, tail);
}

function show(run: ShownRun, start: number, cells: number): true {
  run.start = start;
  run.end = start + cells;
  return true;
}
