import { describe, expect, it } from 'vitest';
import { compareSides, rate, summariseSide, type VerifyRun } from '../../../../src/main/lab/verify/verify-summary.ts';
import { MM_STAT_COLUMNS } from '../../../../src/shared/zram-stat.ts';
import { run } from './fixtures.ts';

describe('one side', () => {
  it('is the medians of its rounds and the mm_stat of the last', () => {
    const side = summariseSide([run(100, 900), run(300, 700), run(200, 800, { same_pages: 4 })], 1);
    expect([side.writeMBps, side.readMBps]).toEqual([200, 800]);
    expect(side.write.megabytesPerSecond).toEqual({ median: 200, low: 100, high: 300, samples: [100, 300, 200] });
    expect(side.read.latencyNs).toMatchObject({ mean: 5000, p50: 1000, max: 5000 });
    expect(side.mm_stat.same_pages).toBe(4);
  });

  it('needs a round, and both directions in it', () => {
    expect(() => summariseSide([], 1)).toThrow('no round was measured');
    const { figures, mmStat } = run(1, 1);
    const { write, memoryAtEnd, memoryAtPeak, verifiedPages } = figures;
    const onlyWrites = { figures: { write, memoryAtEnd, memoryAtPeak, verifiedPages }, mmStat };
    expect(() => rate(onlyWrites, 'read')).toThrow('a run measured no read');
  });
});

describe('the time that the jobs had no core', () => {
  /** A round whose jobs wrote for so long by the clock, and so much of it on a core or waiting for locks; milliseconds. */
  const spending = (clockMs: number, accountedMs: number): VerifyRun => {
    const { figures, mmStat } = run(1, 1);
    const write = { clockNs: clockMs * 1e6, accountedNs: accountedMs * 1e6 };
    return { figures: { ...figures, spentTime: { write, read: { clockNs: 0, accountedNs: 0 } } }, mmStat };
  };

  it('is a share of all rounds together, in which each counts for as long as it took', () => {
    const side = summariseSide([spending(30, 30), spending(60, 15), spending(30, 15)], 1);
    expect(side.write.withheldShare).toBe(0.5);
    expect(side.read.withheldShare).toBeUndefined();
  });

  it('is never below zero: a wait that spins counts as both', () => {
    expect(summariseSide([spending(100, 130)], 1).write.withheldShare).toBe(0);
  });

  it('is not told where rounds are too short for each of the jobs', () => {
    const rounds = [spending(0.5, 0), spending(1.5, 0)];
    expect(summariseSide(rounds, 1).write.withheldShare).toBe(1);
    expect(summariseSide(rounds, 2).write.withheldShare).toBeUndefined();
  });
});

describe('both sides', () => {
  it('are compared round by round, not median by median', () => {
    // The host is slow in the second round, for both.
    const kernel = [run(100, 1000), run(10, 100), run(200, 2000)];
    const lab = [run(110, 900), run(11, 90), run(180, 1800)];
    const { ratio } = compareSides(kernel, lab, { codec: 'lz4', jobs: 1 });
    expect(ratio.samples.write.samples.map((each) => each.toFixed(3))).toEqual(['1.100', '1.100', '0.900']);
    expect(ratio.write).toBeCloseTo(1.1);
    expect(ratio.read).toBeCloseTo(0.9);
  });

  it('differ column by column by what the lab has more', () => {
    const kernel = [run(1, 1, { compr_data_size: 1000, mem_used_total: 8192, huge_pages: 3 })];
    const lab = [run(1, 1, { compr_data_size: 1010, mem_used_total: 4096, huge_pages: 3 })];
    const { memory, memoryIsEqual } = compareSides(kernel, lab, { codec: 'lz4', jobs: 1 });
    expect(Object.keys(memory)).toEqual(MM_STAT_COLUMNS);
    expect(memory.compr_data_size).toEqual({ kernel: 1000, lab: 1010, difference: 10 });
    expect(memory.mem_used_total).toEqual({ kernel: 8192, lab: 4096, difference: -4096 });
    expect(memory.huge_pages).toEqual({ kernel: 3, lab: 3, difference: 0 });
    expect(memoryIsEqual).toBe(false);
  });

  it.each(MM_STAT_COLUMNS)('are equal only when %s is, too', (column) => {
    expect(compareSides([run(1, 1)], [run(1, 1)], { codec: 'lz4', jobs: 1 }).memoryIsEqual).toBe(true);
    expect(compareSides([run(1, 1)], [run(1, 1, { [column]: 1 })], { codec: 'lz4', jobs: 1 }).memoryIsEqual).toBe(
      false,
    );
  });
});
