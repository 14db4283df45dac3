import { describe, expect, it } from 'vitest';
import { compareSides, rate, summariseSide, type VerifyRun } from '../../../../src/main/lab/verify/verify-summary.ts';
import { MM_STAT_COLUMNS } from '../../../../src/shared/zram-stat.ts';
import { run } from './fixtures.ts';

describe('one side', () => {
  it('is the medians of its rounds and the mm_stat of the last', () => {
    const side = summariseSide([run(100, 900), run(300, 700), run(200, 800, { same_pages: 4 })]);
    expect([side.writeMBps, side.readMBps]).toEqual([200, 800]);
    expect(side.write.megabytesPerSecond).toEqual({ median: 200, low: 100, high: 300, samples: [100, 300, 200] });
    expect(side.read.latencyNs).toMatchObject({ mean: 5000, p50: 1000, max: 5000 });
    expect(side.mm_stat.same_pages).toBe(4);
  });

  it('needs a round, and both directions in it', () => {
    expect(() => summariseSide([])).toThrow('no round was measured');
    const { figures, mmStat } = run(1, 1);
    const { write, memoryAtEnd, memoryAtPeak, verifiedPages } = figures;
    const onlyWrites = { figures: { write, memoryAtEnd, memoryAtPeak, verifiedPages }, mmStat };
    expect(() => rate(onlyWrites, 'read')).toThrow('a run measured no read');
  });
});

describe('the share of the time that the jobs had no core', () => {
  const withheld = (withheldShare: number | undefined): VerifyRun => {
    const { figures, mmStat } = run(1, 1);
    if (figures.write === undefined) throw new Error('the fixture writes');
    return { figures: { ...figures, write: { ...figures.write, withheldShare } }, mmStat };
  };

  it('is the median over the rounds', () => {
    const side = summariseSide([withheld(0.5), withheld(0.25), withheld(0)]);
    expect(side.write.withheldShare).toBe(0.25);
    expect(side.read.withheldShare).toBeUndefined();
  });

  it('is not told where a round was too short to tell it', () => {
    expect(summariseSide([withheld(0.5), withheld(undefined)]).write.withheldShare).toBeUndefined();
  });
});

describe('both sides', () => {
  it('are compared round by round, not median by median', () => {
    // The host is slow in the second round, for both.
    const kernel = [run(100, 1000), run(10, 100), run(200, 2000)];
    const lab = [run(110, 900), run(11, 90), run(180, 1800)];
    const { ratio } = compareSides(kernel, lab, 'lz4');
    expect(ratio.samples.write.samples.map((each) => each.toFixed(3))).toEqual(['1.100', '1.100', '0.900']);
    expect(ratio.write).toBeCloseTo(1.1);
    expect(ratio.read).toBeCloseTo(0.9);
  });

  it('differ column by column by what the lab has more', () => {
    const kernel = [run(1, 1, { compr_data_size: 1000, mem_used_total: 8192, huge_pages: 3 })];
    const lab = [run(1, 1, { compr_data_size: 1010, mem_used_total: 4096, huge_pages: 3 })];
    const { memory, memoryIsEqual } = compareSides(kernel, lab, 'lz4');
    expect(Object.keys(memory)).toEqual(MM_STAT_COLUMNS);
    expect(memory.compr_data_size).toEqual({ kernel: 1000, lab: 1010, difference: 10 });
    expect(memory.mem_used_total).toEqual({ kernel: 8192, lab: 4096, difference: -4096 });
    expect(memory.huge_pages).toEqual({ kernel: 3, lab: 3, difference: 0 });
    expect(memoryIsEqual).toBe(false);
  });

  it.each(MM_STAT_COLUMNS)('are equal only when %s is, too', (column) => {
    expect(compareSides([run(1, 1)], [run(1, 1)], 'lz4').memoryIsEqual).toBe(true);
    expect(compareSides([run(1, 1)], [run(1, 1, { [column]: 1 })], 'lz4').memoryIsEqual).toBe(false);
  });
});
