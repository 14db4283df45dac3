/**
 * this_cpu operations many times without an interrupt: one loop per operation, over the mode's route and access.
 *
 *     for each turn:  enter ─▶ access the CPU's copy ─▶ leave            an interrupted operation takes the steps of
 *                                                                        this-cpu-steps.ts instead
 *
 * Variables of a CPU: a counter, to which add, add_return and cmpxchg add 1, which read looks at and xchg empties into the
 * machine's shared total; and flags, which and, or, write change. So
 *
 *     shared total + all CPUs' counters = additions that were issued                 unless updates were lost
 */
import type { MixOperation } from '../../../../shared/this-cpu-profile.ts';
import type { AccessMode } from '../../../../shared/design.ts';
import { assertUnreachable } from '../../../../shared/result.ts';
import { SpaceCpuF64, type SpaceCounter } from '../../memory/address-space-layout.ts';
import type { CpuId, PercpuPtr } from '../../units.ts';
import { type CopyAccess, copyAccess } from './copy-access.ts';
import { CpuStatistics } from './cpu-statistics.ts';
import { type Route, routeOf, usesAtomics } from './routes.ts';
import type { Tasks } from './tasks.ts';

/** What a mix has on every CPU, 32 bits each. */
export interface MixVariables {
  readonly counter: PercpuPtr;
  readonly flags: PercpuPtr;
}

/** What the flags are set to and masked with: any bits will do. */
const FLAG_BITS = 0x55;

/** What one operation of a mode counts beside its atomic instruction and the TLB's own counters. */
const COUNTED: Readonly<Record<AccessMode, readonly SpaceCounter[]>> = {
  segment: [],
  'preempt-offset': [SpaceCpuF64.preemptPairs, SpaceCpuF64.rescheduleChecks, SpaceCpuF64.offsetReads],
  fixup: [SpaceCpuF64.notes, SpaceCpuF64.offsetReads],
  'local-mapping': [SpaceCpuF64.windowAccesses],
  unprotected: [SpaceCpuF64.offsetReads],
};

/** The loops of one CPU and mix. By that CPU's thread. */
export class OperationLoops {
  readonly #counted: readonly SpaceCounter[];
  readonly #usesAtomics: boolean;
  readonly #words: Int32Array;
  readonly #sharedTotal: number;
  readonly #statistics: CpuStatistics;
  readonly #counter: Route;
  readonly #counterAccess: CopyAccess;
  readonly #flags: Route;
  readonly #flagsAccess: CopyAccess;
  /** What the counter held when it was last looked at: what the next cmpxchg expects. */
  #seen = 0;
  /** Done since `publish`. */
  #operations = 0;
  #atomics = 0;

  constructor(tasks: Tasks, cpu: CpuId, { counter, flags }: MixVariables) {
    const { words } = tasks.machine.arena;
    this.#counted = COUNTED[tasks.mode];
    this.#usesAtomics = usesAtomics(tasks.mode);
    this.#words = words;
    this.#sharedTotal = tasks.sharedTotalWord;
    this.#statistics = new CpuStatistics(tasks.machine.space, cpu);
    this.#counter = routeOf(tasks, cpu, counter);
    this.#counterAccess = copyAccess(tasks.mode, words, this.#counter);
    this.#flags = routeOf(tasks, cpu, flags);
    this.#flagsAccess = copyAccess(tasks.mode, words, this.#flags);
  }

  /** Does an operation `count` times for a task that runs on the loops' CPU. */
  run(operation: MixOperation, task: number, count: number): void {
    if (operation === 'shared_add') {
      this.#sharedAdd(count);
      this.#atomics += count;
      return;
    }
    this.#counter.serve(task);
    this.#flags.serve(task);
    const done = operation === 'cmpxchg' ? this.#cmpxchg(count) : this.#loop(operation, count);
    this.#operations += done;
    if (this.#usesAtomics && operation !== 'read' && operation !== 'write') this.#atomics += done;
  }

  /** Adds what was done since the last time to the CPU's statistics. */
  publish(): void {
    this.#statistics.add(SpaceCpuF64.operations, this.#operations);
    for (const counter of this.#counted) this.#statistics.add(counter, this.#operations);
    this.#statistics.add(SpaceCpuF64.atomics, this.#atomics);
    this.#operations = 0;
    this.#atomics = 0;
  }

  #loop(operation: Exclude<MixOperation, 'shared_add' | 'cmpxchg'>, count: number): number {
    switch (operation) {
      case 'add':
        this.#add(count);
        return count;
      case 'add_return':
        this.#addReturn(count);
        return count;
      case 'and':
        this.#and(count);
        return count;
      case 'or':
        this.#or(count);
        return count;
      case 'write':
        this.#write(count);
        return count;
      case 'read':
        this.#read(count);
        return count;
      case 'xchg':
        this.#xchg(count);
        return count;
      default:
        return assertUnreachable(operation);
    }
  }

  #sharedAdd(count: number): void {
    const words = this.#words;
    const word = this.#sharedTotal;
    for (let turn = 0; turn < count; turn++) Atomics.add(words, word, 1);
  }

  #add(count: number): void {
    const route = this.#counter;
    const access = this.#counterAccess;
    for (let turn = 0; turn < count; turn++) {
      access.add(route.enter(), 1);
      route.leave();
    }
  }

  #addReturn(count: number): void {
    const route = this.#counter;
    const access = this.#counterAccess;
    let seen = this.#seen;
    for (let turn = 0; turn < count; turn++) {
      seen = access.add(route.enter(), 1) + 1;
      route.leave();
    }
    this.#seen = seen;
  }

  #and(count: number): void {
    const route = this.#flags;
    const access = this.#flagsAccess;
    for (let turn = 0; turn < count; turn++) {
      access.and(route.enter(), FLAG_BITS);
      route.leave();
    }
  }

  #or(count: number): void {
    const route = this.#flags;
    const access = this.#flagsAccess;
    for (let turn = 0; turn < count; turn++) {
      access.or(route.enter(), FLAG_BITS);
      route.leave();
    }
  }

  #write(count: number): void {
    const route = this.#flags;
    const words = this.#words;
    for (let turn = 0; turn < count; turn++) {
      words[route.enter()] = turn;
      route.leave();
    }
  }

  #read(count: number): void {
    const route = this.#counter;
    const words = this.#words;
    let seen = this.#seen;
    for (let turn = 0; turn < count; turn++) {
      seen = words[route.enter()] ?? 0;
      route.leave();
    }
    this.#seen = seen;
  }

  /** Each until it succeeds; how many were done in all. */
  #cmpxchg(count: number): number {
    const route = this.#counter;
    const access = this.#counterAccess;
    let expected = this.#seen;
    let done = 0;
    for (let turn = 0; turn < count; done++) {
      const found = access.compareExchange(route.enter(), expected, expected + 1);
      route.leave();
      if (found === expected) turn += 1;
      expected = found === expected ? expected + 1 : found;
    }
    this.#seen = expected;
    return done;
  }

  #xchg(count: number): void {
    const route = this.#counter;
    const access = this.#counterAccess;
    let taken = 0;
    for (let turn = 0; turn < count; turn++) {
      taken += access.exchange(route.enter(), 0);
      route.leave();
    }
    Atomics.add(this.#words, this.#sharedTotal, taken);
  }
}
