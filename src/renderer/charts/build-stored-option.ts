import { STORED_BY, type StoredBy } from '../../shared/zram-report.ts';
import { formatBytes } from '../format/bytes.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { mmStatSum, storedSums, type ZramMoment } from '../words/zram-moments.ts';
import { bytesScale, chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { memoryDecal } from './memory-decal.ts';

/** Colours of who made what is stored; a same-filled page has no bytes. */
export const STORED_TOKENS: Readonly<Record<StoredBy, keyof ThemeTokens>> = {
  lz4: 'site1',
  'lz4-kernel': 'site1',
  zstd: 'site2',
  deflate: 'site3',
  huge: 'siteOther',
  'same-filled': 'siteOther',
};

/** Those that made something at any of the moments, in the order of the stack. */
export function storedKinds(moments: readonly ZramMoment[]): readonly StoredBy[] {
  const found = new Set(
    moments.flatMap(({ devices }) => storedSums(devices).flatMap(({ by, bytes }) => (bytes > 0 ? [by] : []))),
  );
  return STORED_BY.filter((by) => found.has(by));
}

/** Compressed bytes by who made them, moment by moment, with the pool that they take written beside. */
export function buildStoredOption(moments: readonly ZramMoment[], tokens: ThemeTokens): ChartOption {
  const kinds = storedKinds(moments);
  const bytesOf = ({ devices }: ZramMoment, by: StoredBy): number =>
    storedSums(devices).find((sum) => sum.by === by)?.bytes ?? 0;
  const compressed = moments.map(({ devices }) => mmStatSum(devices, 'compr_data_size'));
  const pools = moments.map(({ devices }) => mmStatSum(devices, 'mem_used_total'));
  return {
    ...chartBase(tokens),
    tooltip: {
      ...chartTooltip(tokens),
      trigger: 'axis',
      axisPointer: { type: 'none' },
      valueFormatter: (value) => formatBytes(Number(value)),
    },
    grid: { left: ROW_GUTTER + 30, right: 96, top: 6, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      ...bytesScale(Math.max(...compressed)),
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        hideOverlap: true,
        formatter: (bytes: number) => formatBytes(bytes),
      },
    },
    yAxis: rowAxisY(
      tokens,
      moments.map(({ title }, index) => ({ title: `${index === 0 ? '' : `${index}. `}${title}` })),
    ),
    series: kinds.map((by, index) => ({
      type: 'bar' as const,
      name: by,
      stack: 'stored',
      barMaxWidth: 14,
      data: moments.map((moment) => bytesOf(moment, by)),
      itemStyle: { color: tokens[STORED_TOKENS[by]], decal: memoryDecal(index, tokens) },
      label: {
        show: index === kinds.length - 1,
        position: 'right' as const,
        color: tokens.text,
        formatter: ({ dataIndex }: { dataIndex: number }) => `pool ${formatBytes(pools[dataIndex] ?? 0)}`,
      },
    })),
  };
}
