/** Sentences about the kernel beside the lab. */
import type { VerifiedDirection, VerifyComparison, VerifyProgress, VerifyRatio } from '../../shared/verify-report.ts';
import { MM_STAT_COLUMNS } from '../../shared/zram-stat.ts';
import { formatInterval, formatRatio } from '../format/ratio.ts';

/** How far it is: `round 3 of 12`. */
export function verifyProgressWords(progress: VerifyProgress | undefined): string {
  switch (progress?.phase) {
    case undefined:
    case 'prepare':
      return 'reading the data…';
    case 'warm-up':
      return 'warming up…';
    case 'measure':
      return `round ${progress.round} of ${progress.rounds}`;
  }
}

/** Share of the measured rounds that is done, 0 … 1. */
export function verifyFraction(progress: VerifyProgress | undefined): number {
  return progress?.phase === 'measure' ? progress.round / progress.rounds : 0;
}

/** `with lz4: writes 1.04 × [1.01, 1.06], reads 1.10 × [1.08, 1.12] the kernel's throughput`: medians, lowest and highest round. */
export function ratioSentence({ lab, ratio }: VerifyComparison): string {
  return `with ${lab.codec}: writes ${ratioWords(ratio, 'write')}, reads ${ratioWords(ratio, 'read')} the kernel’s throughput`;
}

function ratioWords(ratio: VerifyRatio, direction: VerifiedDirection): string {
  const { low, high, samples } = ratio.samples[direction];
  const range = samples.length > 1 ? ` ${formatInterval({ low, high })}` : '';
  return `${formatRatio(ratio[direction])}${range}`;
}

/** Whether the memory is the kernel's, column by column. */
export function memorySentence({ lab, memory, memoryIsEqual }: VerifyComparison): string {
  if (memoryIsEqual) return `with ${lab.codec}: every column equals the kernel’s`;
  const differing = MM_STAT_COLUMNS.filter((column) => memory[column].difference !== 0);
  return `with ${lab.codec}: ${differing.length} of ${MM_STAT_COLUMNS.length} columns differ`;
}
