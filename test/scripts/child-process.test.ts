import { delimiter, join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { runChild, shortened, withProjectBin, withoutProjectBin } from '../../scripts/child-process.mjs';
import { PROJECT_ROOT } from '../../scripts/project.mjs';
import { temporaryFolder } from '../main/lab/temporary-folder.ts';

const NODE = process.execPath;
const FOR_EVER = 'setInterval(() => {}, 1000)';

describe('runChild', () => {
  test('answers exit code and output', async () => {
    const program = 'console.log("out"); console.error("err"); process.exit(7)';
    const ended = await runChild(NODE, ['-e', program], { capture: true });
    expect(ended).toMatchObject({ exitCode: 7, timedOut: false, interruptedBy: undefined });
    expect(ended.output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  test('answers 127 for a program that is not there', async () => {
    const ended = await runChild('/nowhere/program', [], { capture: true });
    expect(ended.exitCode).toBe(127);
    expect(ended.output).toContain('ENOENT');
  });

  test('answers what a shell would for a child that died of a signal', async () => {
    const ended = await runChild(NODE, ['-e', 'process.kill(process.pid, "SIGKILL")'], { capture: true });
    expect(ended.exitCode).toBe(128 + 9);
  });

  test('ends a shell with all that it started when the time is up', async () => {
    // The output pipe closes only when the grandchild is gone, too, so the promise would hang otherwise.
    const command = `"${NODE}" -e '${FOR_EVER}' && echo never`;
    const options = { shell: true, capture: true, timeoutMs: 300 };
    const ended = await runChild(command, [], options);
    expect(ended.timedOut).toBe(true);
    expect(ended.exitCode).not.toBe(0);
    expect(ended.output).not.toContain('never');
  });

  test('kills a child that does not end by itself', async () => {
    const ready = join(temporaryFolder(), 'ready');
    const stubborn = `
      process.on('SIGTERM', () => {});
      require('node:fs').writeFileSync(${JSON.stringify(ready)}, '');
      ${FOR_EVER}`;
    const stop = new AbortController();
    const ending = runChild(NODE, ['-e', stubborn], { capture: true, abort: stop.signal, graceMs: 100 });
    await vi.waitUntil(() => existsSync(ready), { timeout: 100_000 });
    stop.abort();
    expect((await ending).exitCode).toBe(128 + 9);
  });

  test('ends the child when aborted', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const ended = await runChild(NODE, ['-e', FOR_EVER], { capture: true, abort: stop.signal });
    expect(ended.exitCode).toBe(128 + 15);
  });

  test('passes SIGINT on, waits, and hands the exit code through', async () => {
    const inner = `process.on('SIGINT', () => process.exit(130)); ${FOR_EVER}; console.log('ready')`;
    const outer = `
      import { runChild } from ${JSON.stringify(join(PROJECT_ROOT, 'scripts', 'child-process.mjs'))};
      const ended = await runChild(process.execPath, ['-e', process.argv[1]]);
      console.log(JSON.stringify(ended));
      process.exitCode = ended.exitCode;`;
    const script = spawn(NODE, ['--input-type=module', '-e', outer, inner], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    script.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') script.kill('SIGINT');
      output += text;
    });
    const [exitCode] = await once(script, 'close');
    expect(exitCode).toBe(130);
    expect(JSON.parse(output.replace('ready\n', ''))).toMatchObject({ exitCode: 130, interruptedBy: 'SIGINT' });
  });
});

describe('the environment of children', () => {
  const own = join('/p', 'node_modules', '.bin');
  const path = [own, join('/', 'node_modules', '.bin'), '/usr/bin'].join(delimiter);

  test('has no package program in PATH where npm itself is started', () => {
    expect(withoutProjectBin({ PATH: path, HOME: '/h' })).toEqual({ PATH: '/usr/bin', HOME: '/h' });
  });

  test('has this project’s programs first for its own steps', () => {
    expect(withProjectBin('/p', { PATH: path })).toEqual({ PATH: [own, '/usr/bin'].join(delimiter) });
  });
});

test('a long log is shown by its beginning and its end', () => {
  const lines = Array.from({ length: 100 }, (_, line) => `line ${line}`);
  const shown = shortened(lines.join('\n')).split('\n');
  expect(shown).toHaveLength(31);
  expect(shown[0]).toBe('line 0');
  expect(shown[15]).toBe('… 70 lines …');
  expect(shown.at(-1)).toBe('line 99');
  expect(shortened('short\n')).toBe('short');
});
