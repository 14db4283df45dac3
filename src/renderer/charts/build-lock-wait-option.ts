import { DESIGN_WORDS } from '../../shared/design.ts';
import { isLockWaitMeasured } from '../../shared/measured-figures.ts';
import { type DesignSummary, DIRECTIONS } from '../../shared/run-record.ts';
import { formatShare } from '../format/percent.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { DIRECTION_WORDS } from '../words/labels.ts';
import { chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook } from './design-mark.ts';

/** Share of the CPUs' time that went into waiting for locks: one bar per design and direction. */
export function buildLockWaitOption(designs: readonly DesignSummary[], tokens: ThemeTokens): ChartOption {
  const rows = DIRECTIONS.flatMap((direction) =>
    designs.flatMap((summary) => {
      const share = isLockWaitMeasured(summary.design) ? summary[direction]?.lockWaitShare : undefined;
      const title = `${DIRECTION_WORDS[direction]}: ${DESIGN_WORDS[summary.design].title}`;
      return share === undefined ? [] : [{ title, share, token: designLook(summary.design).token }];
    }),
  );
  return {
    ...chartBase(tokens),
    tooltip: { ...chartTooltip(tokens), trigger: 'item', valueFormatter: (value) => formatShare(Number(value)) },
    grid: { left: ROW_GUTTER, right: 56, top: 6, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      max: 1,
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (share: number) => `${Math.round(share * 100)} %` },
    },
    yAxis: rowAxisY(tokens, rows),
    series: [
      {
        type: 'bar',
        name: 'waiting for locks',
        barMaxWidth: 14,
        data: rows.map(({ share, token }) => ({ value: share, itemStyle: { color: tokens[token] } })),
        label: {
          show: true,
          position: 'right',
          color: tokens.text,
          formatter: ({ value }) => formatShare(Number(value)),
        },
      },
    ],
  };
}
