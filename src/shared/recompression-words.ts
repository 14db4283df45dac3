/** What recompression beside or after the jobs did, gave and cost, in sentences. */
import type { RecompressionRun } from './zram-report.ts';

/** Three sentences at most: what was done, what it gave, what it cost. */
export function recompressionSentences(run: RecompressionRun, pageSizeBytes: number): readonly string[] {
  const { when, pagesTried, pagesRecompressed, busyMs, compressedBytes, poolBytes, jobsMBps } = run;
  const rate = busyMs === 0 ? 0 : (pagesTried * pageSizeBytes) / busyMs / 1000;
  const sentences = [
    `Recompression ${when} the jobs: ${pagesRecompressed} of ${pagesTried} tried pages, ${number(rate)} MB/s while it was at it.`,
    `Compressed ${change(compressedBytes)}, pool ${change(poolBytes)}.`,
  ];
  if (jobsMBps !== undefined) {
    const { direction, without, withIt } = jobsMBps;
    const share = without === 0 ? '' : ` (${signed((withIt / without - 1) * 100)} %)`;
    const what =
      when === 'during' ? `${direction}s again, without and with it beside` : `${direction}s before and after it`;
    sentences.push(`Jobs: ${what}: ${number(without)} → ${number(withIt)} MB/s${share}.`);
  }
  return sentences;
}

function change({ before, after }: { readonly before: number; readonly after: number }): string {
  const share = before === 0 ? '' : ` (${signed((after / before - 1) * 100)} %)`;
  return `${mebibytes(before)} → ${mebibytes(after)} MiB${share}`;
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
