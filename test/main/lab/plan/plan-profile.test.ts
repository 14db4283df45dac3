import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFioJobFile } from '../../../../src/main/evidence/fio-job/parse-fio-job-file.ts';
import {
  designMachine,
  planProfile,
  type PlannedProfile,
  previewWorkload,
} from '../../../../src/main/lab/plan/plan-profile.ts';
import type { JobPlan } from '../../../../src/main/workload/job-plan.ts';
import { variable } from '../../evidence/fio-job/contexts.ts';
import {
  errorOf,
  smallPercpuProfile,
  smallProfile,
  smallThisCpuProfile,
  type ProfileChanges,
  valueOf,
} from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: { SIZE: '64k' } };
const MIB = 2 ** 20;
/** Slots (pages) of 64 KiB. */
const S64K = 16;

/** A profile around a job file, with the job file's own contents unless told otherwise. */
function profileOf(jobFile: string, changes: ProfileChanges = {}) {
  return smallProfile({ ...changes, workload: { jobFile, data: { kind: 'job' }, ...changes.workload } });
}

function plan(jobFile: string, changes: ProfileChanges = {}): PlannedProfile {
  return valueOf(planProfile(profileOf(jobFile, changes), HOST));
}

function refusal(jobFile: string, changes: ProfileChanges = {}) {
  return errorOf(planProfile(profileOf(jobFile, changes), HOST));
}

/** `name cpu device first+slots` of each job. */
function places(planned: PlannedProfile): readonly string[] {
  return planned.workload.jobs.map(
    ({ name, cpu, device, firstSlot, blocks, blockPages }) =>
      `${name} cpu${cpu} zram${device} ${firstSlot}+${blocks * blockPages}`,
  );
}

/** `kind jobs → what is measured` of each phase. */
function phases(planned: PlannedProfile): readonly string[] {
  return planned.workload.phases.map(
    ({ kind, jobs, measures }) => `${kind} ${jobs.join(' ')} → ${measures.join(' and ') || 'nothing'}`,
  );
}

describe('jobs are placed', () => {
  it('on the online CPUs in turn', () => {
    const planned = plan('[w]\nrw=write\nsize=64k\nnumjobs=5\n', { machine: { possibleCpus: 8, onlineCpus: 2 } });
    expect(planned.workload.jobs.map((job) => job.cpu)).toEqual([0, 1, 0, 1, 0]);
  });

  it('with files of their own on the devices in turn, one behind the other', () => {
    const planned = plan('[w]\nrw=write\nsize=64k\nnumjobs=3\n[big]\nrw=write\nsize=128k\n', {
      machine: { devices: 2 },
    });
    expect(places(planned)).toEqual([
      'w.0 cpu0 zram0 0+16',
      'w.1 cpu1 zram1 0+16',
      'w.2 cpu0 zram0 16+16',
      'big cpu1 zram1 16+32',
    ]);
  });

  it('on the same pages when they name the same file, each from its own offset', () => {
    const planned = plan(
      '[w]\nrw=write\nfilename=data\nsize=64k\noffset_increment=64k\nnumjobs=2\n[r]\nrw=read\nsize=64k\n',
    );
    expect(places(planned)).toEqual(['w.0 cpu0 zram0 0+16', 'w.1 cpu1 zram0 16+16', 'r cpu0 zram0 32+16']);
  });

  it('on the device that the file names, from its start', () => {
    const planned = plan('[w]\nrw=write\nfilename=/dev/zram1\noffset=8k\nsize=64k\n', { machine: { devices: 2 } });
    expect(places(planned)).toEqual(['w cpu0 zram1 2+16']);
  });

  it('behind the whole of a file that begins with a gap', () => {
    const planned = plan('[a]\nrw=write\noffset=32k\nsize=64k\n[b]\nrw=write\nsize=64k\n');
    expect(places(planned)).toEqual(['a cpu0 zram0 8+16', 'b cpu1 zram0 24+16']);
  });

  it('in pages of the machine, whatever their size', () => {
    const planned = plan('[w]\nrw=write\nbs=64k\nsize=256k\n', { machine: { pageSizeBytes: 16384 } });
    expect(planned.workload.jobs[0]).toMatchObject({ blockPages: 4, blocks: 4 });
  });
});

