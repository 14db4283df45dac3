import { describe, expect, test } from 'vitest';
import { buildLatencyOption } from '../../../src/renderer/charts/build-latency-option.ts';
import { buildLockWaitOption } from '../../../src/renderer/charts/build-lock-wait-option.ts';
import { buildMemoryBarsOption } from '../../../src/renderer/charts/build-memory-bars-option.ts';
import { buildRatioOption } from '../../../src/renderer/charts/build-ratio-option.ts';
import { buildThroughputIntervalsOption } from '../../../src/renderer/charts/build-throughput-intervals-option.ts';
import { designLook } from '../../../src/renderer/charts/design-mark.ts';
import { ALLOCATOR_DESIGNS, BUFFER_LAYOUTS } from '../../../src/shared/design.ts';
import type { Comparison } from '../../../src/shared/run-record.ts';
import { sampleProfile } from '../sample-profile.ts';
import { finishedRecord } from '../scripted-run.ts';
import { chartTokens } from '../theme/read-theme.ts';
import { draw } from './drawn-texts.ts';

const tokens = chartTokens('dark');
const record = finishedRecord('run-1', sampleProfile());

describe('looks of designs', () => {
  test.each([[BUFFER_LAYOUTS], [ALLOCATOR_DESIGNS]])(
    'of one list and the kernel differ in colour, dash and symbol: %j',
    (list) => {
      const looks = [...list, 'kernel' as const].map(designLook);
      for (const pick of [
        (look: (typeof looks)[number]) => look.token,
        (look: (typeof looks)[number]) => look.dash.join(' '),
        (look: (typeof looks)[number]) => look.symbol,
      ]) {
        expect(new Set(looks.map(pick)).size).toBe(looks.length);
      }
    },
  );
});

describe('the throughput intervals', () => {
  const option = buildThroughputIntervalsOption(record.designs, 'write', tokens);

  test('name each design with its median and range in numbers', () => {
    const { texts } = draw(option);
    expect(texts).toEqual(expect.arrayContaining(['single mutex', 'per-CPU, global']));
    expect(texts.filter((text) => /^\d+ \[\d+ – \d+\]$/.test(text))).toHaveLength(2);
  });

  test('draw each sample of each design', () => {
    const series = Array.isArray(option.series) ? option.series : [];
    const marks = series.flatMap((one) => (one.type === 'scatter' && Array.isArray(one.data) ? [one.data.length] : []));
    expect(marks).toEqual([1, 6, 1, 6]);
  });

  test('start at zero, so that lengths can be compared', () => {
    expect(option.xAxis).toMatchObject({ min: 0 });
  });

  test('leave out a design that has no figures in this direction', () => {
    const [first, ...others] = record.designs.map((summary) => ({ ...summary }));
    expect(first).toBeDefined();
    if (first === undefined) return;
    const { texts } = draw(
      buildThroughputIntervalsOption([{ ...first, write: undefined }, ...others], 'write', tokens),
    );
    expect(texts).not.toContain('single mutex');
  });
});

