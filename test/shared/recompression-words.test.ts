import { describe, expect, it } from 'vitest';
import { recompressionRuns, recompressionSentences } from '../../src/shared/recompression-words.ts';
import { sampleOf } from '../main/lab/run-record-fixtures.ts';

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
    expect(recompressionSentences([RUN], 4096)).toEqual([
      'Recompression after the jobs: 0 of 50 tried pages, 0.00 MB/s while it was at it.',
      'Compressed 0.00 → 0.00 MiB, pool 1.00 → 2.00 MiB (+100.0 %).',
    ]);
  });

  it('say what reads cost before and after it', () => {
    const jobsMBps = { direction: 'read', without: 200, withIt: 200 } as const;
    expect(recompressionSentences([{ ...RUN, jobsMBps }], 4096).at(-1)).toBe(
      'Jobs: reads before and after it: 200 → 200 MB/s (±0.0 %).',
    );
  });

  it('have medians with the lowest and the highest of several repetitions, and shares of each', () => {
    const runs = [
      [200, 100],
      [100, 90],
      [180, 126],
    ].map(([without = 0, withIt = 0], index) => ({
      ...RUN,
      busyMs: 10 * (index + 1),
      jobsMBps: { direction: 'read' as const, without, withIt },
    }));
    expect(recompressionSentences(runs, 4096)).toEqual([
      'Recompression after the jobs, medians of 3 repetitions [lowest, highest]: 0 of 50 tried pages, ' +
        '10.24 [6.83, 20.48] MB/s while it was at it.',
      'Compressed 0.00 → 0.00 MiB, pool 1.00 → 2.00 MiB (+100.0 %).',
      'Jobs: reads before and after it: 180 [100, 200] → 100 [90.00, 126] MB/s (−30.0 [−50.0, −10.0] %).',
    ]);
  });

  it('have of an even number whole pages and bytes that a repetition came to, and the mean of rates', () => {
    const runs = [10, 40, 21, 30].map((pagesTried) => ({
      ...RUN,
      ...{ pagesTried, busyMs: 1, poolBytes: { before: 100 << 20, after: pagesTried << 20 } },
    }));
    const [first, second] = recompressionSentences(runs, 4096);
    // The smaller of 21 and 30; 25.5 pages of 4096 bytes in a millisecond.
    expect(first).toMatch(/: 0 of 21 \[10, 40\] tried pages, 104 \[40\.96, 164\] MB\/s/);
    expect(second).toMatch(/pool 100 → 21\.00 \[10\.00, 40\.00\] MiB \(−74\.5 \[/);
  });

  it('are of the design alone, and none where nothing was recompressed', () => {
    const zram = { atEnd: [], afterwards: [], recompress: RUN };
    const samples = [
      { ...sampleOf('single-mutex', 1, 600), zram },
      { ...sampleOf('per-cpu-global', 1, 600), zram: { ...zram, recompress: undefined } },
    ];
    expect(recompressionRuns(samples, 'single-mutex')).toEqual([RUN]);
    expect(recompressionSentences(recompressionRuns(samples, 'per-cpu-global'), 4096)).toEqual([]);
  });
});
