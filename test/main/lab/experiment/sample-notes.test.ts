import { describe, expect, it } from 'vitest';
import { sampleNotes } from '../../../../src/main/lab/experiment/sample-notes.ts';
import { summarise } from '../../../../src/main/lab/statistics/summarise.ts';
import type { Design } from '../../../../src/shared/design.ts';
import type { Engine, RunOutcome, Sample } from '../../../../src/shared/run-record.ts';
import { type MixFigures, sumOfCounts } from '../../../../src/shared/this-cpu-report.ts';
import type { ZramDeviceState } from '../../../../src/shared/zram-report.ts';
import { figuresAt, MEMORY, sampleOf } from '../run-record-fixtures.ts';
import { smallProfile } from '../small-lab.ts';

const MIB = 2 ** 20;
const DESIGNS: readonly Design[] = ['single-mutex', 'per-cpu-global', 'segment'];
const MIX: MixFigures = {
  name: 'storm',
  ...{ units: 1, operations: 1, issued: 1, counted: 1, durationNs: 0, processorNs: 0 },
  counts: sumOfCounts([]),
};

interface Change {
  readonly seconds?: number;
  readonly engine?: Engine;
  readonly hotplug?: { readonly everyMs: number };
  readonly outcome?: RunOutcome;
  readonly tookSeconds?: number;
  readonly oversubscribed?: boolean;
  readonly isSampledEvenly?: boolean;
  /** Of the CPUs' time. */
  readonly requestShare?: number;
  readonly filePages?: number;
}

/** As `sample`, its requests having taken this share of the CPUs' time. */
function withRequests(sample: Sample, requestShare: number): Sample {
  return sample.write === undefined ? sample : { ...sample, write: { ...sample.write, requestShare } };
}

function notesOf(given: readonly Sample[], change: Change = {}): readonly string[] {
  const samples = given.map((sample) => withRequests(sample, change.requestShare ?? 1));
  const { seconds, engine = 'live', hotplug, outcome = 'complete', tookSeconds = 1, oversubscribed = false } = change;
  const { isSampledEvenly = true } = change;
  const { designs } = summarise(samples, { designs: DESIGNS, equivalencePercent: 5 });
  const small = smallProfile();
  const profile = { ...small, experiment: { ...small.experiment, seconds }, hotplug };
  const run = { designs, samples, profile, engine, outcome, tookSeconds, oversubscribed, isSampledEvenly };
  return sampleNotes({ ...run, filePages: change.filePages });
}

function device(mmStat: string): ZramDeviceState {
  return { mmStat, ioStat: '', debugStat: '', bdStat: '', classes: [] };
}

/** Stored so much, of which the pool takes this share. */
function storing(design: Design, mebibytes: number, poolShare: number, repetition = 1): Sample {
  const originalBytes = mebibytes * MIB;
  const memory = { ...MEMORY, originalBytes, poolBytes: originalBytes * poolShare };
  return { ...sampleOf(design, repetition, 600), memoryAtEnd: memory, memoryAtPeak: memory };
}

/** Wrote while the host gave this share of the CPUs' time to others. */
function withheld(design: Design, share: number, repetition = 1): Sample {
  return { ...sampleOf(design, repetition, 600), write: { ...figuresAt(600), withheldShare: share } };
}

