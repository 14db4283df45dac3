import { describe, expect, test } from 'vitest';
import { bufferPagesHeight, buildBufferPagesOption } from '../../../src/renderer/charts/build-buffer-pages-option.ts';
import { bufferMatrix } from '../../../src/renderer/words/buffer-matrix.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { sampleBufferCount } from '../sample-buffer-count.ts';
import { draw } from './drawn-texts.ts';

const { rows } = sampleBufferCount();

describe('the picture of buffer pages', () => {
  const option = buildBufferPagesOption(rows, chartTokens('dark'));

  test('has a group of bars per number of devices, with the pages beside each bar', () => {
    const { texts } = draw(option);
    expect(texts).toEqual(expect.arrayContaining(['1 device', '8 devices', '48', '384', '24']));
  });

  test('has room for a line of text at every bar, however many layouts and devices there are', () => {
    const layouts = ['single-mutex', 'stream-list', 'per-stream', 'per-device', 'per-cpu-global'] as const;
    const [first] = rows;
    if (first === undefined) throw new Error('the sample has a machine');
    const machines = [1, 2, 4, 8].flatMap((devices) => layouts.map((layout) => ({ ...first, layout, devices })));
    const { svg } = draw(buildBufferPagesOption(machines, chartTokens('light')), {
      width: 480,
      height: bufferPagesHeight(machines),
    });
    const lines = [...svg.matchAll(/<text[^>]*text-anchor="start"[^>]*translate\([\d.]+ ([\d.]+)\)/g)];
    const heights = lines.map(([, y]) => Number(y)).toSorted((one, other) => one - other);
    expect(heights).toHaveLength(20);
    for (const [index, y] of heights.slice(1).entries()) expect(y - (heights[index] ?? 0)).toBeGreaterThanOrEqual(11);
  });

  test('has a bar per layout, flat where devices share', () => {
    const series = Array.isArray(option.series) ? option.series : [];
    expect(series.map((one) => [one.name, one.data])).toEqual([
      ['per-CPU, global', [24, 24]],
      ['per-CPU, per stream', [48, 384]],
    ]);
  });
});

describe('the matrix of buffers', () => {
  test('has devices in ascending order and the last column’s other pages', () => {
    const { devices, rows: layouts } = bufferMatrix(rows.toReversed());
    expect(devices).toEqual([1, 8]);
    expect(layouts.map((row) => [row.layout, row.bufferPages, row.workMemoryPages, row.recordBytes])).toEqual([
      ['per-stream', [48, 384], 480, 512],
      ['per-cpu-global', [24, 24], 60, 32],
    ]);
  });

  test('is empty without machines, and has 0 where one was not counted', () => {
    expect(bufferMatrix([])).toEqual({ devices: [], rows: [] });
    expect(bufferMatrix(rows.slice(1)).rows[0]?.bufferPages).toEqual([0, 24]);
  });
});
