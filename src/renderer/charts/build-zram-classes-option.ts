import { formatBytes } from '../format/bytes.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { ClassRow } from '../words/zram-pool.ts';
import { bytesScale, chartBase, chartTooltip, LEFT_GUTTER, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { memoryDecal } from './memory-decal.ts';

interface ClassPart {
  readonly title: string;
  readonly token: keyof ThemeTokens;
  readonly bytes: (row: ClassRow) => number;
}

/** What the pages of a class are filled with, bottom of the stack first. */
export const CLASS_PARTS: readonly ClassPart[] = [
  { title: 'objects in use', token: 'memoryPool', bytes: ({ inUseBytes }) => inUseBytes },
  { title: 'free objects', token: 'site2', bytes: ({ freeBytes }) => freeBytes },
  { title: 'tails', token: 'memorySlotTable', bytes: ({ tailBytes }) => tailBytes },
];

/** The pages of each size class as one bar, by what they are filled with; classes by the size of their objects. */
export function buildZramClassesOption(rows: readonly ClassRow[], tokens: ThemeTokens): ChartOption {
  return {
    ...chartBase(tokens),
    tooltip: {
      ...chartTooltip(tokens),
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      valueFormatter: (value) => formatBytes(Number(value)),
    },
    grid: { left: LEFT_GUTTER, right: 16, top: 10, bottom: 36 },
    xAxis: {
      type: 'category',
      name: 'size of an object, bytes',
      nameLocation: 'middle',
      nameGap: 22,
      nameTextStyle: { color: tokens.textDim, fontSize: 11 },
      data: rows.map(({ objectBytes }) => String(objectBytes)),
      axisLine: { lineStyle: { color: tokens.lineStrong } },
      axisTick: { show: false },
      axisLabel: { color: tokens.textDim, fontSize: 11, hideOverlap: true },
    },
    yAxis: {
      ...valueAxisY(tokens),
      min: 0,
      ...bytesScale(Math.max(0, ...rows.map(({ pageBytes }) => pageBytes))),
      axisLabel: { color: tokens.textDim, fontSize: 11, formatter: (bytes: number) => formatBytes(bytes) },
    },
    series: CLASS_PARTS.map((part, index) => ({
      type: 'bar' as const,
      name: part.title,
      stack: 'pages',
      barMaxWidth: 18,
      data: rows.map(part.bytes),
      itemStyle: { color: tokens[part.token], decal: memoryDecal(index, tokens) },
    })),
  };
}
