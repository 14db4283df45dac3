import type { MarkAreaComponentOption } from 'echarts';
import type { Direction } from '../../shared/run-record.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import { formatThroughput, throughputUnit } from '../format/throughput.ts';
import type { LiveSnapshot, ThroughputLine } from '../stores/live-figures.ts';
import type { TimePoint } from '../stores/time-columns.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { chartBase, chartTooltip, LEFT_GUTTER, timeTick, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLineStyle, designLook, symbolSizes } from './design-mark.ts';

const SYMBOLS_PER_LINE = 12;

/** Where pictures stand, in percent of the height: one alone, or one above the other. */
const GRIDS = {
  one: [{ title: 4, top: 22, height: '76%' }],
  two: [
    { title: 4, top: 22, height: '34%' },
    { title: '49%', top: '57%', height: '34%' },
  ],
} as const;

/**
 * Throughput over time: a picture for each of one or two directions, one line per design over the seconds since the run started. What
 * does not count has a ground of its own, named `firstBlock`.
 */
export function buildLiveThroughputOption(
  { throughput: lines, firstBlockSeconds }: Pick<LiveSnapshot, 'throughput' | 'firstBlockSeconds'>,
  { directions, firstBlock }: { readonly directions: readonly Direction[]; readonly firstBlock: string },
  tokens: ThemeTokens,
): ChartOption {
  const grids = directions.length === 1 ? GRIDS.one : GRIDS.two;
  const end = endOfTime(lines);
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'axis' },
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    title: directions.map((direction, index) => ({
      text: `${direction} ${throughputUnit(direction)}`,
      left: LEFT_GUTTER + 4,
      top: grids[index]?.title ?? 4,
      padding: 0,
      textStyle: { fontSize: 11, fontWeight: 600, color: tokens.textDim },
    })),
    grid: grids.map(({ top, height }) => ({ left: LEFT_GUTTER, right: 16, top, height })),
    xAxis: directions.map((_, gridIndex) => ({
      ...valueAxisX(tokens, ''),
      gridIndex,
      min: 0,
      max: end,
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        show: gridIndex === grids.length - 1,
        hideOverlap: true,
        showMaxLabel: false,
        formatter: timeTick,
      },
      axisPointer: { label: { show: true, formatter: ({ value }) => timeTick(Number(value)) } },
    })),
    yAxis: directions.map((_, gridIndex) => ({ ...valueAxisY(tokens), gridIndex, min: 0 })),
    series: lines.map((line) => {
      const axis = directions.indexOf(line.direction);
      const isFirst = lines.find(({ direction }) => direction === line.direction) === line;
      if (!isFirst || firstBlockSeconds === undefined) return lineSeries(line, axis, tokens);
      // Named in the upper picture only.
      const name = axis === 0 ? firstBlock : '';
      return { ...lineSeries(line, axis, tokens), markArea: groundOf(firstBlockSeconds, name, tokens) };
    }),
  };
}

function lineSeries({ design, direction, points }: ThroughputLine, axis: number, tokens: ThemeTokens) {
  const { token, symbol } = designLook(design);
  return {
    type: 'line' as const,
    id: `${design} ${direction}`,
    name: `${DESIGN_WORDS[design].title}, ${direction}`,
    xAxisIndex: axis,
    yAxisIndex: axis,
    data: points.map(([seconds, value]) => [seconds, value]),
    symbol,
    symbolSize: symbolSizes(points, SYMBOLS_PER_LINE),
    showAllSymbol: true,
    connectNulls: false,
    itemStyle: { color: tokens[token] },
    lineStyle: designLineStyle(design, tokens),
    tooltip: { valueFormatter: (value: unknown) => throughputOrNothing(value, direction) },
  };
}

function groundOf(
  [begin, end]: readonly [begin: number, end: number],
  name: string,
  tokens: ThemeTokens,
): MarkAreaComponentOption {
  return {
    silent: true,
    itemStyle: { color: tokens.surfaceHover },
    label: { color: tokens.textDim, fontSize: 11, position: 'insideTopLeft' },
    data: [[{ name, xAxis: begin }, { xAxis: end }]],
  };
}

/** The right end of the time axis in seconds: it grows in steps, so that the picture does not slide at every redraw. */
export function endOfTime(lines: readonly { readonly points: readonly TimePoint[] }[]): number {
  const last = Math.max(0, ...lines.map(({ points }) => points.at(-1)?.[0] ?? 0));
  const step = 10 ** Math.floor(Math.log10(Math.max(last, 1)));
  return Math.max(5, Math.ceil((last * 1.02) / step) * step);
}

function throughputOrNothing(value: unknown, direction: Direction): string {
  return typeof value === 'number' && !Number.isNaN(value) ? formatThroughput(value, direction) : '–';
}
