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
import { absorb, SummaryW } from './block-summary.ts';
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

/** The next run that the block summaries show; false at the end of the chunk. */
function nextShownRun(region: ChunkRegion, chunk: number, run: ShownRun): boolean {
  const { words } = region;
  const perPage = region.layout.cellsPerPage;
  const pages = region.chunkField(chunk, ChunkW.pages);
  let limit = run.from % perPage;
  let tailStart = 0;
  let tail = 0;
  for (let block = Math.floor(run.from / perPage); block < pages; block++) {
    const summary = region.blockSummary(chunk, block);
    const blockStart = block * perPage;
    if (tail > 0) {
      const left = words.get(summary + SummaryW.left);
      tail += left;
      if (left === perPage) continue;
      return show(run, tailStart, tail);
    }
    const contig = words.get(summary + SummaryW.contig);
    const contigStart = words.get(summary + SummaryW.contigStart);
    if (contig > 0 && contigStart >= limit && contigStart + contig < perPage) {
      return show(run, blockStart + contigStart, contig);
    }
    limit = 0;
    tail = words.get(summary + SummaryW.right);
    tailStart = blockStart + perPage - tail;
  }
  return tail > 0 && show(run, tailStart, tail);
}

function show(run: ShownRun, start: number, cells: number): true {
  run.start = start;
  run.end = start + cells;
  return true;
}
