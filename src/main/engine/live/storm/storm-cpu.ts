/**
 * A CPU of a counter storm: tasks that add to one per-CPU counter, in slices of many uninterrupted additions with an interrupted
 * one in between.
 *
 *     take a task ─▶ finish what it has in hand ─▶ slice: the mode's own loop ─▶ a tick, some steps into the next addition ─┐
 *          ▲                                                                                                              │
 *          └────────────── another task; this one waits in a queue, perhaps of another CPU ◀──── once preemptible ◀───────┘
 *
 * The tick is the end of a slice, so the loops need not look for it; where in an operation it comes is a seeded choice. Under the
 * live engine all CPUs do this at the same time on one arena: what is lost, is lost by real races. TaskW.remaining counts the
 * additions that are not finished, the one in hand included; only the CPU that has the task writes it.
 */
import type { Codec } from '../../../machine/codec.ts';
import { addLoop } from '../../../machine/percpu/access/add-loops.ts';
import { TaskW } from '../../../machine/percpu/access/task-layout.ts';
import { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { ThisCpuSteps } from '../../../machine/percpu/access/this-cpu-steps.ts';
import { MappedMachine } from '../../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, percpuPtr } from '../../../machine/units.ts';
import { Random } from '../../../workload/random.ts';
import { complete } from '../../../machine/cpu.ts';
import { LiveCpu } from '../live-cpu.ts';

/** What a CPU's thread is given. */
export interface StormCpuPlan {
  readonly buffer: SharedArrayBuffer;
  readonly tasksStart: number;
  readonly cpu: number;
  /** PercpuPtr of the counter. */
  readonly pointer: number;
  /** Additions of a slice, about. */
  readonly slice: number;
  readonly seed: number;
}

const NO_CODEC: Codec = {
  name: 'none',
  compress: () => {
    throw new Error('a storm compresses nothing');
  },
  decompress: () => {
    throw new Error('a storm decompresses nothing');
  },
};

/** Runs until no task of the machine is left. On a thread of its own; the others run the same. */
export function runStormCpu(plan: StormCpuPlan): void {
  const machine = MappedMachine.attach(plan.buffer);
  const tasks = Tasks.attach(machine, plan.tasksStart);
  const cpu = new LiveCpu(machine.arena, cpuId(plan.cpu), NO_CODEC);
  const steps = new ThisCpuSteps(tasks, cpu.id);
  const pointer = percpuPtr(plan.pointer);
  const add = addLoop(tasks, cpu.id, pointer);
  const random = new Random(plan.seed + plan.cpu);
  const { words } = machine.arena;
  const request = { operation: 'add', widthBits: 32, pointer, operand: 1n } as const;
  while (tasks.areUnfinished) {
    const task = complete(tasks.schedule(cpu));
    if (task === undefined) continue;
    const remaining = tasks.taskWord(task) + TaskW.remaining;
    steps.resume(task);
    if (steps.isUnderWay(task)) {
      while (!steps.step(task));
      words[remaining] = (words[remaining] ?? 0) - 1;
    }
    const slice = Math.min(words[remaining] ?? 0, plan.slice + random.nextBelow(plan.slice));
    add(task, slice);
    words[remaining] = (words[remaining] ?? 0) - slice;
    if (words[remaining] === 0) {
      tasks.end(cpu.id);
      continue;
    }
    steps.begin(task, request);
    let isDone = false;
    for (let turn = random.nextBelow(4); turn > 0 && !isDone; turn--) isDone = steps.step(task);
    tasks.tick(cpu.id);
    while (!isDone && !(steps.isInterruptible(task) && steps.isPreemptible(task))) isDone = steps.step(task);
    if (isDone) words[remaining] = (words[remaining] ?? 0) - 1;
    if (words[remaining] === 0) {
      tasks.end(cpu.id);
      tasks.clearTick(cpu.id);
    } else complete(tasks.preempt(cpu));
  }
}
