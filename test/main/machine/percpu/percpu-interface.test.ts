import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Cpu, Suspending } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { CpuW } from '../../../../src/main/machine/memory/arena-layout.ts';
import type { PercpuInterface } from '../../../../src/main/machine/percpu/percpu-interface.ts';
import {
  type BigPercpuPtr,
  bigPercpuPtr,
  cpuId,
  type PercpuPtr,
  percpuPtr,
  type PhysicalAddress,
  type VirtualAddress,
} from '../../../../src/main/machine/units.ts';
import { errorOf, valueOf } from '../../lab/small-lab.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { MachineTasks } from '../fixtures/machine-tasks.ts';

const CPUS = 4;
const WORD = 2 ** 32;

function counter(machine: Machine, sizeBytes = 4): PercpuPtr {
  const request = { sizeBytes, alignBytes: 4 };
  return valueOf(new MachineTasks(machine.arena).run(0, (cpu) => machine.percpu.allocPercpu(cpu, request)));
}

/** Value of a CPU's copy, read by address. */
function valueOn({ arena, area }: Machine, ptr: PercpuPtr, cpu: number): number {
  return arena.word(area.physicalAddress(ptr, cpuId(cpu)) / 4) >>> 0;
}

type Operation = (percpu: PercpuInterface, cpu: Cpu, ptr: PercpuPtr, value: number) => Suspending<unknown>;

/** Each operation: how it is called, the new value and the answer, from the old value and the operand. */
const OPERATIONS: readonly {
  readonly name: string;
  readonly call: Operation;
  readonly next: (old: number, value: number) => number;
  readonly answer: (old: number, value: number) => number | undefined;
}[] = [
  {
    name: 'read',
    call: (percpu, cpu, ptr) => percpu.thisCpuRead(cpu, ptr),
    next: (old) => old,
    answer: (old) => old,
  },
  {
    name: 'write',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuWrite(cpu, ptr, value),
    next: (_, value) => value,
    answer: () => undefined,
  },
  {
    name: 'add',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuAdd(cpu, ptr, value),
    next: (old, value) => (old + value) % WORD,
    answer: () => undefined,
  },
  {
    name: 'add and return',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuAddReturn(cpu, ptr, value),
    next: (old, value) => (old + value) % WORD,
    answer: (old, value) => (old + value) % WORD,
  },
  {
    name: 'and',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuAnd(cpu, ptr, value),
    next: (old, value) => Number(BigInt(old) & BigInt(value)),
    answer: () => undefined,
  },
  {
    name: 'or',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuOr(cpu, ptr, value),
    next: (old, value) => Number(BigInt(old) | BigInt(value)),
    answer: () => undefined,
  },
  {
    name: 'exchange',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuXchg(cpu, ptr, value),
    next: (_, value) => value,
    answer: (old) => old,
  },
  {
    name: 'compare and exchange with what is there or not',
    call: (percpu, cpu, ptr, value) => percpu.thisCpuCmpxchg(cpu, ptr, { expected: value & ~1, value: 77 }),
    next: (old, value) => (old === (value & ~1) >>> 0 ? 77 : old),
    answer: (old) => old,
  },
];

const words = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: WORD - 1 }));

