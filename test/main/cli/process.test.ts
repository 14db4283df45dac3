import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSmallLab, smallDataFile, smallProfile, valueOf } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';
import { profileFile } from './captured-terminal.ts';

const ENTRY = join(import.meta.dirname, '../../../src/main/cli/lab.ts');

const FULL = '/dev/full';

/** Of a started program; `output` and `errors` are files that take its streams in place of the test. */
interface Surroundings {
  readonly dataFolder?: string;
  readonly output?: string;
  readonly errors?: string;
}

/** `lab ARGS` as a program of its own. */
function start(args: readonly string[], { dataFolder = temporaryFolder(), output, errors }: Surroundings = {}) {
  const files = [output, errors].map((path) => (path === undefined ? undefined : openSync(path, 'w')));
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: { ...process.env, PERCPU_LAB_DATA: dataFolder },
    stdio: ['ignore', ...files.map((file) => file ?? ('pipe' as const))],
  });
  for (const file of files) if (file !== undefined) closeSync(file);
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
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
    child.stderr?.on('data', () => {
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
    child.stdout?.destroy();
    const { code, err } = await ended;
    expect([code, err]).toEqual([0, '']);
  });

  describe('on a full disk', () => {
    beforeEach((context) => {
      context.skip(!existsSync(FULL), `this system has no ${FULL}, which is always full`);
    });

    const sentence = 'cannot write to standard output: the disk is full\n';

    it.for(['--help', '--version', 'profiles --json', 'serve'])(
      'says that lab %s could print nothing, in one sentence, and fails',
      async (line) => {
        const { code, err } = await start(line.split(' '), { output: FULL }).ended;
        expect(err.replace('Ctrl-C ends it.\n', '')).toBe(sentence);
        expect(code).toBe(1);
      },
    );

    it('has the run stored and its files written all the same', async () => {
      const folder = temporaryFolder();
      const profile = profileFile(folder, smallProfile({ experiment: { repetitions: 1 } }));
      const record = join(folder, 'record.json');
      const run = start(['run', profile, '--json', '--out', record], { dataFolder: folder, output: FULL });
      const { code, err } = await run.ended;
      expect(err.endsWith(`\n${sentence}`)).toBe(true);
      expect(err).not.toMatch(/\n\s+at /);
      expect(code).toBe(1);
      expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ outcome: 'complete' });
      expect(valueOf(await (await openSmallLab(folder)).listRuns({}))).toHaveLength(1);
    });

    it('does not mind that progress cannot be told', async () => {
      const profile = profileFile(temporaryFolder(), smallProfile({ experiment: { repetitions: 1 } }));
      const { code, out } = await start(['run', profile, '--json'], { errors: FULL }).ended;
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({ run: { outcome: 'complete' } });
    });
  });
});
