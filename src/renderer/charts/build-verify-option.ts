import type { Spread } from '../../shared/run-record.ts';
import type { VerifiedDirection, VerifyReport } from '../../shared/verify-report.ts';
import { formatSignificant } from '../format/number.ts';
import { formatThroughput } from '../format/throughput.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';

interface SideRow {
  readonly title: string;
  readonly lines: readonly string[];
  readonly spread: Spread;
  readonly color: string;
}

/** One bar for the kernel and one per codec of the lab: as long as the median, with a thin line from low to high. */
export function buildVerifyOption(
  report: VerifyReport,
  direction: VerifiedDirection,
  tokens: ThemeTokens,
): ChartOption {
  const rows = sideRows(report, direction, tokens);
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'item' },
    grid: { left: ROW_GUTTER, right: 24, top: 6, bottom: 40 },
    xAxis: { ...valueAxisX(tokens, `${direction} throughput, MB/s`), min: 0 },
    yAxis: rowAxisY(tokens, rows),
    series: [
      {
        type: 'bar',
        name: 'median',
        barMaxWidth: 18,
        data: rows.map(({ spread, color }) => ({ value: spread.median, itemStyle: { color } })),
        tooltip: { valueFormatter: (value) => formatThroughput(Number(value), direction) },
      },
      ...rows.map(({ title, spread }, row) => ({
        type: 'line' as const,
        name: `${title}, low to high`,
        data: [
          [spread.low, row],
          [spread.high, row],
        ],
        symbol: 'rect',
        symbolSize: [2, 10],
        itemStyle: { color: tokens.text },
        lineStyle: { color: tokens.text, width: 1 },
        silent: true,
      })),
    ],
  };
}

function sideRows(report: VerifyReport, direction: VerifiedDirection, tokens: ThemeTokens): readonly SideRow[] {
  const row = (title: string, spread: Spread, color: string): SideRow => ({
    title,
    lines: [
      `${formatSignificant(spread.median)} [${formatSignificant(spread.low)} – ${formatSignificant(spread.high)}]`,
    ],
    spread,
    color,
  });
  return [
    row('kernel zram', report.kernel[direction].megabytesPerSecond, tokens.textDim),
    ...report.codecs.map(({ lab }) => row(`lab, ${lab.codec}`, lab[direction].megabytesPerSecond, tokens.design2)),
  ];
}
