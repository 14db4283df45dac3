/** Every layout and protection on worker threads: data survives, waiting is counted, streams are as many as there may be. */
import { afterAll, describe, expect, it } from 'vitest';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { peakMemoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { DeviceW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { completeVariant, CURRENT_ZRAM, type ZramVariant } from '../../../../src/main/machine/zram/zram-variant.ts';
import type { SamplePlan } from '../../../../src/main/engine/live/sample-plan.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { STREAM_DESIGNS, type StreamDesign } from '../../machine/fixtures/stream-machine.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { arenaFor, NOBODY, smallSample } from './sample-plans.ts';

const engine = new LiveEngine(new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url));

afterAll(() => engine.close());

function planOf({ bufferLayout, protection }: StreamDesign, zram: Partial<ZramVariant> = {}, cpus = 2): SamplePlan {
  const plan = smallSample({ cpus, bufferLayout, codec: 'lz4-kernel', blocks: 400 });
  return { ...plan, machine: { ...plan.machine, zram: { ...CURRENT_ZRAM, protection, ...zram } } };
}

async function run(plan: SamplePlan) {
  const memory = arenaFor(plan);
  const figures = valueOf(await engine.runSample(memory, plan, NOBODY, new AbortController().signal));
  const { arena } = Machine.attach(memory.buffer);
  auditMachine(arena);
  return { figures, arena };
}

/** The machine of a sample that was long enough for one of its CPUs to wait for another. */
async function runUntilWaiting(plan: SamplePlan) {
  for (let repeatForMs = 50; repeatForMs < 10_000; repeatForMs *= 2) {
    const { figures, arena } = await run({ ...plan, repeatForMs });
    if ((figures.write?.lockWaitShare ?? 0) > 0) return arena;
  }
  throw new Error('no CPU waited for another in 10 s');
}

describe.each(STREAM_DESIGNS)('a sample under $bufferLayout with $protection', (design) => {
  it('writes all and reads back what it wrote on three threads', async () => {
    const { figures, arena } = await run(planOf(design, { maxStreams: 2, algorithms: 2 }, 3));
    expect(figures.verifiedPages).toBe(3 * 400);
    expect(arena.zram).toMatchObject({ ...completeVariant(arena.config), protection: design.protection });
  });
});

describe('a list of streams under load', () => {
  const LIST = { bufferLayout: 'stream-list', protection: 'wait-queue' } as const;

  it('of one makes CPUs wait for each other, and of as many as CPUs does not make more than these', async () => {
    const alone = await runUntilWaiting(planOf(LIST, { maxStreams: 1 }));
    expect(peakMemoryFigures(alone).bufferBytes).toBe(2 * 4096);
    const enough = await run(planOf(LIST, { maxStreams: 8 }));
    expect(enough.figures.memoryAtPeak.bufferBytes).toBeLessThanOrEqual(2 * 2 * 4096);
    for (const arena of [alone, enough.arena]) {
      const block = arena.deviceWord(0);
      expect(arena.word(block + DeviceW.streamWaiters)).toBe(0);
      expect(arena.word(block + DeviceW.listLock)).toBe(0);
    }
  });
});
