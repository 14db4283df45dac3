/**
 * Where a text stops being JSON, as line and column.
 *
 * `JSON.parse` finds that out too, but tells it only for some faults, and in words that differ from engine to engine. This
 * one walks over the tokens (RFC 8259) with what may come next as its state; it is run only on a text that `JSON.parse`
 * has refused.
 */

/** Both from 1; the column counts UTF-16 units, as editors do. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** What stands there, in a few words: `unexpected "}"`, `unexpected end`. */
  readonly what: string;
}

type Bracket = '{' | '[';
type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing';

const TOKEN =
  /([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** The first place at which `text` is not JSON; undefined when it is. A string that never ends is told at its start. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: Bracket[] = [];
  let expected: Expected = 'value';
  let at = matchAt(SPACE, text, 0).length;
  while (at < text.length) {
    const token = matchAt(TOKEN, text, at);
    const next: Expected | undefined = token === '' ? undefined : after(token, expected, open);
    if (next === undefined) return faultAt(text, at, `unexpected ${JSON.stringify(excerpt(text, at, token))}`);
    expected = next;
    at += token.length;
    at += matchAt(SPACE, text, at).length;
  }
  return expected === 'nothing' ? undefined : faultAt(text, text.length, 'unexpected end');
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Where each mark may stand; any other token is a value, or a key if it is a string. */
const MARKS: Readonly<Record<string, readonly Expected[]>> = {
  '{': ['value', 'value or ]'],
  '[': ['value', 'value or ]'],
  '}': ['key or }', 'comma or end'],
  ']': ['value or ]', 'comma or end'],
  ',': ['comma or end'],
  ':': ['colon'],
};

/** What may follow `token` where `expected` was due, with `open` brought up to date; undefined if it may not stand here. */
function after(token: string, expected: Expected, open: Bracket[]): Expected | undefined {
  const places = MARKS[token];
  if (places === undefined) return afterScalar(token, expected, open);
  if (!places.includes(expected)) return undefined;
  switch (token) {
    case '{':
    case '[':
      open.push(token);
      return token === '{' ? 'key or }' : 'value or ]';
    case ',':
      return open.at(-1) === '{' ? 'key' : 'value';
    case ':':
      return 'value';
    default:
      // A bracket closes the one of its own kind.
      return open.pop() === (token === '}' ? '{' : '[') ? endOfValue(open) : undefined;
  }
}

function afterScalar(token: string, expected: Expected, open: readonly Bracket[]): Expected | undefined {
  if (expected === 'value' || expected === 'value or ]') return endOfValue(open);
  const isKey = token.startsWith('"') && (expected === 'key' || expected === 'key or }');
  return isKey ? 'colon' : undefined;
}

function endOfValue(open: readonly Bracket[]): Expected {
  return open.length === 0 ? 'nothing' : 'comma or end';
}

function faultAt(text: string, offset: number, what: string): JsonFault {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, what };
}

/** The token, or the characters up to the next space, shortened. */
function excerpt(text: string, at: number, token: string): string {
  const whole = token === '' ? (/^\S+/.exec(text.slice(at, at + 21))?.[0] ?? text.charAt(at)) : token;
  return whole.length > 20 ? `${whole.slice(0, 20)}…` : whole;
}