describe('every job has a name of its own', () => {
  it('clones and repeated sections get numbers, others keep their name', () => {
    const planned = plan(
      '[w]\nrw=write\nsize=4k\nnumjobs=2\n[r]\nrw=read\nsize=4k\n[w]\nstonewall\nrw=write\nsize=4k\n',
    );
    expect(planned.workload.jobs.map((job) => job.name)).toEqual(['w.0', 'w.1', 'r', 'w.2']);
  });

  it('even where a section is called as a clone would be', () => {
    const planned = plan('[w]\nrw=write\nsize=4k\nnumjobs=2\n[w.0]\nrw=write\nsize=4k\n');
    expect(planned.workload.jobs.map((job) => job.name)).toEqual(['w.1', 'w.2', 'w.0']);
  });
});

describe('what a job does', () => {
  it('is its size once, times its loops', () => {
    expect(plan('[w]\nrw=write\nsize=64k\nloops=3\n').workload.jobs[0]).toMatchObject({ blocks: 16, blocksToDo: 48 });
  });

  it('is its io_size, more or less than its size', () => {
    expect(plan('[w]\nrw=write\nsize=64k\nio_size=16k\n').workload.jobs[0]).toMatchObject({
      blocks: 16,
      blocksToDo: 4,
    });
    expect(plan('[w]\nrw=write\nsize=64k\nio_size=1m\n').workload.jobs[0]?.blocksToDo).toBe(256);
  });

  it('ends at its runtime at the latest', () => {
    const [job] = plan('[w]\nrw=write\nsize=64k\nruntime=2\n').workload.jobs;
    expect(job).toMatchObject({ runtimeMs: 2000, blocksToDo: 16 });
  });

  it('goes on for its whole runtime with time_based', () => {
    const [job] = plan('[w]\nrw=write\nsize=64k\nruntime=1500ms\ntime_based\n').workload.jobs;
    expect(job).toMatchObject({ runtimeMs: 1500, blocksToDo: undefined });
  });

  it('has a random order of its own, the same every time', () => {
    const text = '[w]\nrw=randwrite\nsize=64k\nnumjobs=3\n[fixed]\nrw=randwrite\nsize=64k\nrandseed=100\n';
    expect(plan(text).workload.jobs.map((job) => job.seed)).toEqual([7, 8, 9, 103]);
    const wrapping = plan(text, { workload: { jobFile: text, seed: 0xffffffff } });
    expect(wrapping.workload.jobs.map((job) => job.seed)).toEqual([0xffffffff, 0, 1, 103]);
  });
});

