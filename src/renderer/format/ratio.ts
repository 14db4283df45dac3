import { formatFixed } from './number.ts';

/** A ratio to two decimals; three where two would hide the difference from 1. */
export function formatRatio(ratio: number): string {
  return `${formatFixed(ratio, decimalsOf(ratio))} ×`;
}

/** `[1.79, 1.90]`, both bounds with the same decimals. */
export function formatInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  const decimals = Math.max(decimalsOf(low), decimalsOf(high));
  return `[${formatFixed(low, decimals)}, ${formatFixed(high, decimals)}]`;
}

function decimalsOf(ratio: number): number {
  return ratio !== 1 && Math.abs(ratio - 1) < 0.0095 ? 3 : 2;
}
