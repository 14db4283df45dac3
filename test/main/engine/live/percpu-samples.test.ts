/** Samples of percpu workloads on real threads. */
import { codecParts } from '../codec/test-codecs.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { LiveEngine } from '../../../../src/main/engine/live/live-engine.ts';
import type { DisturbancePlan } from '../../../../src/main/engine/live/disturbance-plan.ts';
import type { PhasePlan, SampleFigures, SamplePlan, Tick } from '../../../../src/main/engine/live/sample-plan.ts';
import { percpuMachine, planPercpuWorkload } from '../../../../src/main/lab/plan/percpu-workload-plan.ts';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { LoneCpu } from '../../../../src/main/machine/lone-cpu.ts';
import { Machine } from '../../../../src/main/machine/machine.ts';
import { liveObjects } from '../../../../src/main/machine/percpu/chunks/live-objects.ts';
import { cpuId, frameNumber } from '../../../../src/main/machine/units.ts';
import type { AllocatorDesign } from '../../../../src/shared/design.ts';
import { type PercpuProfileChanges, smallPercpuProfile, errorOf, valueOf } from '../../lab/small-lab.ts';
import { auditRegion } from '../../machine/percpu/chunks/region-audit.ts';
import { arenaFor, NOBODY, smallSample } from './sample-plans.ts';

const WORKER = new URL('../../../../src/main/engine/live/cpu-worker.ts', import.meta.url);

const engines: LiveEngine[] = [];

function makeEngine(): LiveEngine {
  const engine = new LiveEngine(WORKER);
  engines.push(engine);
  return engine;
}

afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
});

function planOf(design: AllocatorDesign, changes: PercpuProfileChanges = {}): SamplePlan {
  const { machine, workload } = smallPercpuProfile(changes);
  if (workload.kind !== 'percpu') throw new Error(`a ${workload.kind} workload`);
  const config = valueOf(percpuMachine(machine, workload, design));
  return {
    machine: config,
    codec: codecParts('lz4'),
    jobs: [],
    pageSets: [],
    ...planPercpuWorkload(workload, machine),
  };
}

interface Run {
  readonly figures: SampleFigures;
  readonly machine: Machine;
}

async function run(plan: SamplePlan): Promise<Run> {
  const arena = arenaFor(plan);
  const figures = valueOf(await makeEngine().runSample(arena, plan, NOBODY, new AbortController().signal));
  return { figures, machine: Machine.attach(arena.buffer) };
}

function faults(machine: Machine): readonly string[] {
  const { region } = machine.area;
  const live = [...liveObjects(region)].map(({ chunk, startBytes, sizeBytes }) => ({
    chunk,
    start: startBytes / 4,
    cells: sizeBytes / 4,
  }));
  return auditRegion(region, live);
}

/** 600 groups of three objects of 1000 bytes and one of 8. */
const GROUPS = 600;
const WORKLOAD = { groups: GROUPS };

describe.each(['embed', 'page'] as const)('groups on two threads, first chunk %s', (design) => {
  it('are all made and all destroyed, each object an operation', async () => {
    const { figures, machine } = await run(planOf(design, { workload: WORKLOAD }));
    for (const direction of [figures.create, figures.destroy]) {
      expect(direction).toMatchObject({ operations: GROUPS * 4, bytes: GROUPS * 3006 });
      const { operations = 0, durationNs = 1, operationsPerSecond, latencyNs } = direction ?? {};
      expect(operationsPerSecond).toBeCloseTo((operations / durationNs) * 1e9, 3);
      expect(latencyNs?.p50).toBeGreaterThan(0);
      expect(latencyNs?.max).toBeGreaterThanOrEqual(latencyNs?.p99 ?? Infinity);
    }
    expect([figures.write, figures.read]).toEqual([undefined, undefined]);
    expect(figures.percpu?.atEnd).toMatchObject({ liveObjects: 0, liveBytes: 0 });
    expect(faults(machine)).toEqual([]);
  });

  it('of which some are not to be had count those that were made, and say how many were not', async () => {
    const plan = planOf(design, { workload: { ...WORKLOAD, destroy: 'never' } });
    const { figures } = await run({ ...plan, faults: { frames: { every: 1 } } });
    const { liveObjects: made = 0, liveBytes = 0 } = figures.percpu?.atFull ?? {};
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(GROUPS * 4);
    expect(figures.create?.operations).toBe(made);
    // Objects of 6 bytes take 8 there.
    expect(figures.create?.bytes).toBeLessThanOrEqual(liveBytes);
    expect(figures.create?.bytes).toBeGreaterThanOrEqual(liveBytes - 2 * GROUPS);
    expect(figures.disturbances?.faults?.failedObjects).toBe(GROUPS * 4 - made);
  });

  it('that stay are there in the end: table, percpu_stats and moment agree with the machine', async () => {
    const { figures, machine } = await run(planOf(design, { workload: { ...WORKLOAD, destroy: 'never' } }));
    const { percpu } = figures;
    expect(figures.destroy).toBeUndefined();
    expect(percpu?.callSites).toEqual([
      { callSite: 'counters', number: 3 * GROUPS, sizeBytes: 1000, totalBytes: 3000 * GROUPS, share: 3000 / 3008 },
      { callSite: 'marks', number: GROUPS, sizeBytes: 8, totalBytes: 8 * GROUPS, share: 8 / 3008 },
    ]);
    expect(percpu?.atEnd).toEqual(percpu?.atFull);
    expect(percpu?.atFull).toMatchObject({ liveObjects: 4 * GROUPS, liveBytes: 3008 * GROUPS });
    expect(percpu?.atFull.populatedBytes).toBe(figures.memoryAtEnd.percpuAreaBytes);
    const { totals, chunks } = percpu?.statsAtFull ?? { chunks: [] };
    expect(totals).toMatchObject({ allocations: 4 * GROUPS, frees: 0, smallestBytes: 8, largestBytes: 1000 });
    expect(chunks.reduce((sum, chunk) => sum + chunk.liveObjects, 0)).toBe(4 * GROUPS);
    expect([...liveObjects(machine.area.region)]).toHaveLength(4 * GROUPS);
    expect(faults(machine)).toEqual([]);
  });
});

