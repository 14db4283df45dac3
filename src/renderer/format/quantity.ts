import { formatBytesExact } from '../../shared/exact-bytes.ts';
import { parseBytes } from './bytes.ts';

/** How a number is typed into a field. */
export interface Quantity {
  /** NaN for what cannot be read. */
  readonly parse: (text: string) => number;
  readonly format: (value: number) => string;
  /** Shown behind the field where it is not typed. */
  readonly unit?: string;
}

export const BYTES: Quantity = { parse: (text) => parseBytes(text) ?? NaN, format: formatBytesExact };

export const SECONDS: Quantity = {
  parse: (text) => (Number.isFinite(Number(text)) ? Number(text) : NaN),
  format: String,
  unit: 's',
};
