import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../../scripts/child-process.mjs';
import { PROJECT_ROOT } from '../../scripts/project.mjs';
import { withSetUpLock } from '../../scripts/set-up-lock.mjs';
import { temporaryFolder } from './temporary-folder.ts';

/** A program that writes `in` and `out` around its turn. */
const TAKE_A_TURN = `
  import { appendFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { withSetUpLock } from ${JSON.stringify(join(PROJECT_ROOT, 'scripts', 'set-up-lock.mjs'))};
  const root = process.argv[1];
  await withSetUpLock(root, async () => {
    appendFileSync(root + '/log', 'in ');
    await sleep(50);
    appendFileSync(root + '/log', 'out ');
  });
`;

async function takeATurn(root: string): Promise<number> {
  const args = ['--input-type=module', '--eval', TAKE_A_TURN, root];
  const ended = await runChild(process.execPath, args, { capture: true });
  return ended.exitCode;
}

/** The id of a process that is certainly gone. */
async function deadProcessId(): Promise<number> {
  const ended = await runChild(process.execPath, ['-p', 'process.pid'], { capture: true });
  return Number(ended.output);
}

test('lets several processes in one after the other', async () => {
  const root = temporaryFolder();
  const exitCodes = await Promise.all(Array.from({ length: 4 }, () => takeATurn(root)));
  expect(exitCodes).toEqual([0, 0, 0, 0]);
  expect(readFileSync(join(root, 'log'), 'utf8')).toBe('in out '.repeat(4));
});

test('takes over from a process that died while holding it, once for all who wait', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'out', '.set-up.lock'), String(await deadProcessId()));
  await Promise.all([takeATurn(root), takeATurn(root), takeATurn(root)]);
  expect(readFileSync(join(root, 'log'), 'utf8')).toBe('in out '.repeat(3));
});

test('is released when the work fails', async () => {
  const root = temporaryFolder();
  await expect(withSetUpLock(root, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
  expect(existsSync(join(root, 'out', '.set-up.lock'))).toBe(false);
});
