/**
 * Who takes CPUs down and brings them up while jobs run: the first CPU's thread, between batches of its own jobs and after them,
 * until those of all others have finished.
 *
 *     batch │ change? │ batch │ change? │ … │ own jobs done: change, sleep, change, … │ all others done: all CPUs up again
 *
 * The first CPU never goes down. The thread of one that does stops at its gate (cpu-gate.ts), so whoever waits for it here waits
 * for a batch at most.
 */
import { complete, type Cpu, CpuHalted } from '../../machine/cpu.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { CpuW, HeaderW } from '../../machine/memory/arena-layout.ts';
import { type Hotplug, HotplugState } from '../../machine/percpu/hotplug.ts';
import { Operation } from '../../machine/operation.ts';
import { type CpuId, cpuId } from '../../machine/units.ts';
import type { HotplugCounts, HotplugPlan } from '../../../shared/hotplug-profile.ts';
import { Random } from '../../workload/random.ts';
import { HotplugCycles } from '../../workload/torture/hotplug-cycles.ts';
import type { HotplugFailure } from './protocol.ts';

export class HotplugDriver {
  readonly #arena: Arena;
  readonly #cpu: Cpu;
  readonly #hotplug: Hotplug;
  readonly #everyMs: number;
  readonly #cycles: HotplugCycles;
  #nextMs = 0;

  constructor(arena: Arena, cpu: Cpu, hotplug: Hotplug, plan: HotplugPlan) {
    this.#arena = arena;
    this.#cpu = cpu;
    this.#hotplug = hotplug;
    this.#everyMs = plan.everyMs;
    const targets = Array.from({ length: arena.config.onlineCpus }, (_, id) => cpuId(id)).filter((id) => id !== cpu.id);
    this.#cycles = new HotplugCycles(hotplug, targets, new Random(plan.seed ?? 0));
  }

  /** Changes a CPU, if it is time. */
  tick(): void {
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + this.#everyMs;
    complete(this.#cycles.step(this.#cpu));
  }

  /**
   * Goes on until the jobs of `others` have finished or the run is stopped, then brings all CPUs up; a CPU that stays down is a
   * failure. Throws `CpuHalted`.
   */
  finish(others: readonly number[]): HotplugFailure | undefined {
    const { words } = this.#arena;
    for (;;) {
      const busy = others.filter((id) => !this.#hasFinished(cpuId(id)));
      if (Atomics.load(words, HeaderW.halt) !== 0) throw new CpuHalted(this.#cpu.id);
      // Those that are down must see that they are to stop, and when only such are left nobody would ever be done.
      const mustBringUp = Atomics.load(words, HeaderW.stop) !== 0 || busy.every((id) => this.#isDown(cpuId(id)));
      const down = mustBringUp ? complete(this.#cycles.bringAllUp(this.#cpu)) : undefined;
      if (!mustBringUp) this.tick();
      const problem = down ?? this.#cycles.problems[0];
      if (problem !== undefined) return { kind: 'hotplug', reason: problem };
      if (busy.length === 0) return undefined;
      Atomics.wait(words, HeaderW.halt, 0, 1);
    }
  }

  /** Since the last call. */
  takeCounts(): HotplugCounts {
    const counts = { ...this.#cycles.counts };
    Object.assign(this.#cycles.counts, { cameUp: 0, wentDown: 0, failedBringUps: 0 });
    return counts;
  }

  #hasFinished(cpu: CpuId): boolean {
    return Atomics.load(this.#arena.words, this.#arena.cpuWord(cpu) + CpuW.operation) === Operation.finished;
  }

  #isDown(cpu: CpuId): boolean {
    return this.#hotplug.state(cpu) !== HotplugState.online;
  }
}
