import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../../../src/main/lab/profiles/json-fault.ts';

describe('jsonFault', () => {
  it.each([
    ['{\n  "a": 1,\n}', { line: 3, column: 1, what: 'unexpected "}"' }],
    ['{"a": 1\n "b": 2}', { line: 2, column: 2, what: String.raw`unexpected "\"b\""` }],
    ['[1, 2', { line: 1, column: 6, what: 'unexpected end' }],
    ['', { line: 1, column: 1, what: 'unexpected end' }],
    ['{"a": tru}', { line: 1, column: 7, what: 'unexpected "tru}"' }],
    ['{"a": 01}', { line: 1, column: 8, what: 'unexpected "1"' }],
    ['[1] x', { line: 1, column: 5, what: 'unexpected "x"' }],
    ['{"a": "never ends}\n', { line: 1, column: 7, what: String.raw`unexpected "\"never"` }],
    ["{'a': 1}", { line: 1, column: 2, what: `unexpected "'a':"` }],
    ['[1}', { line: 1, column: 3, what: 'unexpected "}"' }],
    ['{"a" 1}', { line: 1, column: 6, what: 'unexpected "1"' }],
  ])('of %j is at its line and column', (text, fault) => {
    expect(jsonFault(text)).toEqual(fault);
  });

  it('is none in JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (text, indent) => {
        expect(jsonFault(JSON.stringify(JSON.parse(text), undefined, indent))).toBeUndefined();
      }),
    );
  });

  it('is found exactly where JSON.parse refuses a text, and no later than where it says so', () => {
    const mutated = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom('', ',', '"', '{', ']', '\\', '0', 'x', '\n', ':'))
      .map(([text, pick, put]) => {
        const at = pick % (text.length + 1);
        return text.slice(0, at) + put + text.slice(at + 1);
      });
    fc.assert(
      fc.property(mutated, (text) => {
        const fault = jsonFault(text);
        const refusal = refusalOf(text);
        expect(fault !== undefined).toBe(refusal !== undefined);
        const said = /at position (\d+)/.exec(refusal ?? '')?.[1];
        if (fault === undefined || said === undefined) return;
        const lines = text.split('\n').slice(0, fault.line - 1);
        const offset = lines.reduce((sum, line) => sum + line.length + 1, 0) + fault.column - 1;
        expect(offset).toBeLessThanOrEqual(Number(said));
      }),
      { numRuns: 2000 },
    );
  });
});

function refusalOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
