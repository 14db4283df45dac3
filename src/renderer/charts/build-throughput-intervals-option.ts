import { DESIGN_WORDS } from '../../shared/design.ts';
import type { DesignSummary, Direction, Spread } from '../../shared/run-record.ts';
import { formatSignificant } from '../format/number.ts';
import { formatThroughput } from '../format/throughput.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { chartBase, NAME_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook } from './design-mark.ts';

/** Vertical places of the samples of a row in pixels, so that equal ones do not hide each other. */
const JITTER: readonly number[] = [-7, 7, -3, 3, -9, 9, 0];

/** One row per design: a bar from the lowest to the highest sample, the median as a stroke, each sample as a mark. */
export function buildThroughputIntervalsOption(
  designs: readonly DesignSummary[],
  direction: Direction,
  tokens: ThemeTokens,
): ChartOption {
  const rows = designs.flatMap((summary) => {
    const spread = summary[direction]?.megabytesPerSecond;
    return spread === undefined ? [] : [{ design: summary.design, title: DESIGN_WORDS[summary.design].title, spread }];
  });
  return {
    ...chartBase(tokens),
    tooltip: { ...chartBase(tokens).tooltip, trigger: 'item' },
    grid: { left: NAME_GUTTER, right: 84, top: 6, bottom: 40 },
    xAxis: { ...valueAxisX(tokens, `${direction} throughput, MB/s`), min: 0 },
    yAxis: rowAxisY(
      tokens,
      rows.map((row) => row.title),
    ),
    series: rows.flatMap(({ design, title, spread }) => rowSeries(title, spread, designLook(design), tokens)),
  };
}

function rowSeries(title: string, spread: Spread, look: ReturnType<typeof designLook>, tokens: ThemeTokens) {
  const color = tokens[look.token];
  const range = `${formatSignificant(spread.low)} – ${formatThroughput(spread.high)}`;
  return [
    {
      type: 'line' as const,
      name: `${title}, low to high: ${range}`,
      data: [
        [spread.low, title],
        [spread.high, title],
      ],
      symbol: 'none',
      lineStyle: { color, width: 10, opacity: 0.3, cap: 'butt' as const },
      tooltip: { formatter: '{a}' },
    },
    {
      type: 'scatter' as const,
      name: `${title}, samples`,
      symbol: look.symbol,
      symbolSize: 6,
      itemStyle: { color, borderColor: tokens.surface, borderWidth: 0.5 },
      data: spread.samples.map((value, index) => ({
        value: [value, title],
        symbolOffset: [0, JITTER[index % JITTER.length] ?? 0],
      })),
      tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => sampleText(title, spread, dataIndex) },
    },
    {
      type: 'scatter' as const,
      name: `${title}, median`,
      symbol: 'rect',
      symbolSize: [3, 24],
      itemStyle: { color: tokens.text },
      data: [[spread.median, title]],
      label: {
        show: true,
        position: 'right' as const,
        distance: 18,
        formatter: formatThroughput(spread.median),
        color: tokens.text,
        fontWeight: 600,
        textBorderColor: tokens.surface,
        textBorderWidth: 3,
      },
      z: 5,
      tooltip: { formatter: `${title}: median ${formatThroughput(spread.median)}, ${range}` },
    },
  ];
}

function sampleText(title: string, spread: Spread, index: number): string {
  const value = spread.samples[index];
  return value === undefined ? title : `${title}, sample ${index + 1}: ${formatThroughput(value)}`;
}
