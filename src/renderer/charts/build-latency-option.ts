import { DESIGN_WORDS } from '../../shared/design.ts';
import type { DesignSummary, Direction, LatencyNs } from '../../shared/run-record.ts';
import { formatNanoseconds } from '../format/nanoseconds.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { chartBase, chartTooltip, LEFT_GUTTER, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLineStyle, designLook } from './design-mark.ts';

/** Percentiles in the order of the chart. */
const LATENCY_COLUMNS: readonly { readonly key: keyof LatencyNs; readonly title: string }[] = [
  { key: 'p50', title: 'p50' },
  { key: 'p90', title: 'p90' },
  { key: 'p99', title: 'p99' },
  { key: 'p999', title: 'p99.9' },
  { key: 'max', title: 'max' },
];

/** Latency percentiles of one direction on a logarithmic scale, one line per design. */
export function buildLatencyOption(
  designs: readonly DesignSummary[],
  direction: Direction,
  tokens: ThemeTokens,
): ChartOption {
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis', valueFormatter: latencyOrNothing },
    grid: { left: LEFT_GUTTER, right: 20, top: 10, bottom: 24 },
    xAxis: {
      type: 'category',
      data: LATENCY_COLUMNS.map((column) => column.title),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: tokens.lineStrong } },
      axisLabel: { color: tokens.text, fontSize: 11, interval: 0 },
    },
    yAxis: {
      ...valueAxisY(tokens),
      type: 'log',
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (ns: number) => formatNanoseconds(ns) },
    },
    series: designs.flatMap((summary) => {
      const latency = summary[direction]?.latencyNs;
      return latency === undefined ? [] : [latencySeries(summary, latency, tokens)];
    }),
  };
}

function latencySeries({ design }: DesignSummary, latency: LatencyNs, tokens: ThemeTokens) {
  const { token, symbol, dash } = designLook(design);
  // Designs are often equally fast: a dashed line with smaller symbols above a solid one shows both.
  const above = dash.length > 0;
  return {
    type: 'line' as const,
    name: DESIGN_WORDS[design].title,
    symbol,
    symbolSize: above ? 7 : 10,
    z: above ? 4 : 3,
    itemStyle: { color: tokens[token] },
    lineStyle: designLineStyle(design, tokens),
    // A logarithmic axis has no 0; a latency below a nanosecond cannot be measured.
    data: LATENCY_COLUMNS.map((column) => Math.max(1, latency[column.key])),
  };
}

function latencyOrNothing(value: unknown): string {
  return typeof value === 'number' ? formatNanoseconds(value) : '–';
}
