import { formatFixed, formatSignificant } from './number.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;
const SUFFIX_POWERS: Readonly<Record<string, number>> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4 };

/** Bytes for reading: the unit that leaves 1 … 1023, three significant digits, whole numbers without decimals. */
export function formatBytes(bytes: number): string {
  let power = 0;
  let value = bytes;
  while (Math.abs(value) >= STEP && power < UNITS.length - 1) {
    value /= STEP;
    power += 1;
  }
  return `${Number.isInteger(value) ? formatFixed(value, 0) : formatSignificant(value)} ${UNITS[power]}`;
}

/** Reads `4096`, `64k`, `1.5 GiB`; K, M, G, T are powers of 1024. Undefined when it is none of these or no whole byte. */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$/i.exec(text);
  if (match === null) return undefined;
  const power = SUFFIX_POWERS[(match[2] ?? '').toLowerCase()];
  if (power === undefined) return undefined;
  const bytes = Number(match[1]) * STEP ** power;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
