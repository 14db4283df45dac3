/**
 * Reads one line of ftrace text in place: positions in a piece of bytes, no copies but of the values that are wanted.
 *
 *        bash-5940    [000] d..1.   743.060891: percpu_free_percpu: base_addr=00000000682ba6ef off=46192 ptr=…
 *     └─── task ───┘  └cpu┘ └flags┘ └── time ──┘ ^ marker
 *
 * Flags may be missing (trace option noirq-info); a `(pid)` of the thread group may stand before the CPU. trace-cmd and perf
 * put more spaces around an event's name, perf the system's name before it:
 *
 *        bash  5940 [000]   743.060891:       percpu:percpu_free_percpu: base_addr=0xffffe8ffff600000 off=46192 ptr=…
 */
import type { KeptStrings } from './kept-strings.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const DOT = 0x2e;
const EQUALS = 0x3d;
const COLON = 0x3a;
const BRACKET = 0x5b;
const PERCPU = Array.from('percpu', (letter) => letter.charCodeAt(0));

/** Part of a line: bytes [start, end). */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Position of the colon before an event's name, `: percpu…` with any number of spaces (perf fills up the names), or −1. It is
 * looked for at `guess` first: most lines have it where the one before had.
 */
export function findMarker(bytes: Uint8Array, { start, end }: ByteSpan, guess: number): number {
  if (isMarker(bytes, guess, end)) return guess;
  for (let at = start; at < end; at++) if (isMarker(bytes, at, end)) return at;
  return -1;
}

function isMarker(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] !== COLON || bytes[at + 1] !== SPACE) return false;
  const name = skipSpaces(bytes, at + 1, end);
  if (name + PERCPU.length > end) return false;
  let matched = 0;
  while (matched < PERCPU.length && bytes[name + matched] === PERCPU[matched]) matched += 1;
  return matched === PERCPU.length;
}

/** The first byte from `at` on that is no space, or `end`. */
export function skipSpaces(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && bytes[next] === SPACE) next += 1;
  return next;
}

/** No kernel counts further (NR_CPUS is at most 8192). */
const HIGHEST_CPU = 65535;

/** What stands before an event's name. */
export interface LinePrefix {
  taskStart: number;
  taskEnd: number;
  cpu: number;
  inInterrupt: boolean;
  timeUs: number;
}

/** Fills `prefix` from bytes[start, marker); false when it is not a prefix of ftrace's. */
export function readPrefix(bytes: Uint8Array, start: number, marker: number, prefix: LinePrefix): boolean {
  const timeStart = tokenStart(bytes, start, marker);
  prefix.timeUs = readTime(bytes, timeStart, marker);
  if (Number.isNaN(prefix.timeUs)) return false;
  let end = skipBack(bytes, start, timeStart);
  let tokenAt = tokenStart(bytes, start, end);
  prefix.inInterrupt = false;
  if (bytes[tokenAt] !== BRACKET) {
    prefix.inInterrupt = end - tokenAt > 2 && INTERRUPT_FLAGS.has(bytes[tokenAt + 2] ?? 0);
    end = skipBack(bytes, start, tokenAt);
    tokenAt = tokenStart(bytes, start, end);
  }
  prefix.cpu = bytes[tokenAt] === BRACKET ? readNumber(bytes, tokenAt + 1, end - 1) : NaN;
  if (Number.isNaN(prefix.cpu) || prefix.cpu > HIGHEST_CPU) return false;
  prefix.taskEnd = skipBack(bytes, start, tokenAt);
  prefix.taskStart = start;
  while (prefix.taskStart < prefix.taskEnd && bytes[prefix.taskStart] === SPACE) prefix.taskStart += 1;
  return true;
}

/** The third flag tells of hard and soft interrupts. */
const INTERRUPT_FLAGS: ReadonlySet<number> = new Set(Array.from('shHzZ', (flag) => flag.charCodeAt(0)));

/** Start of the token that ends at `end`. */
function tokenStart(bytes: Uint8Array, low: number, end: number): number {
  let start = end;
  while (start > low && bytes[start - 1] !== SPACE) start -= 1;
  return start;
}

function skipBack(bytes: Uint8Array, low: number, end: number): number {
  let stop = end;
  while (stop > low && bytes[stop - 1] === SPACE) stop -= 1;
  return stop;
}

