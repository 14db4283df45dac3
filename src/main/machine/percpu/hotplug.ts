/**
 * CPUs come and go while the machine runs.
 *
 *     possible ──plugIn──▶ present ──bringUp: prepare 1, 2, … n──▶ online
 *              ◀─unplug───         ◀─takeDown: dead n, … 2, 1────
 *
 *     prepare 1 ✓, prepare 2 ✓, prepare 3 ✗ ──▶ dead 2, dead 1: the CPU stays down, and nothing of it is left
 *
 * A unit of per-CPU memory belongs to every possible CPU for good, so that `perCpuPtr` reaches the variables of a CPU that is
 * down; what a subsystem makes for running CPUs only (a compression buffer) is made in its prepare and freed in its dead
 * callback. Callbacks run on the CPU that asks, one change at a time, under the hotplug lock.
 */
import { fail, ok, type Result } from '../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { CpuW, HeaderW } from '../memory/arena-layout.ts';
import { Operation } from '../operation.ts';
import { type CpuId, cpuId, lockWord } from '../units.ts';

/** Values of CpuW.hotplugState. */
export const HotplugState = { possible: 0, present: 1, online: 2 } as const;
export type HotplugState = (typeof HotplugState)[keyof typeof HotplugState];

/** What a subsystem does for a CPU that comes up, and undoes when it is dead. */
export interface HotplugStep {
  readonly name: string;
  /** Before the CPU starts. On failure nothing of it is left. */
  prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>>;
  /** After it has stopped, with no section with preemption off left unfinished. Cannot fail. */
  dead(cpu: Cpu, target: CpuId): Suspending<void>;
}

const STATE_WORDS: Readonly<Record<HotplugState, string>> = { 0: 'absent', 1: 'down', 2: 'online' };

export class Hotplug {
  readonly #arena: Arena;
  readonly #steps: readonly HotplugStep[];

  /** `steps` in the order of bringing up. */
  constructor(arena: Arena, steps: readonly HotplugStep[]) {
    this.#arena = arena;
    this.#steps = steps;
  }

  /** Any thread; a moment later it may be another. Throws for a CPU that is not possible. */
  state(cpu: CpuId): HotplugState {
    if (cpu < 0 || cpu >= this.#arena.config.possibleCpus)
      throw new Error(`CPU ${cpu} is not possible on this machine`);
    return this.#arena.word(this.#arena.cpuWord(cpu) + CpuW.hotplugState) as HotplugState;
  }

  /** CPUs that are online, in ascending order. */
  online(): readonly CpuId[] {
    return Array.from({ length: this.#arena.config.possibleCpus }, (_, cpu) => cpuId(cpu)).filter(
      (cpu) => this.state(cpu) === HotplugState.online,
    );
  }

  /** Errors: 'bad-input' when the CPU is not down, and what a prepare callback answers, all callbacks before it undone. */
  *bringUp(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    return yield* this.#change(cpu, target, { from: HotplugState.present, to: HotplugState.online });
  }

  /** Errors: 'bad-input' for a CPU that is not online, that asks itself, or is the last one. */
  *takeDown(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    if (target === cpu.id) return fail('bad-input', `CPU ${target} cannot take itself down`);
    return yield* this.#change(cpu, target, { from: HotplugState.online, to: HotplugState.present });
  }

  /** A possible CPU becomes present, and stays down. Errors: 'bad-input' when it is present. */
  *plugIn(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    return yield* this.#change(cpu, target, { from: HotplugState.possible, to: HotplugState.present });
  }

  /** A CPU that is down is taken out; its unit stays. Errors: 'bad-input' when it is not down. */
  *unplug(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    return yield* this.#change(cpu, target, { from: HotplugState.present, to: HotplugState.possible });
  }

  *#change(
    cpu: Cpu,
    target: CpuId,
    { from, to }: { readonly from: HotplugState; readonly to: HotplugState },
  ): Suspending<Result<void>> {
    const lock = lockWord(HeaderW.hotplugLock);
    cpu.begin(Operation.hotplug);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.hotplug);
    const result = yield* this.#changeLocked(cpu, target, { from, to });
    cpu.unlock(lock);
    cpu.end();
    return result;
  }

  *#changeLocked(
    cpu: Cpu,
    target: CpuId,
    { from, to }: { readonly from: HotplugState; readonly to: HotplugState },
  ): Suspending<Result<void>> {
    const state = this.state(target);
    if (state !== from) return fail('bad-input', `CPU ${target} is ${STATE_WORDS[state]}, not ${STATE_WORDS[from]}`);
    if (to === HotplugState.online) {
      const prepared = yield* this.#prepare(cpu, target);
      if (!prepared.ok) return prepared;
    }
    this.#setState(target, to);
    if (from !== HotplugState.online) return ok(undefined);
    yield* this.#waitUntilStopped(cpu, target);
    yield* this.#dead(cpu, target, this.#steps.length);
    return ok(undefined);
  }

  /** Pairs with the loads of whoever is to stop, or waits to go on (engine/live/cpu-gate.ts). */
  #setState(target: CpuId, state: HotplugState): void {
    const word = this.#arena.cpuWord(target) + CpuW.hotplugState;
    Atomics.store(this.#arena.words, word, state);
    Atomics.notify(this.#arena.words, word);
  }

  /**
   * A CPU stops with preemption on: what it holds for the length of such a section (a buffer) is its own until the end. One
   * that is a thread stops where it looks at its state; it must not wait for the hotplug lock meanwhile.
   */
  *#waitUntilStopped(cpu: Cpu, target: CpuId): Suspending<void> {
    const { words } = this.#arena;
    const block = this.#arena.cpuWord(target);
    const isRunning = (): boolean =>
      Atomics.load(words, block + CpuW.occupied) !== 0 || Atomics.load(words, block + CpuW.preemptCount) !== 0;
    while (isRunning()) yield* cpu.pause();
  }

  *#prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    for (const [index, step] of this.#steps.entries()) {
      const prepared = yield* step.prepare(cpu, target);
      if (prepared.ok) continue;
      yield* this.#dead(cpu, target, index);
      const { code, message } = prepared.error;
      return fail(code, `CPU ${target} stays down: ${step.name}: ${message}`);
    }
    return ok(undefined);
  }

  /** Undoes the first `count` steps, the last one first. */
  *#dead(cpu: Cpu, target: CpuId, count: number): Suspending<void> {
    for (const step of this.#steps.slice(0, count).toReversed()) yield* step.dead(cpu, target);
  }
}
