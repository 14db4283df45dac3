/** Samples that are disturbed on purpose, on real threads: jobs go on, and all that is read back is right. */
import { afterAll, describe, expect, it } from 'vitest';
import { LiveEngine, type SampleObserver } from '../../../../src/main/engine/live/live-engine.ts';
import type { DisturbancePlan } from '../../../../src/main/engine/live/disturbance-plan.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { stillHeld } from '../../../../src/main/workload/torture/leftovers.ts';
import { holderMustNotSleep } from '../../../../src/main/machine/zram/zram-variant.ts';
import { BUFFER_LAYOUTS, PROTECTIONS_OF } from '../../../../src/shared/design.ts';
import { FREE_ORDERS, type ZramProfile } from '../../../../src/shared/zram-profile.ts';
import { zramVariantOf } from '../../../../src/main/lab/zram/zram-variant-of.ts';
import { auditMachine } from '../../machine/fixtures/pool-audit.ts';
import { arenaFor, NOBODY, smallSample } from './sample-plans.ts';

const WORKER = new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url);

const engine = new LiveEngine(WORKER);

afterAll(async () => {
  await engine.close();
});

interface Setting {
  readonly bufferLayout?: (typeof BUFFER_LAYOUTS)[number];
  readonly freeOrder?: (typeof FREE_ORDERS)[number];
  readonly blockPages?: number;
  readonly repeatForMs?: number;
  readonly zram?: ZramProfile;
  readonly observer?: SampleObserver;
  readonly signal?: AbortSignal;
}

/** Four CPUs that write and read at random, then read all back. */
function disturbed(asked: DisturbancePlan, setting: Setting = {}) {
  const { bufferLayout = 'per-cpu-global', freeOrder = 'last', blockPages = 1, repeatForMs, zram = {} } = setting;
  const small = smallSample({ cpus: 4, bufferLayout, blocks: 120, memoryPages: 2000 });
  const jobs = small.jobs.map((job) => ({
    ...job,
    pattern: 'randrw' as const,
    readPercent: 30,
    blockPages,
    blocks: 120 / blockPages,
    blocksToDo: 400,
  }));
  const plan = {
    ...small,
    jobs,
    machine: { ...small.machine, zram: zramVariantOf({ freeOrder, ...zram }, bufferLayout) },
    ...asked,
    ...(repeatForMs === undefined ? {} : { repeatForMs }),
  };
  const memory = arenaFor(plan);
  const ran = engine.runSample(
    memory,
    plan,
    setting.observer ?? NOBODY,
    setting.signal ?? new AbortController().signal,
  );
  return { ran, machine: () => Machine.attach(memory.buffer) };
}

describe.each(BUFFER_LAYOUTS)('jobs under %s, with refused frames and codec calls', (bufferLayout) => {
  it.each(FREE_ORDERS)(
    'go on; what they read is what was written, with the old content freed %s',
    async (freeOrder) => {
      for (const blockPages of [1, 4]) {
        const faults = { seed: 3, frames: { percent: 40 }, atomic: { percent: 40 }, codec: { percent: 10 } };
        const { ran, machine } = disturbed({ faults }, { bufferLayout, freeOrder, blockPages });
        const figures = await ran;
        if (!figures.ok) throw new Error(figures.error.message);
        const { faults: report, hotplug, locks } = figures.value.disturbances ?? {};
        expect(report?.failedWrites).toBeGreaterThan(20);
        expect(report?.failedReads).toBeGreaterThan(0);
        expect(report?.sites.map(({ site, injected }) => [site, injected > 0])).toEqual([
          ['frames', true],
          ['atomic', holderMustNotSleep(PROTECTIONS_OF[bufferLayout][0])],
          ['codec', true],
        ]);
        expect([hotplug, locks]).toEqual([undefined, undefined]);
        expect(figures.value.verifiedPages).toBeGreaterThan(400);
        auditMachine(machine().arena);
        expect(stillHeld(machine())).toEqual([]);
      }
    },
  );
});