describe('operations on this CPU’s copy', () => {
  it.each(OPERATIONS)('$name: changes and answers what a model does, and no other CPU’s copy', (operation) => {
    fc.assert(
      fc.property(words, words, fc.nat(CPUS - 1), (old, value, on) => {
        const machine = makeMachine();
        const ptr = counter(machine);
        const tasks = new MachineTasks(machine.arena);
        for (let cpu = 0; cpu < CPUS; cpu++) tasks.run(cpu, (each) => machine.percpu.thisCpuWrite(each, ptr, old));
        const answer = tasks.run(on, (cpu) => operation.call(machine.percpu, cpu, ptr, value));
        expect(answer).toBe(operation.answer(old, value));
        for (let cpu = 0; cpu < CPUS; cpu++) {
          expect(valueOn(machine, ptr, cpu)).toBe(cpu === on ? operation.next(old, value) : old);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('in any order on any CPUs agree with a model of all copies', () => {
    const step = fc.record({ which: fc.nat(OPERATIONS.length - 1), on: fc.nat(CPUS - 1), value: words });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const machine = makeMachine();
        const ptr = counter(machine);
        const tasks = new MachineTasks(machine.arena);
        const model = [0, 0, 0, 0];
        for (const { which, on, value } of steps) {
          const operation = OPERATIONS[which];
          const old = model[on] ?? 0;
          const answer = tasks.run(on, (cpu) =>
            operation === undefined
              ? machine.percpu.thisCpuRead(cpu, ptr)
              : operation.call(machine.percpu, cpu, ptr, value),
          );
          expect(answer).toBe(operation?.answer(old, value));
          model[on] = operation?.next(old, value) ?? old;
        }
        expect(model.map((_, cpu) => valueOn(machine, ptr, cpu))).toEqual(model);
      }),
      { numRuns: 40 },
    );
  });

  it('with several tasks on each CPU lose no update', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 250 }), (seed, switchChance) => {
        const machine = makeMachine();
        const ptr = counter(machine);
        const flags = counter(machine);
        const tasks = new MachineTasks(machine.arena, { seed, switchChance });
        for (let id = 0; id < CPUS; id++) {
          for (let task = 0; task < 3; task++) {
            tasks.spawn(id, function* (cpu) {
              for (let turn = 0; turn < 10; turn++) {
                yield* machine.percpu.thisCpuAdd(cpu, ptr, 1 + task);
                yield* machine.percpu.thisCpuOr(cpu, flags, 1 << (task * 10 + turn));
              }
            });
          }
        }
        tasks.runAll();
        for (let cpu = 0; cpu < CPUS; cpu++) {
          expect(valueOn(machine, ptr, cpu)).toBe(10 * (1 + 2 + 3));
          expect(valueOn(machine, flags, cpu)).toBe(2 ** 30 - 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('hand out each number once with compare and exchange in a loop', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const machine = makeMachine();
        const { percpu } = machine;
        const ptr = counter(machine);
        const tasks = new MachineTasks(machine.arena, { seed, switchChance: 200 });
        const given: number[] = [];
        for (let task = 0; task < 4; task++) {
          tasks.spawn(1, function* (cpu) {
            for (let turn = 0; turn < 8; turn++) {
              for (;;) {
                const expected = percpu.readPercpuPtr(cpu, ptr);
                if (cpu.shouldPause()) yield* cpu.pause();
                if ((yield* percpu.thisCpuCmpxchg(cpu, ptr, { expected, value: expected + 1 })) !== expected) continue;
                given.push(expected);
                break;
              }
            }
          });
        }
        tasks.runAll();
        expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_, number) => number));
      }),
      { numRuns: 20 },
    );
  });

  it('where two of a CPU read, then write what they have read, do lose updates', () => {
    // What the operations are there for: this fails to be wrong only if no task is ever switched.
    const machine = makeMachine();
    const ptr = counter(machine);
    const tasks = new MachineTasks(machine.arena, { switchChance: 128 });
    for (let task = 0; task < 3; task++) {
      tasks.spawn(0, function* (cpu) {
        for (let turn = 0; turn < 50; turn++) {
          const old = yield* machine.percpu.thisCpuRead(cpu, ptr);
          yield* machine.percpu.thisCpuWrite(cpu, ptr, old + 1);
        }
      });
    }
    tasks.runAll();
    expect(valueOn(machine, ptr, 0)).toBeLessThan(150);
  });

  it('throw for what is no word', () => {
    const machine = makeMachine();
    const ptr = counter(machine, 8);
    const tasks = new MachineTasks(machine.arena);
    expect(() => tasks.run(0, (cpu) => machine.percpu.thisCpuRead(cpu, percpuPtr(ptr + 2)))).toThrow(
      `per-CPU pointer ${ptr + 2} is no multiple of 4`,
    );
  });
});

