import type { MemorySample } from '../../shared/replay-report.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatTraceTime } from '../format/trace-time.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { bytesScale, chartBase, chartTooltip, LEFT_GUTTER, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';

/** Memory over the time of a trace: populated pages and live objects in bytes, and chunks on an axis of their own. */
export function buildReplayMemoryOption(samples: readonly MemorySample[], tokens: ThemeTokens): ChartOption {
  const seconds = (sample: MemorySample): number => sample.timeUs * 1e-6;
  const highest = samples.reduce((most, { populatedBytes, liveBytes }) => Math.max(most, populatedBytes, liveBytes), 0);
  const mostChunks = samples.reduce((most, { chunks }) => Math.max(most, chunks), 0);
  const axisLabel = { color: tokens.textDim, fontSize: 11 };
  const last = samples.at(-1);
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis' },
    grid: { left: LEFT_GUTTER, right: 48, top: 12, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      max: last === undefined ? 1 : seconds(last),
      axisLabel: {
        ...axisLabel,
        hideOverlap: true,
        showMaxLabel: false,
        formatter: (value: number) => formatTraceTime(value * 1e6),
      },
      axisPointer: { label: { formatter: ({ value }) => formatTraceTime(Number(value) * 1e6) } },
    },
    yAxis: [
      {
        ...valueAxisY(tokens),
        min: 0,
        ...bytesScale(highest),
        axisLabel: { ...axisLabel, formatter: (bytes: number) => formatBytes(bytes) },
      },
      {
        ...valueAxisY(tokens),
        position: 'right',
        min: 0,
        max: Math.max(4, Math.ceil((mostChunks * 1.2) / 4) * 4),
        interval: Math.max(1, Math.ceil((mostChunks * 1.2) / 4)),
        splitLine: { show: false },
        axisLabel,
      },
    ],
    series: [
      lineOf('populated pages', samples, { tokens, token: 'memoryPercpu', value: (each) => each.populatedBytes }),
      lineOf('live objects', samples, { tokens, token: 'memoryPool', value: (each) => each.liveBytes, dash: [6, 3] }),
      {
        ...lineOf('chunks', samples, { tokens, token: 'textDim', value: (each) => each.chunks, dash: [2, 2] }),
        yAxisIndex: 1,
        areaStyle: { opacity: 0 },
        tooltip: { valueFormatter: String },
      },
    ],
  };
}

interface LineLook {
  readonly tokens: ThemeTokens;
  readonly token: keyof ThemeTokens;
  readonly value: (sample: MemorySample) => number;
  readonly dash?: readonly number[];
}

function lineOf(name: string, samples: readonly MemorySample[], { tokens, token, value, dash }: LineLook) {
  return {
    type: 'line' as const,
    name,
    symbol: 'none',
    // Between two events nothing changes.
    step: 'end' as const,
    data: samples.map((sample) => [sample.timeUs * 1e-6, value(sample)]),
    itemStyle: { color: tokens[token] },
    lineStyle: { color: tokens[token], width: 1.6, type: dash === undefined ? ('solid' as const) : [...dash] },
    areaStyle: { color: tokens[token], opacity: 0.12 },
    tooltip: { valueFormatter: (bytes: unknown) => formatBytes(Number(bytes)) },
  };
}
