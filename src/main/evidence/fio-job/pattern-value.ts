/**
 * fio's byte patterns: one or more of these, one after the other without a blank between.
 *
 *   0x1234…   hexadecimal digits, two to a byte in the order written; an odd first digit is a byte of its own
 *   -12, 300  a decimal 32-bit integer: little-endian, without zero bytes at its end (300 = 2c 01)
 *   "text"    its characters' bytes; no escapes
 *
 * A number ends where a 0x begins: 100x5 is 10 and 0x5.
 */
import { read, unreadable, type Reading } from './reading.ts';

/** fio 3.33 takes 511 bytes and refuses 512. */
const MAX_BYTES = 511;
const PART = /^(?:0x(?<hex>(?:(?!0x)[0-9a-f])+)|"(?<text>[^"]*)"|\s*(?<decimal>[+-]?(?:(?!0x)[0-9])+))/i;

function hexBytes(digits: string): readonly number[] {
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return Array.from(even.matchAll(/../g), ([pair]) => Number.parseInt(pair, 16));
}

function decimalBytes(value: number): readonly number[] | undefined {
  if (value < -(2 ** 31) || value >= 2 ** 31) return undefined;
  const bytes = [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);
  while (bytes.length > 1 && bytes.at(-1) === 0) bytes.pop();
  return bytes;
}

function partBytes(groups: Readonly<Record<string, string | undefined>>): readonly number[] | undefined {
  const { hex, text, decimal } = groups;
  if (hex !== undefined) return hexBytes(hex);
  if (text !== undefined) return [...new TextEncoder().encode(text)];
  return decimalBytes(Number(decimal));
}

/** The pattern's bytes, 1 … 511 of them. */
export function readPattern(text: string): Reading<readonly number[]> {
  if (text.includes('%o')) return unreadable(`with the offset (%o) is not modelled`);
  if (text.startsWith("'")) return unreadable(`from a file (${text}) is not modelled`);
  const bytes: number[] = [];
  for (let rest = text; rest !== '';) {
    const part = PART.exec(rest);
    const parsed = part === null ? undefined : partBytes(part.groups ?? {});
    if (part === null || parsed === undefined)
      return unreadable(`must be 0x and hexadecimal digits, a 32-bit decimal number or "text", not '${text}'`);
    bytes.push(...parsed);
    rest = rest.slice(part[0].length);
  }
  if (bytes.length === 0 || bytes.length > MAX_BYTES)
    return unreadable(`must have 1 to ${MAX_BYTES} bytes, not ${bytes.length}`);
  return read(bytes);
}
