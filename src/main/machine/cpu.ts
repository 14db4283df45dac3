/**
 * The port through which the machine's code runs on a CPU. It is all that the machine knows of time, threads and codecs.
 *
 * Code that may have to wait is a generator. It never yields on its own account; it tries the quick way first and
 * delegates to the CPU only when that fails:
 *
 *     if (!cpu.tryLock(word)) yield* cpu.lock(word, LockClass.zone);
 *     …
 *     cpu.unlock(word);
 *
 * Under the live engine a CPU is a thread, `lock` blocks the thread and nothing ever yields, so a write costs a handful of
 * generator objects. Under the interleaving engine `tryLock` and `shouldPause` fail whenever the seeded scheduler wants
 * another CPU to run first, and the yield is where it does. No machine code can tell which one it runs on.
 */
import type { Codec } from './codec.ts';
import type { Operation } from './operation.ts';
import type { CpuId, LockWord } from './units.ts';
import type { WriteSteps } from './write-steps.ts';

/** A computation that the engine may suspend. The yielded value is the word waited for, or undefined for a mere pause. */
export type Suspending<T> = Generator<LockWord | undefined, T, void>;

/** What a lock protects; waiting time is kept apart by it. Order of taking: a lock of an earlier class is never taken under a later one. */
export const LockClass = {
  hotplug: 0,
  slot: 1,
  /** A stream's, or that of a list of streams: writes take it alone, reads and recompression under the slot that they work on. */
  deviceMutex: 2,
  poolClass: 3,
  percpuAllocMutex: 4,
  percpuLock: 5,
  addressSpace: 6,
  zone: 7,
  runQueue: 8,
} as const;
export type LockClass = (typeof LockClass)[keyof typeof LockClass];
/** Classes of `LockClass`. */
export const LOCK_CLASS_COUNT = 9;

/** What a CPU is charged for. The live engine lets the host charge; others count, and later price, these. */
export const Cost = { compressPage: 0, decompressPage: 1, copyBytes: 2, lock: 3, comparePage: 4, fillPage: 5 } as const;
export type Cost = (typeof Cost)[keyof typeof Cost];
/** Kinds of `Cost`. */
export const COST_COUNT = 6;

export interface Cpu {
  readonly id: CpuId;
  readonly codec: Codec;
  /** Codecs of the priorities 1, 2, 3 for recompression; absent where the engine brings the primary `codec` alone. */
  readonly recompressors?: readonly Codec[];
  /** Says what follows, up to the matching `end`; for whoever looks at the CPU. Nests; the inner one is the one told. */
  begin(operation: Operation): void;
  /** All that was taken since `begin` has been given back. */
  end(): void;
  /** One attempt. False: held by another, or the engine wants another CPU to go first; then `lock` or `pause` must follow. */
  tryLock(word: LockWord): boolean;
  /** As `tryLock`, of a lock that is never waited for, so that it may be taken in any order: `lock` must not follow. */
  tryOnly(word: LockWord): boolean;
  /** Returns with the lock held. Throws `CpuHalted` when the machine is halted meanwhile. */
  lock(word: LockWord, lockClass: LockClass): Suspending<void>;
  /** The caller holds it. Wakes one waiter. */
  unlock(word: LockWord): void;
  /**
   * Sleeps while the lock bit of `word` is set, which whoever sets it means as "nothing here to be had"; nobody holds it. What
   * was waited for may be gone again on return: the caller looks anew, under the lock that protects the word. Throws as `lock`.
   */
  sleepOn(word: LockWord, lockClass: LockClass): Suspending<void>;
  /** Wakes one who sleeps on `word`, whose lock bit the caller has cleared since. */
  wakeOne(word: LockWord): void;
  /** From here to the matching `preemptEnable` no other task runs on this CPU. Nests. */
  preemptDisable(): void;
  /** True when this ended the outermost section and a task waits for the CPU: `reschedule` must follow. */
  preemptEnable(): boolean;
  /** Lets other tasks of this CPU run. Only with preemption on. */
  reschedule(): Suspending<void>;
  /** Absent where the engine charges for steps or has others run between them, and where somebody watches the locks. */
  readonly writeSteps?: WriteSteps | undefined;
  /** Says that what follows may have to sleep, whether it will or not. Absent on a CPU that nobody watches. */
  mightSleep?(): void;
  /** True where the engine wants another CPU to run now: `pause` must follow. Legal in any context. */
  shouldPause(): boolean;
  pause(): Suspending<void>;
  /** `amount` of what `cost` counts: pages for …Page, bytes for …Bytes, acquisitions for lock. */
  charge(cost: Cost, amount: number): void;
}

/** Thrown out of waiting for a lock when another CPU has failed, or the run was cancelled, and the machine stands still. */
export class CpuHalted extends Error {
  constructor(cpu: CpuId) {
    super(`CPU ${cpu} was stopped because the machine was halted`);
    this.name = 'CpuHalted';
  }
}

/** Runs a machine computation to its end on this thread. Throws what it throws. */
export function complete<T>(computation: Suspending<T>): T {
  const result = computation.next();
  if (result.done !== true) throw new Error('a computation yielded where no engine could suspend it');
  return result.value;
}
