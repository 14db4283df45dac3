/** CPUs come and go ten thousand times while others allocate, and nothing is left of it. */
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { FrameKind } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { RegionW } from '../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { Hotplug, HotplugState, type HotplugStep } from '../../../../src/main/machine/percpu/hotplug.ts';
import { type BigPercpuPtr, cpuId, frameNumber, type PercpuPtr } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { ok, type Result } from '../../../../src/shared/result.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';
import { auditMachine } from '../fixtures/pool-audit.ts';
import { auditRegion } from './chunks/region-audit.ts';

const CPUS = 8;
/** CPUs that never go down, because the tasks run on them. */
const STEADY = 3;

function eightCpus(): Machine {
  return makeMachine({
    possibleCpus: CPUS,
    onlineCpus: CPUS,
    memoryBytes: 1024 * 4096,
    percpu: smallPercpu(4096, { maxChunks: 12 }),
  });
}

/** Buffers and work memory are those of the CPUs that are online, of which the 2010 patch needs 2 and 5 pages each. */
function expectBuffersOfOnlineCpus(machine: Machine, online: number): void {
  const frames = countFrames(machine.arena);
  expect(frames[FrameKind.buffer], 'pages of buffers').toBe(online * 2);
  expect(frames[FrameKind.workMemory], 'pages of work memory').toBe(online * 5);
}

interface Counts {
  changes: number;
  refused: number;
}

/** One random change of a CPU that is not steady. */
function* changeSomething(hotplug: Hotplug, cpu: Cpu, random: Random, counts: Counts): Suspending<void> {
  const target = cpuId(STEADY + random.nextBelow(CPUS - STEADY));
  const changes = ['bringUp', 'takeDown', 'plugIn', 'unplug'] as const;
  const change = changes[random.nextBelow(changes.length)] ?? 'bringUp';
  const result: Result<void> = yield* hotplug[change](cpu, target);
  if (result.ok) counts.changes += 1;
  else {
    if (result.error.code !== 'bad-input') throw new Error(result.error.message);
    counts.refused += 1;
  }
}

/** Allocates, writes on every CPU, up or down, checks and frees, at random. */
function* churn(machine: Machine, cpu: Cpu, random: Random, turns: number): Suspending<void> {
  const { percpu, arena, area } = machine;
  const objects: { readonly ptr: PercpuPtr; readonly value: number }[] = [];
  const big: BigPercpuPtr[] = [];
  const wordOf = (ptr: PercpuPtr, id: number): number => area.physicalAddress(ptr, cpuId(id)) / 4;
  for (let turn = 0; turn < turns; turn++) {
    const choice = random.nextBelow(10);
    if (choice < 4) {
      const request = { sizeBytes: 4 + random.nextBelow(3000), alignBytes: 8 };
      const made = yield* percpu.allocPercpu(cpu, request);
      if (!made.ok) continue;
      const value = random.nextBelow(2 ** 31);
      for (let id = 0; id < CPUS; id++) arena.words[wordOf(made.value, id)] = value ^ id;
      objects.push({ ptr: made.value, value });
    } else if (choice < 8) {
      const [object] = objects.splice(random.nextBelow(Math.max(1, objects.length)), 1);
      if (object === undefined) continue;
      for (let id = 0; id < CPUS; id++) {
        const found = arena.word(wordOf(object.ptr, id));
        if (found !== (object.value ^ id)) throw new Error(`CPU ${id}'s copy of ${object.ptr} has changed`);
      }
      if ((yield* percpu.freePercpu(cpu, object.ptr)) !== 'freed') throw new Error(`${object.ptr} was not there`);
    } else if (choice === 8) {
      const made = yield* percpu.bigPercpuAlloc(cpu, { sizeBytes: 1 + random.nextBelow(12_000), callSite: 0 });
      if (made.ok) big.push(made.value);
    } else {
      const ptr = big.pop();
      if (ptr !== undefined && !(yield* percpu.bigPercpuFree(cpu, ptr))) throw new Error(`${ptr} was not there`);
      yield* percpu.runDeferredWork(cpu);
    }
  }
  for (const { ptr } of objects) yield* percpu.freePercpu(cpu, ptr);
  for (const ptr of big) yield* percpu.bigPercpuFree(cpu, ptr);
}

/** Everybody's CPUs up again, everything deferred done. */
function settle(machine: Machine): void {
  const tasks = new MachineTasks(machine.arena);
  for (let id = STEADY; id < CPUS; id++) {
    const target = cpuId(id);
    if (machine.hotplug.state(target) === HotplugState.possible)
      tasks.run(0, (cpu) => machine.hotplug.plugIn(cpu, target));
    if (machine.hotplug.state(target) === HotplugState.present)
      tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, target));
  }
  tasks.run(0, (cpu) => machine.area.allocator.runBalanceWork(cpu));
}

