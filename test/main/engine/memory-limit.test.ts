/** mem_limit under the engines: what a device takes, where it refuses, and the sentence, beside the real kernel. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasRefusedAtLimit } from '../../../src/main/engine/memory-limit.ts';
import { LiveEngine } from '../../../src/main/engine/live/live-engine.ts';
import type { SamplePlan } from '../../../src/main/engine/live/sample-plan.ts';
import { Arena } from '../../../src/main/machine/memory/arena.ts';
import { mmStatText } from '../../../src/main/machine/zram/device-texts.ts';
import { errorOf, valueOf } from '../lab/small-lab.ts';
import { arenaFor, NOBODY, smallSample } from './live/sample-plans.ts';
import { openKernelEngine, skipWithoutKernelZram } from './kernel/real-kernel.ts';

const PAGE = 4096;

/** One job that writes 512 mixed pages with the kernel's own sizes. */
function plan(memLimitBytes?: number): SamplePlan {
  const sample = smallSample({ cpus: 1, bufferLayout: 'per-cpu-global', codec: 'lz4-kernel', blocks: 512 });
  return { ...sample, memLimitBytes };
}

async function onLive(sample: SamplePlan) {
  const engine = new LiveEngine(new URL('../../../src/main/engine/live/cpu-worker.ts', import.meta.url));
  onTestFinished(() => engine.close());
  const memory = arenaFor(sample);
  const figures = await engine.runSample(memory, sample, NOBODY, new AbortController().signal);
  return { figures, mmStat: mmStatText(Arena.attach(memory.buffer), 0) };
}

/** Less than half of what the pages need. */
const LIMIT = 100 * PAGE + 1;

describe('a device with a memory limit', () => {
  it('that is not reached shows it in the fourth column, rounded up to whole pages', async () => {
    const { figures, mmStat } = await onLive(plan(400 * PAGE - 1));
    expect(valueOf(figures).verifiedPages).toBe(512);
    expect(mmStat.trim().split(/ +/)[3]).toBe(String(400 * PAGE));
    const unlimited = await onLive(plan());
    expect(valueOf(unlimited.figures).memoryAtEnd).toEqual(valueOf(figures).memoryAtEnd);
    expect(unlimited.mmStat.trim().split(/ +/)[3]).toBe('0');
  });

  it('refuses the write that would pass it, which ends the job with a sentence about the limit', async () => {
    const { figures, mmStat } = await onLive(plan(LIMIT));
    const error = errorOf(figures);
    expect(error).toMatchObject({ code: 'out-of-memory', where: 'zram.memLimitBytes' });
    expect(error.message).toMatch(
      /^job job\.0 could not write page \d+ of zram0: the device's pool would have passed its mem_limit of 413696 bytes/,
    );
    const [, , used, limit, highest] = mmStat.trim().split(/ +/).map(Number);
    expect(limit).toBe(101 * PAGE);
    expect(used).toBeLessThanOrEqual(101 * PAGE);
    expect(highest).toBeGreaterThan(101 * PAGE);
  });

  it('refuses the very write that the real kernel refuses', async (context) => {
    skipWithoutKernelZram(context);
    const live = errorOf((await onLive(plan(LIMIT))).figures);
    const kernel = errorOf(await openKernelEngine().runSample(plan(LIMIT), NOBODY, new AbortController().signal));
    expect(kernel.message.replace(/zram\d+/, 'zram0')).toBe(live.message);
    expect(kernel).toMatchObject({ code: live.code, where: live.where });
  });

  it('of the real kernel that is not reached shows it as the lab does', async (context) => {
    skipWithoutKernelZram(context);
    const sample = plan(400 * PAGE - 1);
    const figures = valueOf(await openKernelEngine().runSample(sample, NOBODY, new AbortController().signal));
    const [stat] = figures.mmStat;
    const { mmStat } = await onLive(sample);
    expect(Object.values(stat ?? {})).toEqual(mmStat.trim().split(/ +/).map(Number));
  });
});

describe('a refusal at the limit', () => {
  it('is what raises the high-water mark above the limit, and there is none without a limit', () => {
    expect(hasRefusedAtLimit({ limit: 5, highest: 6 })).toBe(true);
    expect(hasRefusedAtLimit({ limit: 5, highest: 5 })).toBe(false);
    expect(hasRefusedAtLimit({ limit: 0, highest: 6 })).toBe(false);
  });
});
