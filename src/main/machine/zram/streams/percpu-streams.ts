/**
 * Streams of this CPU, protected in the ways of kernel releases.
 *
 *     preemption-off   preempt off ─ this CPU's stream ─ preempt on              nobody waits; the holder must not sleep
 *     local-lock       this CPU's lock ─ this CPU's stream ─ unlock              tasks of one CPU wait for each other
 *     mutex            home CPU's mutex ─ stream still there? ─ unlock           the holder may sleep, the CPU may go meanwhile
 *                                           └no─▶ unlock, look for a home again
 *     read-write       as mutex; reads use the second lock and the local copy, writes the first lock and the buffer
 *
 * A task's home is its CPU while that is online, else the first one that is: it has been moved there. Under `mutex` it takes
 * the stream of its home, so a CPU that goes down under a task costs it nothing; under the others a task has no stream then.
 */
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { CpuW } from '../../memory/arena-layout.ts';
import { HotplugState } from '../../percpu/hotplug.ts';
import { type CpuId, cpuId, type LockWord } from '../../units.ts';
import type { CompressStreams, Stream, StreamPlace } from './stream.ts';
import type { StreamSet } from './stream-set.ts';

/** This CPU's stream with preemption off. */
export class UnpreemptedStreams implements CompressStreams {
  readonly #set: StreamSet;

  constructor(set: StreamSet) {
    this.#set = set;
  }

  /** Leaves preemption off, also when the answer is undefined. */
  tryTake(cpu: Cpu): Stream | undefined {
    cpu.preemptDisable();
    return this.#set.streamOf(cpu.id);
  }

  *take(cpu: Cpu): Suspending<undefined> {
    if (cpu.preemptEnable()) yield* cpu.reschedule();
    return undefined;
  }

  tryGive(cpu: Cpu): boolean {
    return !cpu.preemptEnable();
  }

  give(cpu: Cpu): Suspending<void> {
    return cpu.reschedule();
  }

  placeOf(cpu: CpuId): StreamPlace | undefined {
    const stream = this.#set.streamOf(cpu);
    return stream === undefined ? undefined : { stream };
  }
}

/** Which of a stream's locks a taker takes: writers `lock`; readers the same, or one of their own. */
type LockField = 'lock' | 'readLock';

/** This CPU's stream under a lock of the stream. */
export class LockedStreams implements CompressStreams {
  readonly #arena: Arena;
  readonly #set: StreamSet;
  readonly #field: LockField;
  readonly #mayMove: boolean;

  /** `mayMove`: a task whose CPU has gone takes the stream of another one. */
  constructor(arena: Arena, set: StreamSet, how: { readonly field: LockField; readonly mayMove: boolean }) {
    this.#arena = arena;
    this.#set = set;
    this.#field = how.field;
    this.#mayMove = how.mayMove;
  }

  tryTake(cpu: Cpu): Stream | undefined {
    const lock = this.#set.locksOf(cpu.id)?.[this.#field];
    if (lock === undefined || !cpu.tryLock(lock)) return undefined;
    const stream = this.#set.streamOf(cpu.id);
    if (stream === undefined) cpu.unlock(lock);
    return stream;
  }

  *take(cpu: Cpu): Suspending<Stream | undefined> {
    for (;;) {
      const home = this.#homeOf(cpu.id);
      const lock = this.#set.locksOf(home)?.[this.#field];
      if (lock === undefined) return undefined;
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.deviceMutex);
      const stream = this.#set.streamOf(home);
      if (stream !== undefined) return stream;
      cpu.unlock(lock);
      if (this.#homeOf(cpu.id) === home) return undefined;
    }
  }

  tryGive(cpu: Cpu, stream: Stream): boolean {
    cpu.unlock(this.#lockOf(stream));
    return true;
  }

  *give(): Suspending<void> {
    // tryGive does it all.
  }

  placeOf(cpu: CpuId): StreamPlace | undefined {
    const stream = this.#set.streamOf(cpu);
    return stream === undefined ? undefined : { stream, lock: this.#lockOf(stream) };
  }

  #lockOf(stream: Stream): LockWord {
    const lock = stream[this.#field];
    if (lock === undefined) throw new Error('a stream of static variables has no lock');
    return lock;
  }

  #homeOf(cpu: CpuId): CpuId {
    if (!this.#mayMove || this.#isOnline(cpu)) return cpu;
    for (let other = 0; other < this.#arena.config.possibleCpus; other++) {
      if (this.#isOnline(cpuId(other))) return cpuId(other);
    }
    return cpu;
  }

  #isOnline(cpu: CpuId): boolean {
    const state = Atomics.load(this.#arena.words, this.#arena.cpuWord(cpu) + CpuW.hotplugState);
    return state === HotplugState.online;
  }
}
