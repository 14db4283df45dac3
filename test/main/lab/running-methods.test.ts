/** Looking into a machine while its CPUs run: over the contract, with real threads. */
import { describe, expect, it } from 'vitest';
import { parsePercpuStats } from '../../../src/main/evidence/percpu-trace/stats-text.ts';
import { dispatch } from '../../../src/main/lab/dispatch.ts';
import type { Lab } from '../../../src/main/lab/lab.ts';
import { percpuMachine } from '../../../src/main/lab/plan/percpu-workload-plan.ts';
import { callSitesByTotal } from '../../../src/main/lab/picture/running-picture.ts';
import { createRunningMethods } from '../../../src/main/lab/running-methods.ts';
import { bootMachine } from '../../../src/main/machine/boot.ts';
import { Arena } from '../../../src/main/machine/memory/arena.ts';
import { RegionW } from '../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { connectInMemory } from '../../../src/renderer/transport/in-memory-transport.ts';
import type { LabContract } from '../../../src/shared/contract.ts';
import { NO_CALL_SITE, type PercpuPicture, type PictureObjects } from '../../../src/shared/percpu-picture.ts';
import type { Profile } from '../../../src/shared/profile.ts';
import { decodePicture } from '../../../src/shared/wire-picture.ts';
import { parseMmStat } from '../../../src/shared/zram-stat-text.ts';
import { errorOf, openSmallLab, runToEnd, smallPercpuProfile, smallProfile, valueOf } from './small-lab.ts';

/** A run that goes on for as long as anybody wants to look at it. */
const LONG = smallPercpuProfile({
  machine: { memoryBytes: 128 << 20 },
  workload: { groups: 5000 },
  repetitions: 50,
});

/** The same for a fio run: its jobs go round. */
const LONG_TIME = { repetitions: 50, seconds: 3600 };

interface Going {
  readonly lab: Lab;
  readonly remote: LabContract;
  readonly runId: string;
}