describe('ten thousand random changes of CPUs', () => {
  it('asked for by several CPUs, with objects coming and going, leave no page and no allocation behind', () => {
    const machine = eightCpus();
    const { arena, area } = machine;
    const before = countFrames(arena);
    const counts: Counts = { changes: 0, refused: 0 };
    // In ten stretches, so that what is in use in between is looked at as well.
    for (let stretch = 0; stretch < 10; stretch++) {
      const tasks = new MachineTasks(arena, { seed: stretch + 1, switchChance: 100 });
      for (let id = 0; id < 2; id++) {
        tasks.spawn(id, function* (cpu) {
          const random = new Random(100 * stretch + id);
          for (let turn = 0; turn < 1800; turn++) yield* changeSomething(machine.hotplug, cpu, random, counts);
        });
      }
      for (let id = 0; id < STEADY; id++) {
        tasks.spawn(id, (cpu) => churn(machine, cpu, new Random(100 * stretch + 50 + id), 150));
      }
      tasks.runAll();
      expectBuffersOfOnlineCpus(machine, machine.hotplug.online().length);
      expect(area.region.header(RegionW.liveObjects)).toBe(0);
      expect(machine.percpu.big.list()).toEqual([]);
      auditMachine(arena);
    }
    expect(counts.changes).toBeGreaterThan(10_000);
    expect(counts.refused).toBeGreaterThan(1000);
    settle(machine);
    expect(auditRegion(area.region, [])).toEqual([]);
    // What the allocator keeps ready is pages of units, and nothing else is more than at boot.
    const kept = area.region.header(RegionW.populatedPages) * area.region.geometry.units;
    const after = [...countFrames(arena)];
    expect(after[FrameKind.percpu]).toBe((before[FrameKind.percpu] ?? 0) + kept);
    after[FrameKind.percpu] = before[FrameKind.percpu] ?? 0;
    after[FrameKind.free] = (after[FrameKind.free] ?? 0) + kept;
    expect(after).toEqual(before);
  });
});

/** The step of the 2010 patch; as it was, the pointer that it freed last at CPU death was not that of the work memory. */
class StepOf2010 implements HotplugStep {
  readonly name = 'zram compression buffer of 2010';
  readonly #frames: PageFrames;
  readonly #runs = new Map<number, readonly [buffer: number, workMemory: number]>();
  readonly #freesTheWrongOne: boolean;

  constructor(machine: Machine, freesTheWrongOne: boolean) {
    this.#frames = new PageFrames(machine.arena);
    this.#freesTheWrongOne = freesTheWrongOne;
  }

  *prepare(cpu: Cpu, target: number): Suspending<Result<void>> {
    const buffer = yield* this.#frames.takeRun(cpu, 2, FrameKind.buffer);
    const workMemory = yield* this.#frames.takeRun(cpu, 5, FrameKind.workMemory);
    if (buffer === undefined || workMemory === undefined) throw new Error('memory was to suffice');
    this.#runs.set(target, [buffer, workMemory]);
    return ok(undefined);
  }

  *dead(cpu: Cpu, target: number): Suspending<void> {
    const [buffer, workMemory] = this.#runs.get(target) ?? [0, 0];
    this.#runs.delete(target);
    yield* this.#frames.give(cpu, frameNumber(buffer), 2, FrameKind.buffer);
    // Freeing nothing is fine, and so nobody noticed.
    if (this.#freesTheWrongOne) return;
    yield* this.#frames.give(cpu, frameNumber(workMemory), 5, FrameKind.workMemory);
  }
}

describe('work memory that a step forgets at CPU death', () => {
  /** Pages of work memory after each of ten times down and up again of one CPU. */
  function workMemoryByCycle(freesTheWrongOne: boolean): readonly (number | undefined)[] {
    const machine = makeMachine({ onlineCpus: 1, bufferLayout: 'single-mutex' });
    const hotplug = new Hotplug(machine.arena, [new StepOf2010(machine, freesTheWrongOne)]);
    const tasks = new MachineTasks(machine.arena);
    const target = cpuId(1);
    return Array.from({ length: 10 }, () => {
      tasks.run(0, (cpu) => hotplug.bringUp(cpu, target));
      tasks.run(0, (cpu) => hotplug.takeDown(cpu, target));
      return countFrames(machine.arena)[FrameKind.workMemory];
    });
  }

  it('is what counting frames by kind finds: five pages more with every cycle', () => {
    // Five pages are the device's own.
    expect(workMemoryByCycle(true)).toEqual([10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
  });

  it('is not there where both are freed', () => {
    expect(workMemoryByCycle(false)).toEqual(Array.from({ length: 10 }, () => 5));
  });

  it('is none of the machine’s own step, over a thousand cycles of each CPU', () => {
    const machine = eightCpus();
    const tasks = new MachineTasks(machine.arena);
    const { hotplug } = machine;
    for (let cycle = 0; cycle < 1000; cycle++) {
      for (let id = 1; id < CPUS; id++) tasks.run(0, (cpu) => hotplug.takeDown(cpu, cpuId(id)));
      if (cycle % 100 === 0) expectBuffersOfOnlineCpus(machine, 1);
      for (let id = 1; id < CPUS; id++) tasks.run(0, (cpu) => hotplug.bringUp(cpu, cpuId(id)));
    }
    expectBuffersOfOnlineCpus(machine, CPUS);
    auditMachine(machine.arena);
  });
});
