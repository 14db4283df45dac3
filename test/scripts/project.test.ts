import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runChild } from '../../scripts/child-process.mjs';
import { PROJECT_ROOT } from '../../scripts/project.mjs';
import { temporaryFolder } from './temporary-folder.ts';

/** An entry script with this body. */
function entryScript(body: string): string {
  const scripts = JSON.stringify(join(PROJECT_ROOT, 'scripts', 'project.mjs'));
  const text = `import { runEntry, SetUpError, Interrupted } from ${scripts};\nawait runEntry(async () => { ${body} });`;
  return join(temporaryFolder({ 'entry.mjs': text }), 'entry.mjs');
}

async function run(body: string) {
  const { exitCode, output } = await runChild(process.execPath, [entryScript(body)], { capture: true });
  return { exitCode, output };
}

test('an entry ends with the exit code that its body answers', async () => {
  expect(await run('return 3;')).toEqual({ exitCode: 3, output: '' });
});

test('an entry leaves the exit code to the program it became', async () => {
  expect(await run('process.exitCode = 4; return undefined;')).toEqual({ exitCode: 4, output: '' });
});

test('a failure that the user can act on is one sentence without a stack trace', async () => {
  const ran = await run('throw new SetUpError("install Chromium");');
  expect(ran).toEqual({ exitCode: 1, output: 'percpu-lab: install Chromium\n' });
});

test('an interruption says nothing and ends as a shell expects', async () => {
  expect(await run('throw new Interrupted("SIGINT");')).toEqual({ exitCode: 130, output: '' });
  expect(await run('throw new Interrupted("SIGTERM");')).toEqual({ exitCode: 143, output: '' });
});

test('anything else is a defect and shows its stack', async () => {
  const ran = await run('throw new TypeError("x is not a function");');
  expect(ran.exitCode).not.toBe(0);
  expect(ran.output).toContain('entry.mjs:2');
});

test('a signal that nobody handles ends an entry as it would end any program', async () => {
  const body = 'process.kill(process.pid, "SIGINT"); await new Promise((end) => setTimeout(end, 5000)); return 0;';
  expect(await run(body)).toEqual({ exitCode: 130, output: '' });
});

describe('an entry that npm started', () => {
  const LONG_WORK = `
    process.on('SIGINT', () => { console.log('cancelling'); setTimeout(() => process.exit(130), 1000); });
    process.on('SIGTERM', () => { console.log('ending'); process.exit(143); });
    console.log('ready'); await new Promise(() => setInterval(() => {}, 1000));`;

  /** Starts it in a shell of its own group, as npm does, signals once it works, and answers all that it wrote. */
  async function signalled(signal: (shellId: number) => void): Promise<string> {
    // Two commands, so that the shell stays as the parent.
    const command = `"${process.execPath}" "${entryScript(LONG_WORK)}"; true`;
    const env = { ...process.env, npm_lifecycle_event: 'start' };
    const shell = spawn('sh', ['-c', command], { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '' && shell.pid !== undefined) signal(shell.pid);
      output += text;
    });
    // The pipe closes when the last process that holds it is gone.
    await once(shell, 'close');
    return output;
  }

  test('ends when only the shell got the signal, which is all that npm passes on', async () => {
    expect(await signalled((shellId) => process.kill(shellId, 'SIGTERM'))).toBe('ready\nending\n');
  });

  test('gets a Ctrl-C once, although the shell dies of it, too', async () => {
    expect(await signalled((shellId) => process.kill(-shellId, 'SIGINT'))).toBe('ready\ncancelling\n');
  });
});
