import { describe, expect, it } from 'vitest';
import { standingNotes } from '../../../../src/main/lab/experiment/run-notes.ts';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import type { DataSource, Profile } from '../../../../src/shared/profile.ts';
import { smallDataFile, smallPercpuProfile, smallProfile, smallThisCpuProfile, valueOf } from '../small-lab.ts';

const HOST = { cores: 2, memoryBytes: 2 ** 33, environment: {} };

function notesOf(profile: Profile): readonly string[] {
  return standingNotes(valueOf(planProfile(profile, HOST)));
}

function withZram(zram: Profile['zram'], codec: Profile['machine']['codec'] = 'lz4-kernel'): Profile {
  return smallProfile({ machine: { codec }, zram });
}

describe('the notes beside every run', () => {
  it('say of lz4-napi alone that it works in memory of its own', () => {
    expect(notesOf(withZram({}, 'lz4')).join()).toMatch(/lz4-napi works in memory of its own/);
    expect(notesOf(withZram({}, 'lz4-kernel')).join()).not.toMatch(/lz4-napi/);
  });

  it('name the codecs of recompression that are tried, whatever the first codec', () => {
    const tried = (algorithm?: 'zstd' | 'deflate') =>
      notesOf(withZram({ recompression: ['zstd', 'deflate'], afterwards: [{ do: 'recompress', algorithm }] }));
    expect(tried()).toContainEqual(
      expect.stringMatching(/^The work memory of recompression \(zstd, deflate\) lies outside/),
    );
    expect(tried('deflate')).toContainEqual(expect.stringMatching(/recompression \(deflate\)/));
    const both = notesOf(withZram({ recompression: ['zstd'], afterwards: [{ do: 'recompress' }] }, 'lz4'));
    for (const words of [/lz4-napi/, /\(zstd\)/]) expect(both).toContainEqual(expect.stringMatching(words));
  });

  it('say nothing of codecs that are there and never tried, or where nothing is compressed', () => {
    const idle = notesOf(withZram({ recompression: ['zstd'], afterwards: [{ do: 'compact' }] }));
    expect(idle.join()).not.toMatch(/recompression/);
    expect(notesOf(smallPercpuProfile()).join()).not.toMatch(/codec|recompress/);
  });

  it('say of a percpu workload that the zram devices of its machines stay idle', () => {
    expect(notesOf(smallPercpuProfile())).toEqual([
      'An operation is one allocation or one free, whatever its size.',
      expect.stringMatching(
        /^Nothing here uses zram: .* in the sum of all frames and in pictures of memory, as much in each design/,
      ),
    ]);
    expect(notesOf(smallThisCpuProfile()).join()).not.toMatch(/zram/);
  });

  it('say what is done, not that it was: a run may have been cancelled before any of it', () => {
    const all = [smallProfile(), smallPercpuProfile(), smallThisCpuProfile()].flatMap((each) => notesOf(each));
    expect(all.length).toBeGreaterThan(5);
    for (const note of all) expect(note).not.toMatch(/ (was|were) /);
  });

  it('say of zram in the lab that the rest of a kernel is not there', () => {
    const ofLive = notesOf(smallProfile());
    expect(ofLive).toContainEqual(expect.stringMatching(/^Of a kernel's way to a page only zram itself is here/));
    expect(notesOf(smallPercpuProfile()).join()).not.toMatch(/Of a kernel's way/);
  });

  it('say that what jobs read is written beforehand, unless the jobs write all of it themselves', () => {
    const notes = (job: string) =>
      notesOf(smallProfile({ workload: { jobFile: `[j]\nbs=4k\nsize=64k\n${job}\n` } })).join();
    const sentence = /nobody is sure to have written is written before they are measured/;
    for (const job of ['rw=read', 'rw=randrw', 'rw=randread']) expect(notes(job)).toMatch(sentence);
    for (const job of ['rw=write', 'rw=write\nverify=crc32c', 'rw=randwrite']) expect(notes(job)).not.toMatch(sentence);
  });

  it('say what becomes of page data that is not the job’s own', () => {
    const data = { kind: 'generator', zeroPercent: 0, samePercent: 0, randomPercent: 0, compressPercent: 50 } as const;
    const notes = (jobFile: string, own = false): string =>
      notesOf(smallProfile({ workload: { jobFile, ...(own ? { data: { kind: 'job' } } : { data }) } })).join();
    const two = '[global]\nbs=4k\nsize=64k\nnumjobs=2\nverify=meta\n[w]\nrw=write\n';
    expect(notes(two)).toMatch(/put no headers into this page data/);
    expect(notes(two)).toMatch(/2 jobs take pages in order, beginning at places spread evenly over the page data/);
    const one = two.replace('numjobs=2\nverify=meta\n', '');
    expect(notes(one)).not.toMatch(/headers|jobs take/);
    expect(notes(two, true)).not.toMatch(/headers|jobs take/);
  });

  it('say in which order pages of files are taken where time ends the jobs, and there alone', () => {
    const files: DataSource = { kind: 'files', paths: [smallDataFile()] };
    const shares = { zeroPercent: 100, samePercent: 0, randomPercent: 0, compressPercent: 0 };
    const zeros: DataSource = { kind: 'generator', ...shares };
    const jobFile = '[w]\nrw=write\nsize=64k\nnumjobs=2\n';
    const notes = (seconds: number | undefined, data: DataSource = files, text = jobFile): string =>
      notesOf(smallProfile({ workload: { jobFile: text, data }, experiment: { seconds } })).join('\n');
    const spread =
      /^Time ends the jobs.* not taken in the order of the files, .* by 2 jobs from a place each: .* evenly over the page data\.$/m;
    expect(notes(3)).toMatch(spread);
    expect(notes(undefined, files, `${jobFile}time_based\nruntime=1\n`)).toMatch(spread);
    for (const other of [notes(undefined), notes(undefined, files, `${jobFile}runtime=1\n`), notes(3, zeros)]) {
      expect(other).not.toMatch(/Time ends/);
      expect(other).toMatch(/2 jobs take pages in order, /);
    }
    expect(notes(3, files, jobFile.replace('numjobs=2\n', ''))).toMatch(/round and round: much or little/);
  });

  it('say that the time in all decides where the job file has a runtime', () => {
    const notes = (seconds: number | undefined, options: string): string => {
      const jobFile = `[w]\nrw=write\nsize=64k\n${options}\n`;
      return notesOf(smallProfile({ workload: { jobFile }, experiment: { seconds } })).join('\n');
    };
    expect(notes(3, 'runtime=1')).toMatch(/^The time in all, 3 s, says how long jobs work; 'runtime' .* does not/m);
    for (const other of [notes(undefined, 'runtime=1'), notes(3, '')]) expect(other).not.toMatch(/'runtime'/);
  });
});
