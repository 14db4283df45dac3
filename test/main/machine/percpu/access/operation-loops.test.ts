import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { UnitInHand } from '../../../../../src/main/engine/live/storm/unit-in-hand.ts';
import { accessFigures, type AccessFigures } from '../../../../../src/main/machine/percpu/access/cpu-statistics.ts';
import { LoneCpu } from '../../../../../src/main/machine/lone-cpu.ts';
import { OperationLoops } from '../../../../../src/main/machine/percpu/access/operation-loops.ts';
import { Tasks } from '../../../../../src/main/machine/percpu/access/tasks.ts';
import { ThisCpuSteps } from '../../../../../src/main/machine/percpu/access/this-cpu-steps.ts';
import { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type PercpuPtr, roundUp } from '../../../../../src/main/machine/units.ts';
import { FIRST_CHUNKS, type FirstChunk } from '../../../../../src/shared/address-space.ts';
import { ACCESS_MODES, type AccessMode } from '../../../../../src/shared/design.ts';
import { MIX_OPERATIONS, type MixOperation } from '../../../../../src/shared/this-cpu-profile.ts';
import { addChunk, bootCpu, mappedConfig } from '../local-mapping/mapped-machines.ts';

const CPU = cpuId(1);
const TASK = 0;

interface Bench {
  readonly machine: MappedMachine;
  readonly tasks: Tasks;
  readonly variables: { readonly counter: PercpuPtr; readonly flags: PercpuPtr };
}

/** Two CPUs; task 0 runs on CPU 1. */
function bench(mode: AccessMode, firstChunk: FirstChunk = 'page'): Bench {
  const config = mappedConfig({ possibleCpus: 2, mapping: { firstChunk } });
  const tasksStart = roundUp(MappedMachine.bytesFor(config), 256);
  const buffer = new SharedArrayBuffer(tasksStart + Tasks.bytesFor(2, 1));
  const machine = complete(MappedMachine.boot(bootCpu, buffer, config));
  if (machine === undefined) throw new Error('no memory');
  const chunk = firstChunk === 'page' ? addChunk(machine) : adoptChunk(machine);
  const tasks = Tasks.format(machine, tasksStart, { mode, tasks: 1 });
  const variables = { counter: machine.mapping.pointer(chunk, 256), flags: machine.mapping.pointer(chunk, 384) };
  return { machine, tasks, variables };
}

/** The first chunk as an embedded one, its frames those of a machine that nobody has written to. */
function adoptChunk({ mapping, frames, arena }: MappedMachine): number {
  const pages = (mapping.config.unitBytes / arena.config.pageSizeBytes) * arena.config.possibleCpus;
  const first = frames.takeAtBoot(pages, FrameKind.percpu);
  if (first === undefined || !complete(mapping.adoptFirstChunk(bootCpu, first))) throw new Error('no memory');
  return 0;
}

/** What lies at a variable's copy on a CPU. */
function copyOf({ machine }: Bench, pointer: PercpuPtr, cpu: number): number {
  const address = machine.mapping.perCpuPtr(pointer, cpuId(cpu));
  const found = machine.tables.walk(machine.space.rootOf(cpuId(0)), address);
  if (found === undefined) throw new Error('not mapped');
  return machine.arena.word((machine.arena.frameAddress(found.frame) + (address % 4096)) / 4);
}

interface Outcome {
  readonly counter: number;
  readonly flags: number;
  readonly shared: number;
  readonly figures: AccessFigures;
}

function outcomeOf(made: Bench): Outcome {
  const { machine, tasks, variables } = made;
  return {
    counter: copyOf(made, variables.counter, CPU),
    flags: copyOf(made, variables.flags, CPU),
    shared: machine.arena.word(tasks.sharedTotalWord),
    figures: accessFigures(machine.space),
  };
}

type Turn = readonly [MixOperation, number];

function byLoops(mode: AccessMode, turns: readonly Turn[]): Outcome {
  const made = bench(mode);
  const loops = new OperationLoops(made.tasks, CPU, made.variables);
  for (const [operation, number] of turns) loops.run(operation, TASK, number);
  loops.publish();
  return outcomeOf(made);
}

function bySteps(mode: AccessMode, turns: readonly Turn[]): Outcome {
  const made = bench(mode);
  const steps = turns.map(([operation, number]) => ({ operation, number }));
  const unit = new UnitInHand(made.tasks, new ThisCpuSteps(made.tasks, CPU), { steps, variables: made.variables });
  unit.finish(TASK);
  return outcomeOf(made);
}

const anyTurns = fc.array(fc.tuple(fc.constantFrom(...MIX_OPERATIONS), fc.integer({ min: 1, max: 5 })), {
  minLength: 1,
  maxLength: 12,
});

/** Counters of which loops and steps must agree; a cmpxchg that fails first is repeated by either in its own way. */
function agreed({ counter, shared, figures }: Outcome, turns: readonly Turn[]): unknown {
  if (turns.some(([operation]) => operation === 'cmpxchg')) return { counter, shared };
  const { tlbMisses: _, walkSteps: __, ...others } = figures;
  return { counter, shared, ...others };
}

