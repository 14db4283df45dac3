/**
 * fio's numbers, read as fio 3.33 reads them (each rule was tried against it).
 *
 *   size   4k = 4kb = 4ki = 4096, but 4kib = 4000 (kb_base=1000 turns it round); 0x10 = 16, hexadecimal takes no suffix
 *          (and a 0x anywhere in the text makes it hexadecimal: 4450x is 0x4450)
 *   time   seconds unless d, h, m, s, ms, msec, us or usec follows at once
 *
 * What follows is cut off silently there; here the value carries a note.
 */
import { read, unreadable, type Reading } from './reading.ts';

export type KbBase = 1000 | 1024;

const DECIMAL = /^(?<blank>\s*)(?<sign>[+-]?)(?<digits>[0-9]+)(?<rest>.*)$/;
const HEXADECIMAL = /^(?<blank>\s*)(?<sign>[+-]?)(?:0x)?(?<digits>[0-9a-f]+)(?<rest>.*)$/i;
const UNIT = /^(?<prefix>[kmgtp])?(?<bytes>ib|i|b)?/i;
const PREFIXES = ['k', 'm', 'g', 't', 'p'];

interface NumberText {
  readonly digits: string;
  readonly rest: string;
  readonly blank: boolean;
  readonly hexadecimal: boolean;
}

function splitNumber(text: string): Reading<NumberText> {
  const hexadecimal = /0x/i.test(text);
  const {
    blank = '',
    sign = '',
    digits = '',
    rest = '',
  } = (hexadecimal ? HEXADECIMAL : DECIMAL).exec(text)?.groups ?? {};
  if (digits === '') return unreadable(`must be a number, not '${text}'`);
  if (sign === '-') return unreadable(`must not be negative, but is '${text}'`);
  if (/[,:-]/.test(rest)) return unreadable(`takes one number here, not '${text}'`);
  return read({ digits: hexadecimal ? `0x${digits}` : digits, rest, blank: blank !== '', hexadecimal });
}

interface Factor {
  readonly factor: number;
  /** Whether the whole rest was understood the way it looks. */
  readonly plain: boolean;
}

function sizeFactor({ rest, blank, hexadecimal }: NumberText, kbBase: KbBase): Factor {
  if (rest === '') return { factor: 1, plain: true };
  if (blank || hexadecimal) return { factor: 1, plain: false };
  const unit = UNIT.exec(rest);
  const { prefix = '', bytes = '' } = unit?.groups ?? {};
  const whole = unit?.[0] === rest;
  if (prefix === '') return { factor: 1, plain: whole && bytes.toLowerCase() === 'b' };
  const reversed = bytes.toLowerCase() === 'ib';
  const base = reversed === (kbBase === 1024) ? 1000 : 1024;
  return { factor: base ** (PREFIXES.indexOf(prefix.toLowerCase()) + 1), plain: whole && !reversed };
}

function scaled(text: string, number: NumberText, { factor, plain }: Factor): Reading<number> {
  const value = Number(number.digits) * factor;
  if (!Number.isSafeInteger(value)) return unreadable(`is too large: '${text}'`);
  return read(value, plain ? undefined : `fio reads '${text}' as ${value}`);
}

/** A size in bytes, or any other number: fio allows the suffixes on all of them. */
export function readNumber(text: string, kbBase: KbBase): Reading<number> {
  const number = splitNumber(text);
  if (!number.ok) return number;
  if (number.value.rest.includes('%'))
    return unreadable('is a percentage of something that exists, which is not modelled');
  return scaled(text, number.value, sizeFactor(number.value, kbBase));
}

const MICROSECONDS: Readonly<Record<string, number>> = {
  d: 86_400e6,
  h: 3_600e6,
  m: 60e6,
  s: 1e6,
  ms: 1e3,
  msec: 1e3,
  us: 1,
  usec: 1,
};

function timeFactor({ rest, blank, hexadecimal }: NumberText): Factor {
  const isUnit = !blank && !hexadecimal && /^[a-z]/i.test(rest);
  if (blank || (!hexadecimal && !isUnit)) return { factor: 1e6, plain: rest === '' };
  if (!isUnit) return { factor: 1, plain: false };
  const unit = rest.toLowerCase();
  const known = MICROSECONDS[unit];
  if (known !== undefined) return { factor: known, plain: true };
  // Of the two-letter units only the beginning counts: 5msx are milliseconds, 5sx microseconds.
  return { factor: unit.startsWith('ms') ? 1e3 : 1, plain: false };
}

/** A duration in milliseconds, down to thousandths. */
export function readTimeMs(text: string): Reading<number> {
  const number = splitNumber(text);
  if (!number.ok) return number;
  const microseconds = scaled(text, number.value, timeFactor(number.value));
  if (!microseconds.ok) return microseconds;
  const milliseconds = microseconds.value / 1000;
  return read(milliseconds, microseconds.note && `fio reads '${text}' as ${milliseconds} ms`);
}

/** A truth value: only 0 and 1 will do. */
export function readBoolean(text: string): Reading<boolean> {
  const number = readNumber(text, 1024);
  if (!number.ok || number.value > 1) return unreadable(`must be 0 or 1, not '${text}'`);
  return { ...number, value: number.value === 1 };
}

/** A flag: on when bare or any number but 0. */
export function readFlag(text: string | undefined): Reading<boolean> {
  if (text === undefined) return read(true);
  const number = readNumber(text, 1024);
  if (!number.ok) return unreadable(`stands alone or takes 0 or 1, not '${text}'`);
  return { ...number, value: number.value !== 0 };
}
