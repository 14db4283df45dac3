import type { BufferCountRow } from '../../shared/buffer-count.ts';
import { counted } from '../../shared/counted.ts';
import { DESIGN_WORDS } from '../../shared/design.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import { bufferMatrix } from '../words/buffer-matrix.ts';
import { chartBase, chartTooltip, LEFT_GUTTER, rowAxisY, valueAxisX } from './chart-base.ts';
import type { ChartOption } from './chart-option.ts';
import { designLook } from './design-mark.ts';
import { memoryDecal } from './memory-decal.ts';

/** Pixels of a bar, and of a group beyond its bars. */
const BAR = 15;
const GROUP = 12;
/** Pixels of the axis, with what is around the bars. */
const AXIS = 46;

/** As high as it takes for every bar to have its figure beside it. */
export function bufferPagesHeight(machines: readonly BufferCountRow[]): number {
  const { devices, rows } = bufferMatrix(machines);
  return AXIS + devices.length * (GROUP + rows.length * BAR);
}

/** Pages of compression buffers: a group of bars per number of devices, a bar per layout with its pages beside it. */
export function buildBufferPagesOption(machines: readonly BufferCountRow[], tokens: ThemeTokens): ChartOption {
  const { devices, rows } = bufferMatrix(machines);
  return {
    ...chartBase(tokens),
    tooltip: {
      ...chartTooltip(tokens),
      trigger: 'axis',
      axisPointer: { type: 'none' },
      valueFormatter: (value) => counted(Number(value), 'page'),
    },
    grid: { left: LEFT_GUTTER, right: 40, top: 6, bottom: AXIS - 6 },
    xAxis: { ...valueAxisX(tokens, 'pages'), min: 0 },
    yAxis: rowAxisY(
      tokens,
      devices.map((number) => ({ title: counted(number, 'device') })),
    ),
    series: rows.map(({ layout, bufferPages }, index) => ({
      type: 'bar' as const,
      name: DESIGN_WORDS[layout].title,
      barWidth: BAR - 2,
      barGap: '15%',
      data: [...bufferPages],
      itemStyle: { color: tokens[designLook(layout).token], decal: memoryDecal(index, tokens) },
      label: { show: true, position: 'right' as const, color: tokens.text, fontSize: 11 },
    })),
  };
}
