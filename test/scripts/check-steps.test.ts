import { describe, expect, test } from 'vitest';
import { runSteps, selectSteps, STEPS } from '../../scripts/check-steps.mjs';
import { temporaryFolder } from './temporary-folder.ts';

describe('selectSteps', () => {
  const names = (selected: readonly { readonly name: string }[]) => selected.map((step) => step.name);

  test('selects everything when nothing is named', () => {
    expect(names(selectSteps([]))).toEqual(names(STEPS));
  });

  test('adds what a step needs and keeps the running order', () => {
    expect(names(selectSteps(['e2e', 'lint']))).toEqual(['chromium', 'lint', 'build', 'e2e']);
  });

  test('knows a step by its script in package.json, too', () => {
    expect(names(selectSteps(['check:types']))).toEqual(['types']);
  });

  test('refuses an unknown name and says which there are', () => {
    expect(() => selectSteps(['units'])).toThrow(/no step "units".*lint, types, build/);
  });
});

describe('runSteps', () => {
  interface Told {
    readonly name: string;
    readonly ok: boolean;
    readonly output: string | undefined;
  }

  /** Runs the named static checks with these commands. */
  async function run(scripts: Readonly<Record<string, string>>, steps: readonly string[]) {
    const root = temporaryFolder({ 'package.json': JSON.stringify({ scripts }) });
    const told: Told[] = [];
    const { ok, counts } = await runSteps(root, selectSteps(steps), (step, result) => {
      told.push({ name: step.name, ok: result.ok, output: result.output });
    });
    return { ok, counts, told };
  }

  test('runs every step when all succeed', async () => {
    const scripts = { 'check:types': 'true', 'check:lint': 'true', 'check:format': 'true' };
    const { ok, told } = await run(scripts, ['types', 'lint', 'format']);
    expect(ok).toBe(true);
    expect(told.map((each) => each.name).sort()).toEqual(['format', 'lint', 'types']);
  });

  test('stops at the first failure, shows its output, and counts it as one', async () => {
    const scripts = { 'check:types': 'echo wrong type; exit 2', 'check:lint': 'sleep 60', 'check:format': 'true' };
    const { ok, counts, told } = await run(scripts, ['types', 'lint', 'format']);
    expect(ok).toBe(false);
    expect(told).toEqual([{ name: 'types', ok: false, output: 'wrong type' }]);
    expect(counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
