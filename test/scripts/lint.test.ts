import { ESLint } from 'eslint';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../scripts/project.mjs';

const eslint = new ESLint({ cwd: PROJECT_ROOT });

/** The rules that this project's lint finds broken, had `path` (a file that exists) this text. */
async function brokenRules(path: string, text: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: join(PROJECT_ROOT, path) });
  return [...new Set(result?.messages.map((message) => message.ruleId))];
}

const SHARED = 'src/shared/result.ts';
const FIVE = '(a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e';

test.for<[string, string, string]>([
  ['any', 'export const x = (a: any): number => Number(a);', '@typescript-eslint/no-explicit-any'],
  ['a non-null assertion', 'export const x = [1][0]!;', '@typescript-eslint/no-non-null-assertion'],
  ['a promise that nobody awaits', 'void 0; Promise.resolve(1);', '@typescript-eslint/no-floating-promises'],
  [
    'a switch that forgets a case',
    'export const x = (a: "p" | "q"): number => { switch (a) { case "p": return 1; default: return 0; } };',
    '@typescript-eslint/switch-exhaustiveness-check',
  ],
  [
    'a value import of a type',
    'import { Profile } from "./profile.ts"; export type P = Profile;',
    '@typescript-eslint/consistent-type-imports',
  ],
  ['five parameters', `export const x = ${FIVE};`, 'max-params'],
  ['an 81-line function', `export function x(): void {\n${'void 0;\n'.repeat(80)}}`, 'max-lines-per-function'],
  ['a default export', 'export default 1;', 'no-restricted-syntax'],
  ['a null type', 'export type X = string | null;', 'no-restricted-syntax'],
  ['an empty catch', 'try { void 0; } catch {}', 'no-empty'],
])('%s is refused', async ([, text, rule]) => {
  expect(await brokenRules(SHARED, text)).toContain(rule);
});

test.for<[string, string]>([
  ['the clock', 'export const x = Date.now();'],
  ['a timer', 'setTimeout(() => undefined, 1);'],
  ['randomness', 'export const x = Math.random();'],
])('%s is refused in the machine and allowed outside', async ([, text]) => {
  const isDeterminismRule = (rule: string | null) => rule?.startsWith('no-restricted-') === true;
  expect((await brokenRules('src/main/machine/units.ts', text)).filter(isDeterminismRule)).toHaveLength(1);
  expect((await brokenRules(SHARED, text)).filter(isDeterminismRule)).toEqual([]);
});

test('a test may not be skipped without its reason', async () => {
  const text = `import { test } from 'vitest'; test.skip('x', () => undefined);`;
  expect(await brokenRules('test/scripts/lint.test.ts', text)).toContain('no-restricted-syntax');
});