describe('loops of operations', () => {
  it.each(ACCESS_MODES)('do in mode %s what the steps do, and count the same', (mode) => {
    fc.assert(
      fc.property(anyTurns, (turns) => {
        const [loops, steps] = [byLoops(mode, turns), bySteps(mode, turns)];
        // A shared addition is no step; its atomic instruction is counted by the loops only.
        const shared = turns.reduce((sum, [operation, number]) => sum + (operation === 'shared_add' ? number : 0), 0);
        const figures = { ...steps.figures, atomics: steps.figures.atomics + shared };
        expect(agreed(loops, turns)).toEqual(agreed({ ...steps, figures }, turns));
      }),
      { numRuns: 40 },
    );
  });

  it.each(ACCESS_MODES)('keep every addition in mode %s, in the counter or in the shared total', (mode) => {
    fc.assert(
      fc.property(anyTurns, (turns) => {
        const { counter, shared } = byLoops(mode, turns);
        const issued = turns.reduce(
          (sum, [operation, number]) =>
            sum + (['add', 'add_return', 'cmpxchg', 'shared_add'].includes(operation) ? number : 0),
          0,
        );
        expect(counter + shared).toBe(issued);
      }),
      { numRuns: 40 },
    );
  });

  it.each(FIRST_CHUNKS.flatMap((firstChunk) => ACCESS_MODES.map((mode) => [mode, firstChunk] as const)))(
    'touch the copy of their own CPU only in mode %s, the first chunk %s',
    (mode, firstChunk) => {
      const made = bench(mode, firstChunk);
      const loops = new OperationLoops(made.tasks, CPU, made.variables);
      loops.run('add', TASK, 10);
      loops.run('or', TASK, 1);
      expect([0, 1].map((cpu) => copyOf(made, made.variables.counter, cpu))).toEqual([0, 10]);
      expect([0, 1].map((cpu) => copyOf(made, made.variables.flags, cpu))).toEqual([0, 0x55]);
    },
  );

  it('look for a task that waits whenever preemption goes on again', () => {
    const made = bench('preempt-offset');
    const loops = new OperationLoops(made.tasks, CPU, made.variables);
    made.tasks.tick(CPU);
    expect(() => {
      loops.run('add', TASK, 1);
    }).toThrow('a tick came into a slice');
  });

  it('publish what was done once', () => {
    const made = bench('local-mapping');
    const loops = new OperationLoops(made.tasks, CPU, made.variables);
    loops.run('add', TASK, 3);
    expect(accessFigures(made.machine.space).operations).toBe(0);
    loops.publish();
    loops.publish();
    const { operations, windowAccesses, atomics } = accessFigures(made.machine.space);
    expect([operations, windowAccesses, atomics]).toEqual([3, 3, 3]);
  });

  it('have atomic instructions in the modes of arm64 only, and none for reads and writes', () => {
    const turns: readonly Turn[] = [
      ['add', 4],
      ['read', 2],
      ['write', 2],
    ];
    const atomics = ACCESS_MODES.map((mode) => byLoops(mode, turns).figures.atomics);
    expect(atomics).toEqual([0, 4, 4, 4, 0]);
  });

  it('translate once for an access, and twice where load and store are two instructions', () => {
    const translations = ACCESS_MODES.map((mode) => {
      const { tlbHits, tlbMisses } = byLoops(mode, [['add', 10]]).figures;
      return tlbHits + tlbMisses;
    });
    expect(translations).toEqual([10, 10, 10, 10, 20]);
  });

  it('repeat a cmpxchg until nobody has changed the counter in between', () => {
    const { counter, figures } = byLoops('local-mapping', [
      ['add', 3],
      ['cmpxchg', 2],
    ]);
    // The first finds 3 where it expects 0; then both succeed.
    expect([counter, figures.operations]).toEqual([5, 6]);
    const afterRead = byLoops('local-mapping', [
      ['add', 3],
      ['read', 1],
      ['cmpxchg', 2],
    ]);
    expect([afterRead.counter, afterRead.figures.operations]).toEqual([5, 6]);
  });
});

describe('tasks of a machine', () => {
  it('begin anew with what they are to do, in the queues of the CPUs in turn', () => {
    const config = mappedConfig({ possibleCpus: 2 });
    const tasksStart = roundUp(MappedMachine.bytesFor(config), 256);
    const buffer = new SharedArrayBuffer(tasksStart + Tasks.bytesFor(2, 3));
    const machine = complete(MappedMachine.boot(bootCpu, buffer, config));
    if (machine === undefined) throw new Error('no memory');
    const tasks = Tasks.format(machine, tasksStart, { mode: 'segment', tasks: 3, balanceTicks: 0 });
    for (let round = 0; round < 2; round++) {
      machine.arena.words[tasks.sharedTotalWord] = 99;
      complete(tasks.beginAll(bootCpu, 5));
      expect(machine.arena.word(tasks.sharedTotalWord)).toBe(0);
      expect(complete(tasks.schedule(bootCpu))).toBe(0);
      tasks.end(cpuId(0));
      expect(complete(tasks.schedule(bootCpu))).toBe(2);
      tasks.end(cpuId(0));
      expect(tasks.areUnfinished).toBe(true);
      expect(complete(tasks.schedule(new LoneCpu(CPU)))).toBe(1);
      tasks.end(CPU);
      expect(tasks.areUnfinished).toBe(false);
    }
  });
});
