/** Takes CPUs down and brings them up again at random, and notices one that is not what it was said to be afterwards. */
import type { Cpu, Suspending } from '../../machine/cpu.ts';
import { type Hotplug, HotplugState } from '../../machine/percpu/hotplug.ts';
import type { CpuId } from '../../machine/units.ts';
import type { Random } from '../random.ts';

/** Bring-ups that fail one after the other before a CPU is given up: all that a share of 90 % lets through once in 37,000 times. */
const MOST_TRIES = 100;

export class HotplugCycles {
  readonly problems: string[] = [];
  readonly counts = { cameUp: 0, wentDown: 0, failedBringUps: 0 };
  readonly #hotplug: Hotplug;
  readonly #targets: readonly CpuId[];
  readonly #random: Random;

  /** Only `targets` are changed; who asks is none of them. */
  constructor(hotplug: Hotplug, targets: readonly CpuId[], random: Random) {
    this.#hotplug = hotplug;
    this.#targets = targets;
    this.#random = random;
  }

  /** Changes one CPU: down if it is up, up if it is down. */
  *step(cpu: Cpu): Suspending<void> {
    const target = this.#targets[this.#random.nextBelow(Math.max(1, this.#targets.length))];
    if (target === undefined) return;
    if (this.#hotplug.state(target) === HotplugState.online) yield* this.#takeDown(cpu, target);
    else yield* this.#bringUp(cpu, target);
  }

  /** All CPUs up again, each tried so often; answers with a sentence about the first that stays down. */
  *bringAllUp(cpu: Cpu): Suspending<string | undefined> {
    for (const target of this.#targets) {
      for (let tries = 0; tries < MOST_TRIES && this.#hotplug.state(target) !== HotplugState.online; tries++) {
        yield* this.#bringUp(cpu, target);
      }
      if (this.#hotplug.state(target) !== HotplugState.online) {
        return `CPU ${target} stayed down: ${MOST_TRIES} bring-ups failed`;
      }
    }
    return undefined;
  }

  *#takeDown(cpu: Cpu, target: CpuId): Suspending<void> {
    const done = yield* this.#hotplug.takeDown(cpu, target);
    if (done.ok) this.counts.wentDown += 1;
    else this.problems.push(done.error.message);
  }

  *#bringUp(cpu: Cpu, target: CpuId): Suspending<void> {
    const done = yield* this.#hotplug.bringUp(cpu, target);
    if (done.ok) this.counts.cameUp += 1;
    else if (this.#hotplug.state(target) === HotplugState.online)
      this.problems.push(`CPU ${target} is up nevertheless`);
    else this.counts.failedBringUps += 1;
  }
}
