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

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'nothing';

const TOKEN =
  /([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** The first place at which `text` is not JSON; undefined when it is. A string that never ends is told at its start. */
export function jsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
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

/** What may follow `token` where `expected` was due, with `open` brought up to date; undefined when it may not stand here. */
function after(token: string, expected: Expected, open: ('{' | '[')[]): Expected | undefined {
  const wantsValue = expected === 'value' || expected === 'value or ]';
  switch (token) {
    case '{':
    case '[':
      if (!wantsValue) return undefined;
      open.push(token);
      return token === '{' ? 'key or }' : 'value or ]';
    case '}':
      return (expected === 'key or }' || expected === 'comma or end') && open.at(-1) === '{' ? close(open) : undefined;
    case ']':
      return (expected === 'value or ]' || expected === 'comma or end') && open.at(-1) === '['
        ? close(open)
        : undefined;
    case ',':
      if (expected !== 'comma or end') return undefined;
      return open.at(-1) === '{' ? 'key' : 'value';
    case ':':
      return expected === 'colon' ? 'value' : undefined;
    default:
      if (wantsValue) return endOfValue(open);
      return token.startsWith('"') && (expected === 'key' || expected === 'key or }') ? 'colon' : undefined;
  }
}

function close(open: ('{' | '[')[]): Expected {
  open.pop();
  return endOfValue(open);
}

function endOfValue(open: readonly ('{' | '[')[]): Expected {
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
