import { describe, expect, it } from 'vitest';
import { CallSiteTable } from '../../../../src/main/lab/replay/call-site-table.ts';
import { MemorySeries } from '../../../../src/main/lab/replay/memory-series.ts';

describe('the call-site table', () => {
  it('has number, size, total, share and what is left, the biggest total first', () => {
    const table = new CallSiteTable();
    const small = table.allocated('small', 8);
    table.allocated('big', 64);
    table.allocated('big', 32);
    table.allocated(undefined, 24);
    table.freed(small);
    expect(table.rows()).toEqual([
      { callSite: 'big', allocations: 2, sizeBytes: undefined, totalBytes: 96, share: 0.75, live: 2 },
      { callSite: 'unknown', allocations: 1, sizeBytes: 24, totalBytes: 24, share: 24 / 128, live: 1 },
      { callSite: 'small', allocations: 1, sizeBytes: 8, totalBytes: 8, share: 8 / 128, live: 0 },
    ]);
  });
});

describe('memory over time', () => {
  it('stays bounded, keeps its first point and ends with the last', () => {
    const series = new MemorySeries();
    const sample = (timeUs: number) => ({ timeUs, populatedBytes: 0, liveBytes: 0, chunks: 1 });
    for (let event = 0; event < 100_000; event++) if (series.isDue()) series.add(sample(event));
    const points = series.finish(sample(100_000));
    expect(points.length).toBeLessThanOrEqual(513);
    expect(points.length).toBeGreaterThan(200);
    expect([points[0]?.timeUs, points.at(-1)?.timeUs]).toEqual([0, 100_000]);
    expect(points.every(({ timeUs }, index) => index === 0 || timeUs > (points[index - 1]?.timeUs ?? 0))).toBe(true);
  });
});
