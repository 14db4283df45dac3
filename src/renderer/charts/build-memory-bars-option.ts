import { DESIGN_WORDS } from '../../shared/design.ts';
import type { DesignSummary, MemoryFigures } from '../../shared/run-record.ts';
import { formatBytes } from '../format/bytes.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { measuredKinds } from '../words/memory-kinds.ts';
import { bytesScale, chartBase, chartTooltip, ROW_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { memoryDecal } from './memory-decal.ts';

interface MemoryRow {
  readonly title: string;
  readonly memory: MemoryFigures;
}

/** Page frames in use by kind, at the end of a repetition and at its peak: two stacked bars per design. */
export function buildMemoryBarsOption(designs: readonly DesignSummary[], tokens: ThemeTokens): ChartOption {
  const rows: readonly MemoryRow[] = designs.flatMap((summary) => [
    { title: `${DESIGN_WORDS[summary.design].title}: end`, memory: summary.memoryAtEnd },
    { title: `${DESIGN_WORDS[summary.design].title}: peak`, memory: summary.memoryAtPeak },
  ]);
  const kinds = measuredKinds(designs.map(({ design }) => design));
  return {
    ...chartBase(tokens),
    tooltip: {
      ...chartTooltip(tokens),
      trigger: 'axis',
      axisPointer: { type: 'none' },
      valueFormatter: (value) => formatBytes(Number(value)),
    },
    grid: { left: ROW_GUTTER, right: 76, top: 6, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      min: 0,
      ...bytesScale(Math.max(...rows.map((row) => row.memory.usedBytes))),
      axisLabel: {
        color: tokens.textDim,
        fontSize: 11,
        hideOverlap: true,
        formatter: (bytes: number) => formatBytes(bytes),
      },
    },
    yAxis: rowAxisY(tokens, rows),
    series: kinds.map((kind, index) => ({
      type: 'bar' as const,
      name: kind.title,
      stack: 'used',
      barMaxWidth: 14,
      data: rows.map((row) => kind.bytes(row.memory)),
      itemStyle: { color: tokens[kind.token], decal: memoryDecal(index, tokens) },
      label: totalLabel(rows, tokens, index === kinds.length - 1),
    })),
  };
}

/** All frames in use, at the end of a bar: on its last part. */
function totalLabel(rows: readonly MemoryRow[], tokens: ThemeTokens, show: boolean) {
  return {
    show,
    position: 'right' as const,
    color: tokens.text,
    formatter: ({ dataIndex }: { dataIndex: number }) => formatBytes(rows[dataIndex]?.memory.usedBytes ?? 0),
  };
}
