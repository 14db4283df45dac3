import { describe, expect, test } from 'vitest';
import { buildHeldOption } from '../../../src/renderer/charts/build-held-option.ts';
import { buildStoredOption, storedKinds } from '../../../src/renderer/charts/build-stored-option.ts';
import { buildZramClassesOption, CLASS_PARTS } from '../../../src/renderer/charts/build-zram-classes-option.ts';
import { heldCourses } from '../../../src/renderer/words/held-course.ts';
import { zramDesigns, zramMoments } from '../../../src/renderer/words/zram-moments.ts';
import { classRows } from '../../../src/renderer/words/zram-pool.ts';
import { sampleDevice, sampleReport, zramRecord } from '../sample-zram.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { draw } from './drawn-texts.ts';

const tokens = chartTokens('dark');

/** The values of a series. */
function dataOf(option: { series?: unknown }, name: string): unknown {
  const series = Array.isArray(option.series) ? option.series : [];
  return series.find((each: { name?: string }) => each.name === name)?.data;
}

describe('stored data and pool over time', () => {
  const held = heldCourses(zramDesigns(zramRecord()));
  if (held === undefined) throw new Error('the record has a course');
  const option = buildHeldOption(held, tokens);

  test('has a line per design and kind, strokes that tell kinds and symbols that tell designs apart', () => {
    const series = Array.isArray(option.series) ? option.series : [];
    expect(series.map(({ name }) => name)).toEqual([
      'single mutex, original',
      'single mutex, compressed',
      'single mutex, pool',
      'per-CPU, global, original',
      'per-CPU, global, compressed',
      'per-CPU, global, pool',
    ]);
    const looks = series.map((each) => each.type === 'line' && JSON.stringify([each.symbol, each.lineStyle?.type]));
    expect(new Set(looks).size).toBe(6);
  });

  test('names the phases where they begin, and bytes at powers of two', () => {
    const { texts } = draw(option);
    expect(texts).toEqual(expect.arrayContaining(['writing', 'reading', '32 KiB', '128 KiB']));
  });

  test('can be drawn before anything is known', () => {
    expect(() => draw(buildHeldOption({ lines: [], phases: [], endSeconds: 5 }, tokens))).not.toThrow();
  });
});

describe('the size classes', () => {
  const rows = classRows(sampleDevice().classes, 4096);
  const option = buildZramClassesOption(rows, tokens);

  test('are bars that add up to the pages of each class', () => {
    const parts = CLASS_PARTS.map(({ title }) => dataOf(option, title));
    rows.forEach(({ pageBytes }, index) => {
      const sum = parts.reduce<number>((total, data) => total + Number(Array.isArray(data) ? data[index] : NaN), 0);
      expect(sum).toBe(pageBytes);
    });
  });

  test('are named by the size of their objects', () => {
    expect(draw(option).texts).toEqual(expect.arrayContaining(['720', '1568', '2720', '4096']));
  });

  test('can be none', () => {
    expect(() => draw(buildZramClassesOption([], tokens))).not.toThrow();
  });
});

describe('compressed data by algorithm', () => {
  const moments = zramMoments(sampleReport());

  test('is stacked by who made it, moment by moment, with the pool beside', () => {
    expect(storedKinds(moments)).toEqual(['lz4', 'zstd', 'huge']);
    const option = buildStoredOption(moments, tokens);
    expect(dataOf(option, 'zstd')).toEqual([0, 0, 9000, 9000]);
    const { texts } = draw(option, { width: 700, height: 160 });
    expect(texts).toContain('jobs ended');
    expect(texts).toContain('2. recompress all pages with zstd');
    expect(texts.filter((text) => /^pool \d/.test(text))).toHaveLength(4);
  });

  test('leaves out whoever made no byte', () => {
    expect(storedKinds([{ title: '', outcome: '', devices: [{ ...sampleDevice(), stored: undefined }] }])).toEqual([]);
  });
});
