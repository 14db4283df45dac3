/**
 * Time of the calling thread from one moment to another: by the clock of the host, and on a core. Two system calls at
 * either end, none in between.
 */

/** Nanoseconds. */
export interface ThreadTime {
  /** Monotonic host clock, the same for all threads. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** On a core, in the program and in the kernel. */
  readonly processorNs: number;
}

/** From now on; the answer ends it. */
export function startThreadTime(): () => ThreadTime {
  const startNs = process.hrtime.bigint();
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    // Of threadCpuUsage: microseconds.
    return { startNs, endNs: process.hrtime.bigint(), processorNs: (user + system) * 1000 };
  };
}
