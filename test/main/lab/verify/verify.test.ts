import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dispatch } from '../../../../src/main/lab/dispatch.ts';
import type { VerifyProgress, VerifyReport } from '../../../../src/shared/verify-report.ts';
import type { VerifyRequest } from '../../../../src/shared/verify-contract.ts';
import { devicesOf, skipWithoutKernelZram } from '../../engine/kernel/real-kernel.ts';
import { errorOf, openSmallLab, PAGE_BYTES, smallDataFile, smallProfile, valueOf } from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

beforeEach(skipWithoutKernelZram);

const QUIET = { signal: new AbortController().signal, onProgress: () => undefined };

/** What the lab was asked, where a test does not say otherwise. */
function request(changes: Partial<VerifyRequest> = {}): VerifyRequest {
  return { paths: [smallDataFile()], jobs: 1, codecs: ['lz4'], rounds: 2, ...changes };
}

describe('a verification', () => {
  it('has the figures of both sides, their ratios and differences', async () => {
    const lab = await openSmallLab();
    const progress: VerifyProgress[] = [];
    const watcher = { ...QUIET, onProgress: (each: VerifyProgress) => void progress.push(each) };
    const report: VerifyReport = valueOf(await lab.verify(request({ jobs: 2, rounds: 3 }), watcher));
    expect(report).toMatchObject({ outcome: 'complete', jobs: 2, rounds: 3, pageSizeBytes: 4096, blockBytes: 4096 });
    expect(report.data).toMatchObject({ pages: 8, bytes: 8 * PAGE_BYTES });
    for (const side of [report.kernel, report.lab]) {
      expect(side.writeMBps).toBeGreaterThan(0);
      expect(side.readMBps).toBeGreaterThan(0);
      expect(side.write.megabytesPerSecond.samples).toHaveLength(3);
      expect(side.mm_stat.orig_data_size).toBe(8 * PAGE_BYTES);
    }
    expect(report.ratio.write).toBeGreaterThan(0);
    expect(report.memory.orig_data_size).toEqual({ kernel: 32768, lab: 32768, difference: 0 });
    expect(report.kernel.io_stat.failed_writes).toBe(0);
    expect(report.kernel.callNs).toBeGreaterThan(0);
    expect(report.codecs.map(({ lab: { codec } }) => codec)).toEqual(['lz4']);
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(['prepare', 'warm-up', 'measure']));
    expect(progress.at(-1)).toMatchObject({ round: 3, rounds: 3 });
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('says what must be known beside the numbers', async () => {
    const lab = await openSmallLab();
    const { notes, warnings } = valueOf(await lab.verify(request({ jobs: 3 }), QUIET));
    expect(warnings[0]).toMatch(/^A pass over the data takes only .* so times are rough/);
    expect(notes.slice(0, warnings.length)).toEqual(warnings);
    for (const words of [
      /O_DIRECT/,
      /worker thread/,
      /^With several jobs/,
      /lz4-napi/,
      /^A pass over the data takes only/,
    ]) {
      expect(notes.some((note) => words.test(note))).toBe(true);
    }
  });

  it('warns of jobs that had no core for a notable part of their time, on both sides and both ways', async () => {
    const lab = await openSmallLab();
    // Numbers as text: 32 MiB, so long a pass that no job gets through it in one go on a core.
    const path = join(temporaryFolder(), 'numbers');
    const lines = Array.from({ length: 2 ** 18 }, (_, line) => `${line * 7919} ${line}`);
    writeFileSync(
      path,
      lines
        .join('\n')
        .repeat(9)
        .slice(0, 32 * 2 ** 20),
    );
    const jobs = Math.min(64, 4 * availableParallelism());
    const asked = request({ paths: [path], jobs, codecs: ['lz4-kernel'], rounds: 7 });
    const report = valueOf(await lab.verify(asked, QUIET));
    for (const side of [report.kernel, report.lab]) {
      for (const direction of ['write', 'read'] as const) {
        expect(side[direction].withheldShare).toBeGreaterThan(0.1);
        expect(side[direction].withheldShare).toBeLessThan(1);
      }
    }
    const [oversubscribed, ...busy] = report.warnings.filter((warning) => !warning.startsWith('A pass'));
    expect(oversubscribed).toMatch(/^Oversubscribed/);
    expect(busy).toEqual([
      expect.stringMatching(/^Kernel: the jobs' threads did not run .*: write \d+ %; read \d+ %\. Throughput/),
      expect.stringMatching(
        /^Lab: the CPUs were without a core .*: write \d+ % \(lz4-kernel\); read \d+ % \(lz4-k.*\)\./,
      ),
    ]);
  });

  it('that is cancelled keeps the rounds that were measured', async () => {
    const lab = await openSmallLab();
    const abort = new AbortController();
    const onProgress = ({ round }: VerifyProgress): void => {
      if (round === 2) abort.abort();
    };
    const report = valueOf(await lab.verify(request({ rounds: 100 }), { signal: abort.signal, onProgress }));
    expect(report).toMatchObject({ outcome: 'cancelled', rounds: 2 });
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('that is cancelled before a round was measured has no report', async () => {
    const lab = await openSmallLab();
    const abort = new AbortController();
    const onProgress = ({ phase }: VerifyProgress): void => {
      if (phase === 'warm-up') abort.abort();
    };
    const cancelled = await lab.verify(request(), { signal: abort.signal, onProgress });
    expect(errorOf(cancelled).code).toBe('cancelled');
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it('takes a folder for its files', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'a'), Buffer.alloc(5000, 'a'));
    writeFileSync(join(folder, 'inner', 'b'), Buffer.alloc(100, 'b'));
    const lab = await openSmallLab();
    expect(valueOf(await lab.verify(request({ paths: [folder] }), QUIET)).data.pages).toBe(3);
  });

  it('is refused in one sentence: no such file, more jobs than pages', async () => {
    const lab = await openSmallLab();
    expect(errorOf(await lab.verify(request({ paths: ['/none'] }), QUIET)).message).toBe("'/none' does not exist");
    expect(errorOf(await lab.verify(request({ jobs: 9 }), QUIET)).message).toBe(
      '9 jobs cannot share 8 pages of data; give more data or fewer jobs',
    );
  });
});

describe('a verification through the contract', () => {
  it('is started, looked at until it is done, and its report stays', async () => {
    const lab = await openSmallLab();
    const { verifyId } = valueOf(await lab.startVerify(request({ rounds: 1 })));
    expect(valueOf(await lab.verifyState({ verifyId })).kind).toBe('running');
    expect(valueOf(await lab.currentVerify({})).verify).toMatchObject({ verifyId, state: { kind: 'running' } });
    const seen = new Set<string>();
    const done = await vi.waitFor(
      async () => {
        const state = valueOf(await lab.verifyState({ verifyId }));
        if (state.kind === 'running') seen.add(state.progress?.phase ?? 'none');
        if (state.kind !== 'done') throw new Error('not yet');
        return state;
      },
      { timeout: 100_000, interval: 5 },
    );
    expect(seen).toContain('warm-up');
    expect(done.report).toMatchObject({ outcome: 'complete', rounds: 1 });
    expect(valueOf(await lab.verifyState({ verifyId }))).toEqual(done);
    expect(valueOf(await lab.currentVerify({})).verify?.state).toEqual(done);
  });

  it('is cancelled, and fails with a sentence', async () => {
    const lab = await openSmallLab();
    const { verifyId } = valueOf(await lab.startVerify(request({ rounds: 1 })));
    valueOf(await lab.cancelVerify({ verifyId }));
    await expect
      .poll(async () => valueOf(await lab.verifyState({ verifyId })))
      .toMatchObject({ kind: 'failed', error: { code: 'cancelled' } });
    const failing = valueOf(await lab.startVerify(request({ paths: ['/none'] })));
    await expect
      .poll(async () => valueOf(await lab.verifyState(failing)))
      .toEqual({
        kind: 'failed',
        error: { code: 'not-found', message: "'/none' does not exist", where: '/none' },
      });
    expect(errorOf(await lab.verifyState({ verifyId })).code).toBe('not-found');
    expect(errorOf(await lab.cancelVerify({ verifyId })).code).toBe('not-found');
  });

  it('ends with the lab, and leaves no device', async () => {
    const lab = await openSmallLab();
    valueOf(await lab.startVerify(request({ rounds: 1000 })));
    await expect.poll(() => devicesOf(process.pid)).not.toEqual([]);
    await lab.close();
    expect(devicesOf(process.pid)).toEqual([]);
  });

  it.each([
    [{ paths: [] }, 'paths: Pick at least one file or folder'],
    [{ jobs: 0 }, 'jobs: Jobs must be a whole number from 1 to 64'],
    [{ rounds: 2.5 }, 'rounds: Rounds must be a whole number from 1 to 1000'],
  ])('is refused at the door with %j', async (changes, sentence) => {
    const lab = await openSmallLab();
    expect(await dispatch(lab, 'startVerify', { ...request(), ...changes })).toMatchObject({
      error: { code: 'bad-input', message: sentence },
    });
  });
});

describe('one at a time', () => {
  it('a verification and a run wait for nobody: the second is refused', async () => {
    const lab = await openSmallLab();
    const abort = new AbortController();
    const verifying = lab.verify(request({ rounds: 1000 }), { ...QUIET, signal: abort.signal });
    expect(errorOf(await lab.startRun({ profile: smallProfile() })).code).toBe('busy');
    expect(errorOf(await lab.verify(request(), QUIET)).code).toBe('busy');
    abort.abort();
    await verifying;
    const { runId } = valueOf(await lab.startRun({ profile: smallProfile() }));
    expect(errorOf(await lab.verify(request(), QUIET)).code).toBe('busy');
    await lab.cancelRun({ runId });
  });
});
