/**
 * A CPU of a storm: tasks that do units of work, in slices of many uninterrupted ones with an interrupted one in between.
 *
 *     take a task ─▶ finish the unit in hand ─▶ slice: the mode's own loops ─▶ a tick, some steps into the next unit ─┐
 *          ▲                                                                                                        │
 *          └────────── another task; this one waits in a queue, perhaps of another CPU ◀── once preemptible ◀───────┘
 *
 * The tick is the end of a slice, so the loops need not look for it; where in a unit and operation it comes is a seeded choice.
 * All CPUs do this at the same time on one arena: what is lost, is lost by real races. TaskW.remaining counts the units that
 * are not finished, the one in hand included; only the CPU that has the task writes it. When time is over, each task ends with
 * the unit in hand. What the CPU is at it says in CpuW.operation (`finished`: it has no task), for whoever watches the storm.
 */
import type { Codec } from '../../../machine/codec.ts';
import { complete } from '../../../machine/cpu.ts';
import type { Arena } from '../../../machine/memory/arena.ts';
import { Operation } from '../../../machine/operation.ts';
import { type MixVariables, OperationLoops } from '../../../machine/percpu/access/operation-loops.ts';
import { TaskCpuW, TaskW } from '../../../machine/percpu/access/task-layout.ts';
import { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { ThisCpuSteps } from '../../../machine/percpu/access/this-cpu-steps.ts';
import { MappedMachine } from '../../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, cpuId, percpuPtr } from '../../../machine/units.ts';
import { Random } from '../../../workload/random.ts';
import { type LatencyCounts, LatencyRecorder } from '../../latency-counts.ts';
import { LiveCpu } from '../live-cpu.ts';
import { type MakeStormCpu, type StormCpuPlan, turnsPerUnit } from './storm-plan.ts';
import { UnitInHand } from './unit-in-hand.ts';

/** A CPU without a task looks into its queue this often: nobody wakes it. */
const IDLE_MS = 0.1;
/** Most steps of an operation that are done when the tick comes. */
const MOST_STEPS = 4;
/** Operations, about, after which a slice looks at the clock and tells what it has done: some milliseconds. */
const LOOK_OPERATIONS = 100_000;

const NO_CODEC: Codec = {
  name: 'none',
  compress: () => {
    throw new Error('a storm compresses nothing');
  },
  decompress: () => {
    throw new Error('a storm decompresses nothing');
  },
};

type CpuMix = StormCpuPlan['mixes'][number];

export class StormCpu {
  readonly #plan: StormCpuPlan;
  readonly #tasks: Tasks;
  readonly #cpu: LiveCpu;
  readonly #steps: ThisCpuSteps;
  readonly #random: Random;
  readonly #words: Int32Array;

  /** `makeCpu`: whose locks it takes; absent: a live CPU's. */
  constructor(plan: StormCpuPlan, makeCpu: MakeStormCpu = makeLiveCpu) {
    const machine = MappedMachine.attach(plan.buffer);
    this.#plan = plan;
    this.#tasks = Tasks.attach(machine, plan.tasksStart);
    this.#cpu = makeCpu(machine.arena, cpuId(plan.cpu));
    this.#steps = new ThisCpuSteps(this.#tasks, this.#cpu.id);
    this.#random = new Random(plan.seed + plan.cpu);
    this.#words = machine.arena.words;
  }

  /** Says that it is at the barrier before a mix. */
  arm(): void {
    this.#cpu.end();
  }

  /**
   * Runs a mix until no task of the machine is left. On a thread of its own; the others run the same. Gives picoseconds per
   * operation, a value per slice.
   */
  run(mix: CpuMix): LatencyCounts {
    const variables: MixVariables = { counter: percpuPtr(mix.counter), flags: percpuPtr(mix.flags) };
    const loops = new OperationLoops(this.#tasks, this.#cpu.id, variables);
    const unit = new UnitInHand(this.#tasks, this.#steps, { steps: mix.steps, variables });
    const slices = new LatencyRecorder();
    const endMs = performance.now() + (mix.repeatForMs ?? Infinity);
    this.#cpu.begin(Operation.taskSwitch);
    while (this.#tasks.areUnfinished) {
      const task = complete(this.#tasks.schedule(this.#cpu));
      if (task === undefined) {
        this.#idle();
        continue;
      }
      this.#steps.resume(task);
      if (unit.isUnderWay(task)) this.#finish(unit, task);
      if (performance.now() < endMs && this.#remaining(task) > 0) this.#slice({ mix, loops, slices, endMs }, task);
      this.#cpu.begin(Operation.taskSwitch);
      if (performance.now() >= endMs || this.#remaining(task) === 0) this.#tasks.end(this.#cpu.id);
      else this.#interrupt(unit, task);
    }
    this.#cpu.begin(Operation.finished);
    return slices.counts();
  }

  /** Ends before its tick when time is over. */
  #slice({ mix, loops, slices, endMs }: Slice, task: number): void {
    const turns = turnsPerUnit(mix);
    const wanted = Math.ceil((this.#plan.tickOperations + this.#random.nextBelow(this.#plan.tickOperations)) / turns);
    const units = Math.min(this.#remaining(task), wanted);
    const piece = unitsPerLook(mix);
    this.#cpu.begin(Operation.thisCpuLoops);
    const startNs = process.hrtime.bigint();
    let done = 0;
    do {
      const next = Math.min(units - done, piece);
      doBatches(loops, { mix, task, units: next });
      loops.publish();
      this.#subtract(task, next);
      done += next;
    } while (done < units && performance.now() < endMs);
    const nanoseconds = Number(process.hrtime.bigint() - startNs);
    slices.record((nanoseconds * 1000) / (done * turns));
  }

  /** The tick, somewhere in the next unit; the task leaves its CPU as soon as it may. */
  #interrupt(unit: UnitInHand, task: number): void {
    this.#cpu.begin(Operation.interruptedUnit);
    unit.advance(task, this.#random.nextBelow(unit.length));
    let isDone = unit.begin(task, this.#random.nextBelow(MOST_STEPS));
    this.#tasks.tick(this.#cpu.id);
    while (!isDone && !(this.#steps.isInterruptible(task) && this.#steps.isPreemptible(task))) {
      isDone = unit.step(task);
    }
    this.#cpu.begin(Operation.taskSwitch);
    complete(this.#tasks.preempt(this.#cpu));
  }

  #finish(unit: UnitInHand, task: number): void {
    this.#cpu.begin(Operation.interruptedUnit);
    unit.finish(task);
    this.#subtract(task, 1);
  }

  #idle(): void {
    this.#cpu.begin(Operation.finished);
    const length = this.#tasks.cpuWord(this.#cpu.id) + TaskCpuW.length;
    Atomics.wait(this.#words, length, 0, IDLE_MS);
  }

  #remaining(task: number): number {
    return this.#words[this.#tasks.taskWord(task) + TaskW.remaining] ?? 0;
  }

  #subtract(task: number, units: number): void {
    this.#words[this.#tasks.taskWord(task) + TaskW.remaining] = this.#remaining(task) - units;
  }
}

interface Slice {
  readonly mix: CpuMix;
  readonly loops: OperationLoops;
  readonly slices: LatencyRecorder;
  /** When time is over, on performance's clock. */
  readonly endMs: number;
}

function makeLiveCpu(arena: Arena, id: CpuId): LiveCpu {
  return new LiveCpu(arena, id, NO_CODEC);
}

/** Whole batches, where there are any. */
function unitsPerLook(mix: CpuMix): number {
  const units = Math.ceil(LOOK_OPERATIONS / turnsPerUnit(mix));
  return mix.batch === undefined ? units : Math.ceil(units / mix.batch) * mix.batch;
}

function doBatches(loops: OperationLoops, { mix, task, units }: { mix: CpuMix; task: number; units: number }): void {
  const batch = mix.batch ?? units;
  for (let left = units; left > 0; left -= batch) {
    doUnits(loops, { mix, task, units: Math.min(left, batch) });
    if (mix.batch !== undefined) loops.run('xchg', task, 1);
  }
}

/** Units of one kind of operation are one loop; others go round operation by operation. */
function doUnits(loops: OperationLoops, { mix, task, units }: { mix: CpuMix; task: number; units: number }): void {
  const [only, ...others] = mix.steps;
  if (only !== undefined && others.length === 0) {
    loops.run(only.operation, task, only.number * units);
    return;
  }
  for (let turn = 0; turn < units; turn++) {
    for (const { operation, number } of mix.steps) loops.run(operation, task, number);
  }
}
