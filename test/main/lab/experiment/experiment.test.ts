import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { parse } from 'papaparse';
import { describe, expect, it } from 'vitest';
import { APPLICATION_ID, MIGRATIONS } from '../../../../src/main/lab/store/schema.ts';
import type { Lab } from '../../../../src/main/lab/lab.ts';
import type { RunEvent, RunProgress } from '../../../../src/shared/contract.ts';
import type { Profile } from '../../../../src/shared/profile.ts';
import type { Sample } from '../../../../src/shared/run-record.ts';
import {
  errorOf,
  listen,
  openSmallLab,
  PAGE_BYTES,
  runToEnd,
  smallDataFile,
  smallPercpuProfile,
  smallProfile,
  smallThisCpuProfile,
  valueOf,
} from '../small-lab.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const MIB = 2 ** 20;
/** Fifty samples of some tenths of a second. */
const LONG = '[job]\nrw=write\nsize=1m\nnumjobs=2\nverify=meta\nloops=30\n';
/** Does not even get through its warm-up. */
const ENDLESS = '[job]\nrw=write\nbs=4k\nsize=1m\nnumjobs=2\ntime_based\nruntime=600\nverify=meta\n';

/** Its first sample runs out of memory. */
function beyondMemory(): Profile {
  const data = { kind: 'generator', zeroPercent: 0, samePercent: 0, randomPercent: 100, compressPercent: 0 } as const;
  const jobFile = '[job]\nrw=write\nsize=6m\nnumjobs=2\n';
  return smallProfile({ machine: { memoryBytes: 8 * MIB, diskSizeBytes: 16 * MIB }, workload: { jobFile, data } });
}

function progressOf(events: readonly RunEvent[]): readonly RunProgress[] {
  return events.flatMap((event) => (event.kind === 'progress' ? [event.progress] : []));
}

function orderOf(samples: readonly Sample[]): readonly string[] {
  return samples.map((sample) => `${sample.repetition}.${sample.position} ${sample.design}`);
}

