import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSampledEvenly, loadPageSets, spreadOverSets } from '../../../../src/main/lab/plan/load-page-sets.ts';
import { planProfile, type PlannedProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import type { DataSource } from '../../../../src/shared/profile.ts';
import { bytesOf, pagesOf } from '../../workload/data/page-measures.ts';
import { errorOf, PAGE_BYTES, smallDataFile, smallProfile, valueOf } from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };

function plan(jobFile: string, data: DataSource, seconds?: number): PlannedProfile {
  return valueOf(planProfile(smallProfile({ workload: { jobFile, data }, experiment: { seconds } }), HOST));
}

function load(planned: PlannedProfile, abort = new AbortController()) {
  return loadPageSets(planned, { signal: abort.signal, onProgress: () => undefined });
}

const TWO_CONTENTS =
  '[a]\nrw=write\nsize=64k\nnumjobs=2\nverify=meta\n[b]\nrw=write\nsize=64k\nbuffer_compress_percentage=50\nbs=8k\n';

describe('page sets', () => {
  it('there is one for each kind of contents of the job file, and each job writes from its own', async () => {
    const planned = plan(TWO_CONTENTS, { kind: 'job' });
    expect(planned.workload.jobs.map((job) => job.pageSet)).toEqual([0, 0, 1]);
    const sets = valueOf(await load(planned));
    expect(sets.map((set) => set.description.replace(/^\d+ /, ''))).toEqual([
      'pages as fio writes them in blocks of 4096 bytes: verify=meta, random',
      'pages as fio writes them in blocks of 8192 bytes: buffer_compress_percentage=50, dedupe_percentage=0',
    ]);
  });

  it('files and generators make one for all jobs', async () => {
    const planned = plan(TWO_CONTENTS, { kind: 'files', paths: [smallDataFile()] });
    expect(planned.workload.jobs.map((job) => job.pageSet)).toEqual([0, 0, 0]);
    expect(valueOf(await load(planned)).map((set) => set.count)).toEqual([8]);
  });

  it('have the same bytes for the same seed and others for another', async () => {
    const data = { kind: 'generator', zeroPercent: 0, samePercent: 0, randomPercent: 100, compressPercent: 0 } as const;
    const first = await Promise.all(
      [7, 7, 8].map(async (seed) => {
        const jobFile = '[a]\nrw=write\nsize=64k\n';
        const planned = valueOf(planProfile(smallProfile({ workload: { jobFile, data, seed } }), HOST));
        const [set] = valueOf(await load(planned));
        return Buffer.from(set?.bytes ?? new SharedArrayBuffer(0), 0, 1 << 20).toString('base64');
      }),
    );
    expect(first[0]).toBe(first[1]);
    expect(first[0]).not.toBe(first[2]);
  });

  it('a missing file is named', async () => {
    const path = '/nowhere/at/all.bin';
    expect(existsSync(path)).toBe(false);
    const error = errorOf(await load(plan(TWO_CONTENTS, { kind: 'files', paths: [path] })));
    expect(error).toEqual({ code: 'not-found', message: `'${path}' does not exist`, where: path });
  });

  it('loading ends when it is cancelled', async () => {
    const abort = new AbortController();
    const loading = load(plan(TWO_CONTENTS, { kind: 'job' }), abort);
    abort.abort();
    expect(errorOf(await loading).code).toBe('cancelled');
  });
});

/** 26 pages, each of one letter, from A to Z. */
function alphabet(): DataSource {
  const path = join(temporaryFolder(), 'alphabet');
  const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(65 + at));
  writeFileSync(path, letters.map((letter) => letter.repeat(PAGE_BYTES)).join(''));
  return { kind: 'files', paths: [path] };
}

async function lettersOf(planned: PlannedProfile): Promise<string> {
  const [set] = valueOf(await load(planned));
  if (set === undefined) throw new Error('no page set was loaded');
  return pagesOf(bytesOf(set))
    .map((page) => (page.every((byte) => byte === page[0]) ? String.fromCharCode(page[0] ?? 0) : '?'))
    .join('');
}

