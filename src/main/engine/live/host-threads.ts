/**
 * How long the CPUs' threads have been on a core, asked from another thread while they run.
 *
 *     a CPU's thread   /proc/thread-self ─▶ its number, told to the engine before a phase
 *     the engine       /proc/self/task/NUMBER/schedstat ─▶ nanoseconds on a core, the first of its numbers
 *
 * Linux brings that of a running thread up to date at its ticks, here every 4 ms, and when the thread stops: enough for ten looks
 * a second, not for a figure of a run, which threads take themselves (thread-time.ts). Other systems do not tell.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** The calling thread's number on its host; undefined where the host does not tell. */
export function hostThread(): number | undefined {
  try {
    const number = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return Number.isInteger(number) ? number : undefined;
  } catch {
    // No Linux, or one without /proc.
    return undefined;
  }
}

/** A thread of this process by the CPU that it plays. */
interface HostThread {
  readonly cpu: number;
  readonly hostThread?: number | undefined;
}

/** Times on a core since it was made. Any thread of the process. */
export class ProcessorTimes {
  readonly #threads: ReadonlyMap<number, { readonly number: number; readonly startMs: number }>;

  constructor(threads: readonly HostThread[]) {
    this.#threads = new Map(
      threads.flatMap(({ cpu, hostThread: number }) => {
        const startMs = number === undefined ? undefined : processorMs(number);
        return number === undefined || startMs === undefined ? [] : [[cpu, { number, startMs }] as const];
      }),
    );
  }

  /** Milliseconds of a CPU's thread; undefined where the host does not tell, or the thread has ended. */
  of(cpu: number): number | undefined {
    const thread = this.#threads.get(cpu);
    const nowMs = thread === undefined ? undefined : processorMs(thread.number);
    return thread === undefined || nowMs === undefined ? undefined : nowMs - thread.startMs;
  }
}

/** Milliseconds on a core since the thread began. */
function processorMs(number: number): number | undefined {
  try {
    const nanoseconds = Number(readFileSync(`/proc/self/task/${number}/schedstat`, 'latin1').split(' ')[0]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : undefined;
  } catch {
    // The thread has ended, or this kernel keeps no such statistics.
    return undefined;
  }
}
