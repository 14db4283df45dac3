/** What recompression beside or after the jobs did, gave and cost over the repetitions of a design, in sentences. */
import { countedMedian } from './counted-median.ts';
import type { Design } from './design.ts';
import type { Sample } from './run-record.ts';
import type { RecompressionRun } from './zram-report.ts';

/** One of each sample of `design` that recompressed. */
export function recompressionRuns(samples: readonly Sample[], design: Design): readonly RecompressionRun[] {
  return samples.flatMap(({ design: of, zram }) => (of === design ? (zram?.recompress ?? []) : []));
}

/**
 * Three sentences at most: what was done, what it gave, what it cost. A figure that differs between `runs` is their median
 * with the smallest and the largest; shares are those of each run. No sentence without a run.
 */
export function recompressionSentences(runs: readonly RecompressionRun[], pageSizeBytes: number): readonly string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { when } = first;
  const pages = (read: (run: RecompressionRun) => number): string => countRange(runs.map(read), String);
  const recompressed = pages((run) => run.pagesRecompressed);
  const tried = pages((run) => run.pagesTried);
  const rate = range(
    runs.map(({ busyMs, pagesTried }) => (busyMs === 0 ? 0 : (pagesTried * pageSizeBytes) / busyMs / 1000)),
    number,
  );
  const over = runs.length > 1 ? `, medians of ${runs.length} repetitions [lowest, highest]` : '';
  return [
    `Recompression ${when} the jobs${over}: ${recompressed} of ${tried} tried pages, ${rate} MB/s while it was at it.`,
    `Compressed ${change(runs.map((run) => run.compressedBytes))}, pool ${change(runs.map((run) => run.poolBytes))}.`,
    ...costSentences(
      when,
      runs.flatMap(({ jobsMBps }) => jobsMBps ?? []),
    ),
  ];
}

type JobsRates = NonNullable<RecompressionRun['jobsMBps']>;

function costSentences(when: RecompressionRun['when'], rates: readonly JobsRates[]): readonly string[] {
  const [first] = rates;
  if (first === undefined) return [];
  const { direction } = first;
  const what =
    when === 'during' ? `${direction}s again, without and with it beside` : `${direction}s before and after it`;
  const without = range(
    rates.map((each) => each.without),
    number,
  );
  const withIt = range(
    rates.map((each) => each.withIt),
    number,
  );
  return [`Jobs: ${what}: ${without} → ${withIt} MB/s${shareOf(rates.map((each) => [each.without, each.withIt]))}.`];
}

function change(all: readonly { readonly before: number; readonly after: number }[]): string {
  const before = countRange(
    all.map((each) => each.before),
    mebibytes,
  );
  const after = countRange(
    all.map((each) => each.after),
    mebibytes,
  );
  return `${before} → ${after} MiB${shareOf(all.map((each) => [each.before, each.after]))}`;
}

/** ` (−25.0 %)`, ` (−25.0 [−27.1, −22.0] %)`; empty where something began from nothing. */
function shareOf(pairs: readonly (readonly [from: number, to: number])[]): string {
  if (pairs.some(([from]) => from === 0)) return '';
  return ` (${range(
    pairs.map(([from, to]) => (to / from - 1) * 100),
    signed,
  )} %)`;
}

/** The median of measured figures, with the smallest and the largest where they read differently. */
function range(values: readonly number[], write: (value: number) => string): string {
  return middleAndEnds(values, median(values), write);
}

/** The same of pages and bytes, which stay whole. */
function countRange(values: readonly number[], write: (value: number) => string): string {
  return middleAndEnds(values, countedMedian(values), write);
}

function middleAndEnds(values: readonly number[], middle: number, write: (value: number) => string): string {
  const [low, high] = [write(Math.min(...values)), write(Math.max(...values))];
  return low === high ? low : `${write(middle)} [${low}, ${high}]`;
}

/** Of two in the middle their mean. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [middle = NaN, next = middle] = sorted.slice(Math.ceil(sorted.length / 2) - 1);
  return sorted.length % 2 === 0 ? (middle + next) / 2 : middle;
}

function mebibytes(bytes: number): string {
  return number(bytes / 2 ** 20);
}

function number(value: number): string {
  return value.toFixed(value < 100 ? 2 : 0);
}

function signed(percent: number): string {
  const size = Math.abs(percent).toFixed(1);
  if (size === '0.0') return '±0.0';
  return percent > 0 ? `+${size}` : `−${size}`;
}
