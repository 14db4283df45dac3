import type { MarkLineComponentOption } from 'echarts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import { formatBytes } from '../format/bytes.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { HELD_KINDS, type HeldLine, type PhaseMark } from '../words/held-kinds.ts';
import { PHASE_WORDS } from '../words/labels.ts';
import { bytesScale, chartBase, chartTooltip, LEFT_GUTTER, timeTick, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook, symbolSizes } from './design-mark.ts';

const SYMBOLS_PER_LINE = 10;

/** Original data, compressed data and pool over time, by design: colour and symbol tell designs, strokes tell kinds. */
export function buildHeldOption(
  { lines, phases, endSeconds }: { lines: readonly HeldLine[]; phases: readonly PhaseMark[]; endSeconds: number },
  tokens: ThemeTokens,
): ChartOption {
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, bytes]) => bytes || 0)));
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis', valueFormatter: bytesOrNothing },
    grid: { left: LEFT_GUTTER, right: 16, top: phases.length > 0 ? 22 : 10, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      max: endSeconds,
      axisLabel: { color: tokens.textDim, fontSize: 11, hideOverlap: true, showMaxLabel: false, formatter: timeTick },
      axisPointer: { label: { formatter: ({ value }) => timeTick(Number(value)) } },
    },
    yAxis: {
      ...valueAxisY(tokens),
      min: 0,
      ...bytesScale(highest),
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (bytes: number) => formatBytes(bytes) },
    },
    series: lines.map((line, index) => lineSeries(line, index === 0 ? phases : [], tokens)),
  };
}

function lineSeries({ design, kind, points }: HeldLine, phases: readonly PhaseMark[], tokens: ThemeTokens) {
  const { token, symbol } = designLook(design);
  const { dash } = HELD_KINDS[kind];
  return {
    type: 'line' as const,
    id: `${design} ${kind}`,
    name: `${DESIGN_WORDS[design].title}, ${HELD_KINDS[kind].title}`,
    data: points.map(([seconds, bytes]) => [seconds, bytes]),
    symbol,
    symbolSize: symbolSizes(points, SYMBOLS_PER_LINE),
    showAllSymbol: true,
    connectNulls: false,
    itemStyle: { color: tokens[token] },
    lineStyle: { color: tokens[token], width: 1.6, type: dash.length === 0 ? ('solid' as const) : [...dash] },
    ...(phases.length > 0 ? { markLine: phaseMarks(phases, tokens) } : {}),
  };
}

function phaseMarks(phases: readonly PhaseMark[], tokens: ThemeTokens): MarkLineComponentOption {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: tokens.lineStrong, type: 'solid', width: 1 },
    label: { color: tokens.textDim, fontSize: 11, position: 'end', align: 'left' },
    data: phases.map(({ phase, seconds }) => ({ xAxis: seconds, label: { formatter: PHASE_WORDS[phase] } })),
  };
}

function bytesOrNothing(value: unknown): string {
  return typeof value === 'number' && !Number.isNaN(value) ? formatBytes(value) : '–';
}
