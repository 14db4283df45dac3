/** A copy of a machine's chunk region says what the machine itself says. */
import { describe, expect, it } from 'vitest';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import { copyChunkRegion } from '../../../../src/main/engine/live/region-copy.ts';
import { percpuMachine, planPercpuWorkload } from '../../../../src/main/lab/plan/percpu-workload-plan.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { percpuStats } from '../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import { RegionW } from '../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { liveObjects } from '../../../../src/main/machine/percpu/chunks/live-objects.ts';
import { codecParts } from '../codec/test-codecs.ts';
import { smallPercpuProfile, valueOf } from '../../lab/small-lab.ts';
import { arenaFor, NOBODY } from './sample-plans.ts';

const WORKER = new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url);

/** A machine with some thousand objects in several chunks, and the arena that it lies in. */
async function filledArena(): Promise<Arena> {
  const { machine, workload } = smallPercpuProfile({ workload: { groups: 900, destroy: 'never' } });
  if (workload.kind !== 'percpu') throw new Error(`a ${workload.kind} workload`);
  const config = valueOf(percpuMachine(machine, workload, 'page'));
  const plan = {
    machine: config,
    jobs: [],
    pageSets: [],
    codec: codecParts('lz4'),
    ...planPercpuWorkload(workload, machine),
  };
  const engine = new LiveEngine(WORKER);
  const memory = arenaFor(plan);
  valueOf(await engine.runSample(memory, plan, NOBODY, new AbortController().signal));
  await engine.close();
  return Arena.attach(memory.buffer);
}

describe('a copy of a chunk region', () => {
  it('has chunks, objects and page tables of the machine, and call sites of the chosen chunk alone', async () => {
    const arena = await filledArena();
    const { region } = Machine.attach(arena.buffer).area;
    const tagged = 3;
    const { region: copy, isOneMoment } = copyChunkRegion(arena, () => tagged);
    expect(isOneMoment).toBe(true);
    expect(copy.words.view.buffer).not.toBe(arena.buffer);
    expect(percpuStats(copy)).toEqual(percpuStats(region));
    const objects = [...liveObjects(region)];
    expect(new Set(objects.map(({ chunk }) => chunk)).size).toBeGreaterThan(3);
    const places = (all: typeof objects) =>
      all.map(({ chunk, startBytes, sizeBytes }) => [chunk, startBytes, sizeBytes]);
    expect(places([...liveObjects(copy)])).toEqual(places(objects));
    for (const { chunk, startBytes } of objects) {
      const site = region.callSiteOf(chunk, startBytes / 4);
      expect(copy.callSiteOf(chunk, startBytes / 4)).toBe(chunk === tagged ? site : 0);
      expect(copy.words.get(copy.frameWord(chunk, 0, 1))).toBe(region.words.get(region.frameWord(chunk, 0, 1)));
    }
  });

  it('leaves the lock as it found it, and is made even where the lock is never to be had, which it says', async () => {
    const arena = await filledArena();
    const lock = arena.geometry.chunkRegion / 4 + RegionW.lock;
    const before = arena.word(lock);
    copyChunkRegion(arena);
    expect(arena.word(lock)).toBe(before);
    Atomics.store(arena.words, lock, 1);
    const { region, isOneMoment } = copyChunkRegion(arena);
    expect(percpuStats(region).totals.liveObjects).toBe(3600);
    expect(isOneMoment).toBe(false);
  });
});
