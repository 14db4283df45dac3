import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFioJobFile } from '../../../src/main/evidence/fio-job/parse-fio-job-file.ts';
import type { FioJob } from '../../../src/main/evidence/fio-job/fio-job.ts';
import { applyOptions, lineBeforeNumjobs, withNumjobs } from '../../../src/main/cli/overrides.ts';
import { testProfile as profile } from '../in-memory-lab.ts';
import { errorOf, smallPercpuProfile, smallThisCpuProfile, valueOf } from '../lab/small-lab.ts';

function parse(text: string) {
  return parseFioJobFile(text, { environment: {}, cpus: 2, pageSizeBytes: 4096, memoryMegabytes: 16 });
}

function jobs(text: string): readonly FioJob[] {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.jobs;
}

/** `name×clones` of each section. */
function clones(text: string): readonly string[] {
  const counts = Map.groupBy(jobs(text), (job) => job.name);
  return [...counts].map(([name, own]) => `${name}×${own.length}`);
}

describe('options change a profile', () => {
  it('in nothing that was not asked for', () => {
    expect(valueOf(applyOptions(profile, {}))).toEqual(profile);
  });

  it('in time, repetitions, warm-up and data', () => {
    const options = { seconds: '2.5', repetitions: '9', warmUp: '4', data: ['a', '/b'] };
    const changed = valueOf(applyOptions(profile, options));
    expect(changed.experiment).toEqual({ ...profile.experiment, seconds: 2.5, repetitions: 9, warmUpSeconds: 4 });
    // Whoever opens the record works in another folder.
    expect(changed.workload).toMatchObject({ kind: 'fio', data: { kind: 'files', paths: [resolve('a'), '/b'] } });
    expect(changed.machine).toEqual(profile.machine);
  });

  it('in whether locks are watched, which a profile may ask for itself', () => {
    expect(valueOf(applyOptions(profile, { checks: true }))).toEqual({ ...profile, checks: true });
    const asking = { ...profile, checks: true };
    expect(valueOf(applyOptions(asking, { checks: false }))).toEqual(asking);
  });

  it('in the codec, and nothing else of the machine', () => {
    expect(valueOf(applyOptions(profile, { codec: 'lz4-kernel' })).machine).toEqual({
      ...profile.machine,
      codec: 'lz4-kernel',
    });
  });

  it('in the job file, whose jobs --jobs then clones', () => {
    const jobFile = '[mine]\nrw=read\nsize=8k\n';
    const changed = valueOf(applyOptions(profile, { jobFile }));
    expect(changed).toEqual({ ...profile, workload: { ...profile.workload, jobFile } });
    const cloned = valueOf(applyOptions(profile, { jobFile, jobs: '3' }));
    expect(cloned.workload.kind === 'fio' && clones(cloned.workload.jobFile)).toEqual(['mine×3']);
  });

  it('in jobs, with CPUs enough for the clones of one', () => {
    const changed = valueOf(applyOptions(profile, { jobs: '5' }));
    expect(changed.machine).toMatchObject({ onlineCpus: 5, possibleCpus: 5 });
    expect(changed.workload.kind === 'fio' && clones(changed.workload.jobFile)).toEqual(['job×5']);
    expect(valueOf(applyOptions(profile, { jobs: '1' })).machine).toEqual(profile.machine);
  });

  it.each([
    [{ seconds: 'abc' }, "--seconds must be a number, not 'abc'"],
    [{ seconds: '' }, "--seconds must be a number, not ''"],
    [{ seconds: '1e999' }, "--seconds must be a number, not '1e999'"],
    [{ repetitions: 'NaN' }, "--repetitions must be a number, not 'NaN'"],
    [{ warmUp: 'long' }, "--warm-up must be a number, not 'long'"],
    [{ jobs: '0' }, '--jobs must be a whole number from 1 to 64, not 0'],
    [{ jobs: '-1' }, '--jobs must be a whole number from 1 to 64, not -1'],
    [{ jobs: '1.5' }, '--jobs must be a whole number from 1 to 64, not 1.5'],
    [{ jobs: '65' }, '--jobs must be a whole number from 1 to 64, not 65'],
    [{ jobs: '1e21' }, '--jobs must be a whole number from 1 to 64, not 1e+21'],
    [{ jobs: 'two' }, "--jobs must be a number, not 'two'"],
    [{ data: ['a', ''] }, '--data must not be empty'],
    [{ codec: 'zstd' }, "--codec must be lz4 or lz4-kernel, not 'zstd'"],
  ])('%j is refused', (options, message) => {
    expect(errorOf(applyOptions(profile, options))).toEqual({ code: 'bad-input', message });
  });
});

