import { DESIGN_WORDS } from '../../shared/design.ts';
import type { Comparison } from '../../shared/run-record.ts';
import { formatInterval, formatRatio } from '../format/ratio.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { DIRECTION_WORDS, VERDICT_WORDS } from '../words/labels.ts';
import { chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX, type ChartRow } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook } from './design-mark.ts';

/** One row per comparison: the ratio to the baseline with its interval; 1 as a line, the equivalence margin shaded. */
export function buildRatioOption(
  comparisons: readonly Comparison[],
  equivalencePercent: number,
  tokens: ThemeTokens,
): ChartOption {
  const margin = equivalencePercent / 100;
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'item' },
    grid: { left: ROW_GUTTER, right: 24, top: 20, bottom: 40 },
    xAxis: {
      ...valueAxisX(tokens, 'times as fast as the baseline'),
      ...ratioRange(comparisons, margin),
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        hideOverlap: true,
        formatter: (ratio: number) => formatRatio(ratio),
      },
    },
    yAxis: rowAxisY(tokens, comparisons.map(comparisonRow)),
    series: [
      bandSeries(margin, tokens),
      ...comparisons.flatMap((comparison, row) => comparisonSeries(comparison, row, tokens)),
    ],
  };
}

function comparisonRow(comparison: Comparison): ChartRow {
  const { sign, word } = VERDICT_WORDS[comparison.verdict];
  const interval = comparison.interval === undefined ? '' : ` ${formatInterval(comparison.interval)}`;
  return {
    title: `${DIRECTION_WORDS[comparison.direction]}: ${DESIGN_WORDS[comparison.design].title}`,
    lines: [`${formatRatio(comparison.ratio)}${interval}`, `${sign} ${word}`],
  };
}

const MOST_STEPS = 5;

/** Whole steps of ticks, with room for every interval and for the whole margin, and a little more on both sides. */
function ratioRange(
  comparisons: readonly Comparison[],
  margin: number,
): { readonly min: number; readonly max: number; readonly interval: number } {
  const bounds = comparisons.flatMap(({ ratio, interval }) => [ratio, interval?.low ?? ratio, interval?.high ?? ratio]);
  const lowest = Math.min(1 - margin, ...bounds);
  const highest = Math.max(1 + margin, ...bounds);
  const room = (highest - lowest) * 0.05;
  const [low, high] = [Math.max(0, lowest - room), highest + room];
  const interval = niceStep((high - low) / MOST_STEPS);
  // Without what division leaves behind the 15th digit, which would be a tick of its own.
  const multiple = (number: number): number => Number((number * interval).toPrecision(12));
  return { min: multiple(Math.floor(low / interval)), max: multiple(Math.ceil(high / interval)), interval };
}

/** The next of 1, 2 and 5 with its powers of ten. */
function niceStep(least: number): number {
  const power = Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((each) => each * 10 ** power >= least) ?? 10;
  return Number(`${factor}e${power}`);
}

function bandSeries(margin: number, tokens: ThemeTokens) {
  return {
    type: 'line' as const,
    data: [],
    silent: true,
    markArea: {
      silent: true,
      itemStyle: { color: tokens.accent, opacity: 0.14 },
      data: [[{ xAxis: 1 - margin }, { xAxis: 1 + margin }]] as [{ xAxis: number }, { xAxis: number }][],
    },
    markLine: {
      silent: true,
      symbol: 'none',
      lineStyle: { color: tokens.text, type: 'solid' as const, width: 1 },
      label: { formatter: 'equal', position: 'start' as const, color: tokens.textDim, fontSize: 11, distance: 3 },
      data: [{ xAxis: 1 }],
    },
  };
}

function comparisonSeries(comparison: Comparison, row: number, tokens: ThemeTokens) {
  const { token, symbol } = designLook(comparison.design);
  const color = tokens[token];
  const { title, lines = [] } = comparisonRow(comparison);
  const point = {
    type: 'scatter' as const,
    symbol,
    symbolSize: 10,
    itemStyle: { color },
    data: [[comparison.ratio, row]],
    tooltip: { formatter: [title, ...lines].join('\n') },
    z: 5,
  };
  if (comparison.interval === undefined) return [point];
  const whisker = {
    type: 'line' as const,
    data: [
      [comparison.interval.low, row],
      [comparison.interval.high, row],
    ],
    symbol: 'rect',
    symbolSize: [2, 14],
    showSymbol: true,
    silent: true,
    itemStyle: { color },
    lineStyle: { color, width: 3 },
  };
  return [whisker, point];
}