describe('getCpuPtr', () => {
  it('gives this CPU’s copy and keeps the other tasks of the CPU away until putCpuPtr', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const machine = makeMachine();
        const { arena, area, percpu } = machine;
        const ptr = counter(machine);
        const tasks = new MachineTasks(arena, { seed, switchChance: 200 });
        for (let id = 0; id < CPUS; id++) {
          for (let task = 0; task < 3; task++) {
            tasks.spawn(id, function* (cpu) {
              for (let turn = 0; turn < 10; turn++) {
                const word = area.translate(percpu.getCpuPtr(cpu, ptr)) / 4;
                const old = arena.word(word);
                // An interrupt, another CPU: anything but a task of this CPU.
                yield* cpu.pause();
                arena.words[word] = old + 1;
                yield* percpu.putCpuPtr(cpu);
              }
            });
          }
        }
        tasks.runAll();
        for (let cpu = 0; cpu < CPUS; cpu++) expect(valueOn(machine, ptr, cpu)).toBe(30);
      }),
      { numRuns: 30 },
    );
  });

  it('nests, and is the address that perCpuPtr gives', () => {
    const machine = makeMachine();
    const { arena, percpu } = machine;
    const ptr = counter(machine);
    const depth = (): number => arena.word(arena.cpuWord(cpuId(2)) + CpuW.preemptCount);
    new MachineTasks(arena).run(2, function* (cpu) {
      expect(percpu.getCpuPtr(cpu, ptr)).toBe(percpu.perCpuPtr(ptr, cpuId(2)));
      percpu.getCpuPtr(cpu, ptr);
      expect(depth()).toBe(2);
      yield* percpu.putCpuPtr(cpu);
      expect(depth()).toBe(1);
      yield* percpu.putCpuPtr(cpu);
      expect(depth()).toBe(0);
    });
  });

  it('without putCpuPtr is an error of the task', () => {
    const machine = makeMachine();
    const ptr = counter(machine);
    expect(() =>
      new MachineTasks(machine.arena).run(1, function* (cpu) {
        machine.percpu.getCpuPtr(cpu, ptr);
        yield* cpu.pause();
      }),
    ).toThrow('ended with preemption off');
  });
});

describe('values alone', () => {
  it('are read of a static variable on the CPU that asks', () => {
    const machine = makeMachine({ onlineCpus: 2 });
    const tasks = new MachineTasks(machine.arena);
    const read = (id: number): number => {
      const values: number[] = [];
      tasks.run(id, function* (cpu) {
        values.push(machine.percpu.readPercpuVar(cpu, 'compress_buffer'));
        yield* cpu.pause();
      });
      return values[0] ?? Number.NaN;
    };
    // Pointers to buffers of CPUs that are online; 0 on the others.
    expect([read(0) > 0, read(1) > 0, read(0) !== read(1), read(2), read(3)]).toEqual([true, true, true, 0, 0]);
  });

  it('stay what they were on a CPU that is down, and are reached from any other', () => {
    const machine = makeMachine();
    const ptr = counter(machine);
    const tasks = new MachineTasks(machine.arena);
    tasks.run(3, (cpu) => machine.percpu.thisCpuWrite(cpu, ptr, 0xfedcba98));
    tasks.run(0, (cpu) => machine.hotplug.takeDown(cpu, cpuId(3)));
    tasks.run(0, (cpu) => machine.hotplug.unplug(cpu, cpuId(3)));
    expect(valueOn(machine, ptr, 3)).toBe(0xfedcba98);
    tasks.run(0, (cpu) => machine.hotplug.plugIn(cpu, cpuId(3)));
    tasks.run(0, (cpu) => machine.hotplug.bringUp(cpu, cpuId(3)));
    expect(tasks.run(3, (cpu) => machine.percpu.thisCpuRead(cpu, ptr))).toBe(0xfedcba98);
  });
});