describe('page tables of a machine that allocates', () => {
  /** Damaged as the create phase begins: CPU 1's window shows page 0 of CPU 0's unit. */
  async function runDamaged(changes: DisturbancePlan): Promise<string> {
    const plan = { ...planOf('page-local-mapping', { workload: { groups: 200 } }), ...changes };
    const engine = makeEngine();
    const onPhase = ({ kind }: PhasePlan): void => {
      const running = engine.runningMachine();
      if (kind !== 'create' || running === undefined) return;
      const { mapped } = Machine.attach(running.arena.buffer);
      if (mapped === undefined) throw new Error('the machine has no page tables');
      const { tables, space, mapping } = mapped;
      const pointer = mapping.pointer(0, 0);
      const root = { word: space.rootOf(cpuId(1)), owner: cpuId(1) };
      const other = tables.walk(space.rootOf(cpuId(0)), mapping.perCpuPtr(pointer, cpuId(0)));
      tables.unmap(root, mapping.windowPtr(pointer));
      const leaf = { frame: other?.frame ?? frameNumber(0), level: 3 };
      complete(tables.map(new LoneCpu(cpuId(0)), root, mapping.windowPtr(pointer), leaf));
    };
    const signal = new AbortController().signal;
    const ran = await engine.runSample(arenaFor(plan), plan, { ...NOBODY, onPhase }, signal);
    return ran.ok ? 'ok' : `${ran.error.code}: ${ran.error.message}`;
  }

  it('that lead astray end the run with CPU, address, what it maps and what it should, when checks are on', async () => {
    expect(await runDamaged({ checks: true })).toMatch(
      /^data-mismatch: page tables after phase create: CPU 1 maps 0xf[0-9a-f]{15} \(page 0 of chunk 0, in its window\) to frame \d+ and should map it to frame \d+$/,
    );
  });

  it('are not looked at when checks are off', async () => {
    expect(await runDamaged({})).toBe('ok');
  });

  it('are audited after every phase and found right', async () => {
    for (const design of ['page-tables', 'page-local-mapping'] as const) {
      const { figures } = await run({ ...planOf(design, { workload: { groups: 200 } }), checks: true });
      expect(figures.disturbances?.tableAudits).toBe(2);
    }
    const { figures } = await run({ ...planOf('page', { workload: { groups: 20 } }), checks: true });
    expect(figures.disturbances?.tableAudits).toBeUndefined();
  });
});

describe('what a percpu sample tells', () => {
  it('is the objects made and destroyed so far, never fewer than before', async () => {
    const groups = 200_000;
    const objects = [{ callSite: 'marks', number: 4, sizeBytes: 8, alignBytes: 8 }];
    const plan = planOf('page', { workload: { groups, objects }, machine: { memoryBytes: 256 << 20 } });
    const cancel = new AbortController();
    const ticks: Tick[] = [];
    const onTick = (tick: Tick): void => {
      ticks.push(tick);
      if (ticks.length > 2 && tick.createdObjects > 0) cancel.abort();
    };
    await makeEngine().runSample(arenaFor(plan), plan, { ...NOBODY, onTick }, cancel.signal);
    expect(ticks.length).toBeGreaterThan(2);
    for (const [index, tick] of ticks.entries()) {
      const before = ticks[index - 1];
      expect(tick.createdObjects + tick.destroyedObjects).toBeLessThanOrEqual(4 * groups);
      if (before?.phaseIndex !== tick.phaseIndex) continue;
      expect(tick.createdObjects).toBeGreaterThanOrEqual(before.createdObjects);
      expect(tick.destroyedObjects).toBeGreaterThanOrEqual(before.destroyedObjects);
    }
  });

  it('is nothing of per-CPU objects where another workload ran', async () => {
    const plan = smallSample({ cpus: 1, bufferLayout: 'single-mutex', blocks: 16 });
    const { figures } = await run(plan);
    expect([figures.percpu, figures.create, figures.destroy]).toEqual([undefined, undefined, undefined]);
  });
});

describe('memory that runs out', () => {
  it('ends the sample with one sentence that names job, group and memory, and the engine works again', async () => {
    const engine = makeEngine();
    const plan = planOf('page', { workload: { groups: 20_000, destroy: 'never' }, machine: { memoryBytes: 32 << 20 } });
    const failed = await engine.runSample(arenaFor(plan), plan, NOBODY, new AbortController().signal);
    const error = errorOf(failed);
    expect(error.code).toBe('out-of-memory');
    expect(error.message).toMatch(/cgroups of CPU [01].*MiB/);
    const next = planOf('page');
    const again = await engine.runSample(arenaFor(next), next, NOBODY, new AbortController().signal);
    expect(valueOf(again).create?.operations).toBe(40 * 4);
  });
});
