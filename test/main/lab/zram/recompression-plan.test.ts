import { describe, expect, it } from 'vitest';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import { recompressionRun } from '../../../../src/main/lab/zram/recompression-plan.ts';
import { makeTally } from '../../../../src/main/engine/live/recompress-job.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import type { ZramProfile } from '../../../../src/shared/zram-profile.ts';
import { errorOf, openSmallLab, type ProfileChanges, runToEnd, smallProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 2 ** 33, environment: {} };
const ONE_JOB = '[job]\nrw=write\nbs=4k\nsize=1m\nverify=meta\n';

function profileWith(zram: ZramProfile, jobFile = ONE_JOB, changes: ProfileChanges = {}): Profile {
  return smallProfile({ ...changes, zram, workload: { jobFile } });
}

const DURING: ZramProfile = { recompression: ['zstd'], recompress: { when: 'during', type: 'huge' } };
const AFTER: ZramProfile = { recompression: ['zstd', 'deflate'], recompress: { when: 'after' } };

function phasesOf(profile: Profile) {
  const { workload } = valueOf(planProfile(profile, HOST));
  return workload.phases.map(({ kind, jobs, measures, recompression }) =>
    [kind, jobs.join('+'), measures.join('+'), recompression ?? '-'].join(' '),
  );
}

describe('a plan with recompression', () => {
  it('during the jobs has them write again, without it and with it on a CPU without a job', () => {
    expect(phasesOf(profileWith(DURING))).toEqual([
      'main job write -',
      'main job  off',
      'main job+recompression  beside',
      'verify job read -',
    ]);
    const { workload } = valueOf(planProfile(profileWith(DURING), HOST));
    expect(workload.recompressJob).toEqual({
      name: 'recompression',
      cpu: 1,
      beside: [0],
      algorithms: ['zstd'],
      request: { type: 'huge' },
    });
  });

  it('after the jobs has what was written read, recompressed, and read again', () => {
    expect(phasesOf(profileWith(AFTER))).toEqual([
      'main job write -',
      'verify job read off',
      'main recompression  alone',
      'verify job  after',
    ]);
    expect(phasesOf(profileWith(AFTER, '[job]\nrw=write\nsize=1m\n'))).toEqual([
      'main job write -',
      'main recompression  alone',
    ]);
  });

  it('names its job as no other is named', () => {
    const jobFile = '[recompression]\nrw=write\nsize=1m\n';
    expect(phasesOf(profileWith(AFTER, jobFile))[1]).toBe('main recompression+  alone');
  });

  it('is refused in a sentence where it cannot be', () => {
    const refusal = (profile: Profile) => errorOf(planProfile(profile, HOST));
    expect(refusal(profileWith(DURING, `${ONE_JOB}numjobs=2\n`))).toEqual({
      code: 'bad-input',
      message: 'recompression during the jobs needs an online CPU without a job, and the jobs take all 2',
      where: 'zram.recompress',
    });
    expect(refusal(profileWith(DURING, '[job]\nrw=read\nsize=1m\n')).message).toBe(
      'recompression during the jobs needs jobs that write',
    );
    expect(refusal(profileWith({ recompress: { when: 'after' } })).where).toBe('zram.recompression');
    const lacking: ZramProfile = { recompression: ['zstd'], recompress: { when: 'after', algorithm: 'deflate' } };
    expect(refusal(profileWith(lacking))).toMatchObject({ where: 'zram.recompress' });
    expect(errorOf(planProfile(profileWith(AFTER), HOST, 'kernel')).message).toContain('recompress');
  });
});

describe('what it cost', () => {
  it('is told by the phases without and with it; not where nothing was read', () => {
    const phases = [
      { kind: 'main', jobs: [], measures: ['write'] },
      { kind: 'main', jobs: [], measures: [], recompression: 'off' },
      { kind: 'main', jobs: [], measures: [], recompression: 'beside' },
    ] as const;
    const phaseMBps = [500, 400, 300].map((write) => ({ write, read: 0 }));
    expect(recompressionRun(DURING, makeTally(), { phases, phaseMBps })?.jobsMBps).toEqual({
      direction: 'write',
      without: 400,
      withIt: 300,
    });
    expect(recompressionRun(AFTER, makeTally(), { phases: [], phaseMBps: [] })?.jobsMBps).toBeUndefined();
    expect(recompressionRun(undefined, makeTally(), { phases, phaseMBps })).toBeUndefined();
  });
});

describe('a run with recompression', () => {
  const small: ProfileChanges = { designs: ['per-cpu-global'], experiment: { repetitions: 1 } };

  it.each([
    ['during', DURING],
    ['after', AFTER],
  ] as const)('%s the jobs is stored with what it did, gave and cost', async (when, zram) => {
    const profile = profileWith({ ...zram, recompress: { ...zram.recompress, when, type: 'all' } }, ONE_JOB, small);
    const { record } = await runToEnd(await openSmallLab(), profile);
    expect(record.error).toBeUndefined();
    const [sample] = record.samples;
    const run = sample?.zram?.recompress;
    expect(run).toMatchObject({ when, jobsMBps: { direction: when === 'during' ? 'write' : 'read' } });
    expect(run?.pagesTried).toBeGreaterThan(0);
    expect(run?.jobsMBps?.without).toBeGreaterThan(0);
    expect(run?.jobsMBps?.withIt).toBeGreaterThan(0);
    if (when === 'after') expect(run?.compressedBytes.after).toBe(sample?.memoryAtEnd.compressedBytes);
    // Written once in the measured phase, whatever was written again.
    expect(sample?.write?.bytes).toBe(1 << 20);
    expect(record.notes.some((note) => note.includes('The work memory of recompression (zstd'))).toBe(true);
  });
});
