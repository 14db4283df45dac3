import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, parseBytes } from '../../../src/renderer/format/bytes.ts';
import { formatBytesExact } from '../../../src/shared/exact-bytes.ts';
import { formatDateTime } from '../../../src/renderer/format/date-time.ts';
import { formatDuration } from '../../../src/renderer/format/duration.ts';
import { formatNanoseconds } from '../../../src/renderer/format/nanoseconds.ts';
import { formatCount, formatFixed, formatSignificant, formatTick } from '../../../src/renderer/format/number.ts';
import { formatConfidence, formatProgress, formatShare } from '../../../src/renderer/format/percent.ts';
import { formatInterval, formatRatio } from '../../../src/renderer/format/ratio.ts';
import { formatTraceTime } from '../../../src/renderer/format/trace-time.ts';
import { formatThroughput } from '../../../src/renderer/format/throughput.ts';

describe('numbers', () => {
  test.each([
    [0, '0'],
    [0.1234, '0.123'],
    [1.2345, '1.23'],
    [9.996, '10.0'],
    [12.345, '12.3'],
    [99.96, '100'],
    [123.456, '123'],
    [1234.5, '1,235'],
  ])('%d reads as %s', (value, text) => {
    expect(formatSignificant(value)).toBe(text);
  });

  test('ticks of an axis are short', () => {
    const ticks = [0, 5000, 10_000, 250_000, 1_000_000, 1_500_000, 70_000_000];
    expect(ticks.map(formatTick)).toEqual(['0', '5,000', '10 k', '250 k', '1 M', '1.5 M', '70 M']);
  });

  test('a count has grouped thousands and no decimals', () => {
    expect(formatCount(524288)).toBe('524,288');
  });

  test('more decimals than there are formats for is a fault', () => {
    expect(() => formatFixed(1, 4)).toThrow('4 decimals');
  });
});

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [4096, '4 KiB'],
    [1536, '1.50 KiB'],
    [815_000_000, '777 MiB'],
    [2 ** 31, '2 GiB'],
    [2 ** 52, '4,096 TiB'],
  ])('%d reads as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('what is shown for editing is read back as the same number', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 44 }), (bytes) => {
        expect(parseBytes(formatBytesExact(bytes))).toBe(bytes);
      }),
    );
  });

  test.each([
    ['4096', 4096],
    ['64k', 65536],
    ['1.5 GiB', 1.5 * 2 ** 30],
    [' 2 MB ', 2 * 2 ** 20],
    ['512B', 512],
  ])('“%s” is %d bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', 'many', '-4k', '1.5', '4 kb 2', '4 PiB', '1e3'])('“%s” is no size', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

test('throughput stays in the unit of its direction whatever its size', () => {
  expect([formatThroughput(3.14159, 'write'), formatThroughput(12345, 'read')]).toEqual(['3.14 MB/s', '12,345 MB/s']);
  expect(formatThroughput(654_321, 'create')).toBe('654,321 objects/s');
});

test.each([
  [0, '0 ns'],
  [0.4, '0 ns'],
  [850, '850 ns'],
  [12_345, '12.3 µs'],
  [999_700, '1.00 ms'],
  [4_050_000, '4.05 ms'],
  [1_200_000_000, '1.20 s'],
])('a latency of %d ns reads as %s', (ns, text) => {
  expect(formatNanoseconds(ns)).toBe(text);
});

describe('percentages', () => {
  test.each([
    [0, '0 %'],
    [0.0002, '< 0.1 %'],
    [0.461, '46.1 %'],
    [1, '100.0 %'],
  ])('a share of %d reads as %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  test('a confidence has a decimal only where it needs one', () => {
    expect([formatConfidence(0.95), formatConfidence(0.96875)]).toEqual(['95 %', '96.9 %']);
  });

  test('progress is never 100 % before the end, and never negative', () => {
    expect([formatProgress(-0.1), formatProgress(0.999), formatProgress(1)]).toEqual(['0 %', '99 %', '100 %']);
  });
});

test.each([
  [-1, '0.0 s'],
  [0.42, '0.4 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [185, '3 min 05 s'],
  [3599.7, '1 h 00 min'],
  [7625, '2 h 07 min'],
])('%d seconds read as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

describe('ratios', () => {
  test('have two decimals, and three where two would hide the difference from 1', () => {
    expect([formatRatio(1.844), formatRatio(1), formatRatio(0.9968)]).toEqual(['1.84 ×', '1.00 ×', '0.997 ×']);
  });

  test('both bounds of an interval have the same decimals', () => {
    expect(formatInterval({ low: 1.79, high: 1.9 })).toBe('[1.79, 1.90]');
    expect(formatInterval({ low: 0.981, high: 1.009 })).toBe('[0.981, 1.009]');
  });
});

describe('times', () => {
  test('are shown by date and second', () => {
    expect(formatDateTime('2026-11-21T09:41:30.000Z')).toMatch(/^2026-11-2\d \d\d:\d1:30$/);
  });

  test('that are none are shown as they are', () => {
    expect(formatDateTime('yesterday')).toBe('yesterday');
  });
});

test.each([
  [0, '0 s'],
  [830, '830 µs'],
  [120_000, '120 ms'],
  [3_720_000, '3.72 s'],
  [125e6, '2 min 05 s'],
])('%d µs within a trace are %s', (timeUs, words) => {
  expect(formatTraceTime(timeUs)).toBe(words);
});
