import { describe, expect, it } from 'vitest';
import { recompressionSentences } from '../../src/shared/recompression-words.ts';

const RUN = {
  when: 'after',
  passes: 1,
  pagesTried: 50,
  pagesRecompressed: 0,
  busyMs: 0,
  compressedBytes: { before: 0, after: 0 },
  poolBytes: { before: 1 << 20, after: 2 << 20 },
} as const;

describe('the sentences about recompression', () => {
  it('leave out shares and costs that cannot be told', () => {
    expect(recompressionSentences(RUN, 4096)).toEqual([
      'Recompression after the jobs: 0 of 50 tried pages, 0.00 MB/s while it was at it.',
      'Compressed 0.00 → 0.00 MiB, pool 1.00 → 2.00 MiB (+100.0 %).',
    ]);
  });

  it('say what reads cost before and after it', () => {
    const jobsMBps = { direction: 'read', without: 200, withIt: 200 } as const;
    expect(recompressionSentences({ ...RUN, jobsMBps }, 4096).at(-1)).toBe(
      'Jobs: reads before and after it: 200 → 200 MB/s (±0.0 %).',
    );
  });
});
