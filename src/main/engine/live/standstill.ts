/**
 * Sees that the CPUs of a phase wait for each other for ever: a deadlock.
 *
 *     look, ten times a second:  every CPU that has a job left waits, in the same wait as at the last look, for a word that is taken
 *     after so many such looks in a row nobody is left who could give anything back
 *
 * It reads what CPUs note in the arena when they have to wait, which is off the quick way; holders note nothing, so who holds a
 * word is concluded: whoever of the phase does not wait for it. Looks are counted and not the clock, which goes on while a host
 * sleeps. On the main thread.
 */
import { LOCK_CLASS_COUNT, type LockClass } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuF64, CpuW } from '../../machine/memory/arena-layout.ts';
import { Operation } from '../../machine/operation.ts';
import { LOCKED } from '../../machine/sync/lock.ts';
import { LOCK_CLASS_WORDS } from '../../machine/sync/lock-classes.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';
import { describeOperation } from './cpu-counters.ts';

/** A wait in hand. */
interface Wait {
  readonly cpu: number;
  /** On the engine clock: tells one wait from the next. */
  readonly sinceMs: number;
  readonly word: number;
  readonly lockClass: LockClass;
}

export class Standstill {
  readonly #arena: Arena;
  readonly #cpus: readonly number[];
  readonly #looksUntilSure: number;
  readonly #describe: (cpu: CpuId) => string;
  #last = '';
  #looks = 0;
  #sentence: string | undefined;

  /**
   * Of the CPUs of a phase, which is taken for dead after `looksUntilSure` looks that find the same waits. `describe` says in
   * words what a CPU is at; absent: of machines with zram.
   */
  constructor(
    arena: Arena,
    cpus: readonly number[],
    looksUntilSure: number,
    describe = (cpu: CpuId): string => describeOperation(arena, cpu),
  ) {
    this.#arena = arena;
    this.#cpus = cpus;
    this.#looksUntilSure = looksUntilSure;
    this.#describe = describe;
  }

  /** Who waits for what, and who holds it, once a look was sure of it. */
  get sentence(): string | undefined {
    return this.#sentence;
  }

  /** True when this look is the one that is sure. */
  look(): boolean {
    const waits = this.#waits();
    const seen = JSON.stringify(waits);
    this.#looks = waits !== undefined && seen === this.#last ? this.#looks + 1 : 1;
    this.#last = seen;
    if (waits === undefined || this.#looks < this.#looksUntilSure || this.#sentence !== undefined) return false;
    this.#sentence = `the CPUs wait for each other: ${waits.map((wait) => this.#waitWords(wait, waits)).join('; ')}`;
    return true;
  }

  /** Of all CPUs with a job left; undefined when one of them does not wait, or for something that is to be had. */
  #waits(): readonly Wait[] | undefined {
    const { words } = this.#arena;
    const busy = this.#cpus.filter((cpu) => words[this.#block(cpu) + CpuW.operation] !== Operation.finished);
    const waits = busy.flatMap((cpu) => this.#waitOf(cpu) ?? []);
    return busy.length > 0 && waits.length === busy.length ? waits : undefined;
  }

  #waitOf(cpu: number): Wait | undefined {
    const block = this.#block(cpu);
    const sinceMs = this.#arena.double(block / 2 + CpuF64.waitingSinceMs);
    const word = this.#arena.word(block + CpuW.waitsFor);
    const lockClass = this.#arena.word(block + CpuW.waitsForClass);
    if (sinceMs === 0 || (Atomics.load(this.#arena.words, word) & LOCKED) === 0) return undefined;
    return isLockClass(lockClass) ? { cpu, sinceMs, word, lockClass } : undefined;
  }

  #waitWords({ cpu, word, lockClass }: Wait, waits: readonly Wait[]): string {
    const holders = this.#cpus.filter((other) => !waits.some((wait) => wait.cpu === other && wait.word === word));
    const held = holders.length === 0 ? 'no other CPU' : holders.map((holder) => `CPU ${holder}`).join(' or ');
    const what = `${LOCK_CLASS_WORDS[lockClass]} (word ${word})`;
    return `CPU ${cpu}, ${this.#describe(cpuId(cpu))}, waits for ${what}, which ${held} holds`;
  }

  #block(cpu: number): number {
    return this.#arena.cpuWord(cpuId(cpu));
  }
}

function isLockClass(value: number): value is LockClass {
  return value >= 0 && value < LOCK_CLASS_COUNT;
}
