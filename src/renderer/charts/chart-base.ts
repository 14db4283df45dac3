/** What every chart has in common: text, axes and tooltips in the theme's tokens. */
import type { TooltipComponentOption, XAXisComponentOption, YAXisComponentOption } from 'echarts';
import { formatDuration } from '../format/duration.ts';
import { formatNanoseconds } from '../format/nanoseconds.ts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { ChartOption } from './chart-option.ts';

/** Width in pixels that value labels left of a plot get, so that charts above each other share their time axis. */
export const LEFT_GUTTER = 64;
/** Width in pixels that the names and values of rows get, left of a plot. */
export const ROW_GUTTER = 166;

/** No animation (it would cost the CPUs under measurement), the theme's text, rich-text tooltips (no HTML). */
export function chartBase(tokens: ThemeTokens): ChartOption {
  return {
    animation: false,
    textStyle: { fontFamily: tokens.fontUi, fontSize: 11, color: tokens.text },
    tooltip: chartTooltip(tokens),
  };
}

/** A tooltip drawn into the canvas. */
export function chartTooltip(tokens: ThemeTokens): TooltipComponentOption {
  return {
    renderMode: 'richText',
    confine: true,
    backgroundColor: tokens.surfaceRaised,
    borderColor: tokens.lineStrong,
    borderWidth: 1,
    padding: [4, 8],
    textStyle: { color: tokens.text, fontSize: 11, fontFamily: tokens.fontUi },
    axisPointer: {
      lineStyle: { color: tokens.lineStrong },
      label: {
        backgroundColor: tokens.surfaceRaised,
        color: tokens.text,
        borderColor: tokens.lineStrong,
        borderWidth: 1,
      },
    },
  };
}

const axisText = (tokens: ThemeTokens) => ({ color: tokens.textDim, fontSize: 11, hideOverlap: true });

/** A horizontal value axis with thin grid lines. */
export function valueAxisX(tokens: ThemeTokens, name: string) {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: 22,
    nameTextStyle: { color: tokens.textDim, fontSize: 11 },
    axisLine: { show: true, lineStyle: { color: tokens.lineStrong } },
    axisLabel: axisText(tokens),
    splitLine: { lineStyle: { color: tokens.line } },
  } as const satisfies XAXisComponentOption;
}

/** A vertical value axis with thin grid lines. */
export function valueAxisY(tokens: ThemeTokens) {
  return {
    type: 'value',
    axisLine: { show: true, lineStyle: { color: tokens.lineStrong } },
    axisLabel: axisText(tokens),
    splitLine: { lineStyle: { color: tokens.line } },
    splitNumber: 3,
  } as const satisfies YAXisComponentOption;
}

/** One row of a chart: its name, and below it in bold what the picture shows as numbers. */
export interface ChartRow {
  readonly title: string;
  readonly lines?: readonly string[];
}

/** A vertical axis of named rows, first row on top; data refer to a row by its index. */
export function rowAxisY(tokens: ThemeTokens, rows: readonly ChartRow[]) {
  return {
    type: 'category',
    data: rows.map((row) => row.title),
    inverse: true,
    axisLine: { lineStyle: { color: tokens.lineStrong } },
    axisTick: { show: false },
    axisLabel: {
      interval: 0,
      formatter: (title: string, index: number) =>
        [`{title|${title}}`, ...(rows[index]?.lines ?? []).map((line) => `{value|${line}}`)].join('\n'),
      rich: {
        title: { color: tokens.text, fontSize: 11, lineHeight: 14, align: 'right' },
        value: { color: tokens.text, fontSize: 11, lineHeight: 14, align: 'right', fontWeight: 'bold' },
      },
    },
    splitLine: { show: false },
  } as const satisfies YAXisComponentOption;
}

/** Seconds at a tick of a time axis, with the decimals that tell ticks apart: `0.05 s`, `4 s`, `2 min 30 s`. */
export function timeTick(seconds: number): string {
  if (seconds >= 60) return formatDuration(seconds);
  return seconds > 0 && seconds < 1e-3 ? formatNanoseconds(seconds * 1e9) : `${Number(seconds.toFixed(3))} s`;
}

/** Ticks of a bytes axis at powers of two, so that they have short names: at most four, the last one not below `highest`. */
export function bytesScale(highest: number): { readonly max: number; readonly interval: number } {
  const interval = 2 ** Math.ceil(Math.log2(Math.max(highest, 4) / 4));
  return { max: Math.ceil(Math.max(highest, 4) / interval) * interval, interval };
}