describe('allocating', () => {
  it('refuses what is too large for the region and says where it belongs', () => {
    const machine = makeMachine();
    const tasks = new MachineTasks(machine.arena);
    const error = errorOf(tasks.run(0, (cpu) => machine.percpu.allocPercpu(cpu, { sizeBytes: 32_769, alignBytes: 8 })));
    expect(error).toEqual({
      code: 'bad-input',
      message: 'an object of 32769 bytes is larger than the largest per-CPU object, 32768 bytes',
    });
    expect(tasks.run(0, (cpu) => machine.percpu.bigPercpuAlloc(cpu, { sizeBytes: 32_769, callSite: 0 })).ok).toBe(true);
  });

  it('of nothing to free is fine, and a second free is caught', () => {
    const machine = makeMachine();
    const tasks = new MachineTasks(machine.arena);
    const free = (ptr: PercpuPtr | undefined) => tasks.run(0, (cpu) => machine.percpu.freePercpu(cpu, ptr));
    const ptr = counter(machine);
    expect([free(undefined), free(ptr), free(ptr)]).toEqual(['nothing', 'freed', 'not-an-object']);
  });

  it('leaves work for later, which is done once it is asked for', () => {
    const machine = makeMachine({ percpu: smallPercpu(4096, { maxChunks: 16 }), memoryBytes: 512 * 4096 });
    const { percpu, area, arena } = machine;
    const tasks = new MachineTasks(arena);
    const request = { sizeBytes: 32_768, alignBytes: 4 };
    const ptrs = [0, 1, 2].map(() => valueOf(tasks.run(0, (cpu) => percpu.allocPercpu(cpu, request))));
    for (const ptr of ptrs) tasks.run(0, (cpu) => percpu.freePercpu(cpu, ptr));
    expect(area.allocator.balanceWanted()).toBe(true);
    tasks.run(0, (cpu) => percpu.runDeferredWork(cpu));
    expect(area.allocator.balanceWanted()).toBe(false);
    const after = Buffer.from(arena.bytes);
    tasks.run(0, (cpu) => percpu.runDeferredWork(cpu));
    expect(after.equals(arena.bytes)).toBe(true);
  });
});

describe('pointers', () => {
  it('of the three sorts are not mixed, none is an address, and the wrong sort does not compile', () => {
    expectTypeOf<PercpuPtr>().not.toExtend<VirtualAddress>();
    expectTypeOf<PercpuPtr>().not.toExtend<PhysicalAddress>();
    expectTypeOf<PercpuPtr>().not.toExtend<BigPercpuPtr>();
    expectTypeOf<BigPercpuPtr>().not.toExtend<PercpuPtr>();
    expectTypeOf<BigPercpuPtr>().not.toExtend<PhysicalAddress>();
    expectTypeOf<VirtualAddress>().not.toExtend<PercpuPtr>();
    expectTypeOf<number>().not.toExtend<PercpuPtr>();
    const { area, percpu } = makeMachine();
    const ptr = percpuPtr(4096);
    const big = bigPercpuPtr(1);
    // Never called: what matters is that the compiler refuses each line.
    const wrong = (cpu: Cpu): readonly unknown[] => [
      // @ts-expect-error A per-CPU pointer is no address.
      area.translate(ptr),
      // @ts-expect-error Nor is a big one.
      area.translate(big),
      // @ts-expect-error No offset leads to a big object.
      area.perCpuPtr(big, cpuId(0)),
      // @ts-expect-error No operation on this CPU's copy does.
      percpu.thisCpuAdd(cpu, big, 1),
      // @ts-expect-error It is not freed like an object of the region,
      percpu.freePercpu(cpu, big),
      // @ts-expect-error nor an object of the region like it.
      percpu.bigPercpuFree(cpu, ptr),
      // @ts-expect-error And an object of the region has no frames of its own.
      percpu.bigPerCpuPtr(ptr, cpuId(0)),
      // @ts-expect-error An address is no pointer.
      percpu.perCpuPtr(area.perCpuPtr(ptr, cpuId(0)), cpuId(0)),
      // @ts-expect-error A number is none either.
      percpu.readPercpuPtr(cpu, 4096),
    ];
    expect(wrong).toBeTypeOf('function');
  });
});
