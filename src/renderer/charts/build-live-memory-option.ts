import { formatBytes } from '../format/bytes.ts';
import { formatDuration } from '../format/duration.ts';
import { formatSignificant } from '../format/number.ts';
import type { TimePoint } from '../stores/time-columns.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { MEMORY_KINDS } from '../words/memory-kinds.ts';
import { endOfTime } from './build-live-throughput-option.ts';
import { chartBase, LEFT_GUTTER, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { memoryDecal } from './memory-decal.ts';

/** Bytes in use over time, stacked by kind; `series` has one entry per `MEMORY_KINDS`. */
export function buildLiveMemoryOption(series: readonly (readonly TimePoint[])[], tokens: ThemeTokens): ChartOption {
  const end = endOfTime(series.map((points) => ({ points })));
  return {
    ...chartBase(tokens),
    tooltip: { ...chartBase(tokens).tooltip, trigger: 'axis', valueFormatter: bytesOrNothing },
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
        formatter: (seconds: number) => `${formatSignificant(seconds)} s`,
      },
      axisPointer: { label: { formatter: ({ value }) => formatDuration(Number(value)) } },
    },
    yAxis: {
      ...valueAxisY(tokens),
      min: 0,
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (bytes: number) => formatBytes(bytes) },
    },
    series: MEMORY_KINDS.map((kind, index) => ({
      type: 'line' as const,
      id: kind.title,
      name: kind.title,
      stack: 'used',
      symbol: 'none',
      data: (series[index] ?? []).map(([seconds, bytes]) => [seconds, bytes]),
      itemStyle: { color: tokens[kind.token] },
      lineStyle: { width: 1, color: tokens[kind.token] },
      areaStyle: { color: tokens[kind.token], opacity: 0.55, decal: memoryDecal(index, tokens) },
    })),
  };
}

function bytesOrNothing(value: unknown): string {
  return typeof value === 'number' ? formatBytes(value) : '–';
}
