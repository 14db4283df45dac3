/** What every chart has in common: text, axes and tooltips in the theme's tokens. */
import type { TooltipComponentOption, XAXisComponentOption, YAXisComponentOption } from 'echarts';
import type { ThemeTokens } from '../theme/tokens.ts';
import type { ChartOption } from './chart-option.ts';

/** Width in pixels that value labels left of a plot get, so that charts above each other share their time axis. */
export const LEFT_GUTTER = 64;
/** Width in pixels that design names left of a plot get. */
export const NAME_GUTTER = 116;

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

/** A vertical axis of named rows, first row on top. */
export function rowAxisY(tokens: ThemeTokens, rows: readonly string[]) {
  return {
    type: 'category',
    data: [...rows],
    inverse: true,
    axisLine: { lineStyle: { color: tokens.lineStrong } },
    axisTick: { show: false },
    axisLabel: { color: tokens.text, fontSize: 11, width: NAME_GUTTER - 14, overflow: 'truncate', interval: 0 },
    splitLine: { show: false },
  } as const satisfies YAXisComponentOption;
}
