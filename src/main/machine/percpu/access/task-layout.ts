/**
 * Tasks and run queues in the arena's buffer: what a scheduler saves when a task leaves a CPU is all that a task is.
 *
 *     ┌────────┬──────────────────┬───────────────┐
 *     │ header │ CPU blocks       │ task blocks   │       queue of a CPU: head ─▶ task ─▶ task ─▶ 0
 *     └────────┴──────────────────┴───────────────┘
 *      256 B    256 B each         256 B each
 *
 * A task is in one queue, or runs on one CPU, or has ended; its block is written by whoever has it. Taking it out of a queue
 * under the queue's lock pairs with the putting in, so that the next CPU sees all that the last one wrote.
 */
export const TASKS_HEADER_BYTES = 256;
/** Words of the header. */
export const TasksW = {
  cpus: 0,
  tasks: 1,
  /** Index into ACCESS_MODES. */
  mode: 2,
  /** See TasksConfig.balanceTicks. */
  balanceTicks: 3,
  /** Tasks that have not ended; changed by any CPU with Atomics. */
  unfinished: 16,
  /** What CPUs took out of their counters, and additions without per-CPU data; changed by any CPU with Atomics. */
  sharedTotal: 32,
} as const;

/** Bytes of a CPU's block. */
export const TASK_CPU_BYTES = 256;
/** Words of a CPU's block. */
export const TaskCpuW = {
  /** LockClass.runQueue: the fields up to `length`. */
  lock: 0,
  /** Task number + 1; 0 for an empty queue. */
  head: 1,
  tail: 2,
  /** Read by any CPU's balancer without the lock, which may be out of date. */
  length: 3,
  /** Written by that CPU alone. Task number + 1 of the one that runs. */
  current: 16,
  /** 1: a task waits for the CPU; looked at by reschedule checks. */
  needResched: 17,
  ticks: 18,
} as const;
/** Doubles of a CPU's block: what its offset register holds, the address of its copy of pointer 0, written by `format`. */
export const TaskCpuF64 = { offset: 10 } as const;

/** Bytes of a task's block. */
export const TASK_BYTES = 256;
/** Words of a task's block. */
export const TaskW = {
  /** Task number + 1 of the next one of the same queue. */
  next: 0,
  /** Nesting depth of preempt-off sections. */
  preemptCount: 1,
  /** 1: the registers are noted for the exception path. */
  note: 2,
  /** Steps of the operation in hand that are done. */
  step: 3,
  /** Index into THIS_CPU_OPERATIONS. */
  operation: 4,
  /** 32 or 64. */
  widthBits: 5,
  /** CPU number of which the task has read the offset. */
  offsetCpu: 6,
  /** Times the operation is still to be done; how to use it is the program's business. */
  remaining: 7,
  /** Operations that are done of the unit of work in hand; how to use it is the program's business. */
  doneOfUnit: 8,
} as const;
/** Doubles of a task's block, registers. */
export const TaskF64 = {
  /** The PercpuPtr in hand. */
  pointer: 8,
  /** Pointer + offset, once it was added. */
  address: 9,
  /** Where the access in hand was translated to, from its load to its store. */
  physical: 14,
} as const;
/** 64-bit integers of a task's block, registers. */
export const TaskI64 = {
  operand: 10,
  /** Of cmpxchg: what must be found. */
  expected: 11,
  result: 12,
  /** Loaded and not stored back yet. */
  loaded: 13,
} as const;
