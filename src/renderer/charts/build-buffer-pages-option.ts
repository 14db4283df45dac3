import type { BufferCountRow } from '../../shared/buffer-count.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { bufferMatrix } from '../words/buffer-matrix.ts';
import { chartBase, chartTooltip, LEFT_GUTTER, valueAxisX, valueAxisY } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook } from './design-mark.ts';
import { memoryDecal } from './memory-decal.ts';

/** Pages of compression buffers: a group of bars per number of devices, a bar per layout with its pages above. */
export function buildBufferPagesOption(counted: readonly BufferCountRow[], tokens: ThemeTokens): ChartOption {
  const { devices, rows } = bufferMatrix(counted);
  return {
    ...chartBase(tokens),
    tooltip: {
      ...chartTooltip(tokens),
      trigger: 'axis',
      axisPointer: { type: 'none' },
      valueFormatter: (value) => `${Number(value)} pages`,
    },
    grid: { left: LEFT_GUTTER, right: 16, top: 22, bottom: 24 },
    xAxis: {
      ...valueAxisX(tokens, ''),
      type: 'category',
      data: devices.map((number) => (number === 1 ? '1 device' : `${number} devices`)),
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: { ...valueAxisY(tokens), min: 0, name: 'pages', nameTextStyle: { color: tokens.textDim, fontSize: 11 } },
    series: rows.map(({ layout, bufferPages }, index) => ({
      type: 'bar' as const,
      name: DESIGN_WORDS[layout].title,
      barMaxWidth: 26,
      data: [...bufferPages],
      itemStyle: { color: tokens[designLook(layout).token], decal: memoryDecal(index, tokens) },
      label: { show: true, position: 'top' as const, color: tokens.text, fontSize: 11 },
    })),
  };
}