describe('CPUs that come and go while jobs run', () => {
  // Without the checker writes go their usual way, which looks for its stream by itself.
  it.each(
    BUFFER_LAYOUTS.flatMap((layout) => PROTECTIONS_OF[layout].map((protection) => [layout, protection] as const)),
  )('do their jobs to the end all the same, under %s and %s', async (bufferLayout, protection) => {
    const asked = { hotplug: { everyMs: 1, seed: 2 } };
    const { ran, machine } = disturbed(asked, { bufferLayout, zram: { protection: { [bufferLayout]: protection } } });
    const figures = await ran;
    if (!figures.ok) throw new Error(figures.error.message);
    expect(figures.value.disturbances?.hotplug?.wentDown).toBeGreaterThan(0);
    expect(figures.value.verifiedPages).toBeGreaterThan(400);
    auditMachine(machine().arena);
    expect(stillHeld(machine())).toEqual([]);
  });

  it('do their jobs to the end all the same, watched by the checker', async () => {
    for (const bufferLayout of BUFFER_LAYOUTS) {
      const asked = { hotplug: { everyMs: 1, seed: 2 }, checks: true, faults: { bringUps: { percent: 40 } } };
      const { ran, machine } = disturbed(asked, { bufferLayout });
      const figures = await ran;
      if (!figures.ok) throw new Error(figures.error.message);
      const { hotplug, locks, faults } = figures.value.disturbances ?? {};
      expect(hotplug?.wentDown).toBeGreaterThan(0);
      expect(hotplug?.cameUp).toBe(hotplug?.wentDown);
      expect(faults).toMatchObject({ failedWrites: 0, failedReads: 0 });
      expect(locks?.problems).toEqual([]);
      expect(locks?.acquisitions).toBeGreaterThan(1000);
      expect(machine().hotplug.online()).toEqual([0, 1, 2, 3]);
      auditMachine(machine().arena);
      expect(stillHeld(machine())).toEqual([]);
    }
  });

  it('end the run in one sentence when one cannot be brought up again', async () => {
    const asked = { hotplug: { everyMs: 1 }, faults: { bringUps: { every: 1 } } };
    const result = await disturbed(asked).ran;
    expect(result.ok ? '' : `${result.error.code}: ${result.error.message}`).toMatch(
      /^cpu-failed: CPU [123] stayed down: 100 bring-ups failed$/,
    );
  });

  it('do not keep a cancelled run from ending', async () => {
    const cancel = new AbortController();
    const observer = {
      onPhase: () => {},
      onTick: () => {
        cancel.abort();
      },
    };
    const { ran } = disturbed({ hotplug: { everyMs: 1 } }, { repeatForMs: 60_000, observer, signal: cancel.signal });
    const result = await ran;
    expect(result.ok ? 'ok' : result.error.code).toBe('cancelled');
  });
});

describe('an allocation that may sleep with preemption off', () => {
  it('is told with CPU, operation and what it held, where a profile asks for one stage under such a stream', async () => {
    const zram = { allocationStages: 'one', protection: { 'per-cpu-global': 'preemption-off' } } as const;
    // Where frames may be refused, none are had the quick way, which never sleeps.
    const asked = { checks: true, faults: { frames: { every: 1_000_000 } } };
    const figures = await disturbed(asked, { zram }).ran;
    expect(figures.ok && figures.value.disturbances?.locks?.problems).toEqual([
      {
        kind: 'allocating',
        message: 'memory is asked for, which may sleep, where sleeping is forbidden',
        chains: [
          {
            cpu: expect.any(Number) as number,
            operation: 'write',
            holding: [],
            then: 'may sleep, with preemption off or under a spinning lock',
          },
        ],
      },
    ]);
  });
});

describe('a sample that asks for nothing of it', () => {
  it('says nothing of it', async () => {
    const figures = await disturbed({}).ran;
    expect(figures.ok && figures.value.disturbances).toBeUndefined();
  });
});