describe('phases', () => {
  it('write jobs write, and nothing else happens', () => {
    expect(phases(plan('[w]\nrw=write\nsize=64k\n'))).toEqual(['main w → write']);
  });

  it('verified writes are read back, which is the reading that is measured', () => {
    expect(phases(plan('[w]\nrw=write\nsize=64k\nverify=meta\n'))).toEqual(['main w → write', 'verify w → read']);
  });

  it('do_verify=0 leaves the reading back out', () => {
    expect(phases(plan('[w]\nrw=write\nsize=64k\nverify=meta\ndo_verify=0\n'))).toEqual(['main w → write']);
  });

  it('read jobs get something to read, unmeasured', () => {
    expect(phases(plan('[r]\nrw=randread\nsize=64k\n'))).toEqual(['layout r → nothing', 'main r → read']);
  });

  it('mixed jobs measure both directions, and their verification only checks', () => {
    expect(phases(plan('[m]\nrw=randrw\nsize=64k\nverify=crc32c\n'))).toEqual([
      'layout m → nothing',
      'main m → write and read',
      'verify m → nothing',
    ]);
  });

  it('a mixed job that only writes needs no layout', () => {
    expect(phases(plan('[m]\nrw=rw\nrwmixread=0\nsize=64k\n'))).toEqual(['main m → write']);
  });

  it('only the jobs that wrote are verified', () => {
    const planned = plan('[w]\nrw=write\nsize=64k\nverify=meta\n[r]\nrw=read\nsize=64k\nverify=meta\n');
    expect(phases(planned)).toEqual(['layout r → nothing', 'main w r → write and read', 'verify w → nothing']);
  });

  const WRITE_THEN_READ = (options: string): string =>
    `[w]\nrw=write\nfilename=/dev/zram0\nsize=64k\n${options}\n[r]\nstonewall\nrw=read\nfilename=/dev/zram0\nsize=64k\n`;

  it('after a stonewall, what was written before is read without another layout', () => {
    expect(phases(plan(WRITE_THEN_READ('')))).toEqual(['main w → write', 'main r → read']);
  });

  it.each(['io_size=32k', 'runtime=10', 'time_based\nruntime=10'])(
    'a writer that need not get round (%s) leaves the reader without its pages: they are laid out',
    (options) => {
      expect(phases(plan(WRITE_THEN_READ(options)))).toEqual(['main w → write', 'layout r → nothing', 'main r → read']);
    },
  );

  it('so does a time limit of the experiment', () => {
    const planned = plan(WRITE_THEN_READ(''), { experiment: { seconds: 1 } });
    expect(phases(planned)).toEqual(['main w → write', 'layout r → nothing', 'main r → read']);
  });

  it('what several writers wrote together counts as a whole', () => {
    const planned = plan(
      '[w]\nrw=write\nfilename=/dev/zram0\nsize=64k\noffset_increment=64k\nnumjobs=2\n' +
        '[r]\nstonewall\nrw=read\nfilename=/dev/zram0\noffset=32k\nsize=64k\n',
    );
    expect(phases(planned).slice(1)).toEqual(['main r → read']);
  });

  it('readers of the same pages share one layout, so that no page has two writers', () => {
    const planned = plan('[r]\nrw=read\nfilename=/dev/zram0\nsize=64k\nnumjobs=3\n');
    expect(phases(planned)).toEqual(['layout r.0 → nothing', 'main r.0 r.1 r.2 → read']);
  });

  it('readers whose pages overlap in part are laid out one after the other', () => {
    const planned = plan('[r]\nrw=read\nfilename=/dev/zram0\nsize=64k\noffset_increment=32k\nnumjobs=3\n');
    expect(phases(planned)).toEqual(['layout r.0 r.2 → nothing', 'main r.0 r.1 r.2 → read']);
  });
});

