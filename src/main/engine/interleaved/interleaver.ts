/**
 * The interleaving engine: any number of CPUs in one thread, deterministic.
 *
 *     scheduler ──seeded choice──▶ task of CPU 1 ─ runs to its next yield ─┐
 *         ▲                                                               │   yields: a lock it waits for, or a pause
 *         └───────────────────────────────────────────────────────────────┘
 *
 * A task is a machine computation bound to a CPU. A task that waits for a lock may be chosen again once the lock's word is
 * free. Of the tasks of one CPU only the current one may be chosen while the CPU has preemption off. Same seed and same
 * tasks, same order of every step and the same bytes in the arena. When nobody may be chosen, `run` throws and says who
 * waits for what: a deadlock.
 *
 * Costs are counted, not priced; there is no clock.
 */
import type { Codec } from '../../machine/codec.ts';
import { Cost, COST_COUNT, type Cpu, type LockClass, type Suspending } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW } from '../../machine/memory/arena-layout.ts';
import { Operation } from '../../machine/operation.ts';
import { LOCKED, tryLock, unlock } from '../../machine/sync/lock.ts';
import type { CpuId, LockWord } from '../../machine/units.ts';
import type { Random } from '../../workload/random.ts';

interface Task {
  readonly name: string;
  readonly cpu: InterleavedCpu;
  readonly computation: Suspending<unknown>;
  waitsFor: LockWord | undefined;
}

export interface InterleaverOptions {
  readonly arena: Arena;
  readonly random: Random;
  /** One codec serves all CPUs: a call never yields. */
  readonly codec: Codec;
  /** Those of the priorities 1, 2, 3; none unless said otherwise. */
  readonly recompressors?: readonly Codec[];
  /** Chance in 256 that a lock attempt or a pause point lets another task run first. 0: only contention switches. */
  readonly switchChance: number;
}

export class Interleaver {
  readonly #options: InterleaverOptions;
  readonly #tasks: Task[] = [];
  readonly #cpus = new Map<CpuId, InterleavedCpu>();

  constructor(options: InterleaverOptions) {
    this.#options = options;
  }

  /** The CPU on which computations for `spawn` are to be made. */
  cpu(id: CpuId): InterleavedCpu {
    let cpu = this.#cpus.get(id);
    if (cpu === undefined) {
      cpu = new InterleavedCpu(id, this.#options);
      this.#cpus.set(id, cpu);
    }
    return cpu;
  }

  /** Adds a task; several may share a CPU. Nothing runs before `run`. */
  spawn(cpu: InterleavedCpu, name: string, computation: Suspending<unknown>): void {
    this.#tasks.push({ name, cpu, computation, waitsFor: undefined });
    cpu.taskCount += 1;
  }

  /** Runs all tasks to their ends; answers with the number of steps. Throws on deadlock and whatever a task throws. */
  run(): number {
    let steps = 0;
    while (this.#tasks.length > 0) {
      this.#step(this.#choose());
      steps += 1;
    }
    return steps;
  }

  #choose(): Task {
    const ready = this.#tasks.filter((task) => this.#mayRun(task));
    const task = ready[this.#options.random.nextBelow(Math.max(1, ready.length))];
    if (task === undefined) {
      const waiting = this.#tasks.map((each) => `${each.name} on CPU ${each.cpu.id} waits for word ${each.waitsFor}`);
      throw new Error(`deadlock: ${waiting.join('; ')}`);
    }
    return task;
  }

  #mayRun(task: Task): boolean {
    const { arena } = this.#options;
    if (task.waitsFor !== undefined && (arena.word(task.waitsFor) & LOCKED) !== 0) return false;
    const current = task.cpu.current;
    return current === undefined || current === task || !task.cpu.preemptionIsOff();
  }

  #step(task: Task): void {
    task.cpu.current = task;
    const result = task.computation.next();
    task.waitsFor = result.done === true ? undefined : result.value;
    if (result.done !== true) return;
    if (task.cpu.preemptionIsOff()) throw new Error(`task ${task.name} ended with preemption off`);
    task.cpu.current = undefined;
    task.cpu.taskCount -= 1;
    this.#tasks.splice(this.#tasks.indexOf(task), 1);
  }
}

export class InterleavedCpu implements Cpu {
  readonly id: CpuId;
  readonly codec: Codec;
  readonly recompressors: readonly Codec[];
  /** What was charged, by Cost. */
  readonly charged: number[] = Array.from({ length: COST_COUNT }, () => 0);
  /** Tasks that have not ended; the interleaver's. */
  taskCount = 0;
  /** The task that ran last on this CPU and has not ended; the interleaver's. */
  current: unknown;
  readonly #arena: Arena;
  readonly #random: Random;
  readonly #switchChance: number;
  readonly #preemptCount: number;
  readonly #operation: number;

  constructor(id: CpuId, options: InterleaverOptions) {
    this.id = id;
    this.codec = options.codec;
    this.recompressors = options.recompressors ?? [];
    this.#arena = options.arena;
    this.#random = options.random;
    this.#switchChance = options.switchChance;
    this.#preemptCount = options.arena.cpuWord(id) + CpuW.preemptCount;
    this.#operation = options.arena.cpuWord(id) + CpuW.operation;
  }

  begin(operation: Operation): void {
    this.#arena.words[this.#operation] = operation;
  }

  end(): void {
    this.#arena.words[this.#operation] = Operation.idle;
  }

  tryOnly(word: LockWord): boolean {
    return this.tryLock(word);
  }

  tryLock(word: LockWord): boolean {
    if (this.shouldPause() || !tryLock(this.#arena.words, word)) return false;
    this.charge(Cost.lock, 1);
    return true;
  }

  *lock(word: LockWord, _lockClass: LockClass): Suspending<void> {
    do yield word;
    while (!tryLock(this.#arena.words, word));
    this.charge(Cost.lock, 1);
  }

  *sleepOn(word: LockWord, _lockClass: LockClass): Suspending<void> {
    yield word;
  }

  wakeOne(_word: LockWord): void {
    // Who waits for a word is looked for at every step.
  }

  unlock(word: LockWord): void {
    unlock(this.#arena.words, word);
  }

  preemptDisable(): void {
    this.#arena.words[this.#preemptCount] = this.#arena.word(this.#preemptCount) + 1;
  }

  preemptEnable(): boolean {
    const count = this.#arena.word(this.#preemptCount) - 1;
    if (count < 0) throw new Error(`CPU ${this.id}: preemption enabled more often than disabled`);
    this.#arena.words[this.#preemptCount] = count;
    return count === 0 && this.taskCount > 1 && this.shouldPause();
  }

  *reschedule(): Suspending<void> {
    yield undefined;
  }

  shouldPause(): boolean {
    return this.#random.nextBelow(256) < this.#switchChance;
  }

  *pause(): Suspending<void> {
    yield undefined;
  }

  charge(cost: Cost, amount: number): void {
    this.charged[cost] = (this.charged[cost] ?? 0) + amount;
  }

  /** Whether the task in hand must not be replaced by another of this CPU. */
  preemptionIsOff(): boolean {
    return this.#arena.word(this.#preemptCount) > 0;
  }
}