describe('a run of both designs', () => {
  it('gives what was measured, counted and compared', async () => {
    const lab = await openSmallLab();
    const { events, finished, record } = await runToEnd(lab, smallProfile({ experiment: { repetitions: 3 } }));
    expect(finished).toMatchObject({ outcome: 'complete', stored: true, error: undefined });
    expect(record).toMatchObject({ outcome: 'complete', engine: 'live', oversubscribed: false });
    expect(record.name).toMatch(/^small, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(record.startedAt <= record.finishedAt).toBe(true);
    expect(record.pageData).toEqual(['1 file, all 32768 bytes']);
    expect(record.notes).toContain('Page data: 1 file, all 32768 bytes.');

    // Three blocks, each with both designs; the warm-up is not among them.
    expect(record.samples).toHaveLength(6);
    expect(record.samples.map((sample) => sample.repetition)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(record.samples.map((sample) => sample.position)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(events.flatMap((event) => (event.kind === 'sample' ? [event.sample] : []))).toEqual(record.samples);

    for (const sample of record.samples) {
      const pages = (2 * MIB) / PAGE_BYTES;
      expect(sample).toMatchObject({ cpus: 2, clock: 'wall', verifiedPages: pages });
      for (const figures of [sample.write, sample.read]) {
        expect(figures).toMatchObject({ operations: pages, bytes: 2 * MIB });
        expect(figures?.megabytesPerSecond).toBeCloseTo(((figures?.bytes ?? 0) / (figures?.durationNs ?? 1)) * 1000, 6);
        const { p50 = 0, p99 = 0, max = 0 } = figures?.latencyNs ?? {};
        expect(p50).toBeGreaterThan(0);
        expect(p50).toBeLessThanOrEqual(p99);
        expect(p99).toBeLessThanOrEqual(max);
        expect(figures?.lockWaitShare).toBeGreaterThanOrEqual(0);
        expect(figures?.lockWaitShare).toBeLessThanOrEqual(1);
      }
      const { memoryAtEnd: memory, memoryAtPeak: peak } = sample;
      expect(memory.originalBytes).toBe(2 * MIB);
      expect(memory.compressedBytes).toBeLessThan(memory.originalBytes);
      expect(memory.poolBytes).toBeGreaterThanOrEqual(memory.compressedBytes);
      expect(memory.totalBytes).toBe(16 * MIB);
      // Two pages for each of two online CPUs (of three possible ones), or for the one device.
      expect(memory.bufferBytes).toBe(2 * PAGE_BYTES * (sample.design === 'per-cpu-global' ? 2 : 1));
      for (const [column, bytes] of Object.entries(memory)) {
        expect(peak[column as keyof typeof peak], column).toBeGreaterThanOrEqual(bytes);
      }
    }
    // Every sample tells its device in the kernel's words.
    for (const { zram, memoryAtEnd } of record.samples) {
      const [original, compressed, used] = (zram?.atEnd[0]?.mmStat ?? '').trim().split(/ +/).map(Number);
      const { originalBytes, compressedBytes, poolBytes } = memoryAtEnd;
      expect([original, compressed, used]).toEqual([originalBytes, compressedBytes, poolBytes]);
      expect(zram?.afterwards).toEqual([]);
      expect(zram?.atEnd[0]?.stored?.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(compressed);
      const course = zram?.course;
      expect([course?.originalBytes[0], course?.originalBytes.at(-1)]).toEqual([0, original]);
      expect(course?.poolBytes.at(-1)).toBe(used);
      expect(course?.phases.map(({ phase }) => phase)).toEqual(['write', 'read']);
    }
    // The same pages in the same order compress to the same bytes, whatever the design.
    expect(new Set(record.samples.map((sample) => sample.memoryAtEnd.compressedBytes)).size).toBe(1);

    expect(record.designs.map((design) => design.design)).toEqual(['single-mutex', 'per-cpu-global']);
    expect(record.designs[0]?.write?.megabytesPerSecond.samples).toHaveLength(3);
    expect(record.comparisons.map(({ direction, design, blocks }) => [direction, design, blocks])).toEqual([
      ['write', 'per-cpu-global', 3],
      ['read', 'per-cpu-global', 3],
    ]);
  });

  it('counts buffers per device under the mutex and per online CPU under the 2010 patch', async () => {
    const lab = await openSmallLab();
    const machine = { possibleCpus: 5, devices: 3, pageSizeBytes: 16384 as const, memoryBytes: 32 * MIB };
    const jobFile = '[job]\nrw=write\nbs=16k\nsize=256k\nnumjobs=3\n';
    const { record } = await runToEnd(
      lab,
      smallProfile({
        machine,
        workload: { jobFile, data: { kind: 'files', paths: [smallDataFile()] } },
        experiment: { repetitions: 1 },
      }),
    );
    const buffers = new Map(record.samples.map((sample) => [sample.design, sample.memoryAtEnd.bufferBytes]));
    expect(buffers.get('single-mutex')).toBe(2 * 16384 * 3);
    expect(buffers.get('per-cpu-global')).toBe(2 * 16384 * 2);
    expect(record.samples[0]?.read).toBeUndefined();
    expect(record.notes.join(' ')).toContain('Not read back and compared');
  });

  it('counts memory at the end and at peak with what was done after the jobs', async () => {
    const lab = await openSmallLab();
    const jobFile = '[w]\nrw=randwrite\nsize=1m\nloops=2\n';
    const generator = {
      kind: 'generator',
      zeroPercent: 0,
      samePercent: 0,
      randomPercent: 0,
      compressPercent: 40,
    } as const;
    const profile = smallProfile({
      designs: ['per-cpu-global'],
      machine: { codec: 'lz4-kernel' },
      workload: { jobFile, data: generator },
      experiment: { repetitions: 1 },
      zram: { recompression: ['zstd'], afterwards: [{ do: 'recompress' }, { do: 'compact' }] },
    });
    const [sample] = (await runToEnd(lab, profile)).record.samples;
    const columns = (mmStat = ''): readonly (number | undefined)[] => mmStat.trim().split(/ +/).map(Number).slice(0, 3);
    const [recompressed, compacted] = (sample?.zram?.afterwards ?? []).map(({ devices }) =>
      columns(devices[0]?.mmStat),
    );
    const { originalBytes, compressedBytes, poolBytes } = sample?.memoryAtEnd ?? {};
    expect([originalBytes, compressedBytes, poolBytes]).toEqual(compacted);
    expect(compacted).not.toEqual(columns(sample?.zram?.atEnd[0]?.mmStat));
    expect(sample?.memoryAtPeak.poolBytes).toBeGreaterThanOrEqual(recompressed?.[2] ?? Infinity);
  });

  it('the order of designs is random, but the same for the same seed', async () => {
    const lab = await openSmallLab();
    const experiment = { repetitions: 8 };
    const jobFile = '[job]\nrw=write\nsize=64k\n';
    const orders: (readonly string[])[] = [];
    for (const seed of [3, 3, 4]) {
      const data = { kind: 'files' as const, paths: [smallDataFile()] };
      const { record } = await runToEnd(lab, smallProfile({ experiment, workload: { jobFile, seed, data } }));
      orders.push(orderOf(record.samples));
    }
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
    const firsts = (orders[0] ?? []).filter((place) => place.includes('.1 ')).map((place) => place.split(' ')[1]);
    expect(new Set(firsts).size).toBe(2);
  });

  it('mixed reads and writes, random order, overwriting and several jobs on one CPU find what was written', async () => {
    const lab = await openSmallLab();
    const jobFile =
      '[global]\nbs=4k\nsize=512k\nverify=crc32c\nioengine=libaio\niodepth=8\n' +
      '[mixed]\nrw=randrw\nnumjobs=2\nloops=2\n[again]\nrw=randwrite\nio_size=2m\n' +
      '[back]\nstonewall\nrw=randread\n';
    const { record } = await runToEnd(
      lab,
      smallProfile({
        machine: { onlineCpus: 3 },
        workload: { jobFile, data: { kind: 'files', paths: [smallDataFile()] } },
        experiment: { repetitions: 1 },
      }),
    );
    expect(record).toMatchObject({ outcome: 'complete' });
    expect(record.samples[0]?.memoryAtEnd.originalBytes).toBe(2 * MIB);
  });

  it('readers that share a file read what was laid out for all of them', async () => {
    const lab = await openSmallLab();
    const jobFile = '[r]\nrw=randread\nfilename=/dev/zram0\nsize=2m\nnumjobs=2\n';
    const { record } = await runToEnd(
      lab,
      smallProfile({ workload: { jobFile, data: { kind: 'files', paths: [smallDataFile()] } } }),
    );
    expect(record).toMatchObject({ outcome: 'complete' });
    expect(record.samples[0]?.write).toBeUndefined();
    expect(record.samples[0]).toMatchObject({ verifiedPages: (2 * 2 * MIB) / PAGE_BYTES });
    expect(record.samples[0]?.memoryAtEnd.originalBytes).toBe(2 * MIB);
  });

  it('warms up in block after block until each design has worked long enough, which changes no order', async () => {
    const lab = await openSmallLab();
    const long = await runToEnd(lab, smallProfile({ experiment: { warmUpSeconds: undefined } }));
    const short = await runToEnd(lab, smallProfile({ experiment: { warmUpSeconds: 0 } }));
    expect(orderOf(long.record.samples)).toEqual(orderOf(short.record.samples));
    // Every design's turn, of which there are two in a block.
    const turns = ({ events }: typeof long): number => {
      const warm = progressOf(events).filter(({ repetition, phase }) => repetition === 0 && phase !== 'prepare');
      return warm.filter(({ design }, index) => design !== warm[index - 1]?.design).length;
    };
    expect(turns(short)).toBe(2);
    expect(turns(long)).toBeGreaterThan(4);
    expect(turns(long) % 2).toBe(0);
    const progress = progressOf(long.events);
    checkProgress(progress);
    // Of so many blocks two are measured.
    const warm = progress.filter(({ repetition }) => repetition === 0).at(-1)?.fraction ?? 1;
    const blocks = turns(long) / 2;
    expect(warm).toBeLessThanOrEqual(blocks / (blocks + 2));
    expect(new Set(progress.map(({ sample }) => sample)).size).toBe(turns(long) + 4);
    expect(long.record.notes).toContainEqual(
      expect.stringMatching(new RegExp(`^Warm-up: ${blocks} blocks, in which each design worked for [\\d.]+ s`)),
    );
    expect(short.record.notes).toContainEqual(expect.stringMatching(/^Warm-up: 1 block, in which .* s\.$/));
  });

  it('of a this-cpu workload has one block of warm-up, as its threads begin anew', async () => {
    const { events, record } = await runToEnd(await openSmallLab(), smallThisCpuProfile());
    expect(record.outcome).toBe('complete');
    // Two designs, one repetition.
    expect(new Set(progressOf(events).map(({ sample }) => sample))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('with a time limit goes round as often as the time allows', async () => {
    const lab = await openSmallLab();
    const { record, events } = await runToEnd(
      lab,
      smallProfile({ experiment: { seconds: 1.2, repetitions: 1 }, designs: ['per-cpu-global'] }),
    );
    expect(record.outcome).toBe('complete');
    // 1.2 s over two phases of a warm-up and one sample.
    expect(record.samples[0]?.write?.durationNs).toBeGreaterThanOrEqual(0.29e9);
    expect(record.samples[0]?.memoryAtEnd.originalBytes).toBeLessThanOrEqual(2 * MIB);
    checkProgress(progressOf(events));
  });

  it('says while it runs how fast it is, and how much of their time its CPUs work', async () => {
    const lab = await openSmallLab();
    const { finished } = listen(lab);
    const working = new Promise<RunProgress>((resolve) => {
      lab.subscribe((event) => {
        if (event.kind !== 'progress') return;
        const { megabytesPerSecond, cpus } = event.progress;
        if ((megabytesPerSecond.write ?? 0) > 0 && cpus.some((cpu) => cpu.working > 0.5)) resolve(event.progress);
      });
    });
    const { runId } = valueOf(await lab.startRun({ profile: smallProfile({ experiment: { seconds: 3600 } }) }));
    expect((await working).phase).toBe('write');
    valueOf(await lab.cancelRun({ runId }));
    await finished;
  });

  it('more CPUs than cores is labelled, in the record and in its notes', async () => {
    const lab = await openSmallLab();
    const { environment } = valueOf(await lab.describeHost({}));
    const cpus = environment.hostCores + 1;
    const { record, events } = await runToEnd(
      lab,
      smallProfile({ machine: { possibleCpus: cpus, onlineCpus: cpus }, experiment: { repetitions: 1 } }),
    );
    expect(record.oversubscribed).toBe(true);
    expect(record.notes.some((note) => note.startsWith(`Oversubscribed: ${cpus} CPUs`))).toBe(true);
    expect(events[0]).toMatchObject({ kind: 'started', oversubscribed: true });
  });
});

/** What holds for the progress of every run. */
function checkProgress(progress: readonly RunProgress[]): void {
  expect(progress[0]).toMatchObject({ phase: 'prepare', fraction: 0, repetition: 0 });
  let [fraction, atMs] = [0, 0];
  for (const event of progress) {
    expect(event.fraction).toBeGreaterThanOrEqual(fraction);
    expect(event.atMs).toBeGreaterThanOrEqual(atMs);
    ({ fraction, atMs } = event);
    for (const { working, lockWait, withheld = 0 } of event.cpus) {
      expect(working).toBeGreaterThanOrEqual(0);
      expect(lockWait).toBeGreaterThanOrEqual(0);
      expect(withheld).toBeGreaterThanOrEqual(0);
      expect(working + lockWait + withheld).toBeLessThanOrEqual(1 + 1e-9);
    }
  }
  expect(fraction).toBeLessThanOrEqual(1);
  const left = progress.flatMap(({ secondsLeft }) => (secondsLeft === undefined ? [] : [secondsLeft]));
  expect(left.length).toBeGreaterThan(0);
  expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
}

describe('progress', () => {
  it('goes from nothing towards the whole, never back, and says how long it will take', async () => {
    const lab = await openSmallLab();
    const { events } = await runToEnd(lab, smallProfile());
    expect(events[0]?.kind).toBe('started');
    expect(events.at(-1)?.kind).toBe('finished');
    const progress = progressOf(events);
    checkProgress(progress);
    expect(progress.at(-1)?.fraction).toBeGreaterThan(0.8);
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(['prepare', 'write', 'read']));
    expect(new Set(progress.map(({ runId }) => runId)).size).toBe(1);
  });
});

/** Starts a run that would go on for very long; resolves when `samples` of it are there and the next is on its way. */
async function startLong(lab: Lab, samples: number) {
  const { events, finished } = listen(lab);
  const underway = new Promise<void>((resolve) => {
    const stop = lab.subscribe((event) => {
      if (event.kind !== 'progress') return;
      const { repetition, cpus } = event.progress;
      if (samples === 0 ? cpus.length === 0 : repetition <= samples) return;
      stop();
      resolve();
    });
  });
  const profile = smallProfile({
    designs: ['per-cpu-global'],
    experiment: { repetitions: 50 },
    workload: {
      jobFile: samples === 0 ? ENDLESS : LONG,
      data: { kind: 'files', paths: [smallDataFile()] },
    },
  });
  const { runId } = valueOf(await lab.startRun({ profile }));
  await underway;
  return { runId, events, finished };
}

describe('a cancelled run', () => {
  it('keeps the samples that were finished and what they say', async () => {
    const lab = await openSmallLab();
    const { runId, finished, events } = await startLong(lab, 2);
    valueOf(await lab.cancelRun({ runId }));
    expect(await finished).toMatchObject({ outcome: 'cancelled', stored: true, error: undefined });
    const record = valueOf(await lab.openRun({ runId }));
    expect(record.outcome).toBe('cancelled');
    expect(record.error).toBeUndefined();
    expect(record.samples.length).toBeGreaterThanOrEqual(2);
    expect(record.samples.length).toBeLessThan(50);
    expect(record.samples).toEqual(events.flatMap((event) => (event.kind === 'sample' ? [event.sample] : [])));
    expect(record.designs[0]?.write?.megabytesPerSecond.samples).toHaveLength(record.samples.length);
    const csv = valueOf(await lab.exportRunCsv({ runId }));
    expect(parse(csv.text.trimEnd(), { header: true }).data).toHaveLength(record.samples.length);
  });

  it('in the warm-up leaves a record without samples, and the lab runs the next one', async () => {
    const lab = await openSmallLab();
    const { runId, finished } = await startLong(lab, 0);
    valueOf(await lab.cancelRun({ runId }));
    // It does not wait for the job's runtime of ten minutes: that would be longer than a test may take.
    expect((await finished).outcome).toBe('cancelled');
    expect(valueOf(await lab.openRun({ runId }))).toMatchObject({ samples: [], designs: [], comparisons: [] });
    expect((await runToEnd(lab, smallProfile())).record.outcome).toBe('complete');
  });

  it('before it has really begun is cancelled as well', async () => {
    const lab = await openSmallLab();
    const { finished } = listen(lab);
    const { runId } = valueOf(await lab.startRun({ profile: smallProfile() }));
    valueOf(await lab.cancelRun({ runId }));
    valueOf(await lab.cancelRun({ runId }));
    expect((await finished).outcome).toBe('cancelled');
    expect(errorOf(await lab.cancelRun({ runId }))).toEqual({ code: 'not-found', message: 'this run is not going on' });
  });
});

describe('one run at a time', () => {
  it('a second one is refused while the first goes on, and runs afterwards', async () => {
    const lab = await openSmallLab();
    const { runId, finished } = await startLong(lab, 0);
    expect(errorOf(await lab.startRun({ profile: smallProfile() }))).toEqual({
      code: 'busy',
      message: 'an experiment is going on already (small); cancel it or wait',
    });
    expect(valueOf(await lab.currentRun({})).run).toMatchObject({ runId, samples: [], progress: { runId } });
    await lab.cancelRun({ runId });
    await finished;
    expect(valueOf(await lab.currentRun({})).run).toBeUndefined();
    const second = await runToEnd(lab, smallProfile());
    const third = await runToEnd(lab, smallProfile());
    expect([second.record.outcome, third.record.outcome]).toEqual(['complete', 'complete']);
    expect(valueOf(await lab.listRuns({})).map((run) => run.outcome)).toEqual(['complete', 'complete', 'cancelled']);
  });
});

describe('a run that fails', () => {
  it('for want of memory names design, job, page and what there is', async () => {
    const lab = await openSmallLab();
    const { record, finished } = await runToEnd(lab, beyondMemory());
    expect(finished).toMatchObject({ outcome: 'failed', stored: true });
    expect(record.error).toMatchObject({ code: 'out-of-memory', where: 'machine.memoryBytes' });
    expect(record.error?.message).toMatch(
      /^design (single-mutex|per-cpu-global): job job\.[01] could not write page \d+ of zram0: the machine's memory of 8\.0 MiB is full, \d\.\d MiB of it the pool and 0\.1 MiB slot tables; /,
    );
    expect(record.samples).toEqual([]);
    expect(valueOf(await lab.listRuns({})).map(({ outcome }) => outcome)).toEqual(['failed']);
    expect((await runToEnd(lab, smallProfile())).record.outcome).toBe('complete');
  });

  it('does not begin when boot alone needs more memory, and says so', async () => {
    const lab = await openSmallLab();
    const profile = smallProfile({ machine: { memoryBytes: 4 * MIB, diskSizeBytes: 16 * 1024 * MIB } });
    const started = await lab.startRun({ profile });
    expect(started).toMatchObject({ ok: false, error: { code: 'out-of-memory', where: 'machine.memoryBytes' } });
    expect(started.ok ? '' : started.error.message).toContain('does not hold what boot needs');
  });

  it('for want of its data names the path', async () => {
    const lab = await openSmallLab();
    const path = join(temporaryFolder(), 'gone.bin');
    const workload = { data: { kind: 'files' as const, paths: [path] } };
    const { record, finished } = await runToEnd(lab, smallProfile({ workload }));
    expect(finished).toMatchObject({ outcome: 'failed', stored: false, error: { code: 'not-found' } });
    expect(record.error).toEqual({ code: 'not-found', message: `'${path}' does not exist`, where: path });
  });

  it('for want of its data measured nothing and is not among past runs', async () => {
    const lab = await openSmallLab();
    const workload = { data: { kind: 'files' as const, paths: [temporaryFolder()] } };
    const { finished } = await runToEnd(lab, smallProfile({ workload }));
    expect(finished).toMatchObject({ outcome: 'failed', stored: false, error: { code: 'bad-input' } });
    expect(valueOf(await lab.listRuns({}))).toEqual([]);
  });

  it('does not even begin when the profile is wrong', async () => {
    const lab = await openSmallLab();
    const { events } = listen(lab);
    const wrong = smallProfile({ workload: { jobFile: '[a]\nrw=up\n', data: { kind: 'job' } } });
    expect(errorOf(await lab.startRun({ profile: wrong })).code).toBe('bad-input');
    expect(events).toEqual([]);
    expect(valueOf(await lab.listRuns({}))).toEqual([]);
  });
});

describe('a run with faults on purpose', () => {
  const SAID = {
    compared: /failed were \d+ writes? and 0 reads; what was read back and compared was as the last write/,
    written: /failed were \d+ writes? and 0 reads\.$/,
    destroyed: /failed were \d+ allocations?; every object that was destroyed still bore/,
    made: /failed were \d+ allocations?\.$/,
  };
  it.each([
    ['compared', () => smallProfile()],
    ['written', () => smallProfile({ workload: { jobFile: '[job]\nrw=write\nsize=1m\n' } })],
    ['destroyed', () => smallPercpuProfile()],
    ['made', () => smallPercpuProfile({ workload: { destroy: 'never' } })],
  ] as const)('says what became of the rest only as far as it was looked at: %s', async (said, make) => {
    const small = make();
    const [first] = small.designs;
    if (first === undefined) throw new Error('the small profile has designs');
    const faults = small.workload.kind === 'fio' ? { codec: { every: 100 } } : { frames: { every: 3 } };
    const { record } = await runToEnd(await openSmallLab(), { ...small, designs: [first], faults });
    expect(record.outcome).toBe('complete');
    expect(record.notes.filter((note) => note.startsWith('Faults'))).toEqual([expect.stringMatching(SAID[said])]);
  });
});

describe('the record', () => {
  it('is kept in memory when it cannot be stored', async () => {
    const folder = temporaryFolder();
    const database = new DatabaseSync(join(folder, 'runs.sqlite'));
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    const lab = await openSmallLab(folder);
    const { storeError } = valueOf(await lab.describeHost({}));
    expect(storeError).toMatchObject({ code: 'storage' });
    expect(storeError?.message).toContain('a newer percpu-lab wrote it');
    const { record, finished } = await runToEnd(lab, smallProfile());
    expect(finished).toMatchObject({ outcome: 'complete', stored: false, error: storeError });
    expect(record.samples).toHaveLength(4);
    const csv = valueOf(await lab.exportRunCsv({ runId: record.id }));
    expect(csv.fileName).toMatch(/^percpu-lab-small-.*\.csv$/);
    expect(parse(csv.text.trimEnd(), { header: true }).data).toHaveLength(4);
    expect(errorOf(await lab.listRuns({}))).toEqual(storeError);
    expect(errorOf(await lab.openRun({ runId: 'another' }))).toEqual(storeError);
  });

  it('of a failed run that cannot be stored says why it was not stored', async () => {
    const folder = temporaryFolder();
    const database = new DatabaseSync(join(folder, 'runs.sqlite'));
    database.exec('CREATE TABLE foreign_one (a); PRAGMA user_version = 3');
    database.close();
    const lab = await openSmallLab(folder);
    const { record, finished } = await runToEnd(lab, beyondMemory());
    expect(finished).toMatchObject({ outcome: 'failed', stored: false, error: { code: 'storage' } });
    expect(record.error?.code).toBe('out-of-memory');
  });
});

describe('closing the lab', () => {
  it('in the middle of a run stores it as cancelled and leaves no thread', async () => {
    const folder = temporaryFolder();
    const threads = countThreads();
    const lab = await openSmallLab(folder);
    const { runId, finished } = await startLong(lab, 1);
    expect(countThreads()).toBeGreaterThan(threads);
    await lab.close();
    expect((await finished).outcome).toBe('cancelled');
    expect(countThreads()).toBe(threads);
    const again = await openSmallLab(folder);
    const record = valueOf(await again.openRun({ runId }));
    expect(record.outcome).toBe('cancelled');
    expect(record.samples.length).toBeGreaterThanOrEqual(1);
  });

  it('that never ran, and twice, does no harm', async () => {
    const threads = countThreads();
    const lab = await openSmallLab();
    await lab.close();
    await lab.close();
    expect(countThreads()).toBe(threads);
  });
});

/** Worker threads of this process that are still there. */
function countThreads(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Worker' || resource === 'MessagePort')
    .length;
}
