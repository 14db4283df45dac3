import { formatFixed } from './number.ts';

/** A share of 0 … 1 as percent with one decimal; something that is not nothing never reads as 0. */
export function formatShare(share: number): string {
  if (share === 0) return '0 %';
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  return `${formatFixed(share * 100, 1)} %`;
}

/** A confidence of 0 … 1 as percent, with a decimal only where it has one: 95 %, 96.9 %. */
export function formatConfidence(confidence: number): string {
  const tenths = Math.round(confidence * 1000) / 10;
  return `${formatFixed(tenths, Number.isInteger(tenths) ? 0 : 1)} %`;
}

/** A whole percentage for progress: never 100 before the end. */
export function formatProgress(fraction: number): string {
  return `${fraction >= 1 ? 100 : Math.min(99, Math.max(0, Math.floor(fraction * 100)))} %`;
}
