import { describe, expect, test } from 'vitest';
import FullnessStrip from '../../../src/renderer/components/zram/FullnessStrip.vue';
import PoolAccountBar from '../../../src/renderer/components/zram/PoolAccountBar.vue';
import ZramClassTable from '../../../src/renderer/components/zram/ZramClassTable.vue';
import ZramFailureTable from '../../../src/renderer/components/zram/ZramFailureTable.vue';
import ZramStatTable from '../../../src/renderer/components/zram/ZramStatTable.vue';
import { zramDesigns } from '../../../src/renderer/words/zram-moments.ts';
import { classRows, poolAccount } from '../../../src/renderer/words/zram-pool.ts';
import { sampleDevice, zramRecord } from '../sample-zram.ts';
import { render } from './render.ts';

const device = sampleDevice(0);

describe('the class table', () => {
  test('has a row per class with objects, pages, waste and what compaction would release', async () => {
    const { text } = await render(ZramClassTable, { rows: classRows(device.classes, 4096) });
    // 13 objects of 1568 bytes in 5 pages, of which 10 are in use: 3 free ones and 96 bytes of tail.
    expect(text).toContain('96 1,568 5 p 10 13 1 below 80 % 5 4.69 KiB 23.4 % 0');
  });
});

test('the devices of a run that failed are told one by one', async () => {
  const failed = (mmStat: string) => ({ ...device, mmStat });
  const devices = [failed('8192 5000 12288 8192 16384 0 0 0 0'), failed('0 0 0 8192 0 0 0 0 0')];
  const { text } = await render(ZramFailureTable, { devices });
  expect(text).toContain('zram0 zram1 orig_data_size 8,192 0 compr_data_size 5,000 0 mem_used_total 12,288 0');
  expect(text).toContain('mem_limit 8,192 8,192 mem_used_max 16,384 0');
});

describe('the fullness of a class', () => {
  test('is drawn with a bar per group that has zspages, and told in words', async () => {
    const { html, text } = await render(FullnessStrip, { zspages: [0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 12] });
    expect(html.match(/<rect/g)).toHaveLength(3);
    expect(html).toContain('aria-label="4 below 30 %, 1 below 100 %, 12 full"');
    expect(text).toBe('4 below 30 %, 1 below 100 %, 12 full');
    const heights = [...html.matchAll(/<rect[^>]* height="(\d+)"/g)].map(([, height]) => Number(height));
    expect(heights).toEqual([5, 2, 14]);
  });
});

describe('the account of a pool', () => {
  test('names every part with bytes and share', async () => {
    const { text, html } = await render(PoolAccountBar, { account: poolAccount(device, 4096) });
    expect(text).toMatch(/^Pool [\d.]+ KiB = compressed data [\d.]+ KiB \([\d.]+ %\) headers, rounding/);
    const widths = [...html.matchAll(/width:\s?([\d.]+)%/g)].map(([, width]) => Number(width));
    expect(widths.reduce((sum, width) => sum + width, 0)).toBeCloseTo(100, 3);
  });

  test('of an empty pool has no shares', async () => {
    const account = { data: 0, rounding: 0, free: 0, tails: 0, pool: 0 };
    expect((await render(PoolAccountBar, { account })).text).not.toContain('%');
  });
});

describe('the statistics of the devices', () => {
  test('are a column per design and step, in the rows of mm_stat', async () => {
    const { text } = await render(ZramStatTable, { designs: zramDesigns(zramRecord()) });
    expect(text).toMatch(/single mutex per-CPU, global jobs ended 1\. mark all pages idle/);
    expect(text).toContain('2. recompress all pages with zstd: 20 of 22 pages');
    // Two designs, four moments each.
    expect(text).toMatch(/ orig_data_size( 94,208){8} compr_data_size/);
    expect(text).toMatch(/ mem_limit( 0){8} mem_used_max/);
  });
});