async function start(profile: Profile): Promise<Going> {
  const lab = await openSmallLab();
  const remote = connectInMemory(lab, (method, input) => dispatch(lab, method, input));
  const { runId } = valueOf(await remote.startRun({ profile }));
  return { lab, remote, runId };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

/** The first picture that is of one moment, and as the test wants it: on a busy host a look may come without the lock. */
async function pictureWhere(
  { remote, runId }: Going,
  isWanted: (picture: PercpuPicture) => boolean,
  chunkKey?: string,
): Promise<PercpuPicture> {
  for (;;) {
    const { picture, isTorn } = valueOf(await remote.runningPicture({ runId, chunkKey }));
    const decoded = picture === undefined || isTorn === true ? undefined : decodePicture(picture);
    if (decoded !== undefined && isWanted(decoded)) return decoded;
    await pause();
  }
}

function drawnChunk(picture: PercpuPicture) {
  const drawn = picture.chunks.filter(({ objects }) => objects !== undefined);
  const [chunk] = drawn;
  if (chunk?.objects === undefined || drawn.length !== 1) throw new Error(`${drawn.length} chunks have objects`);
  return { ...chunk, objects: chunk.objects };
}

function namedSizes(picture: PercpuPicture, { sizeBytes, callSite }: PictureObjects): ReadonlySet<string> {
  return new Set(Array.from(sizeBytes, (size, at) => `${picture.callSites[callSite[at] ?? NO_CALL_SITE]} ${size}`));
}

describe('the picture of a run that goes on', () => {
  it('is of one moment: objects, counters and free bytes of a chunk agree, and everybody is known by name', async () => {
    const going = await start(LONG);
    const seen = new Set<string>();
    for (let look = 0; look < 5; look++) {
      const picture = await pictureWhere(going, ({ chunks }) => chunks.some((chunk) => chunk.heading === 'ordinary'));
      const ordinary = picture.chunks.find((chunk) => chunk.heading === 'ordinary' && chunk.liveObjects > 0);
      const again = await pictureWhere(going, ({ chunks }) => chunks.length > 1, ordinary?.key);
      for (const each of [picture, again]) {
        const { objects, liveObjects, freeBytes, sizeBytes, heading } = drawnChunk(each);
        expect(objects.startBytes.length).toBe(liveObjects);
        const used = objects.sizeBytes.reduce((sum, size) => sum + size, 0);
        if (heading === 'ordinary') expect(used + freeBytes).toBe(sizeBytes);
        for (const named of namedSizes(each, objects)) seen.add(named);
      }
    }
    expect([...seen].sort()).toEqual(['counters 1000', 'marks 8']);
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
  });

  it('has the units of the machine side by side and chunks one after the other', async () => {
    const going = await start(LONG);
    const { units, chunks, geometry } = await pictureWhere(going, ({ chunks: all }) => all.length > 2);
    expect(units).toEqual([
      { cpu: 0, group: 0, offsetBytes: 0 },
      { cpu: 1, group: 0, offsetBytes: geometry.unitBytes },
    ]);
    const starts = chunks.map(({ baseAddress = -1, heading }) => (heading === 'reserved' ? -1 : baseAddress));
    const distances = starts.filter((each) => each >= 0).map((each) => each - 2 ** 46);
    expect(new Set(distances).size).toBe(distances.length);
    expect(distances.every((each) => each >= 0 && each % (2 * geometry.unitBytes) === 0)).toBe(true);
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
  });

  it('says where the run stands', async () => {
    const going = await start(LONG);
    const moment = async () => valueOf(await going.remote.runningPicture({ runId: going.runId })).at;
    let at = await moment();
    for (; at === undefined; at = await moment()) await pause();
    expect(at.repetitions).toBe(50);
    expect(at.repetition).toBeLessThanOrEqual(50);
    expect(LONG.designs).toContain(at.design);
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
  });

  it('of a fio run shows what the machine itself has allocated, without names', async () => {
    const jobFile = '[job]\nrw=write\nbs=4k\nsize=4m\n';
    const going = await start(smallProfile({ workload: { jobFile }, experiment: LONG_TIME }));
    const picture = await pictureWhere(going, () => true);
    expect(picture.callSites).toEqual([]);
    expect(drawnChunk(picture).objects.callSite.every((site) => site === NO_CALL_SITE)).toBe(true);
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
  });

  it('is there for the run that goes on alone', async () => {
    const { lab, remote, runId } = await start(LONG);
    expect(errorOf(await remote.runningPicture({ runId: 'other' })).code).toBe('not-found');
    const ended = new Promise((resolve) => lab.subscribe((event) => event.kind === 'finished' && resolve(event)));
    valueOf(await remote.cancelRun({ runId }));
    await ended;
    expect(errorOf(await remote.runningPicture({ runId })).code).toBe('not-found');
    expect(errorOf(await remote.runningPercpuStats({ runId })).code).toBe('not-found');
  });
});

describe('a machine whose pcpu_lock a CPU keeps', () => {
  /** A run on a machine that has just booted, whose lock is free or held for ever. */
  function methodsOf(isHeld: boolean) {
    const profile = smallPercpuProfile();
    const { machine, workload } = profile;
    if (workload.kind !== 'percpu') throw new Error(`a ${workload.kind} workload`);
    const config = valueOf(percpuMachine(machine, workload, 'page'));
    const arena = valueOf(bootMachine(new SharedArrayBuffer(Arena.bytesFor(config)), config));
    if (isHeld) Atomics.store(arena.words, arena.geometry.chunkRegion / 4 + RegionW.lock, 1);
    const progress = { sample: 1, design: 'page', repetition: 1, repetitions: 1, phase: 'create', atMs: 0 } as const;
    const run = {
      runId: 'run',
      profile,
      engine: 'live',
      designs: ['page'],
      oversubscribed: false,
      samples: [],
    } as const;
    return createRunningMethods(
      {
        current: () => ({
          ...run,
          progress: {
            ...progress,
            runId: 'run',
            megabytesPerSecond: {},
            operationsPerSecond: {},
            fraction: 0,
            cpus: [],
          },
        }),
      },
      { runningMachine: () => ({ arena, callSites: [] }) },
    );
  }

  it('is drawn all the same, and the picture says that it may be of two moments', async () => {
    const { picture, isTorn } = valueOf(await methodsOf(true).runningPicture({ runId: 'run' }));
    expect([picture?.chunks.length, isTorn]).toEqual([2, true]);
    const free = valueOf(await methodsOf(false).runningPicture({ runId: 'run' }));
    expect([free.picture, free.isTorn]).toEqual([picture, false]);
  });

  it('has no percpu_stats, whose figures must agree', async () => {
    expect(errorOf(await methodsOf(true).runningPercpuStats({ runId: 'run' }))).toEqual({
      code: 'unavailable',
      message: 'a CPU kept pcpu_lock for too long to read one moment: ask again',
    });
    expect(valueOf(await methodsOf(false).runningPercpuStats({ runId: 'run' })).text).toContain('nr_cur_alloc');
  });
});

describe('the zram devices of a run that goes on', () => {
  it('can be looked at while they are written: statistics and classes that were so a moment ago', async () => {
    const jobFile = '[job]\nrw=write\nbs=4k\nsize=1m\nnumjobs=2\n';
    const going = await start(smallProfile({ workload: { jobFile }, experiment: LONG_TIME }));
    for (let looks = 0; looks < 20;) {
      const { devices, at } = valueOf(await going.remote.runningZram({ runId: going.runId }));
      await pause();
      const [device] = devices ?? [];
      if (device === undefined || device.classes.length === 0) continue;
      looks += 1;
      expect(at).toMatchObject({ repetitions: 50 });
      expect(valueOf(parseMmStat(device.mmStat)).orig_data_size).toBeLessThanOrEqual(2 << 20);
      expect(device.stored).toBeUndefined();
      for (const { objectBytes, pagesPerZspage, zspagesByTenth, pagesUsed } of device.classes) {
        expect(objectBytes % 8).toBe(0);
        expect(zspagesByTenth).toHaveLength(11);
        expect(pagesUsed % pagesPerZspage).toBe(0);
      }
    }
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
    expect(errorOf(await going.remote.runningZram({ runId: 'other' })).code).toBe('not-found');
  });
});

describe('percpu_stats of a run that goes on', () => {
  it("are the kernel's text, and its sums agree", async () => {
    const going = await start(LONG);
    await pictureWhere(going, ({ chunks }) => chunks.some(({ liveObjects }) => liveObjects > 0));
    let asked = await going.remote.runningPercpuStats({ runId: going.runId });
    while (!asked.ok && asked.error.code === 'unavailable')
      asked = await going.remote.runningPercpuStats({ runId: going.runId });
    const { text, design, fileName } = valueOf(asked);
    expect(fileName).toBe(`${design}.percpu_stats`);
    const { totals, chunks } = valueOf(parsePercpuStats(text));
    expect(totals.allocations - totals.frees).toBe(totals.liveObjects);
    expect(chunks.reduce((sum, { liveObjects }) => sum + liveObjects, 0)).toBe(totals.liveObjects);
    valueOf(await going.remote.cancelRun({ runId: going.runId }));
  });
});

describe('the order of call sites in pictures', () => {
  it('is that of the table of who allocates what', async () => {
    const objects = [
      { callSite: 'few', number: 1, sizeBytes: 64, alignBytes: 8 },
      { callSite: 'b', number: 2, sizeBytes: 62, alignBytes: 4 },
      { callSite: 'a', number: 1, sizeBytes: 128, alignBytes: 4 },
      { callSite: 'few', number: 1, sizeBytes: 32, alignBytes: 8 },
    ];
    const profile = smallPercpuProfile({ designs: ['page'], workload: { objects }, repetitions: 1 });
    const { record } = await runToEnd(await openSmallLab(), profile);
    const names = record.designs[0]?.percpu?.callSites.map(({ callSite }) => callSite);
    expect(names).toEqual(['a', 'b', 'few']);
    expect(callSitesByTotal(profile.workload)).toEqual(names);
    expect(callSitesByTotal(smallProfile().workload)).toEqual([]);
  });
});
