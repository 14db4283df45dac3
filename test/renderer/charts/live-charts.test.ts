import { describe, expect, test } from 'vitest';
import { buildCpuUtilisationOption } from '../../../src/renderer/charts/build-cpu-utilisation-option.ts';
import { buildLiveMemoryOption } from '../../../src/renderer/charts/build-live-memory-option.ts';
import { buildLiveThroughputOption, endOfTime } from '../../../src/renderer/charts/build-live-throughput-option.ts';
import { symbolSizes } from '../../../src/renderer/charts/design-mark.ts';
import { bytesScale, timeTick } from '../../../src/renderer/charts/chart-base.ts';
import { createLiveFigures } from '../../../src/renderer/stores/live-figures.ts';
import { sampleProfile } from '../sample-profile.ts';
import { scriptedEvents } from '../scripted-run.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { draw } from './drawn-texts.ts';

const tokens = chartTokens('light');
const profile = sampleProfile();
const figures = createLiveFigures(profile.designs, ['write', 'read']);
for (const event of scriptedEvents('run-1', profile)) if (event.kind === 'progress') figures.add(event.progress);
const live = figures.snapshot();

describe('the throughput chart', () => {
  test('draws writes over reads, each from 0, over the seconds of the run', () => {
    const { texts } = draw(
      buildLiveThroughputOption(live, { directions: ['write', 'read'], firstBlock: 'warm-up' }, tokens),
    );
    expect(texts).toEqual(expect.arrayContaining(['write MB/s', 'read MB/s', '0 s', '30 s']));
    expect(texts.filter((text) => text === '0')).toHaveLength(2);
  });

  test('draws a line in each design’s colour, and one of them dashed', () => {
    const { svg } = draw(
      buildLiveThroughputOption(live, { directions: ['write', 'read'], firstBlock: 'warm-up' }, tokens),
    );
    expect(svg).toContain(`stroke="${tokens.design1}"`);
    expect(svg).toContain(`stroke="${tokens.design2}"`);
    expect(svg).toContain('stroke-dasharray="6,3"');
  });

  test('has one picture for one direction', () => {
    const { texts } = draw(
      buildLiveThroughputOption({ throughput: [] }, { directions: ['access'], firstBlock: 'warm-up' }, tokens),
    );
    expect(texts).toContain('access operations/s');
    expect(texts.filter((text) => text === '0 s')).toHaveLength(1);
  });

  test('names what does not count once, and only where it was seen', () => {
    const named = draw(
      buildLiveThroughputOption(live, { directions: ['write', 'read'], firstBlock: 'warm-up' }, tokens),
    ).texts;
    expect(live.firstBlockSeconds?.[1]).toBeGreaterThan(0);
    expect(named.filter((text) => text === 'warm-up')).toHaveLength(1);
    const unseen = { throughput: live.throughput };
    expect(
      draw(buildLiveThroughputOption(unseen, { directions: ['write', 'read'], firstBlock: 'warm-up' }, tokens)).texts,
    ).not.toContain('warm-up');
  });

  test('has its axes before the first figure', () => {
    const empty = createLiveFigures(profile.designs, ['write', 'read']).snapshot();
    const { texts } = draw(
      buildLiveThroughputOption(empty, { directions: ['write', 'read'], firstBlock: 'warm-up' }, tokens),
    );
    expect(texts).toEqual(expect.arrayContaining(['write MB/s', 'read MB/s', '0 s']));
  });

  test('reads its colours from the theme', () => {
    const dark = chartTokens('dark');
    const { svg } = draw(
      buildLiveThroughputOption(live, { directions: ['write', 'read'], firstBlock: 'warm-up' }, dark),
    );
    expect(svg).toContain(dark.design1);
    expect(svg).not.toContain(tokens.design1);
  });
});

