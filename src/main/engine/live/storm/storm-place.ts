/** Where in a storm a CPU is, in words, from what it says in the arena: for the sentence about one that cannot go on. */
import { CpuW } from '../../../machine/memory/arena-layout.ts';
import { Operation } from '../../../machine/operation.ts';
import { TaskW } from '../../../machine/percpu/access/task-layout.ts';
import type { Tasks } from '../../../machine/percpu/access/tasks.ts';
import type { CpuId } from '../../../machine/units.ts';
import type { StormMix } from './storm-plan.ts';

/** `in mix page_fault3, at operation 8 of 8 (cmpxchg) of an interrupted unit of task 4, which has 1203 units left`. Any thread. */
export function describeStormCpu(tasks: Tasks, { name, steps }: StormMix, cpu: CpuId): string {
  const { arena } = tasks.machine;
  const task = tasks.current(cpu);
  const operation = arena.word(arena.cpuWord(cpu) + CpuW.operation);
  if (operation === Operation.idle) return `before mix ${name}`;
  if (operation === Operation.taskSwitch) return `in mix ${name}, between two tasks`;
  if (operation === Operation.finished || task === undefined) return `in mix ${name}, without a task`;
  const block = tasks.taskWord(task);
  const whose = `task ${task}, which has ${arena.word(block + TaskW.remaining)} units left`;
  if (operation !== Operation.interruptedUnit) return `in mix ${name}, in uninterrupted operations of ${whose}`;
  const all = steps.flatMap((step) => Array.from({ length: step.number }, () => step.operation));
  const done = arena.word(block + TaskW.doneOfUnit);
  const at = done < all.length ? `at operation ${done + 1} of ${all.length} (${all[done]})` : 'at the end';
  return `in mix ${name}, ${at} of an interrupted unit of ${whose}`;
}
