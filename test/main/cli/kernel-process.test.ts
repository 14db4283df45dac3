import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { devicesOf, isThere, type NotedDevice, skipWithoutKernelZram } from '../engine/kernel/real-kernel.ts';
import { smallDataFile } from '../lab/small-lab.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';

const ENTRY = join(import.meta.dirname, '../../../src/main/cli/lab.ts');
const ENDING = join(import.meta.dirname, '../engine/kernel/ending-process.ts');

function start(program: string, args: readonly string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, PERCPU_LAB_DATA: temporaryFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, out, err }));
  return { child, ended };
}

/** More rounds than anybody waits for. */
const LONG = ['verify', '--data', process.execPath, '--rounds', '1000'];

/** The device that the program is at work on. */
function deviceOf({ pid }: ChildProcess): Promise<NotedDevice> {
  return vi.waitFor(
    () => {
      const [device] = devicesOf(pid);
      if (device === undefined) throw new Error('it has made no device');
      return device;
    },
    { timeout: 100_000, interval: 5 },
  );
}

describe('a program with a device of the kernel', () => {
  beforeEach(skipWithoutKernelZram);

  it.each(['SIGINT', 'SIGTERM'] as const)('removes it at %s and ends with 130', async (signal) => {
    const { child, ended } = start(ENTRY, LONG);
    const device = await deviceOf(child);
    child.kill(signal);
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).not.toMatch(/\n\s+at /);
    expect(isThere(device)).toBe(false);
    expect(devicesOf(child.pid)).toEqual([]);
  });

  it('removes it at the second Ctrl-C, which waits for nothing', async () => {
    const { child, ended } = start(ENTRY, LONG);
    await deviceOf(child);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(devicesOf(child.pid)).toEqual([]);
  });

  it.each([
    ['throw', 1],
    ['exit', 7],
  ])('removes it when it ends in the middle of a phase by %s', async (how, expected) => {
    const { child, ended } = start(ENDING, [how]);
    const device = await deviceOf(child);
    const { code, out } = await ended;
    expect([code, out]).toEqual([expected, 'ending\n']);
    expect(isThere(device)).toBe(false);
    expect(devicesOf(child.pid)).toEqual([]);
  });

  it('leaves it at SIGKILL, and the next run removes it', async () => {
    const { child, ended } = start(ENTRY, LONG);
    const device = await deviceOf(child);
    child.kill('SIGKILL');
    await ended;
    const next = await start(ENTRY, ['verify', '--data', smallDataFile(), '--rounds', '1', '--json']).ended;
    expect(next.code).toBe(0);
    expect(isThere(device)).toBe(false);
    expect(devicesOf(child.pid)).toEqual([]);
  });

  it('does not disturb another that runs at the same time', async () => {
    const programs = [smallDataFile(), smallDataFile()].map((data) =>
      start(ENTRY, ['verify', '--data', data, '--rounds', '2', '--json']),
    );
    const results = await Promise.all(programs.map(({ ended }) => ended));
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    for (const { child } of programs) expect(devicesOf(child.pid)).toEqual([]);
  });
});

describe('a user who is not root', () => {
  beforeEach((context) => {
    skipWithoutKernelZram(context);
    const { status, stderr } = asNobody(['--version']);
    context.skip(status !== 0, `another user cannot run this program here: ${stderr.split('\n')[0] ?? ''}`);
  });

  it.each([
    ['verify', ['verify', '--data', ENTRY]],
    ['run --engine kernel', ['run', 'seed-2010', '--engine', 'kernel']],
  ])('is told so in one sentence by %s', (_, args) => {
    const { status, stdout, stderr } = asNobody(args);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: 'only root may make a zram device, and this process is not root; run it as root (sudo)\n',
    });
  });
});

/** Carries out a command line as a user without rights. */
function asNobody(args: readonly string[]) {
  const nobody = 65534;
  const dataFolder = temporaryFolder();
  chmodSync(dataFolder, 0o777);
  const env = { ...process.env, PERCPU_LAB_DATA: dataFolder };
  return spawnSync(process.execPath, [ENTRY, ...args], { encoding: 'utf8', env, uid: nobody, gid: nobody });
}
