/**
 * A CPU that runs tasks: step by step, with an interrupt wherever the engine wants one.
 *
 *     ┌─▶ take a task ─▶ step ─▶ step ─▶ … interrupt ─▶ preemptible? ──yes──▶ queue ─┐
 *     │                             ▲                       └──no──▶ later ─┘        │     later: at the reschedule check
 *     └──────────────────────────────────────────────────────────────────────────────┘
 *
 * Each CPU of the machine runs one of these. They end together, when no task is left.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import { ThisCpuSteps, type ThisCpuRequest } from './this-cpu-steps.ts';
import type { Tasks } from './tasks.ts';

/** What tasks do; called on the CPU that runs the task, between operations. */
export interface TaskProgram {
  /** The next operation of a task; undefined ends it. `result` is that of the one before, undefined at the beginning. */
  readonly next: (task: number, result: bigint | undefined) => ThisCpuRequest | undefined;
}

/** Which tasks have begun, for a program that all CPUs of one thread share. */
export function* runTasks(cpu: Cpu, tasks: Tasks, program: TaskProgram, begun: Set<number>): Suspending<void> {
  const steps = new ThisCpuSteps(tasks, cpu.id);
  while (tasks.areUnfinished) {
    const running = tasks.current(cpu.id);
    const task = running ?? (yield* tasks.schedule(cpu));
    if (task === undefined) {
      yield* cpu.pause();
      continue;
    }
    if (running === undefined) steps.resume(task);
    const isAlive = begun.has(task) || beginNext(steps, { task, program, result: undefined });
    begun.add(task);
    if (!isAlive || (steps.step(task) && !beginNext(steps, { task, program, result: steps.result(task) }))) {
      tasks.end(cpu.id);
      continue;
    }
    if (cpu.shouldPause()) {
      if (steps.isInterruptible(task)) tasks.tick(cpu.id);
      yield* cpu.pause();
    }
    const mayLeave = steps.isInterruptible(task) && steps.isPreemptible(task);
    if (mayLeave && tasks.needsResched(cpu.id)) yield* tasks.preempt(cpu);
  }
}

function beginNext(
  steps: ThisCpuSteps,
  { task, program, result }: { task: number; program: TaskProgram; result: bigint | undefined },
): boolean {
  const request = program.next(task, result);
  if (request !== undefined) steps.begin(task, request);
  return request !== undefined;
}