/** The decimal number bytes[start, end); NaN when it is none. */
function readNumber(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Seconds with six decimals as microseconds; a number without a point (other trace clocks) as it is. */
function readTime(bytes: Uint8Array, start: number, end: number): number {
  let dot = end;
  while (dot > start && bytes[dot - 1] !== DOT) dot -= 1;
  if (dot === start) return readNumber(bytes, start, end);
  const seconds = readNumber(bytes, start, dot - 1);
  const fraction = readNumber(bytes, dot, end);
  const decimals = end - dot;
  return decimals === 6 ? seconds * 1e6 + fraction : Math.round(seconds * 1e6 + fraction * 10 ** (6 - decimals));
}

/** The fields of an event that the lab uses, as found; NaN and '' where a field is missing or is no number. */
export interface EventFields {
  callSite: string;
  base: string;
  isReserved: number;
  isAtomic: number;
  sizeBytes: number;
  alignBytes: number;
  offsetBytes: number;
  /** False when the line is cut: no pointer follows the offset, or another line begins within. */
  isWhole: boolean;
}

/** Where the strings of an event are kept. */
export interface FieldStrings {
  readonly callSites: KeptStrings;
  readonly bases: KeptStrings;
}

/** Fills `fields` from `key=value` pairs in a part of a line. */
export function readFields(
  bytes: Uint8Array,
  { start, end }: ByteSpan,
  fields: EventFields,
  strings: FieldStrings,
): void {
  clearFields(fields);
  for (let at = skipSpaces(bytes, start, end); at < end;) {
    const known = KEY_LENGTHS[bytes[at] ?? 0] ?? 0;
    const equals = at + known < end && bytes[at + known] === EQUALS ? at + known : keyEnd(bytes, at, end);
    if (bytes[equals] !== EQUALS) {
      fields.isWhole = false;
      return;
    }
    const valueStart = equals + 1;
    const valueEnd = valueEndOf(bytes, at, valueStart, end);
    setField(bytes, { key: at, keyLength: equals - at, valueStart, valueEnd }, fields, strings);
    if (bytes[at] === LETTER.o) {
      // What follows is not used: ptr, bytes_alloc, gfp_flags. But it must be there: a number may be cut and still be one.
      fields.isWhole = isPointerNext(bytes, valueEnd, end);
      return;
    }
    at = skipSpaces(bytes, valueEnd, end);
  }
}

function clearFields(fields: EventFields): void {
  fields.callSite = '';
  fields.base = '';
  fields.isReserved = 0;
  fields.isAtomic = 0;
  fields.sizeBytes = NaN;
  fields.alignBytes = NaN;
  fields.offsetBytes = NaN;
  fields.isWhole = true;
}

/** Position of the `=` behind a key, or of what ends the key otherwise. */
function keyEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== EQUALS && bytes[at] !== SPACE) at += 1;
  return at;
}

const POINTER = Array.from(' ptr=', (letter) => letter.charCodeAt(0));

function isPointerNext(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + POINTER.length >= end) return false;
  for (let index = 0; index < POINTER.length; index++) if (bytes[at + index] !== POINTER[index]) return false;
  return true;
}

/** A value ends at the next space, except that of call_site, which may name a module: `foo+0x1/0x2 [xfs]`. */
function valueEndOf(bytes: Uint8Array, key: number, valueStart: number, end: number): number {
  let space = valueStart;
  while (space < end && bytes[space] !== SPACE) space += 1;
  if (bytes[key] === LETTER.c && bytes[space + 1] === BRACKET) {
    space += 1;
    while (space < end && bytes[space] !== SPACE) space += 1;
  }
  return space;
}

interface Pair {
  readonly key: number;
  readonly keyLength: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const LETTER = { a: 0x61, b: 0x62, c: 0x63, i: 0x69, o: 0x6f, r: 0x72, s: 0x73 } as const;

/** By first letter, of the keys that `setField` knows: where the `=` is looked for first. */
const KEY_LENGTHS = Uint8Array.from({ length: 256 }, (_, letter) => {
  switch (letter) {
    case LETTER.c:
    case LETTER.i:
    case LETTER.b:
      return 'call_site'.length;
    case LETTER.r:
      return 'reserved'.length;
    case LETTER.a:
      return 'align'.length;
    case LETTER.s:
      return 'size'.length;
    case LETTER.o:
      return 'off'.length;
    default:
      return 0;
  }
});

/** Keys are told apart by first letter and length: reserved, is_atomic, size, align, off, base_addr, call_site. */
function setField(bytes: Uint8Array, pair: Pair, fields: EventFields, strings: FieldStrings): void {
  const { key, keyLength, valueStart, valueEnd } = pair;
  switch (bytes[key] ?? 0) {
    case LETTER.c:
      if (keyLength === 9) fields.callSite = strings.callSites.get(bytes, valueStart, valueEnd);
      return;
    case LETTER.r:
      if (keyLength === 8) fields.isReserved = readNumber(bytes, valueStart, valueEnd);
      return;
    case LETTER.i:
      if (keyLength === 9) fields.isAtomic = readNumber(bytes, valueStart, valueEnd);
      return;
    case LETTER.s:
      if (keyLength === 4) fields.sizeBytes = readNumber(bytes, valueStart, valueEnd);
      return;
    case LETTER.a:
      if (keyLength === 5) fields.alignBytes = readNumber(bytes, valueStart, valueEnd);
      return;
    case LETTER.o:
      if (keyLength === 3) fields.offsetBytes = readNumber(bytes, valueStart, valueEnd);
      return;
    case LETTER.b:
      if (keyLength === 9) fields.base = strings.bases.get(bytes, valueStart, valueEnd);
      return;
    default:
  }
}
