import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPageSets, spreadOverSets } from '../../../../src/main/lab/plan/load-page-sets.ts';
import { planProfile, type PlannedProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import type { DataSource } from '../../../../src/shared/profile.ts';
import { errorOf, smallDataFile, smallProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };

function plan(jobFile: string, data: DataSource): PlannedProfile {
  return valueOf(planProfile(smallProfile({ workload: { jobFile, data } }), HOST));
}

function load({ profile, fioJobs }: PlannedProfile, abort = new AbortController()) {
  return loadPageSets(profile, fioJobs, { signal: abort.signal, onProgress: () => undefined });
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
