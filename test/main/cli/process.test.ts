import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { smallDataFile, smallProfile } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { profileFile } from './captured-terminal.ts';

const ENTRY = join(import.meta.dirname, '../../../src/main/cli/lab.ts');

/** `lab ARGS` as a program of its own. */
function start(args: readonly string[], dataFolder = temporaryFolder()) {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { ...process.env, PERCPU_LAB_DATA: dataFolder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, out, err }));
  return { child, ended, printed: () => err };
}

describe('the program', () => {
  it('writes results to standard output and mistakes to standard error', async () => {
    expect(await start(['--help']).ended).toMatchObject({ code: 0, err: '' });
    const wrong = await start(['run', 'none']).ended;
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toMatch(/^There is no profile none; there are: .*\n$/);
  });

  it('runs to the end and leaves by itself', async () => {
    const profile = profileFile(temporaryFolder(), smallProfile({ experiment: { repetitions: 1 } }));
    const { code, out } = await start(['run', profile, '--json']).ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ run: { outcome: 'complete' } });
  });

  it('ends at Ctrl-C with 130 and what it has', async () => {
    const workload = {
      jobFile: '[w]\nrw=write\nsize=1m\nloops=20\n',
      data: { kind: 'files' as const, paths: [smallDataFile()] },
    };
    const profile = profileFile(temporaryFolder(), smallProfile({ workload, experiment: { repetitions: 50 } }));
    const { child, ended, printed } = start(['run', profile, '--json']);
    let asked = false;
    child.stderr.on('data', () => {
      // A second one would mean at once.
      if (asked || !printed().includes('repetition 1')) return;
      asked = true;
      child.kill('SIGINT');
    });
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(err).not.toMatch(/\n\s+at /);
    expect(JSON.parse(out)).toMatchObject({ run: { outcome: 'cancelled' } });
  });

  it('does not mind that nobody reads what it prints', async () => {
    const { child, ended } = start(['profiles', '--json']);
    child.stdout.destroy();
    const { code, err } = await ended;
    expect([code, err]).toEqual([0, '']);
  });
});
