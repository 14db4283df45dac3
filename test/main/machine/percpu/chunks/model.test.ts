/** Random allocations and frees against a list of intervals, and everything recounted after each step. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';
import { PercpuMachine } from './percpu-machine.ts';
import { auditRegion } from './region-audit.ts';

interface Live {
  readonly ptr: PercpuPtr;
  readonly chunk: number;
  readonly start: number;
  readonly cells: number;
}

const sizes = fc.oneof(
  fc.integer({ min: 1, max: 64 }),
  fc.constantFrom(4, 8, 16, 24, 32, 128, 528, 1216),
  fc.integer({ min: 1, max: 32768 }),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      sizeBytes: sizes,
      align: fc.integer({ min: 0, max: 12 }),
      atomic: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('balance' as const) }) },
);

function placed(machine: PercpuMachine, ptr: PercpuPtr, sizeBytes: number): Live {
  const at = machine.allocator.locate(ptr);
  if (at === undefined) throw new Error(`${ptr} lies nowhere`);
  return { ptr, chunk: at.chunk, start: at.offsetBytes / 4, cells: Math.ceil(sizeBytes / 4) };
}

const overlap = (a: Live, b: Live): boolean =>
  a.chunk === b.chunk && a.start < b.start + b.cells && b.start < a.start + a.cells;

describe('the allocator', () => {
  it('never overlaps objects, keeps alignment, and promises only what is free', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const machine = new PercpuMachine({ frames: 600, maxChunks: 8 });
        const live: Live[] = [];
        for (const each of steps) {
          if (each.kind === 'take') {
            const alignBytes = 2 ** each.align;
            const request = { sizeBytes: each.sizeBytes, alignBytes, atomic: each.atomic };
            const given = machine.run((cpu) => machine.allocator.allocate(cpu, request));
            if (given.ok) {
              const object = placed(machine, given.value, each.sizeBytes);
              expect((object.start * 4) % alignBytes).toBe(0);
              expect(live.some((other) => overlap(object, other))).toBe(false);
              live.push(object);
            }
          } else if (each.kind === 'free') {
            const [object] = live.splice(each.pick % Math.max(live.length, 1), 1);
            if (object !== undefined) {
              expect(machine.run((cpu) => machine.allocator.free(cpu, object.ptr))).toBe('freed');
            }
          } else {
            machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
          }
          expect(auditRegion(machine.region, live)).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('holds under any interleaving of four CPUs', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 200 }), (seed, switchChance) => {
        const machine = new PercpuMachine({ frames: 500, maxChunks: 8, seed, switchChance });
        const live = new Set<Live>();
        for (let id = 0; id < 4; id++)
          machine.spawn(id, churn(machine, machine.cpu(id), new Random(seed + id + 1), live));
        machine.spawn(3, balance(machine, machine.cpu(3)));
        machine.runAll();
        const objects = [...live];
        expect(objects.some((a, index) => objects.some((b, other) => other > index && overlap(a, b)))).toBe(false);
        expect(auditRegion(machine.region, objects)).toEqual([]);
        for (const { ptr } of objects) machine.run((cpu) => machine.allocator.free(cpu, ptr));
        machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
        expect(auditRegion(machine.region, [])).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

/** Takes and frees at random; `live` is what all CPUs have. */
function* churn(machine: PercpuMachine, cpu: Cpu, random: Random, live: Set<Live>): Suspending<void> {
  const mine: Live[] = [];
  for (let turn = 0; turn < 60; turn++) {
    if (random.nextBelow(5) < 3) {
      const sizeBytes = 4 * (1 + random.nextBelow(random.nextBelow(8) === 0 ? 4000 : 60));
      const request = { sizeBytes, alignBytes: 4 << random.nextBelow(6), atomic: random.nextBelow(6) === 0 };
      const given = yield* machine.allocator.allocate(cpu, request);
      if (given.ok) {
        const object = placed(machine, given.value, sizeBytes);
        if ([...live].some((other) => overlap(object, other))) throw new Error(`${object.ptr} overlaps another object`);
        live.add(object);
        mine.push(object);
      }
    } else {
      const [object] = mine.splice(random.nextBelow(Math.max(mine.length, 1)), 1);
      if (object !== undefined) {
        live.delete(object);
        const outcome = yield* machine.allocator.free(cpu, object.ptr);
        if (outcome !== 'freed') throw new Error(`free of ${object.ptr}: ${outcome}`);
      }
    }
    if (cpu.shouldPause()) yield* cpu.pause();
  }
}

function* balance(machine: PercpuMachine, cpu: Cpu): Suspending<void> {
  for (let turn = 0; turn < 80; turn++) {
    if (machine.allocator.balanceWanted()) yield* machine.allocator.runBalanceWork(cpu);
    yield* cpu.pause();
  }
}
