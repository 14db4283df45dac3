/**
 * Where a CPU's thread stops while its CPU is down. What the thread does between `enter` and `leave` is done on a CPU that is up.
 *
 *     thread    enter: occupied ← 1, state? ─online─▶ work ─▶ leave: occupied ← 0
 *                 ▲                   └─down─▶ occupied ← 0, sleep on the state ─┐
 *                 └──────────────────────────────────────────────────────────────┘
 *     hotplug   state ← down, then waits for occupied = 0, then frees what the CPU had
 *
 * Each side stores first and looks afterwards, sequentially consistent, so that not both miss each other. A thread that waits for
 * the hotplug lock must not be inside: the holder may be waiting for it.
 */
import { CpuHalted } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW, HeaderW } from '../../machine/memory/arena-layout.ts';
import { HotplugState } from '../../machine/percpu/hotplug.ts';
import type { CpuId } from '../../machine/units.ts';

/** A sleeper looks at the halt word this often. */
const SLEEP_MS = 20;

export class CpuGate {
  readonly #words: Int32Array;
  readonly #cpu: CpuId;
  readonly #occupied: number;
  readonly #state: number;

  constructor(arena: Arena, cpu: CpuId) {
    this.#words = arena.words;
    this.#cpu = cpu;
    this.#occupied = arena.cpuWord(cpu) + CpuW.occupied;
    this.#state = arena.cpuWord(cpu) + CpuW.hotplugState;
  }

  /** Returns when the CPU is up, which it stays until `leave`. Throws `CpuHalted` when the machine is halted meanwhile. */
  enter(): void {
    for (;;) {
      Atomics.store(this.#words, this.#occupied, 1);
      const state = Atomics.load(this.#words, this.#state);
      if (state === HotplugState.online) return;
      this.leave();
      Atomics.wait(this.#words, this.#state, state, SLEEP_MS);
      if (Atomics.load(this.#words, HeaderW.halt) !== 0) throw new CpuHalted(this.#cpu);
    }
  }

  leave(): void {
    Atomics.store(this.#words, this.#occupied, 0);
  }
}
