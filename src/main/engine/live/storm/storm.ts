/**
 * A counter storm under the live engine: a machine of its own and fresh threads for each access mode, so that nothing that one
 * mode compiled or warmed up serves another.
 *
 *     boot ─▶ threads ── all armed ─▶ go ─▶ all done ─▶ sum of the counter over all CPUs
 *
 * The threads end with the storm. More CPUs than host cores is allowed; times are then the host scheduler's.
 */
import { Worker } from 'node:worker_threads';
import type { AccessMode } from '../../../../shared/design.ts';
import { complete, type Cpu } from '../../../machine/cpu.ts';
import { HeaderW } from '../../../machine/memory/arena-layout.ts';
import { accessFigures, type AccessFigures } from '../../../machine/percpu/access/cpu-statistics.ts';
import { TaskW } from '../../../machine/percpu/access/task-layout.ts';
import { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { MappedMachine, type MappedMachineConfig } from '../../../machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, percpuPtr, type PercpuPtr, roundUp } from '../../../machine/units.ts';
import type { StormCpuPlan } from './storm-cpu.ts';

export interface StormPlan {
  readonly mode: AccessMode;
  readonly cpus: number;
  readonly tasksPerCpu: number;
  /** Of each task. */
  readonly additions: number;
  /** Additions between two ticks of a CPU, about: up to twice as many. */
  readonly slice: number;
  readonly seed: number;
}

export interface StormOutcome {
  /** Additions issued, and the sum over all CPUs' copies. */
  readonly issued: number;
  readonly counted: number;
  /** From the first CPU's start to the last one's end. */
  readonly durationNs: number;
  /** Processor time of all CPUs' threads: what others do on the host's cores does not count. */
  readonly cpuNs: number;
  readonly figures: AccessFigures;
}

/** When a CPU began and ended, on the host's monotonic clock. */
export interface StormSpan {
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Processor time of its thread in between. */
  readonly cpuNs: number;
}

/** Runs a storm; `cpu` boots the machine. Rejects when a thread throws: a broken invariant. */
export async function runStorm(cpu: Cpu, workerUrl: URL, plan: StormPlan): Promise<StormOutcome> {
  const { machine, tasksStart, pointer } = prepare(cpu, plan);
  const { buffer } = machine.arena;
  const threads = Array.from({ length: plan.cpus }, (_, id) => {
    const workerData: StormCpuPlan = { buffer, tasksStart, cpu: id, pointer, slice: plan.slice, seed: plan.seed };
    return new Worker(workerUrl, { workerData, name: `storm CPU ${id}` });
  });
  try {
    await Promise.all(threads.map((thread) => nextMessage(thread)));
    const spans = Promise.all(threads.map((thread) => nextMessage(thread) as Promise<StormSpan>));
    Atomics.store(machine.arena.words, HeaderW.go, 1);
    Atomics.notify(machine.arena.words, HeaderW.go);
    return outcome(plan, machine, pointer, await spans);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

function prepare(cpu: Cpu, plan: StormPlan): { machine: MappedMachine; tasksStart: number; pointer: PercpuPtr } {
  const config: MappedMachineConfig = {
    possibleCpus: plan.cpus,
    onlineCpus: plan.cpus,
    translation: '4k-48',
    memoryBytes: 4 * 2 ** 20,
    tlb: { entries: 64, ways: 4, cpusPerTlb: 1, isTagged: false },
    pgdTakesPage: false,
    mapping: {
      window: 'same-offset',
      firstChunk: 'page',
      tablesFor: 'possible',
      unitBytes: 65536,
      maxChunks: 1,
    },
  };
  const tasksStart = roundUp(MappedMachine.bytesFor(config), 256);
  const taskCount = plan.cpus * plan.tasksPerCpu;
  const buffer = new SharedArrayBuffer(tasksStart + Tasks.bytesFor(plan.cpus, taskCount));
  const machine = complete(MappedMachine.boot(cpu, buffer, config));
  const chunk = machine === undefined ? undefined : complete(machine.addChunk(cpu, 1));
  if (machine === undefined || chunk === undefined) throw new Error('4 MiB do not hold the units of so many CPUs');
  const tasks = Tasks.format(machine, tasksStart, { mode: plan.mode, tasks: taskCount });
  for (let task = 0; task < taskCount; task++) {
    machine.arena.words[tasks.taskWord(task) + TaskW.remaining] = plan.additions;
    complete(tasks.enqueue(cpu, task, cpuId(task % plan.cpus)));
  }
  return { machine, tasksStart, pointer: machine.mapping.pointer(chunk, 256) };
}

function outcome(
  plan: StormPlan,
  machine: MappedMachine,
  pointer: PercpuPtr,
  spans: readonly StormSpan[],
): StormOutcome {
  const start = spans.reduce((least, { startNs }) => (startNs < least ? startNs : least), spans[0]?.startNs ?? 0n);
  const end = spans.reduce((most, { endNs }) => (endNs > most ? endNs : most), 0n);
  const { arena, mapping, space, tables } = machine;
  let counted = 0;
  for (let cpu = 0; cpu < plan.cpus; cpu++) {
    const found = tables.walk(space.rootOf(cpuId(0)), mapping.perCpuPtr(percpuPtr(pointer), cpuId(cpu)));
    if (found === undefined) throw new Error(`the counter of CPU ${cpu} is not mapped`);
    counted += arena.word((arena.frameAddress(found.frame) + 256) / 4);
  }
  return {
    issued: plan.cpus * plan.tasksPerCpu * plan.additions,
    counted,
    durationNs: Number(end - start),
    cpuNs: spans.reduce((sum, { cpuNs }) => sum + cpuNs, 0),
    figures: accessFigures(space),
  };
}

/** The next message of a thread; rejects when it throws or ends first. */
function nextMessage(thread: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number): void => {
      reject(new Error(`${thread.threadName ?? 'a storm CPU'} ended with code ${code}`));
    };
    thread.once('error', reject);
    thread.once('exit', onExit);
    thread.once('message', (message: unknown) => {
      thread.off('error', reject);
      thread.off('exit', onExit);
      resolve(message);
    });
  });
}