describe('notes from the samples of a run', () => {
  it('say what of the jobs’ time requests took, where throughput tells of much else', () => {
    const samples = [sampleOf('single-mutex', 1, 600), sampleOf('per-cpu-global', 1, 700)];
    expect(notesOf(samples, { requestShare: 0.95 })).toEqual([]);
    expect(notesOf(samples, { requestShare: 0.625 })).toEqual([
      expect.stringMatching(
        /^Throughput is that of jobs as a whole: .* in the median, 63 % \(write\) under single mutex, 63 % \(write\) under per-CPU, global; the rest/,
      ),
    ]);
  });

  it('do not say it where CPUs go down', () => {
    const samples = [sampleOf('single-mutex', 1, 600)];
    expect(notesOf(samples, { requestShare: 0.5, hotplug: { everyMs: 20 } })).toEqual([]);
  });

  it('are none where designs stored the same on a quiet host', () => {
    expect(notesOf([withheld('single-mutex', 0.04), withheld('per-cpu-global', 0.049)], { seconds: 3 })).toEqual([]);
    expect(notesOf([sampleOf('single-mutex', 1, 600), sampleOf('per-cpu-global', 1, 700)])).toEqual([]);
    expect(notesOf([])).toEqual([]);
  });

  it('say of samples of less than a millisecond what they did, and that their times say little', () => {
    const lasting = (design: Design, durationNs: number, repetition = 1): Sample => {
      return { ...sampleOf(design, repetition, 600), write: { ...figuresAt(600), durationNs, operations: 77 } };
    };
    const samples = [lasting('single-mutex', 493_700), lasting('per-cpu-global', 2e6)];
    expect(notesOf(samples)).toEqual([
      'Samples are short, in the median write 77 operations in 494 µs (single mutex), 77 operations in 2000 µs (per-CPU, global): ' +
        'their throughput and latency, and ratios of these, say little. What is counted holds all the same.',
    ]);
    expect(notesOf([lasting('single-mutex', 999_999)])).toHaveLength(1);
    expect(notesOf([lasting('single-mutex', 1e6)])).toEqual([]);
    // One of three that was short is none in the median.
    expect(notesOf([5e5, 3e6, 3e6].map((ns, index) => lasting('single-mutex', ns, index + 1)))).toEqual([]);
  });

  it('name of a busy host the designs alone whose time on a core is known', () => {
    const [note] = notesOf([withheld('single-mutex', 0.5), sampleOf('per-cpu-global', 1, 600)], { seconds: 3 });
    expect(note).toContain('(medians): write 50 % (single mutex). Throughput');
  });

  it('say how much each design stored where that differs, why, and what compares', () => {
    const samples = [storing('single-mutex', 100, 0.5), storing('per-cpu-global', 150, 0.25)];
    const [note, ...others] = notesOf(samples, { seconds: 3 });
    expect(note).toBe(
      'Designs stored different amounts of data, each what it could write in the same time: 100.0 MiB (single mutex), ' +
        '150.0 MiB (per-CPU, global), medians of the original at the end. Their bytes of compressed data, pool and all ' +
        'frames do not compare. Every design wrote pages spread evenly over the page data, more or fewer of them: what ' +
        "compares is the pool's share of the original: 50.00 % (single mutex), 25.00 % (per-CPU, global).",
    );
    expect(others).toEqual([]);
    expect(notesOf(samples)[0]).toMatch(/^Designs stored different amounts of data: 100\.0 MiB/);
  });

  it('call shares comparable only as far as the data is alike where designs wrote other parts of it', () => {
    const samples = [storing('single-mutex', 100, 0.5), storing('per-cpu-global', 150, 0.25)];
    const [note] = notesOf(samples, { isSampledEvenly: false });
    expect(note).toMatch(
      /do not compare\. As far as the page data is alike throughout, what compares is the pool's share of the original: 50\.00 %/,
    );
    expect(note).not.toMatch(/evenly/);
  });

  it('name no share where a design stored nothing', () => {
    const [note] = notesOf([storing('single-mutex', 0, 0), storing('per-cpu-global', 150, 0.25)]);
    expect(note).toMatch(/do not compare\.$/);
  });

  it('say that the last repetition is not the median where repetitions stored different amounts', () => {
    const zram = { atEnd: [device('1 1 1 0 1 0 0 0 0')], afterwards: [] };
    const samples = [10, 20, 30].map((size, index) => ({ ...storing('single-mutex', size, 0.5, index + 1), zram }));
    expect(notesOf(samples)).toEqual([expect.stringMatching(/^Repetitions stored different .* last repetition/)]);
    const steady = [1, 2].map((repetition) => ({ ...storing('per-cpu-global', 20, 0.5, repetition), zram }));
    expect(notesOf([...samples, ...steady])).toEqual([
      expect.stringMatching(/^Repetitions of single mutex stored different/),
    ]);
  });

  it('say which share of the time the CPUs were without a core, direction by direction', () => {
    const samples = [1, 2, 3].flatMap((repetition) => [
      withheld('single-mutex', 0.1 * repetition, repetition),
      withheld('per-cpu-global', 0.02, repetition),
    ]);
    const [note, ...others] = notesOf(samples);
    expect(note).toMatch(/^The CPUs were without a core .*: write 20 % \(single mutex\), 2 % \(per-CPU, global\)\. /);
    expect(note).toMatch(/those of a busy host\.$/);
    expect(others).toEqual([]);
  });

  it('say of the kernel that waiting within it counts as well, and nothing where CPUs are taken down on purpose', () => {
    const samples = [withheld('single-mutex', 0.5)];
    expect(notesOf(samples, { engine: 'kernel' })[0]).toMatch(/or they waited within the kernel/);
    expect(notesOf(samples, { hotplug: { everyMs: 20 } })).toEqual([]);
  });

  it('say how long a timed run took where that is more than what was measured', () => {
    const samples = [sampleOf('single-mutex', 1, 600)];
    expect(notesOf(samples, { seconds: 4, tookSeconds: 4.9 })).toEqual([]);
    expect(notesOf(samples, { tookSeconds: 100 })).toEqual([]);
    expect(notesOf(samples, { seconds: 4, tookSeconds: 100, outcome: 'cancelled' })).toEqual([]);
    expect(notesOf(samples, { seconds: 4, tookSeconds: 9.87 })).toEqual([
      expect.stringMatching(
        /^The run took 9\.9 s, of which 4 s were to be measured, the first block, which is thrown away, included; the rest was /,
      ),
    ]);
  });

  it('say of this-cpu workloads how long the threads did not run, and which figures suffer', () => {
    const mix = { ...MIX, durationNs: 1000, processorNs: 1200 };
    const sample = {
      ...sampleOf('segment', 1, 0),
      write: undefined,
      cpus: 2,
      thisCpu: { mixes: [mix, mix], cpus: [] },
    };
    const [note, ...others] = notesOf([sample]);
    expect(note).toMatch(
      /^The CPUs' threads did not run .*: 40 % \(segment prefix\)\. Operations per second are by the clock/,
    );
    expect(others).toEqual([]);
    expect(notesOf([sample], { oversubscribed: true })).toEqual([]);
    const full = { ...mix, processorNs: 1910 };
    expect(notesOf([{ ...sample, thisCpu: { mixes: [full], cpus: [] } }])).toEqual([]);
  });

  it('say of a run that ended between two designs whose figures are of a repetition more', () => {
    const samples = [
      sampleOf('single-mutex', 1, 600),
      sampleOf('per-cpu-global', 1, 700),
      sampleOf('single-mutex', 2, 600),
    ];
    const ended =
      /^The run ended in the middle .* all its samples, 2 of single mutex, 1 of per-CPU, global; comparisons/;
    expect(notesOf(samples, { outcome: 'cancelled' })).toEqual([expect.stringMatching(ended)]);
    expect(notesOf(samples, { outcome: 'failed' })).toEqual([expect.stringMatching(ended)]);
    expect(notesOf(samples.slice(0, 2), { outcome: 'cancelled' })).toEqual([]);
    expect(notesOf(samples)).toEqual([]);
  });

  it('say how often over the pages of files were written', () => {
    const sample = sampleOf('single-mutex', 1, 600);
    const pages = (sample.write?.bytes ?? 0) / 4096;
    expect(notesOf([sample], { filePages: pages / 4 })).toEqual([
      expect.stringMatching(
        /^In a repetition's measured phases .* 4\.0 times \(single mutex\) as many pages as the \d+ pages? of the page data/,
      ),
    ]);
    expect(notesOf([sample], { filePages: Math.ceil(pages * 0.51) })).toEqual([]);
    expect(notesOf([sample])).toEqual([]);
  });

  it('say how often over what is stored was read, where that is more than once', () => {
    const reading = (design: Design, megabytes: number): Sample => {
      const sample = storing(design, 100, 0.5);
      return { ...sample, write: undefined, read: { ...figuresAt(600), bytes: megabytes * MIB, requestShare: 1 } };
    };
    expect(notesOf([reading('single-mutex', 100), reading('per-cpu-global', 199)])).toEqual([]);
    expect(notesOf([reading('single-mutex', 600), reading('per-cpu-global', 490)])).toEqual([
      expect.stringMatching(
        /^Jobs read what is stored more .* 6\.0 times \(single mutex\), 4\.9 times \(per-CPU, global\): /,
      ),
    ]);
  });

  it('say where most pages are same-filled, which no design compresses', () => {
    const holding = (samePages: number): Sample => ({
      ...sampleOf('single-mutex', 1, 600),
      // Two devices of a hundred pages each.
      zram: { atEnd: [device(`409600 9 9 0 9 ${samePages} 0 0 0`), device('409600 9 9 0 9 0 0 0 0')], afterwards: [] },
    });
    expect(notesOf([holding(99)])).toEqual([]);
    expect(notesOf([holding(100)])).toEqual([
      expect.stringMatching(
        /^Of the pages stored at the end of the last repetition 50 % \(single mutex\) are same-filled/,
      ),
    ]);
    expect(notesOf([holding(100), { ...holding(0), repetition: 2 }])).toEqual([]);
  });

  it('say of many comparisons of mixes how many will miss by chance', () => {
    const mixes = Array.from({ length: 10 }, (_, at) => `mix ${at}`);
    const timed = (design: Design, repetition: number, count: number): Sample => ({
      ...sampleOf(design, repetition, 0),
      write: undefined,
      thisCpu: {
        mixes: mixes.slice(0, count).map((name) => ({ ...MIX, name, durationNs: 1000, processorNs: 2000 })),
        cpus: [],
      },
    });
    const blocks = (count: number): readonly Sample[] =>
      [1, 2, 3, 4, 5, 6].flatMap((repetition) => [
        timed('single-mutex', repetition, count),
        timed('segment', repetition, count),
      ]);
    // Six blocks have intervals of 1 - 2/64.
    expect(notesOf(blocks(10))).toEqual([]);
    const both = [...blocks(10), ...[1, 2, 3, 4, 5, 6].map((repetition) => timed('per-cpu-global', repetition, 10))];
    expect(notesOf(both)).toEqual([
      expect.stringMatching(/^Mixes have 20 comparisons with intervals of their own, of which about 0\.6 will miss/),
    ]);
  });

  it('explain a mem_used above mem_used_max, at whatever moment', () => {
    const [below, above] = [device('9 9 4096 0 4096 0 0 0 0'), device('9 9 8192 0 4096 0 0 0 0')];
    const step = { step: { do: 'idle' as const }, pagesReleased: 0, pagesTried: 0, pagesRecompressed: 0 };
    const sample = sampleOf('single-mutex', 1, 600);
    const withStates = (atEnd: ZramDeviceState, afterwards: ZramDeviceState) =>
      notesOf([{ ...sample, zram: { atEnd: [atEnd], afterwards: [{ ...step, devices: [afterwards] }] } }]);
    expect(withStates(below, below)).toEqual([]);
    expect(withStates(below, above)).toEqual([
      expect.stringMatching(/^mem_used is above mem_used_max .* The pool at peak .* at any moment/),
    ]);
    expect(withStates(above, below)).toEqual([expect.stringMatching(/^mem_used is above mem_used_max/)]);
  });
});
