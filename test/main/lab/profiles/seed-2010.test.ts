import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFioJobFile } from '../../../../src/main/evidence/fio-job/parse-fio-job-file.ts';
import { readProfileFile } from '../../../../src/main/lab/profiles/profile-file.ts';

const FILE = join(import.meta.dirname, '../../../../resources/profiles/seed-2010.json');

describe('the 2010 experiment', () => {
  it('is the job of the patch mail, on a dual core', () => {
    const profile = readProfileFile(FILE);
    if (!profile.ok) throw new Error(profile.error.message);
    const { machine, workload, designs } = profile.value;
    expect(machine.onlineCpus).toBe(2);
    expect(designs).toEqual(['single-mutex', 'per-cpu-global']);
    if (workload.kind !== 'fio') throw new Error(`a ${workload.kind} workload`);
    const parsed = parseFioJobFile(workload.jobFile, {
      environment: {},
      cpus: machine.onlineCpus,
      pageSizeBytes: machine.pageSizeBytes,
      memoryMegabytes: machine.memoryBytes / 2 ** 20,
    });
    if (!parsed.ok) throw new Error(parsed.errors[0]?.message);
    // bs=4k iodepth=8 size=1g runtime=60 numjobs=2 verify=meta, rw=write
    const job = {
      name: 'seq-write',
      rw: 'write',
      blockBytes: 4096,
      sizeBytes: 2 ** 30,
      runtimeMs: 60_000,
      ioDepth: 8,
      verify: 'meta',
      doVerify: true,
    };
    expect(parsed.jobs).toMatchObject([
      { ...job, cloneIndex: 0 },
      { ...job, cloneIndex: 1 },
    ]);
    // Both jobs' regions fit on the one device.
    expect(2 * 2 ** 30).toBeLessThanOrEqual(machine.diskSizeBytes * machine.devices);
  });
});