describe('options on a percpu profile', () => {
  const percpu = smallPercpuProfile();

  it('set its online CPUs, over which the groups are shared out, and its repetitions', () => {
    const fewer = valueOf(applyOptions(percpu, { jobs: '1', repetitions: '3' }));
    expect(fewer).toEqual({
      ...percpu,
      machine: { ...percpu.machine, onlineCpus: 1 },
      experiment: { ...percpu.experiment, repetitions: 3 },
    });
    expect(valueOf(applyOptions(percpu, { jobs: '8' })).machine).toMatchObject({ onlineCpus: 8, possibleCpus: 8 });
  });

  it.each([
    [{ jobs: '0' }, '--jobs must be a whole number from 1 to 64, not 0'],
    [{ data: ['a'] }, "--data is for fio workloads; 'small cgroups' creates per-CPU objects and writes no pages"],
    [{ seconds: '5' }, "--seconds is for fio and this-cpu workloads; 'small cgroups' runs to its 40 groups of objects"],
    [{ jobFile: '[a]' }, "--job is for fio workloads; 'small cgroups' creates per-CPU objects and runs no fio jobs"],
    [{ codec: 'lz4' }, "--codec is for fio workloads; 'small cgroups' creates per-CPU objects and compresses nothing"],
  ])('that make no sense there are refused: %j', (options, message) => {
    expect(errorOf(applyOptions(percpu, options))).toMatchObject({ code: 'bad-input', message });
  });
});

describe('options on a this-cpu profile', () => {
  it('refuse a warm-up, which its threads have by themselves, and take a time', () => {
    const storm = smallThisCpuProfile();
    expect(errorOf(applyOptions(storm, { warmUp: '2' }))).toEqual({
      code: 'bad-input',
      message: "--warm-up is for fio and percpu workloads; the threads of 'small storm' begin anew with each sample",
    });
    expect(valueOf(applyOptions(storm, { seconds: '3' })).experiment).toMatchObject({ seconds: 3 });
  });
});

describe('--jobs in a job file', () => {
  it('counts for every section, whatever it says itself or inherits', () => {
    const text = '[global]\nsize=4k\nnumjobs=2\n[a]\nrw=write\nnumjobs=7\n[global]\nnumjobs=3\n[b]\nrw=read\n[c]';
    expect(clones(withNumjobs(text, 4))).toEqual(['a×4', 'b×4', 'c×4']);
  });

  it('counts with line ends of Windows, comments with brackets, and sections that only look global', () => {
    const text =
      '; [not] a section\r\n[global] # [x]\r\nsize=4k\r\n# [neither]\r\n\r\n  [a] ; [y]\r\nrw=write ; [z]\r\n' +
      '[globalx]\r\nbs=8k\r\nsize=8k\r\n[GLOBAL]\r\nrw=write\r\n[ global]\r\nrw=write';
    expect(clones(withNumjobs(text, 3))).toEqual(['a×3', 'GLOBAL×3', ' global×3']);
  });

  it('leaves everything else of every job as it is', () => {
    const line = fc.constantFrom(
      '[global]',
      '[global-more] ; x',
      '[a]',
      ' [b]',
      '[a]\r',
      '# [c]',
      '; numjobs=9',
      'size=64k',
      'size=128k ; [d]',
      'numjobs=2',
      'bs=8k\r',
      'rw=randwrite',
      'stonewall',
      'kb_base=1000',
      'offset_increment=8k',
      '',
      '\t',
    );
    let compared = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), fc.integer({ min: 1, max: 5 }), (lines, number) => {
        const text = ['[global]', 'size=64k', ...lines].join('\n');
        const before = parse(text);
        const after = parse(withNumjobs(text, number));
        expect(after.ok).toBe(before.ok);
        if (!before.ok || !after.ok) return;
        compared += 1;
        const firsts = (all: readonly FioJob[]) =>
          all.filter((job) => job.cloneIndex === 0).map((job) => ({ ...job, line: 0 }));
        expect(firsts(after.jobs)).toEqual(firsts(before.jobs));
        const linesBefore = after.jobs.map((job) => lineBeforeNumjobs(text, job.line));
        expect([...new Set(linesBefore)]).toEqual([...new Set(before.jobs.map((job) => job.line))]);
        expect(after.jobs).toHaveLength(firsts(before.jobs).length * number);
      }),
      { numRuns: 2000, seed: 1 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