describe('what cannot be run is refused in one sentence', () => {
  it('two writers of the same pages at once', () => {
    const error = refusal('[global]\nfilename=/dev/zram0\nsize=64k\n[a]\nrw=write\n\n[b]\nrw=randwrite\n');
    expect(error).toEqual({
      code: 'bad-input',
      message:
        'line 7: job b writes pages of /dev/zram0 that a (line 4) uses at the same time; ' +
        'give them stretches of their own (offset, offset_increment) or files of their own',
      where: 'workload.jobFile',
    });
  });

  it('a reader beside a writer of the same pages is not called a writer', () => {
    const error = refusal('[global]\nfilename=/dev/zram0\nsize=64k\n[a]\nrw=write\n\n[b]\nrw=read\n');
    expect(error.message).toBe(
      'line 7: job b reads pages of /dev/zram0 that a (line 4) writes at the same time; ' +
        'give them stretches of their own (offset, offset_increment) or files of their own',
    );
  });

  it('the same pages in another phase are no clash', () => {
    const jobFile = '[global]\nfilename=/dev/zram0\nsize=64k\n[a]\nrw=write\n[b]\nstonewall\nrw=write\n';
    expect(phases(plan(jobFile))).toEqual(['main a → write', 'main b → write']);
  });

  it('blocks that are not whole pages', () => {
    const error = refusal('[w]\nrw=write\nbs=4k\nsize=64k\n', { machine: { pageSizeBytes: 16384 } });
    expect(error).toEqual({
      code: 'bad-input',
      message: 'line 1: job w has blocks of 4096 bytes, which are not whole pages of 16384',
      where: 'workload.jobFile',
    });
  });

  it('a start that is not on a page', () => {
    const error = refusal('[w]\nrw=write\nbs=16k\noffset=4k\nsize=64k\n', { machine: { pageSizeBytes: 16384 } });
    expect(error.message).toBe('line 1: job w starts at byte 4096, which is not on a page of 16384 bytes');
  });

  it('more than the disk holds', () => {
    const error = refusal('[w]\nrw=write\nsize=64k\nnumjobs=3\n', { machine: { diskSizeBytes: 2 * 65536 } });
    expect(error).toEqual({
      code: 'bad-input',
      message:
        'the jobs need 196608 bytes of /dev/zram0, but its disk size is 131072, which w (line 1) is the first to exceed',
      where: 'machine.diskSizeBytes',
    });
  });

  it.each([
    ['clones far beyond it', '[w]\nrw=write\nsize=64k\nnumjobs=40\n', { bytes: 40 * 65536, device: 0, line: 1 }],
    [
      'sections on devices of their own, the second of which is fuller',
      '[a]\nrw=write\nsize=128k\nfilename=/dev/zram0\n[b]\nrw=write\nsize=64k\nfilename=/dev/zram1\n' +
        '[c]\nrw=write\noffset=64k\nsize=192k\nfilename=/dev/zram1\n[d]\nrw=write\noffset=256k\nsize=64k\nfilename=/dev/zram1\n',
      { bytes: 5 * 65536, device: 1, line: 9 },
    ],
  ])('more than the disk holds, with what all need, which then suffices: %s', (_, job, { bytes, device, line }) => {
    const machine = { devices: device + 1, diskSizeBytes: 65536 };
    const { message } = refusal(job, { machine });
    expect(message).toMatch(new RegExp(`^the jobs need ${bytes} bytes of /dev/zram${device}, `));
    expect(message).toMatch(new RegExp(`which [wc] \\(line ${line}\\) is the first to exceed$`));
    expect(planProfile(profileOf(job, { machine: { ...machine, diskSizeBytes: bytes } }), HOST).ok).toBe(true);
    expect(planProfile(profileOf(job, { machine: { ...machine, diskSizeBytes: bytes - 4096 } }), HOST).ok).toBe(false);
  });

  it('a device that the machine does not have', () => {
    const job = '[w]\nrw=write\nsize=64k\nfilename=/dev/zram2\n';
    expect(refusal(job, { machine: { devices: 2 } }).message).toBe(
      "line 1: job w names /dev/zram2, but the machine's devices are zram0 to zram1",
    );
    expect(refusal(job).message).toContain("the machine's devices are zram0 alone");
  });

  it('more memory than the host has', () => {
    const error = errorOf(planProfile(profileOf('[w]\nrw=write\nsize=64k\n'), { ...HOST, memoryBytes: 10_000_000 }));
    expect(error).toEqual({
      code: 'bad-input',
      message: 'the machine wants 16 MiB of memory, but this host has 9 MiB',
      where: 'machine.memoryBytes',
    });
  });

  it('bookkeeping that the host cannot hold beside the memory', () => {
    const { memoryBytes } = smallProfile().machine;
    const planned = (beside: number) =>
      planProfile(profileOf('[w]\nrw=write\nsize=64k\n'), { ...HOST, memoryBytes: memoryBytes + beside });
    const error = errorOf(planned(4096));
    expect([error.code, error.where]).toEqual(['bad-input', 'machine.memoryBytes']);
    expect(error.message).toMatch(
      /^the machine's memory of 16 MiB and the bookkeeping .* take \d+ MiB, but this host has 16 MiB;/,
    );
    expect(planned(memoryBytes).ok).toBe(true);
  });

  it('no machine of the lab’s own where the host’s kernel runs the jobs: none of them has to boot', () => {
    const { memoryBytes } = smallProfile().machine;
    const jobFile = '[w]\nrw=write\nsize=64k\n';
    const barely = { ...HOST, memoryBytes: memoryBytes + 4096 };
    expect(planProfile(profileOf(jobFile), barely).ok).toBe(false);
    expect(valueOf(planProfile(profileOf(jobFile), barely, 'kernel')).designs).toEqual(['kernel']);
    const large = profileOf(jobFile, { machine: { memoryBytes: 4 * 2 ** 30, codec: 'lz4-kernel' } });
    expect(planProfile(large, HOST).ok).toBe(false);
    expect(valueOf(planProfile(large, HOST, 'kernel')).designs).toEqual(['kernel']);
  });

  it('more requests in flight than the host has memory for', () => {
    const error = refusal('[w]\nrw=write\nsize=64k\nioengine=libaio\niodepth=100000000\n');
    expect(error).toMatchObject({ code: 'bad-input', where: 'workload.jobFile' });
    expect(error.message).toContain('take 390625 MiB of');
  });

  it('requests in flight that leave too little of the machine for what boot takes', () => {
    const { memoryBytes } = smallProfile().machine;
    const jobFile = (depth: number) => `[w]\nrw=write\nsize=64k\nioengine=libaio\niodepth=${depth}\n`;
    expect(refusal(jobFile(memoryBytes / 4096 - 2)).message).toMatch(/of the machine's memory of 16 MiB, which leaves/);
    expect(plan(jobFile(100)).workload.jobs).toHaveLength(1);
  });

  it('disturbances of what cannot be disturbed: the host’s own kernel, and storms of this_cpu operations', () => {
    const hotplug = { everyMs: 10 };
    expect(planProfile({ ...smallProfile(), hotplug, checks: true, faults: {} }, HOST).ok).toBe(true);
    expect(planProfile({ ...smallProfile(), checks: false }, HOST, 'kernel').ok).toBe(true);
    expect(errorOf(planProfile({ ...smallProfile(), hotplug }, HOST, 'kernel'))).toMatchObject({
      message: "the kernel engine takes this host's kernel as it is; take hotplug out of the profile",
      where: 'hotplug',
    });
    expect(errorOf(planProfile({ ...smallThisCpuProfile(), hotplug }, HOST))).toMatchObject({
      message: 'a this-cpu workload runs undisturbed; take hotplug out of the profile',
      where: 'hotplug',
    });
    // Looking at page tables disturbs nothing.
    expect(planProfile({ ...smallThisCpuProfile(), checks: true }, HOST).ok).toBe(true);
  });

  it('a machine that is too large for the codec lz4-kernel, and not for lz4', () => {
    const machine = (codec: 'lz4' | 'lz4-kernel') => ({ memoryBytes: 4 * 2 ** 30, codec });
    const host = { ...HOST, memoryBytes: 2 ** 40 };
    const planned = (codec: 'lz4' | 'lz4-kernel') =>
      planProfile(profileOf('[w]\nrw=write\nsize=64k\n', { machine: machine(codec) }), host);
    expect(errorOf(planned('lz4-kernel'))).toMatchObject({ code: 'bad-input', where: 'machine.memoryBytes' });
    expect(planned('lz4').ok).toBe(true);
  });

  it('more kinds of contents than a page record can tell apart', () => {
    const jobs = Array.from({ length: 33 }, (_, n) => `[j${n}]\nrw=write\nsize=4k\nbuffer_compress_percentage=${n}\n`);
    expect(refusal(jobs.join('')).message).toBe("the jobs' contents differ in 33 ways, and 32 are the most");
    expect(plan(jobs.slice(1).join('')).workload.jobs).toHaveLength(32);
  });

  it('a wrong field, named', () => {
    const profile = { ...smallProfile(), designs: [] };
    expect(errorOf(planProfile(profile, HOST))).toMatchObject({
      where: 'designs',
      message: 'Pick at least one design',
    });
    expect(errorOf(planProfile('nonsense', HOST)).code).toBe('bad-input');
  });

  it('a job file without a job', () => {
    expect(refusal('[global]\nsize=4k\n').message).toBe(
      'line 1, column 1: The file has no job: a section that is not [global]',
    );
  });
});

describe('notes tell what the numbers do not', () => {
  it('which jobs are not read back, each section once', () => {
    const text =
      '[a]\nrw=write\nsize=4k\nnumjobs=2\n[b]\nrw=write\nsize=4k\nverify=meta\ndo_verify=0\n[r]\nrw=read\nsize=4k\n';
    expect(plan(text).notes).toEqual([
      'Not read back and compared after the writing (no verify=, or do_verify=0): a, b.',
    ]);
  });

  it('nothing where every write is verified', () => {
    expect(plan('[a]\nrw=write\nsize=4k\nverify=meta\n').notes).toEqual([]);
  });

  it('what the job file says otherwise than it looks, and what changes nothing', () => {
    const notes = plan('[a]\nrw=write\nsize=64kib\nverify=meta\ndirect=1\nnice=0\n').notes;
    expect(notes).toEqual([
      "Job file, line 3, column 6: fio reads '64kib' as 64000.",
      'Job file options that change nothing here: direct, nice.',
    ]);
  });

  it('environment variables of the host count in job files', () => {
    expect(plan(`[a]\nrw=write\nsize=${variable('SIZE')}\nverify=meta\n`).workload.jobs[0]?.blocks).toBe(S64K);
  });
});

describe('a preview', () => {
  it('lists the jobs as they would run', () => {
    const preview = previewWorkload(
      profileOf('[w]\nrw=rw\nbs=8k\nioengine=libaio\niodepth=3\nsize=64k\nnumjobs=2\n'),
      HOST,
    );
    expect(preview).toEqual({
      fieldErrors: [],
      oversubscribed: false,
      jobFileRead: true,
      jobs: [0, 1].map((clone) => ({
        name: `w.${clone}`,
        cpu: clone,
        device: 0,
        rw: 'readwrite',
        blockBytes: 8192,
        sizeBytes: 65536,
        ioDepth: 3,
      })),
    });
  });

  it('says that CPUs would share cores', () => {
    const profile = profileOf('[w]\nrw=write\nsize=4k\n', { machine: { onlineCpus: 3 } });
    expect(previewWorkload(profile, HOST).oversubscribed).toBe(true);
  });

  it('gives all errors of the job file at once, with line and column', () => {
    const preview = previewWorkload(profileOf('[w]\nrw=sideways\nsize=many\nfoo=1\n'), HOST);
    expect(preview.jobs).toEqual([]);
    expect(preview.fieldErrors.map(({ field }) => field)).toEqual(Array(3).fill('workload.jobFile'));
    expect(preview.fieldErrors.map(({ message }) => /^line \d+, column \d+: /.exec(message)?.[0])).toEqual([
      'line 2, column 4: ',
      'line 3, column 6: ',
      'line 4, column 1: ',
    ]);
  });

  it('gives all wrong fields at once', () => {
    const preview = previewWorkload({ ...smallProfile(), description: 7, designs: ['neither'] }, HOST);
    expect(preview.fieldErrors.map(({ field }) => field)).toEqual(['description', 'designs.0']);
  });

  it('reads the job file also while other fields are wrong, as long as the machine is right', () => {
    const wrong = profileOf('[w]\nrw=sideways\nsize=4k\n');
    const preview = previewWorkload({ ...wrong, description: 7 }, HOST);
    expect(preview.fieldErrors.map(({ field }) => field)).toEqual(['description', 'workload.jobFile']);
    expect(preview.jobFileRead).toBe(true);
    const right = previewWorkload({ ...profileOf('[w]\nrw=write\nsize=4k\n'), description: 7 }, HOST);
    expect(right).toEqual({ fieldErrors: [expect.anything()], jobs: [], oversubscribed: false, jobFileRead: true });
    const machine = { ...wrong.machine, pageSizeBytes: 5 };
    expect(previewWorkload({ ...wrong, machine }, HOST).jobFileRead).toBeUndefined();
  });

  it('gives the error of the plan with its field', () => {
    const preview = previewWorkload(profileOf('[w]\nrw=write\nsize=1g\n'), HOST);
    expect(preview.fieldErrors.map(({ field }) => field)).toEqual(['machine.diskSizeBytes']);
  });

  it.each([undefined, null, 7, 'x', [[]], {}])('of %o is an error, not a crash', (input) => {
    expect(previewWorkload(input, HOST).fieldErrors.length).toBeGreaterThan(0);
  });
});

describe('whatever the job file says', () => {
  const size = fc.integer({ min: 1, max: 64 }).map((pages) => `${pages * 4}k`);
  const section = fc.record({
    rw: fc.constantFrom('write', 'read', 'randwrite', 'randread', 'rw', 'randrw'),
    size,
    bs: fc.constantFrom('4k', '8k', '16k'),
    numjobs: fc.integer({ min: 1, max: 4 }),
    filename: fc.option(fc.constantFrom('/dev/zram0', '/dev/zram1', 'data', 'other'), { nil: undefined }),
    offset: fc.option(size, { nil: undefined }),
    offset_increment: fc.option(size, { nil: undefined }),
    verify: fc.constantFrom('0', 'meta'),
    stonewall: fc.constantFrom(0, 1),
  });
  const jobFile = fc.array(section, { minLength: 1, maxLength: 4 }).map((sections) =>
    sections
      .map((options, index) => {
        const lines = Object.entries(options).flatMap(([name, value]) =>
          value === undefined ? [] : [`${name}=${value}`],
        );
        return [`[s${index % 3}]`, ...lines, ''].join('\n');
      })
      .join('\n'),
  );
  const machine = fc.record({ devices: fc.integer({ min: 1, max: 3 }), diskSizeBytes: fc.constantFrom(MIB, 4 * MIB) });

  it('no page has two writers at a time, every job lies inside its disk, and what is read was written', () => {
    let planned = 0;
    fc.assert(
      fc.property(jobFile, machine, (text, sizes) => {
        const profile = profileOf(text, { machine: sizes });
        const result = planProfile(profile, HOST);
        if (!result.ok) return;
        planned += 1;
        checkPlan(result.value);
      }),
      { numRuns: 400, seed: 2010 },
    );
    expect(planned).toBeGreaterThan(80);
  });

  /** The mixed jobs here do both. */
  function mayDo(job: JobPlan, direction: 'read' | 'write'): boolean {
    return job.pattern.endsWith(direction) || ['readwrite', 'randrw'].includes(job.pattern);
  }

  /** Plays the plan page by page. */
  function checkPlan({ workload, profile }: PlannedProfile): void {
    const slots = profile.machine.diskSizeBytes / profile.machine.pageSizeBytes;
    const names = new Set(workload.jobs.map((job) => job.name));
    expect(names.size).toBe(workload.jobs.length);
    const written = new Set<string>();
    for (const phase of workload.phases) {
      const writers = new Map<string, string>();
      const readers = new Map<string, string>();
      for (const job of workload.jobs.filter(({ name }) => phase.jobs.includes(name))) {
        expect(job.device).toBeLessThan(profile.machine.devices);
        expect(job.cpu).toBeLessThan(profile.machine.onlineCpus);
        const writes = phase.kind === 'layout' || (phase.kind === 'main' && mayDo(job, 'write'));
        const reads = phase.kind === 'verify' || (phase.kind === 'main' && mayDo(job, 'read'));
        for (let slot = job.firstSlot; slot < job.firstSlot + job.blocks * job.blockPages; slot++) {
          expect(slot).toBeLessThan(slots);
          const page = `${job.device}:${slot}`;
          if (reads && !written.has(page)) throw new Error(`${job.name} reads ${page}, which nobody wrote`);
          const other = writes ? (writers.get(page) ?? readers.get(page)) : writers.get(page);
          if (other !== undefined) throw new Error(`${job.name} and ${other} are at ${page} together`);
          if (writes) writers.set(page, job.name);
          if (reads && !writes) readers.set(page, job.name);
        }
      }
      for (const page of writers.keys()) written.add(page);
    }
    const taking = new Set(workload.phases.flatMap((phase) => (phase.kind === 'main' ? phase.jobs : [])));
    expect(taking).toEqual(names);
  }
});

describe('the parser and the planner agree', () => {
  it('on how many jobs there are', () => {
    const text = '[a]\nrw=write\nsize=4k\nnumjobs=3\n[b]\nrw=read\nsize=4k\n';
    const parsed = parseFioJobFile(text, { environment: {}, cpus: 2, pageSizeBytes: 4096, memoryMegabytes: 16 });
    expect(parsed.ok && parsed.jobs.length).toBe(plan(text).workload.jobs.length);
  });
});

describe('the machine of a design', () => {
  it('is what the design says: a buffer layout for fio, a first chunk for percpu', () => {
    expect(valueOf(designMachine(smallProfile(), 'single-mutex')).bufferLayout).toBe('single-mutex');
    expect(valueOf(designMachine(smallPercpuProfile(), 'page')).percpu.method).toBe('page');
    expect(valueOf(designMachine(smallPercpuProfile(), 'embed')).percpu.method).toBe('embed');
  });

  it('is none for a design of another workload', () => {
    expect(() => designMachine(smallPercpuProfile(), 'single-mutex')).toThrow(
      'no design single-mutex, only embed, page',
    );
    expect(() => designMachine(smallProfile(), 'embed')).toThrow('no design embed, only single-mutex, ');
  });
});