describe('the order of page data', () => {
  const fixed = '[a]\nrw=write\nsize=64k\n';
  const inOrder = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

  it('is that of the files where every job has its amount to do, with a runtime or without', async () => {
    expect(await lettersOf(plan(fixed, alphabet()))).toBe(inOrder);
    expect(await lettersOf(plan(`${fixed}runtime=60\n`, alphabet()))).toBe(inOrder);
  });

  it('spreads every stretch over the files where time ends a job', async () => {
    const steps = 'ATMFYRKDWPIBUNGZSLEXQJCVOH';
    expect(await lettersOf(plan(fixed, alphabet(), 1))).toBe(steps);
    expect(await lettersOf(plan(`${fixed}time_based\nruntime=1\n`, alphabet()))).toBe(steps);
  });

  it('leaves together what the requests of all jobs have together', async () => {
    // Blocks of four and of six pages have two in common.
    const blocks = '[global]\nrw=write\nsize=96k\n[a]\nbs=16k\n[b]\nbs=24k\n';
    expect(await lettersOf(plan(blocks, alphabet(), 1))).toBe('ABQRGHWXMNCDSTIJYZOPEFUVKL');
    // Two pages are beyond the last whole block of eight.
    const large = '[a]\nrw=write\nbs=32k\nsize=96k\n';
    expect(await lettersOf(plan(large, alphabet(), 1))).toBe('ABCDEFGHQRSTUVWXIJKLMNOPYZ');
  });

  it('is not touched by a time limit where pages are alike throughout anyway', async () => {
    const mixed = {
      kind: 'generator',
      zeroPercent: 30,
      samePercent: 0,
      randomPercent: 20,
      compressPercent: 50,
    } as const;
    for (const data of [mixed, { kind: 'job' } as const]) {
      const [timed, untimed] = await Promise.all(
        [1, undefined].map((seconds) => load(plan(TWO_CONTENTS, data, seconds))),
      );
      if (timed === undefined || untimed === undefined) throw new Error('nothing was loaded');
      const bytes = valueOf(untimed).map((set) => Buffer.from(set.bytes));
      expect(valueOf(timed).map((set, at) => bytes[at]?.equals(bytesOf(set)))).toEqual(bytes.map(() => true));
      expect(valueOf(timed).map((set) => set.description)).toEqual(valueOf(untimed).map((set) => set.description));
    }
  });

  it('makes what a design writes a fair sample, and so does data that is alike throughout', () => {
    const ofFiles = (seconds?: number): boolean => isSampledEvenly(plan(TWO_CONTENTS, alphabet(), seconds));
    expect([ofFiles(1), ofFiles()]).toEqual([true, false]);
    const zeros = {
      kind: 'generator',
      zeroPercent: 100,
      samePercent: 0,
      randomPercent: 0,
      compressPercent: 0,
    } as const;
    expect(isSampledEvenly(plan(TWO_CONTENTS, zeros))).toBe(true);
    // How much of it is of which job is the scheduler's choice.
    expect(isSampledEvenly(plan(TWO_CONTENTS, { kind: 'job' }, 1))).toBe(false);
    expect(isSampledEvenly(plan(fixed, { kind: 'job' }, 1))).toBe(true);
  });
});

describe('jobs that share a set', () => {
  it('start evenly spread over it, each at a whole block', async () => {
    const planned = plan('[a]\nrw=write\nbs=8k\nsize=64k\nnumjobs=3\n', { kind: 'files', paths: [smallDataFile()] });
    const spread = spreadOverSets(planned.workload.jobs, valueOf(await load(planned)));
    // Eight pages, thirds at 0, 2.67 and 5.33, down to blocks of two.
    expect(spread.map((job) => job.firstSetPage)).toEqual([0, 2, 4]);
  });

  it('all start at the only page of a set of one', () => {
    const planned = plan('[a]\nrw=write\nbs=8k\nsize=64k\nnumjobs=3\n', { kind: 'files', paths: ['x'] });
    const set = { pageSizeBytes: 4096, count: 1, bytes: new SharedArrayBuffer(4096), description: '' };
    expect(spreadOverSets(planned.workload.jobs, [set]).map((job) => job.firstSetPage)).toEqual([0, 0, 0]);
  });
});
