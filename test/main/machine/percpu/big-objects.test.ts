import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { FrameKind, HeaderW, ZoneW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { memoryFigures } from '../../../../src/main/machine/memory-figures.ts';
import { countFrames, PageFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { type BigPercpuPtr, bigPercpuPtr, cpuId } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import type { Result } from '../../../../src/shared/result.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { auditFrames } from '../fixtures/pool-audit.ts';

const CPUS = 4;

function take(machine: Machine, sizeBytes: number, callSite = 0): Result<BigPercpuPtr> {
  return new OneCpu(machine.arena).run((cpu) => machine.percpu.bigPercpuAlloc(cpu, { sizeBytes, callSite }));
}

function give(machine: Machine, ptr: BigPercpuPtr): boolean {
  return new OneCpu(machine.arena).run((cpu) => machine.percpu.bigPercpuFree(cpu, ptr));
}

/** A CPU's copy, all of it. */
function copyOf({ arena, percpu }: Machine, ptr: BigPercpuPtr, cpu: number, sizeBytes: number): Buffer {
  return Buffer.from(arena.buffer, percpu.bigPerCpuPtr(ptr, cpuId(cpu)), sizeBytes);
}

function bigFrames({ arena }: Machine): number {
  return countFrames(arena)[FrameKind.percpuBig] ?? 0;
}

function neverUsed({ arena }: Machine): number {
  return arena.frameCount - arena.word(arena.zoneWord() + ZoneW.fresh);
}

/** All free frames but so many are another's, as single frames so that what is left lies together. */
function holdAllBut({ arena }: Machine, left: number): void {
  const frames = new PageFrames(arena);
  const free = countFrames(arena)[FrameKind.free] ?? 0;
  new OneCpu(arena).run((cpu) => frames.take(cpu, free - left, FrameKind.pool));
}

describe('a big object', () => {
  it('is zero on every CPU, where other contents were before', () => {
    const machine = makeMachine();
    const { arena } = machine;
    const before = valueOf(take(machine, 40_000));
    for (let cpu = 0; cpu < CPUS; cpu++) copyOf(machine, before, cpu, 40_960).fill(0xff);
    expect(give(machine, before)).toBe(true);
    // Nothing else is free, so that the object gets what was written.
    new OneCpu(arena).run((cpu) => new PageFrames(arena).takeRun(cpu, neverUsed(machine), FrameKind.pool));
    const sizeBytes = 3 * 4096 - 5;
    const ptr = valueOf(take(machine, sizeBytes));
    for (let cpu = 0; cpu < CPUS; cpu++) {
      expect(copyOf(machine, ptr, cpu, sizeBytes).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('lies together on each CPU and apart from all else, to its last byte', () => {
    const machine = makeMachine();
    const sizes = [100_000, 1, 4096, 40_001];
    const ptrs = sizes.map((sizeBytes) => valueOf(take(machine, sizeBytes)));
    for (const [index, ptr] of ptrs.entries()) {
      for (let cpu = 0; cpu < CPUS; cpu++) copyOf(machine, ptr, cpu, sizes[index] ?? 0).fill(16 * index + cpu + 1);
    }
    for (const [index, ptr] of ptrs.entries()) {
      for (let cpu = 0; cpu < CPUS; cpu++) {
        const copy = copyOf(machine, ptr, cpu, sizes[index] ?? 0);
        expect(copy.every((byte) => byte === 16 * index + cpu + 1)).toBe(true);
      }
    }
    expect(machine.percpu.big.list().map((object) => object.sizeBytes)).toEqual(sizes.toReversed());
    for (const ptr of ptrs) expect(give(machine, ptr)).toBe(true);
    auditFrames(machine.arena);
  });

  it('costs whole pages of every possible CPU and a page of record, counted with the per-CPU area', () => {
    const machine = makeMachine({ possibleCpus: 6, onlineCpus: 2 });
    const before = memoryFigures(machine.arena);
    valueOf(take(machine, 4097));
    expect(bigFrames(machine)).toBe(6 * 2 + 1);
    expect(memoryFigures(machine.arena).percpuAreaBytes - before.percpuAreaBytes).toBe(13 * 4096);
  });

  it('may be larger than the largest object of the region, which it takes nothing of', () => {
    const machine = makeMachine();
    const percpu = countFrames(machine.arena)[FrameKind.percpu];
    const refused = new OneCpu(machine.arena).run((cpu) =>
      machine.percpu.allocPercpu(cpu, { sizeBytes: 40_000, alignBytes: 4 }),
    );
    expect(errorOf(refused).code).toBe('bad-input');
    expect(take(machine, 40_000).ok).toBe(true);
    expect(countFrames(machine.arena)[FrameKind.percpu]).toBe(percpu);
  });

  it.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('of %f bytes is none', (sizeBytes) => {
    const machine = makeMachine();
    expect(errorOf(take(machine, sizeBytes))).toEqual({
      code: 'bad-input',
      message: `an object of ${sizeBytes} bytes is none`,
    });
    expect(bigFrames(machine)).toBe(0);
  });

  it('larger than all memory fails like any other', () => {
    const machine = makeMachine();
    for (const sizeBytes of [2 ** 20, 2 ** 33, Number.MAX_SAFE_INTEGER]) {
      expect(errorOf(take(machine, sizeBytes)).code).toBe('out-of-memory');
    }
    expect(bigFrames(machine)).toBe(0);
  });
});

describe('the list', () => {
  it('has the live objects with size and call site, the youngest first', () => {
    const machine = makeMachine();
    const ptrs = [10, 20, 30].map((size) => valueOf(take(machine, size * 1000, size)));
    const listed = (): readonly number[] => machine.percpu.big.list().map((object) => object.callSite);
    expect(machine.percpu.big.list()[0]).toEqual({ sizeBytes: 30_000, callSite: 30 });
    expect(listed()).toEqual([30, 20, 10]);
    const [first, second, third] = ptrs;
    expect(give(machine, second ?? bigPercpuPtr(0))).toBe(true);
    expect(listed()).toEqual([30, 10]);
    expect(give(machine, third ?? bigPercpuPtr(0))).toBe(true);
    expect(listed()).toEqual([10]);
    expect(give(machine, first ?? bigPercpuPtr(0))).toBe(true);
    expect(listed()).toEqual([]);
    expect(bigFrames(machine)).toBe(0);
  });
});

describe('a free', () => {
  it('of an object freed before, or of what never was one, changes nothing', () => {
    const machine = makeMachine();
    const ptr = valueOf(take(machine, 5000));
    const other = valueOf(take(machine, 5000));
    expect(give(machine, ptr)).toBe(true);
    const before = Buffer.from(machine.arena.bytes);
    for (const wrong of [ptr, bigPercpuPtr(other + 1), bigPercpuPtr(0), bigPercpuPtr(-1), bigPercpuPtr(10_000)]) {
      expect(give(machine, wrong)).toBe(false);
    }
    expect(before.equals(machine.arena.bytes)).toBe(true);
    expect(() => machine.percpu.bigPerCpuPtr(ptr, cpuId(0))).toThrow(`${ptr} is no big per-CPU object`);
    expect(give(machine, other)).toBe(true);
  });

  it('that two CPUs ask for at the same time is done once', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const machine = makeMachine();
        const ptr = valueOf(take(machine, 20_000));
        const tasks = new MachineTasks(machine.arena, { seed, switchChance: 128 });
        const outcomes: boolean[] = [];
        for (const id of [0, 1, 2]) {
          tasks.spawn(id, function* (cpu) {
            outcomes.push(yield* machine.percpu.bigPercpuFree(cpu, ptr));
          });
        }
        tasks.runAll();
        expect(outcomes.filter(Boolean)).toHaveLength(1);
        expect(bigFrames(machine)).toBe(0);
        auditFrames(machine.arena);
      }),
      { numRuns: 30 },
    );
  });
});

describe('an address', () => {
  it('is none of a CPU that is not possible', () => {
    const machine = makeMachine();
    const ptr = valueOf(take(machine, 5000));
    for (const cpu of [CPUS, -1]) {
      expect(() => machine.percpu.bigPerCpuPtr(ptr, cpuId(cpu))).toThrow(`CPU ${cpu} is not possible on this machine`);
    }
  });
});

describe('without memory', () => {
  it('an allocation fails at every page in turn and leaves nothing behind', () => {
    // One page of record, and three pages of four CPUs.
    for (let left = 0; left <= 14; left++) {
      const machine = makeMachine();
      holdAllBut(machine, left);
      const before = countFrames(machine.arena);
      const given = take(machine, 10_000);
      expect(given.ok, `${left} pages left`).toBe(left >= 13);
      if (given.ok) expect(give(machine, given.value)).toBe(true);
      else {
        expect(given.error).toEqual({
          code: 'out-of-memory',
          message: 'no contiguous pages for a big object of 10000 bytes on every CPU',
        });
      }
      expect(countFrames(machine.arena)).toEqual(before);
      expect(machine.percpu.big.list()).toEqual([]);
      expect(machine.arena.word(HeaderW.bigObjectsLock)).toBe(0);
      auditFrames(machine.arena);
    }
  });
});

describe('under any interleaving', () => {
  /** Takes and frees at random; each copy is written all over and must be found unchanged. */
  function* churn(machine: Machine, cpu: Cpu, random: Random): Suspending<void> {
    const mine: { readonly ptr: BigPercpuPtr; readonly sizeBytes: number; readonly fill: number }[] = [];
    for (let turn = 0; turn < 25; turn++) {
      if (random.nextBelow(5) < 3) {
        const sizeBytes = 1 + random.nextBelow(20_000);
        const given = yield* machine.percpu.bigPercpuAlloc(cpu, { sizeBytes, callSite: cpu.id });
        if (!given.ok) continue;
        const fill = 1 + random.nextBelow(255);
        for (let id = 0; id < CPUS; id++) {
          const copy = copyOf(machine, given.value, id, sizeBytes);
          if (copy.some((byte) => byte !== 0)) throw new Error(`a new object is not zero on CPU ${id}`);
          copy.fill(fill);
        }
        mine.push({ ptr: given.value, sizeBytes, fill });
      } else {
        const [object] = mine.splice(random.nextBelow(Math.max(1, mine.length)), 1);
        if (object === undefined) continue;
        for (let id = 0; id < CPUS; id++) {
          const copy = copyOf(machine, object.ptr, id, object.sizeBytes);
          if (copy.some((byte) => byte !== object.fill)) throw new Error(`another has written to ${object.ptr}`);
        }
        if (!(yield* machine.percpu.bigPercpuFree(cpu, object.ptr))) throw new Error(`${object.ptr} was not there`);
      }
    }
    for (const { ptr } of mine) yield* machine.percpu.bigPercpuFree(cpu, ptr);
  }

  it('objects are their owners’ alone, and in the end nothing is left', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 200 }), (seed, switchChance) => {
        const machine = makeMachine();
        const before = countFrames(machine.arena);
        const tasks = new MachineTasks(machine.arena, { seed, switchChance });
        for (let id = 0; id < CPUS; id++) {
          tasks.spawn(id, (cpu) => churn(machine, cpu, new Random(seed + id + 1)));
        }
        tasks.runAll();
        expect(countFrames(machine.arena)).toEqual(before);
        expect(machine.percpu.big.list()).toEqual([]);
        auditFrames(machine.arena);
      }),
      { numRuns: 15 },
    );
  });
});