describe('symbols on a line', () => {
  test('are few, and stand wherever a point is alone', () => {
    const values = [1, 2, 3, NaN, 4, NaN, 5, 6, 7, 8];
    const points = values.map((value, index) => [index, value] as const);
    const size = symbolSizes(points, 2);
    const sizes = values.map((_, dataIndex) => size(undefined, { dataIndex }));
    expect(sizes).toEqual([6, 0, 0, 0, 6, 6, 0, 0, 0, 0]);
  });
});

describe('the end of the time axis', () => {
  test('never lies before the last point, and moves in steps', () => {
    const ends = [0, 1, 4.9, 7.2, 33, 480].map((seconds) => endOfTime([{ points: [[seconds, 1]] }]));
    expect(ends).toEqual([5, 5, 5, 8, 40, 500]);
  });
});

test.each([
  [0, '0 s'],
  [0.0004, '400 µs'],
  [0.05, '0.05 s'],
  [0.1, '0.1 s'],
  [0.15000000000000002, '0.15 s'],
  [2.5, '2.5 s'],
  [40, '40 s'],
  [150, '2 min 30 s'],
])('the tick at %d s reads %s', (seconds, text) => {
  expect(timeTick(seconds)).toBe(text);
});

describe('the scale of bytes', () => {
  test.each([
    [0, { max: 4, interval: 1 }],
    [802 * 2 ** 20, { max: 2 ** 30, interval: 2 ** 28 }],
    [2 ** 30, { max: 2 ** 30, interval: 2 ** 28 }],
  ])('for %d bytes has whole units', (highest, scale) => {
    expect(bytesScale(highest)).toEqual(scale);
  });
});

describe('the memory chart', () => {
  test('has ticks in whole binary units up to what is in use', () => {
    const { texts } = draw(buildLiveMemoryOption(live.memory, tokens));
    expect(texts).toEqual(expect.arrayContaining(['0 B', '256 MiB', '512 MiB', '768 MiB', '1 GiB']));
  });

  test('is drawn before the first figure', () => {
    const { texts } = draw(
      buildLiveMemoryOption(createLiveFigures(profile.designs, ['write', 'read']).snapshot().memory, tokens),
    );
    expect(texts).toContain('0 B');
  });
});

describe('the CPU chart', () => {
  const cpus = (count: number) => Array.from({ length: count }, () => ({ working: 0.5, lockWait: 0.2, withheld: 0.1 }));

  test('gives what remains to idle, so that every bar is full', () => {
    const option = buildCpuUtilisationOption([{ working: 0.5, lockWait: 0.2, withheld: 0.1 }], tokens);
    const data = [[0.5], [0.2], [0.1], [expect.closeTo(0.2)]];
    expect(option.series).toMatchObject(data.map((each) => ({ data: each })));
  });

  test('never draws negative idle when shares overlap by rounding', () => {
    const option = buildCpuUtilisationOption([{ working: 0.7, lockWait: 0.21, withheld: 0.1 }], tokens);
    expect(option.series).toMatchObject([{}, {}, {}, { data: [0] }]);
  });

  test('names every CPU of a few', () => {
    const { texts } = draw(buildCpuUtilisationOption(cpus(4), tokens), { width: 400, height: 120 });
    expect(texts).toEqual(expect.arrayContaining(['CPU 0', 'CPU 1', 'CPU 2', 'CPU 3']));
  });

  test('numbers 64 CPUs at equal distances', () => {
    const { texts } = draw(buildCpuUtilisationOption(cpus(64), tokens), { width: 460, height: 120 });
    expect(texts.filter((text) => /^\d+$/.test(text))).toEqual(
      Array.from({ length: 16 }, (_, index) => String(index * 4)),
    );
  });

  test('hatches waiting and having no core, each its way, so that they are told apart without colour', () => {
    const option = buildCpuUtilisationOption(cpus(2), tokens);
    const hatched = (rotation: number) => ({ itemStyle: { decal: { symbol: 'rect', rotation } } });
    const plain = { itemStyle: { decal: { symbol: 'none' } } };
    expect(option.series).toMatchObject([plain, hatched(Math.PI / 4), hatched(0), plain]);
    expect(draw(option).svg).toContain('<pattern');
  });
});
