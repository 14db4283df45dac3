/**
 * Where in one chunk a request goes. Nothing is changed here but the scratch that holds the answer.
 *
 *     1  quick no      the chunk's contig hint, after alignment, is too short
 *     2  block walk    block summaries give a candidate: a run over block borders (the tail), or a block's contig run
 *     3  atomic        every page of the candidate must be populated, else the walk goes on behind
 *     4  bit scan      first aligned fit at or after the candidate, within a window of one block more than the request
 *
 * First fit, except that a region ruled out by a scan hint is not looked at. Under pcpu_lock. Cells are chunk-relative.
 */
import { nextClear, nextSet, trailingZeros } from './bitmap.ts';
import { entryCell, SUMMARY_WORDS, SummaryW } from './block-summary.ts';
import { ChunkW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';

/** A request in cells. */
export interface CellRequest {
  readonly cells: number;
  /** A power of two, at most a page's cells. */
  readonly alignCells: number;
  /** Only populated pages will do. */
  readonly atomic: boolean;
}

/** The place found, filled in place to spare allocations. */
export interface Fit {
  start: number;
  /** Longest run that the bit scan passed over for its alignment; length 0: none. */
  holeStart: number;
  holeCells: number;
}

/**
 * found: `fit` holds the place. no-candidate: steps 1 to 3 gave nothing (which parks chunks of the low lists).
 * scan-failed: hints promised a place that alignment does not allow.
 */
export type FitOutcome = 'found' | 'no-candidate' | 'scan-failed';

/** Cells from `position` up to the next multiple of `align`, a power of two. */
function padding(position: number, align: number): number {
  return -position & (align - 1);
}

/** Looks for place in a chunk and leaves it in `fit` when there is some. Under pcpu_lock. */
export function findFit(region: ChunkRegion, chunk: number, request: CellRequest, fit: Fit): FitOutcome {
  const candidate = findCandidate(region, chunk, request);
  if (candidate < 0) return 'no-candidate';
  fit.start = candidate;
  return scanBits(region, chunk, request, fit) ? 'found' : 'scan-failed';
}

/** Steps 1 to 3: a cell at which the bit scan begins, or −1. */
function findCandidate(region: ChunkRegion, chunk: number, request: CellRequest): number {
  const { words } = region;
  const { cells, alignCells } = request;
  const summary = region.chunkWord(chunk) + ChunkW.summary;
  const contigStart = words.get(summary + SummaryW.contigStart);
  if (padding(contigStart, alignCells) + cells > words.get(summary + SummaryW.contig)) return -1;
  const walk = { from: entryCell(words, summary, cells), candidate: -1, proofEnd: 0 };
  while (walkBlocks(region, chunk, request, walk)) {
    if (!request.atomic) return walk.candidate;
    const restart = restartAfterUnpopulated(region, chunk, walk);
    if (restart === undefined) return walk.candidate;
    walk.from = restart;
  }
  return -1;
}

interface Walk {
  /** Cell at which the walk begins. */
  from: number;
  candidate: number;
  /** End of the run that makes the candidate one. */
  proofEnd: number;
}

/** Step 2. True with `walk.candidate` set; false when no block and no run over block borders has room. */
function walkBlocks(region: ChunkRegion, chunk: number, { cells, alignCells }: CellRequest, walk: Walk): boolean {
  const { words } = region;
  const perPage = region.layout.cellsPerPage;
  const pages = region.chunkField(chunk, ChunkW.pages);
  let block = Math.floor(walk.from / perPage);
  let limit = walk.from - block * perPage;
  let tailStart = 0;
  let tail = 0;
  for (let summary = region.blockSummary(chunk, block); block < pages; block++, summary += SUMMARY_WORDS) {
    if (tail > 0) {
      const left = words.get(summary + SummaryW.left);
      tail += left;
      if (tail >= cells) return accept(walk, tailStart, tailStart + tail);
      if (left === perPage) continue;
    }
    const contig = words.get(summary + SummaryW.contig);
    if (contig > 0) {
      const contigStart = words.get(summary + SummaryW.contigStart);
      const needed = padding(contigStart, alignCells) + cells;
      if (contigStart >= limit && needed <= contig) {
        const start = block * perPage;
        return accept(walk, start + entryCell(words, summary, cells), start + contigStart + needed);
      }
    }
    limit = 0;
    const runStart = perPage - words.get(summary + SummaryW.right);
    const aligned = runStart + padding(runStart, alignCells);
    tailStart = block * perPage + aligned;
    tail = perPage - aligned;
    if (tail >= cells) return accept(walk, tailStart, tailStart + tail);
  }
  return false;
}

function accept(walk: Walk, candidate: number, proofEnd: number): true {
  walk.candidate = candidate;
  walk.proofEnd = proofEnd;
  return true;
}

/** Step 3. The cell at which the walk begins anew, or undefined when every page of the candidate is populated. */
function restartAfterUnpopulated(region: ChunkRegion, chunk: number, walk: Walk): number | undefined {
  const perPage = region.layout.cellsPerPage;
  const map = region.populatedMap(chunk);
  const first = Math.floor(walk.candidate / perPage);
  const end = Math.ceil(walk.proofEnd / perPage);
  const missing = nextClear(region.words, map, first, end);
  return missing === end ? undefined : nextSet(region.words, map, missing, end) * perPage;
}

/** Step 4, from `fit.start` on. False when no aligned fit ends within the window. */
function scanBits(region: ChunkRegion, chunk: number, { cells, alignCells }: CellRequest, fit: Fit): boolean {
  const { words } = region;
  const candidate = fit.start;
  const map = region.allocMap(chunk);
  const chunkCells = region.chunkField(chunk, ChunkW.cells);
  const windowEnd = Math.min(candidate + cells + region.layout.cellsPerPage, chunkCells);
  fit.holeStart = 0;
  fit.holeCells = 0;
  for (let cursor = candidate; ;) {
    const free = nextClear(words, map, cursor, windowEnd);
    const start = free + padding(free, alignCells);
    if (start + cells > windowEnd) return false;
    const used = nextSet(words, map, start, start + cells);
    if (used === start + cells) {
      fit.start = start;
      return true;
    }
    keepHole(fit, start, used - start);
    cursor = used + 1;
  }
}

/** Of the holes passed over the longest is kept; of equal ones the better aligned. */
function keepHole(fit: Fit, start: number, cells: number): void {
  const isBetterAligned = (): boolean => {
    if (fit.holeStart === 0) return false;
    return start === 0 || trailingZeros(start) > trailingZeros(fit.holeStart);
  };
  if (cells > fit.holeCells || (cells === fit.holeCells && isBetterAligned())) {
    fit.holeStart = start;
    fit.holeCells = cells;
  }
}
