import { formatFixed } from './number.ts';

/** A ratio to two decimals; three where two would hide the difference from 1. */
export function formatRatio(ratio: number): string {
  return `${formatBound(ratio)} ×`;
}

/** `[1.79, 1.90]`. */
export function formatInterval(interval: { readonly low: number; readonly high: number }): string {
  return `[${formatBound(interval.low)}, ${formatBound(interval.high)}]`;
}

function formatBound(ratio: number): string {
  return formatFixed(ratio, Math.abs(ratio - 1) < 0.0095 && ratio !== 1 ? 3 : 2);
}
