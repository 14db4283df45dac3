import { DESIGN_WORDS, type Design } from '../../shared/design.ts';
import { type DesignSummary, type Direction, type Spread, THROUGHPUT_OF } from '../../shared/run-record.ts';
import { formatSignificant, formatTick } from '../format/number.ts';
import { formatThroughput, throughputUnit } from '../format/throughput.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook, type DesignLook } from './design-mark.ts';

/** Vertical places of the samples of a row in pixels, so that equal ones do not hide each other. */
const JITTER: readonly number[] = [-8, 8, -4, 4, -11, 11, 0];

interface SpreadRow {
  readonly title: string;
  readonly lines: readonly string[];
  readonly spread: Spread;
  readonly direction: Direction;
  readonly look: DesignLook;
}

/** One row per design: a bar from the lowest to the highest sample, the median as a stroke, each sample as a mark. */
export function buildThroughputIntervalsOption(
  designs: readonly DesignSummary[],
  direction: Direction,
  tokens: ThemeTokens,
): ChartOption {
  const rows = designs.flatMap((summary) => {
    const spread = summary[direction]?.[THROUGHPUT_OF[direction]];
    return spread === undefined ? [] : [spreadRow(summary.design, spread, direction)];
  });
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'item' },
    grid: { left: ROW_GUTTER, right: 24, top: 6, bottom: 40 },
    xAxis: {
      ...valueAxisX(tokens, `${direction} throughput, ${throughputUnit(direction)}`),
      min: 0,
      axisLabel: { color: tokens.textDim, fontSize: 11, hideOverlap: true, formatter: formatTick },
    },
    yAxis: rowAxisY(tokens, rows),
    series: rows.flatMap((row, index) => rowSeries(row, index, tokens)),
  };
}

function spreadRow(design: Design, spread: Spread, direction: Direction): SpreadRow {
  const range = `[${formatSignificant(spread.low)} – ${formatSignificant(spread.high)}]`;
  const lines = [`${formatSignificant(spread.median)} ${range}`];
  return { title: DESIGN_WORDS[design].title, lines, spread, direction, look: designLook(design) };
}

function rowSeries(drawn: SpreadRow, row: number, tokens: ThemeTokens) {
  const { title, lines, spread, look, direction } = drawn;
  const color = tokens[look.token];
  return [
    {
      type: 'line' as const,
      data: [
        [spread.low, row],
        [spread.high, row],
      ],
      symbol: 'none',
      silent: true,
      lineStyle: { color, width: 26, opacity: 0.22, cap: 'butt' as const },
    },
    {
      type: 'scatter' as const,
      symbol: 'rect',
      symbolSize: [2, 32],
      itemStyle: { color: tokens.text },
      data: [[spread.median, row]],
      tooltip: { formatter: `${title}: median [low – high]\n${lines.join(' ')} ${throughputUnit(direction)}` },
    },
    {
      type: 'scatter' as const,
      symbol: look.symbol,
      symbolSize: 6,
      itemStyle: { color, borderColor: tokens.surface, borderWidth: 0.5 },
      data: spread.samples.map((value, index) => ({
        value: [value, row],
        symbolOffset: [0, JITTER[index % JITTER.length] ?? 0],
      })),
      z: 5,
      tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => sampleText(drawn, dataIndex) },
    },
  ];
}

function sampleText({ title, spread, direction }: SpreadRow, index: number): string {
  const value = spread.samples[index];
  return value === undefined ? title : `${title}, sample ${index + 1}: ${formatThroughput(value, direction)}`;
}
