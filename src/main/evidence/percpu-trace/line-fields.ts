/**
 * Reads one line of ftrace text in place: positions in a bigger text, no copies but of the values that are wanted.
 *
 *        bash-5940    [000] d..1.   743.060891: percpu_free_percpu: base_addr=00000000682ba6ef off=46192 ptr=…
 *     └─── task ───┘  └cpu┘ └flags┘ └── time ──┘ ^ marker
 *
 * Flags may be missing (trace option noirq-info); a `(pid)` of the thread group may stand before the CPU.
 */

const SPACE = 32;
const ZERO = 48;
const DOT = 46;

/** What stands before an event's name. */
export interface LinePrefix {
  taskStart: number;
  taskEnd: number;
  cpu: number;
  inInterrupt: boolean;
  timeUs: number;
}

/** Fills `prefix` from text[start, marker); false when it is not a prefix of ftrace's. */
export function readPrefix(text: string, start: number, marker: number, prefix: LinePrefix): boolean {
  const timeStart = tokenStart(text, start, marker);
  prefix.timeUs = readTime(text, timeStart, marker);
  if (Number.isNaN(prefix.timeUs)) return false;
  let end = skipBack(text, start, timeStart);
  let tokenAt = tokenStart(text, start, end);
  prefix.inInterrupt = false;
  if (text[tokenAt] !== '[') {
    prefix.inInterrupt = hasInterruptFlag(text, tokenAt, end);
    end = skipBack(text, start, tokenAt);
    tokenAt = tokenStart(text, start, end);
  }
  prefix.cpu = text[tokenAt] === '[' ? readNumber(text, tokenAt + 1, end - 1) : NaN;
  if (Number.isNaN(prefix.cpu)) return false;
  prefix.taskEnd = skipBack(text, start, tokenAt);
  prefix.taskStart = start;
  while (prefix.taskStart < prefix.taskEnd && text.charCodeAt(prefix.taskStart) === SPACE) prefix.taskStart += 1;
  return true;
}

/** hardirq/softirq flag, the third: s, h, H, Z, z. */
function hasInterruptFlag(text: string, start: number, end: number): boolean {
  return end - start > 2 && 'shHzZ'.includes(text.charAt(start + 2));
}

/** Start of the token that ends at `end`. */
function tokenStart(text: string, low: number, end: number): number {
  let start = end;
  while (start > low && text.charCodeAt(start - 1) !== SPACE) start -= 1;
  return start;
}

function skipBack(text: string, low: number, end: number): number {
  let stop = end;
  while (stop > low && text.charCodeAt(stop - 1) === SPACE) stop -= 1;
  return stop;
}

/** The decimal number text[start, end); NaN when it is none. */
export function readNumber(text: string, start: number, end: number): number {
  if (start >= end) return NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Seconds with six decimals as microseconds; a number without a point (other trace clocks) as it is. */
function readTime(text: string, start: number, end: number): number {
  let dot = end;
  while (dot > start && text.charCodeAt(dot - 1) !== DOT) dot -= 1;
  if (dot === start) return readNumber(text, start, end);
  const seconds = readNumber(text, start, dot - 1);
  const decimals = end - dot;
  return Math.round(seconds * 1e6 + readNumber(text, dot, end) * 10 ** (6 - decimals));
}

/** The fields of an event, as found; NaN and '' where a field is missing or is no number. */
export interface EventFields {
  callSite: string;
  base: string;
  isReserved: number;
  isAtomic: number;
  sizeBytes: number;
  alignBytes: number;
  offsetBytes: number;
  bytesAlloc: number;
}

/** Fills `fields` from `key=value` pairs in text[start, end). `keep` makes a value that outlives the text. */
export function readFields(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  fields: EventFields,
  keep: Keep,
): void {
  clearFields(fields);
  for (let at = start; at < end;) {
    const equals = text.indexOf('=', at);
    if (equals < 0 || equals >= end) return;
    const valueStart = equals + 1;
    const valueEnd = valueEndOf(text, at, valueStart, end);
    setField(text, { key: at, keyLength: equals - at, valueStart, valueEnd }, fields, keep);
    at = valueEnd + 1;
    while (at < end && text.charCodeAt(at) === SPACE) at += 1;
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
  fields.bytesAlloc = NaN;
}

/** A value ends at the next space, except that of call_site, which may name a module: `foo+0x1/0x2 [xfs]`. */
function valueEndOf(text: string, key: number, valueStart: number, end: number): number {
  let space = text.indexOf(' ', valueStart);
  if (text.startsWith('call_site', key) && text.charAt(space + 1) === '[') space = text.indexOf(' ', space + 1);
  return space < 0 || space > end ? end : space;
}

/** Copies values out of the text; equal ones are the same string. */
export interface Keep {
  (text: string, start: number, end: number, kind: 'site' | 'base'): string;
}

interface Pair {
  readonly key: number;
  readonly keyLength: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Keys are told apart by length and first letter: reserved, is_atomic, size, align, off, base_addr, bytes_alloc, call_site. */
function setField(text: string, { key, keyLength, valueStart, valueEnd }: Pair, fields: EventFields, keep: Keep): void {
  switch (text.charAt(key)) {
    case 'c':
      if (keyLength === 9) fields.callSite = keep(text, valueStart, valueEnd, 'site');
      return;
    case 'r':
      if (keyLength === 8) fields.isReserved = readNumber(text, valueStart, valueEnd);
      return;
    case 'i':
      if (keyLength === 9) fields.isAtomic = readNumber(text, valueStart, valueEnd);
      return;
    case 's':
      if (keyLength === 4) fields.sizeBytes = readNumber(text, valueStart, valueEnd);
      return;
    case 'a':
      if (keyLength === 5) fields.alignBytes = readNumber(text, valueStart, valueEnd);
      return;
    case 'o':
      if (keyLength === 3) fields.offsetBytes = readNumber(text, valueStart, valueEnd);
      return;
    case 'b':
      if (keyLength === 9) fields.base = keep(text, valueStart, valueEnd, 'base');
      else if (keyLength === 11) fields.bytesAlloc = readNumber(text, valueStart, valueEnd);
      return;
    default:
  }
}
