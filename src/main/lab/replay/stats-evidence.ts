/**
 * A percpu_stats text beside the trace that it is said to precede: which printed chunk is which of the trace's older ones, and
 * whether the text can be of that machine and moment at all.
 *
 *     cells of an older chunk     ####....######..##########------
 *                                 │   │                    └ behind the last used cell: nothing of it can be freed
 *                                 │   └ first free cell: nothing before it can be given out
 *                                 └ free bytes: no more than these can be given out before something is freed
 *
 * Between the reading of the text and the first event a few processes come and go, which is allowed for.
 */
import type { PercpuStats, PercpuStatsChunk, PercpuStatsInfo } from '../../../shared/percpu-stats.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { OlderChunk, TraceSurvey } from './trace-survey.ts';
import { LARGEST_UNSEEN_CELLS } from './unseen-objects.ts';

/** What may have been freed and given out again since the text was read: a page. */
const FREED_SINCE_CELLS = 1024;
/** Objects that may have been allocated since. */
const ALLOCATED_SINCE = 64;

/** A chunk at the start: what the trace knows of it, what percpu_stats printed of it, or both. */
export interface StartingChunk {
  readonly older: OlderChunk | undefined;
  readonly printed: PercpuStatsChunk | undefined;
}

/** Pairs chunks of the trace with printed ones by what is free in them; in the printed order, unpaired ones behind. */
export function pairChunks({ olderChunks: older }: TraceSurvey, stats: PercpuStats | undefined): StartingChunk[] {
  const printed = stats?.chunks.filter(isLater) ?? [];
  const pairs = older
    .flatMap((chunk) => printed.map((figures) => ({ chunk, figures, distance: distance(chunk, figures) })))
    .sort((a, b) => a.distance - b.distance);
  const paired = new Map<PercpuStatsChunk, OlderChunk>();
  const taken = new Set<OlderChunk>();
  for (const { chunk, figures } of pairs) {
    if (taken.has(chunk) || paired.has(figures)) continue;
    paired.set(figures, chunk);
    taken.add(chunk);
  }
  return [
    ...printed.map((figures) => ({ older: paired.get(figures), printed: figures })),
    ...older.filter((chunk) => !taken.has(chunk)).map((chunk) => ({ older: chunk, printed: undefined })),
  ];
}

/** What else is known of the machine and the trace. */
export interface BesideStats {
  readonly survey: TraceSurvey;
  /** Sizes that a boot log states, with those that it does not state absent. */
  readonly bootSizes: Pick<PercpuStatsInfo, keyof typeof SIZE_WORDS> | undefined;
}

/** Why the text cannot be of the recorded machine just before the recording, in one sentence; undefined when it can. */
export function statsContradiction(stats: PercpuStats, beside: BesideStats): string | undefined {
  const { info, totals, chunks } = stats;
  const { survey, bootSizes } = beside;
  const shown = chunks.filter(({ heading }) => heading !== 'reserved').length;
  if (shown !== totals.chunks) return `it counts ${totals.chunks} chunks and shows ${shown}: it is not whole`;
  const sizes = ['unitBytes', 'staticBytes', 'reservedBytes', 'dynBytes'] as const;
  const odd = sizes.find((size) => bootSizes !== undefined && bootSizes[size] !== info[size]);
  if (odd !== undefined) {
    return `its ${SIZE_WORDS[odd]} has ${info[odd]} bytes and the boot log's ${bootSizes?.[odd] ?? 0}: they are of different machines`;
  }
  if (survey.furthestByte > info.unitBytes) {
    return `its units have ${info.unitBytes} bytes, and the trace has an object that ends at byte ${survey.furthestByte} of its chunk: it is of another machine`;
  }
  for (const { older, printed } of pairChunks(survey, stats)) {
    const sentence =
      older === undefined
        ? undefined
        : chunkContradiction({ older, printed }, unitCellsOf(stats), missingEvents(survey));
    if (sentence !== undefined) return `${sentence}: it is of another machine or moment`;
  }
  return undefined;
}

const SIZE_WORDS = {
  unitBytes: 'unit',
  staticBytes: 'static part',
  reservedBytes: 'reserved part',
  dynBytes: 'dynamic part',
} as const;

function isLater({ heading }: PercpuStatsChunk): boolean {
  return heading !== 'first' && heading !== 'reserved';
}

/** Events that the trace is known to lack: each may have been of any chunk. */
export function missingEvents({ gaps, lostEvents }: Pick<TraceSurvey, 'gaps' | 'lostEvents'>): number {
  return gaps.missingCount + lostEvents;
}

function unitCellsOf(stats: PercpuStats | undefined): number {
  return (stats?.info.unitBytes ?? 0) / CELL_BYTES;
}

function chunkContradiction(
  { older, printed }: { readonly older: OlderChunk; readonly printed: PercpuStatsChunk | undefined },
  unitCells: number,
  missing: number,
): string | undefined {
  const named = `the trace's chunk at ${older.base} (line ${older.firstLine})`;
  // One that looks wholly free may have been made since.
  if (printed === undefined) return older.freshFrom === 0 ? undefined : `it has no chunk that can be ${named}`;
  const reason = objection({ older, printed }, unitCells, missing);
  return reason === undefined ? undefined : `it has no chunk that can be ${named}, where ${reason}`;
}

/** Why a chunk of the trace is not the printed one; undefined when it may be. */
function objection(
  { older, printed }: { readonly older: OlderChunk; readonly printed: PercpuStatsChunk },
  unitCells: number,
  missing: number,
): string | undefined {
  const mostCells = FREED_SINCE_CELLS + missing * LARGEST_UNSEEN_CELLS;
  const { fresh, olderObjects } = older;
  const freeCells = printed.freeBytes / CELL_BYTES;
  const given = fresh.countIn(0, Infinity);
  if (given > freeCells + mostCells) {
    return `${given * CELL_BYTES} bytes were free at the start and not ${printed.freeBytes}`;
  }
  const before = fresh.countIn(0, printed.firstFreeCell);
  if (before > mostCells) {
    return `${before * CELL_BYTES} bytes were free before byte ${printed.firstFreeCell * CELL_BYTES}, where nothing should be`;
  }
  const tail = unitCells - freeCells + printed.fragmentBytes / CELL_BYTES;
  const behind = olderObjects.filter(({ start }) => start >= tail).length;
  if (behind > ALLOCATED_SINCE + missing) {
    return `${behind} objects were in use behind byte ${tail * CELL_BYTES}, where nothing should be`;
  }
  return undefined;
}

/** Bytes that were given out and cannot have been free weigh so much more than those that differ otherwise. */
const IMPOSSIBLE_WEIGHT = 16;

/** Bytes by which a printed chunk differs from what the trace knows of one. */
function distance(chunk: OlderChunk, printed: PercpuStatsChunk): number {
  if (printed.liveObjects === 0) return chunk.freshFrom === 0 ? 0 : printed.freeBytes;
  const { touched } = chunk;
  const touchedCells = touched.countIn(0, Infinity);
  const firstFree = Math.min(touched.next(0), touched.end);
  const penalty = chunk.freshFrom === 0 ? CELL_BYTES : 0;
  const tooMany = Math.max(0, chunk.fresh.countIn(0, Infinity) * CELL_BYTES - printed.freeBytes);
  return (
    IMPOSSIBLE_WEIGHT * tooMany +
    Math.abs(firstFree - printed.firstFreeCell) * CELL_BYTES +
    Math.abs(touchedCells * CELL_BYTES - printed.freeBytes) +
    penalty
  );
}
