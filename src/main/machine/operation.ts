/** What a CPU may be at, as its word in the arena says it (CpuW.operation), and in words. */

export const Operation = {
  idle: 0,
  read: 1,
  write: 2,
  discard: 3,
  /** The CPU has no job left in this phase. */
  finished: 4,
  notifyFree: 5,
  compact: 6,
  recompress: 7,
  markIdle: 8,
  reset: 9,
  hotplug: 10,
  percpuAllocate: 11,
  percpuFree: 12,
  percpuBalance: 13,
  /** this_cpu operations of a task, one after the other. */
  thisCpuLoops: 14,
  /** A unit of a task's work in which a tick comes, step by step. */
  interruptedUnit: 15,
  /** Between two tasks, under the locks of run queues. */
  taskSwitch: 16,
} as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

/** By number. */
export const OPERATION_WORDS: Readonly<Record<Operation, string>> = {
  [Operation.idle]: 'between operations',
  [Operation.read]: 'read',
  [Operation.write]: 'write',
  [Operation.discard]: 'discard',
  [Operation.finished]: 'after its jobs',
  [Operation.notifyFree]: 'free notification',
  [Operation.compact]: 'compaction',
  [Operation.recompress]: 'recompression',
  [Operation.markIdle]: 'idle marking',
  [Operation.reset]: 'reset',
  [Operation.hotplug]: 'CPU hotplug',
  [Operation.percpuAllocate]: 'per-CPU allocation',
  [Operation.percpuFree]: 'per-CPU free',
  [Operation.percpuBalance]: 'balance work',
  [Operation.thisCpuLoops]: 'uninterrupted operations',
  [Operation.interruptedUnit]: 'an interrupted unit',
  [Operation.taskSwitch]: 'a task switch',
};
