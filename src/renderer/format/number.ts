import { nounFor } from '../../shared/counted.ts';

const FIXED = [0, 1, 2, 3].map(
  (digits) => new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** A number with exactly `digits` (0-3) decimals and grouped thousands. */
export function formatFixed(value: number, digits: number): string {
  const format = FIXED[digits];
  if (format === undefined) throw new Error(`no format with ${digits} decimals`);
  return format.format(value);
}

/** Three significant digits, never fewer than the whole part: 1,234 · 123 · 12.3 · 1.23 · 0.123; 0 stays 0. */
export function formatSignificant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 99.95) return formatFixed(value, 0);
  if (size >= 9.995) return formatFixed(value, 1);
  return formatFixed(value, size >= 0.9995 ? 2 : 3);
}

/** A whole count with grouped thousands and its noun: `1 object`, `1,234 objects`. */
export function formatCounted(value: number, one: string, many?: string): string {
  return `${formatCount(value)} ${nounFor(value, one, many)}`;
}

/** A whole count with grouped thousands. */
export function formatCount(value: number): string {
  return formatFixed(value, 0);
}

/** A round number at a tick of an axis, short: 5,000 · 20 k · 1.5 M. */
export function formatTick(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(6))} M`;
  return value >= 1e4 ? `${Number((value / 1e3).toPrecision(6))} k` : formatCount(value);
}
