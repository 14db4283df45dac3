/**
 * What is known of the free runs of a span of cells without looking at its bitmap. Every block (page) has a summary, and so
 * has the chunk as a whole; both are the same seven words.
 *
 *     ##....####..........###......
 *       ^S=4    ^C=10         ^R=6          L = 0
 *       p       c
 *
 *     firstFree  ff   lowest free cell; the span's length if none
 *     contig      C   largest known run, which starts at contigStart (c)
 *     scan        S   a run before the contig run, known to be the largest there; 0: none; starts at scanStart (p)
 *     left, right L, R   runs that touch the span's edges
 *
 * A block's C is never larger than a real run, but may be smaller; the chunk's C is a lower bound that goes stale. p > c only
 * when S = C: an equal run further right. When S or C becomes 0 its start keeps the old number, which harms nobody.
 * All under pcpu_lock. Everything in cells, relative to the span.
 */
import { trailingZeros } from './bitmap.ts';
import type { RegionWords } from './region-words.ts';

/** Words of a summary. */
export const SummaryW = {
  firstFree: 0,
  contig: 1,
  contigStart: 2,
  scan: 3,
  scanStart: 4,
  left: 5,
  right: 6,
} as const;
/** Words from one block's summary to the next: 32 bytes, as in the kernel. */
export const SUMMARY_WORDS = 8;

/** A summary and the length of what it summarises. */
export interface Span {
  /** Word index of the summary. */
  readonly summary: number;
  readonly cells: number;
}

/** The summary of a span that is wholly free. */
export function clearSummary(words: RegionWords, { summary, cells }: Span): void {
  words.fill(0, summary, summary + SUMMARY_WORDS);
  words.set(summary + SummaryW.contig, cells);
  words.set(summary + SummaryW.left, cells);
  words.set(summary + SummaryW.right, cells);
}

/** First cell that is worth looking at for `cells`: everything before the scan hint's end is known to be too small. */
export function entryCell(words: RegionWords, summary: number, cells: number): number {
  const scan = words.get(summary + SummaryW.scan);
  if (scan > 0 && cells > scan) {
    const scanStart = words.get(summary + SummaryW.scanStart);
    if (words.get(summary + SummaryW.contigStart) > scanStart) return scanStart + scan;
  }
  return words.get(summary + SummaryW.firstFree);
}

/**
 * Takes the whole free run [start, end) into a summary. An end before the start is legal (see release.ts) and lowers
 * firstFree only.
 */
export function absorb(words: RegionWords, span: Span, start: number, end: number): void {
  const { summary } = span;
  const length = end - start;
  if (start < words.get(summary + SummaryW.firstFree)) words.set(summary + SummaryW.firstFree, start);
  if (start === 0) words.set(summary + SummaryW.left, length);
  if (end === span.cells) words.set(summary + SummaryW.right, length);
  const contig = words.get(summary + SummaryW.contig);
  if (length > contig) absorbLargest(words, summary, start, length);
  else if (length === contig) absorbEqual(words, summary, start, length);
  else absorbSmaller(words, summary, start, length);
}

/** The run becomes the contig run; the old one may become the scan hint. */
function absorbLargest(words: RegionWords, summary: number, start: number, length: number): void {
  const contig = words.get(summary + SummaryW.contig);
  const contigStart = words.get(summary + SummaryW.contigStart);
  if (start > contigStart) {
    if (contig > words.get(summary + SummaryW.scan)) {
      words.set(summary + SummaryW.scanStart, contigStart);
      words.set(summary + SummaryW.scan, contig);
    } else if (start < words.get(summary + SummaryW.scanStart)) {
      words.set(summary + SummaryW.scan, 0);
    }
  } else {
    words.set(summary + SummaryW.scan, 0);
  }
  words.set(summary + SummaryW.contigStart, start);
  words.set(summary + SummaryW.contig, length);
}

/** Of equal runs the better aligned one is the contig run. */
function absorbEqual(words: RegionWords, summary: number, start: number, length: number): void {
  const contigStart = words.get(summary + SummaryW.contigStart);
  const scanStart = words.get(summary + SummaryW.scanStart);
  const beatsScan = length > words.get(summary + SummaryW.scan);
  if (contigStart !== 0 && (start === 0 || trailingZeros(start) > trailingZeros(contigStart))) {
    words.set(summary + SummaryW.contigStart, start);
    if (start < scanStart && beatsScan) words.set(summary + SummaryW.scan, 0);
  } else if (start > scanStart || beatsScan) {
    words.set(summary + SummaryW.scanStart, start);
    words.set(summary + SummaryW.scan, length);
  }
}

/** A run before the contig run may be the new scan hint; of equal ones the later. */
function absorbSmaller(words: RegionWords, summary: number, start: number, length: number): void {
  if (start >= words.get(summary + SummaryW.contigStart)) return;
  const scan = words.get(summary + SummaryW.scan);
  if (length > scan || (length === scan && start > words.get(summary + SummaryW.scanStart))) {
    words.set(summary + SummaryW.scanStart, start);
    words.set(summary + SummaryW.scan, length);
  }
}

/** Whether the half-open run of `length` cells at `start` meets [from, end). An empty run meets nothing. */
export function runMeets(start: number, length: number, from: number, end: number): boolean {
  return length > 0 && start < end && start + length > from;
}