describe('the ratio', () => {
  const slower: Comparison = {
    direction: 'write',
    design: 'per-cpu-global',
    baseline: 'single-mutex',
    blocks: 6,
    ratio: 0.5,
    interval: { low: 0.4, high: 0.6, confidence: 0.95 },
    verdict: 'slower',
    reason: 'the whole interval lies below the margin',
  };

  test('is written beside each row with its interval and verdict', () => {
    const { texts } = draw(buildRatioOption(record.comparisons, 2, tokens));
    expect(texts).toEqual(expect.arrayContaining(['writes: per-CPU, global', 'reads: per-CPU, global', 'equal']));
    expect(texts).toEqual(expect.arrayContaining(['▲ faster', '= same']));
    expect(texts.some((text) => /^1\.\d\d × \[1\.\d\d, 1\.\d\d\]$/.test(text))).toBe(true);
  });

  test('has an axis that holds every interval and the whole margin', () => {
    for (const [comparisons, margin] of [
      [[slower], 2],
      [record.comparisons, 50],
      [[], 5],
    ] as const) {
      const { xAxis } = buildRatioOption(comparisons, margin, tokens);
      const { min, max } = Object.assign({ min: NaN, max: NaN }, xAxis);
      const bounds = comparisons.flatMap(({ interval }) => [interval?.low ?? 1, interval?.high ?? 1]);
      expect(min).toBeLessThanOrEqual(Math.min(1 - margin / 100, ...bounds));
      expect(max).toBeGreaterThanOrEqual(Math.max(1 + margin / 100, ...bounds));
    }
  });

  test('has few ticks at round numbers, 1 among them where they are close', () => {
    const ticksOf = (low: number, high: number): readonly string[] => {
      const comparison = { ...slower, ratio: (low + high) / 2, interval: { low, high, confidence: 0.95 } };
      return draw(buildRatioOption([comparison], 5, tokens)).texts.filter((text) => /^[\d.,]+ ×$/.test(text));
    };
    expect(ticksOf(0.998, 1.002)).toEqual(['0.90 ×', '0.95 ×', '1.00 ×', '1.05 ×', '1.10 ×']);
    expect(ticksOf(0.4, 0.6)).toEqual(['0.20 ×', '0.40 ×', '0.60 ×', '0.80 ×', '1.00 ×', '1.20 ×']);
    expect(ticksOf(1.2, 2.88)).toEqual(['0.50 ×', '1.00 ×', '1.50 ×', '2.00 ×', '2.50 ×', '3.00 ×']);
    expect(ticksOf(3, 41)).toEqual(['0.00 ×', '10.00 ×', '20.00 ×', '30.00 ×', '40.00 ×', '50.00 ×']);
    expect(ticksOf(200, 900)).toEqual(['0.00 ×', '200.00 ×', '400.00 ×', '600.00 ×', '800.00 ×', '1,000.00 ×']);
  });

  test('shades the margin in which designs count as the same', () => {
    const option = buildRatioOption([slower], 4, tokens);
    expect(option.series).toMatchObject([{ markArea: { data: [[{ xAxis: 0.96 }, { xAxis: 1.04 }]] } }, {}, {}]);
  });

  test('has no whiskers where there is no interval', () => {
    const { interval: _, ...without } = slower;
    const option = buildRatioOption([without], 2, tokens);
    expect(option.series).toHaveLength(2);
  });
});

describe('latency', () => {
  test('is drawn by percentile on a logarithmic scale', () => {
    const { texts } = draw(buildLatencyOption(record.designs, 'write', tokens));
    expect(texts).toEqual(expect.arrayContaining(['p50', 'p90', 'p99', 'p99.9', 'max', '10.0 µs', '1.00 ms']));
  });

  test('of zero does not break the logarithm', () => {
    const designs = record.designs.map((summary) => ({
      ...summary,
      read: summary.read && { ...summary.read, latencyNs: { ...summary.read.latencyNs, p50: 0 } },
    }));
    expect(() => draw(buildLatencyOption(designs, 'read', tokens))).not.toThrow();
  });
});

test('lock waiting is written at each bar', () => {
  const { texts } = draw(buildLockWaitOption(record.designs, tokens));
  expect(texts).toEqual(expect.arrayContaining(['writes: single mutex', '46.0 %', '< 0.1 %']));
});

test('memory shows end and peak of each design with what is in use', () => {
  const { texts } = draw(buildMemoryBarsOption(record.designs, tokens));
  expect(texts).toEqual(
    expect.arrayContaining(['single mutex: end', 'single mutex: peak', 'per-CPU, global: end', '786 MiB', '802 MiB']),
  );
});

test('of the kernel nothing is drawn that it does not state: no waiting, and of memory the pool alone', () => {
  const designs = record.designs.slice(0, 1).map((design) => ({ ...design, design: 'kernel' as const }));
  const drawn = (option: { readonly series?: unknown }) => JSON.stringify(option.series);
  expect(drawn(buildLockWaitOption(designs, tokens))).toContain('"data":[]');
  expect(drawn(buildMemoryBarsOption(designs, tokens))).not.toMatch(/slot tables|per-CPU area|other/);
  expect(drawn(buildMemoryBarsOption(record.designs, tokens))).toMatch(/pool.*slot tables.*per-CPU area.*other/);
});
