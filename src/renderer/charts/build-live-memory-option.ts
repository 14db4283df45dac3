import { formatBytes } from '../format/bytes.ts';
import type { TimePoint } from '../stores/time-columns.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { MEMORY_KINDS } from '../words/memory-kinds.ts';
import { endOfTime } from './build-live-throughput-option.ts';
import { bytesScale, chartBase, chartTooltip, LEFT_GUTTER, timeTick, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { memoryDecal } from './memory-decal.ts';

/** Bytes in use over time, stacked by kind; `series` has one entry per `MEMORY_KINDS`. */
export function buildLiveMemoryOption(series: readonly (readonly TimePoint[])[], tokens: ThemeTokens): ChartOption {
  const end = endOfTime(series.map((points) => ({ points })));
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis', valueFormatter: bytesOrNothing },
    grid: { left: LEFT_GUTTER, right: 16, top: 10, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      max: end,
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        hideOverlap: true,
        showMaxLabel: false,
        formatter: timeTick,
      },
      axisPointer: { label: { formatter: ({ value }) => timeTick(Number(value)) } },
    },
    yAxis: {
      ...valueAxisY(tokens),
      min: 0,
      ...bytesScale(highestStack(series)),
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (bytes: number) => formatBytes(bytes) },
    },
    series: MEMORY_KINDS.map((kind, index) => ({
      type: 'line' as const,
      id: kind.title,
      name: kind.title,
      stack: 'used',
      symbol: 'none',
      data: (series[index] ?? []).map(([seconds, bytes]) => [seconds, bytes]),
      // The area takes its hatching from here; an outline would make a kind of a few KiB look like the largest.
      itemStyle: { color: tokens[kind.token], decal: memoryDecal(index, tokens) },
      lineStyle: { width: 0 },
      areaStyle: { color: tokens[kind.token], opacity: 0.85 },
    })),
  };
}

/** The highest sum of all kinds at one time; every kind has the same times. */
function highestStack(series: readonly (readonly TimePoint[])[]): number {
  const sums = (series[0] ?? []).map((_, time) => series.reduce((sum, points) => sum + (points[time]?.[1] ?? 0), 0));
  return sums.reduce((highest, sum) => Math.max(highest, Number.isNaN(sum) ? 0 : sum), 0);
}

function bytesOrNothing(value: unknown): string {
  return typeof value === 'number' && !Number.isNaN(value) ? formatBytes(value) : '–';
}
