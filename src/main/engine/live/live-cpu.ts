/**
 * A CPU that is a thread. Locks and wait queues block the thread: spin a little, then sleep on the word in the arena. Costs are the
 * host's own. Nothing here ever yields.
 */
import type { Codec } from '../../machine/codec.ts';
import { type Cost, type Cpu, CpuHalted, type LockClass, type Suspending } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import * as layout from '../../machine/memory/arena-layout.ts';
import type { WriteSteps } from '../../machine/write-steps.ts';
import type { Operation } from '../../machine/operation.ts';
import * as operations from '../../machine/operation.ts';
import * as locking from '../../machine/sync/lock.ts';
import type { CpuId, LockWord } from '../../machine/units.ts';
import { atomicsLockWords, type LockWords } from './lock-words.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { CpuF64, CpuW, HeaderW } = layout;
const { LOCKED, SLEEP_VALUE, tryLockAsWaiter, wakesAfter } = locking;
const IDLE = operations.Operation.idle;

/** Looks at the word before sleeping: about 16 µs here, longer than a page is compressed, as a kernel looks while the owner runs. */
const SPINS = 12_000;
/** A sleeper looks at the halt word this often, so that a dead CPU's locks hold nobody for longer. */
const SLEEP_MS = 20;
/** About a page's compression. */
const PAUSE_MS = 0.05;

export interface LiveCpuParts {
  /** The codecs of the priorities from 1 on, where devices have them. */
  readonly recompressors?: readonly Codec[] | undefined;
  /** Through Atomics when absent. */
  readonly locks?: LockWords | undefined;
  readonly writeSteps?: WriteSteps | undefined;
}

export class LiveCpu implements Cpu {
  readonly id: CpuId;
  readonly codec: Codec;
  readonly recompressors: readonly Codec[];
  readonly writeSteps: WriteSteps | undefined;
  readonly #tryLock: LockWords['tryLock'];
  readonly #unlock: LockWords['unlock'];
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #block: number;

  constructor(
    arena: Arena,
    id: CpuId,
    codec: Codec,
    { recompressors = [], locks = atomicsLockWords(arena.words), writeSteps }: LiveCpuParts = {},
  ) {
    this.id = id;
    this.codec = codec;
    this.recompressors = recompressors;
    this.writeSteps = writeSteps;
    this.#tryLock = locks.tryLock;
    this.#unlock = locks.unlock;
    this.#words = arena.words;
    this.#doubles = arena.doubles;
    this.#block = arena.cpuWord(id);
  }

  begin(operation: Operation): void {
    this.#words[this.#block + CpuW.operation] = operation;
  }

  end(): void {
    this.#words[this.#block + CpuW.operation] = IDLE;
  }

  tryLock(word: LockWord): boolean {
    return this.#tryLock(word) !== 0;
  }

  tryOnly(word: LockWord): boolean {
    return this.#tryLock(word) !== 0;
  }

  *lock(word: LockWord, lockClass: LockClass): Suspending<void> {
    const startMs = this.#beginWait(word, lockClass);
    this.#blockUntilLocked(word);
    this.#endWait(lockClass, startMs);
  }

  *sleepOn(word: LockWord, lockClass: LockClass): Suspending<void> {
    const startMs = this.#beginWait(word, lockClass);
    this.#blockWhileSet(word);
    this.#endWait(lockClass, startMs);
  }

  wakeOne(word: LockWord): void {
    Atomics.notify(this.#words, word, 1);
  }

  /** Milliseconds of the engine clock. */
  #beginWait(word: LockWord, lockClass: LockClass): number {
    const startMs = performance.now();
    this.#words[this.#block + CpuW.waitsFor] = word;
    this.#words[this.#block + CpuW.waitsForClass] = lockClass;
    this.#doubles[this.#block / 2 + CpuF64.waitingSinceMs] = performance.timeOrigin + startMs;
    return startMs;
  }

  #endWait(lockClass: LockClass, startMs: number): void {
    this.#doubles[this.#block / 2 + CpuF64.waitingSinceMs] = 0;
    const waited = this.#block / 2 + CpuF64.lockWaitNs + lockClass;
    this.#doubles[waited] = (this.#doubles[waited] ?? 0) + (performance.now() - startMs) * 1e6;
    const contended = this.#block + CpuW.contentions + lockClass;
    this.#words[contended] = (this.#words[contended] ?? 0) + 1;
  }

  #blockUntilLocked(word: LockWord): void {
    for (let spin = 0; spin < SPINS; spin++) {
      if (this.#tryLock(word) !== 0) return;
    }
    const startMs = performance.now();
    while (!tryLockAsWaiter(this.#words, word)) {
      Atomics.wait(this.#words, word, SLEEP_VALUE, SLEEP_MS);
      if (Atomics.load(this.#words, HeaderW.halt) !== 0) throw new CpuHalted(this.id);
    }
    this.#endSleep(startMs);
  }

  /** Pairs with the store that clears the word, before `wakeOne`. */
  #blockWhileSet(word: LockWord): void {
    for (let spin = 0; spin < SPINS; spin++) {
      if (((this.#words[word] ?? 0) & LOCKED) === 0) return;
    }
    const startMs = performance.now();
    for (;;) {
      const seen = Atomics.load(this.#words, word);
      if ((seen & LOCKED) === 0) break;
      Atomics.wait(this.#words, word, seen, SLEEP_MS);
      if (Atomics.load(this.#words, HeaderW.halt) !== 0) throw new CpuHalted(this.id);
    }
    this.#endSleep(startMs);
  }

  /** From after the looks on, in which the thread runs. */
  #endSleep(startMs: number): void {
    const slept = this.#block / 2 + CpuF64.lockSleepNs;
    this.#doubles[slept] = (this.#doubles[slept] ?? 0) + (performance.now() - startMs) * 1e6;
  }

  unlock(word: LockWord): void {
    const before = this.#unlock(word);
    if (before !== LOCKED && wakesAfter(word, before)) Atomics.notify(this.#words, word, 1);
  }

  preemptDisable(): void {
    const count = this.#block + CpuW.preemptCount;
    this.#words[count] = (this.#words[count] ?? 0) + 1;
  }

  /** Jobs of one CPU take turns between batches only, so nobody ever waits for the CPU here. */
  preemptEnable(): boolean {
    const count = this.#block + CpuW.preemptCount;
    this.#words[count] = (this.#words[count] ?? 0) - 1;
    return false;
  }

  *reschedule(): Suspending<void> {
    // Nobody to switch to; see preemptEnable.
  }

  shouldPause(): boolean {
    return false;
  }

  /** What is waited for takes another thread a while, which may need this one's core. */
  *pause(): Suspending<void> {
    Atomics.wait(this.#words, HeaderW.halt, 0, PAUSE_MS);
    if (Atomics.load(this.#words, HeaderW.halt) !== 0) throw new CpuHalted(this.id);
  }

  charge(_cost: Cost, _amount: number): void {
    // The host charges.
  }
}
