/**
 * Sees that a storm cannot come to its end although no thread of it has died.
 *
 *     standstill   every CPU that has a task waits for a lock, in the same wait          5 s     who waits for what, who holds it
 *     silence      no thread answers, no operation, tick or switch is counted any more  60 s     who owes an answer, and where it is
 *
 * The first is sure; the second takes longer, since threads of a busy host start late. Looks are counted and not the clock,
 * which goes on while a host sleeps. On the main thread.
 */
import { accessFigures } from '../../../machine/percpu/access/cpu-statistics.ts';
import type { Tasks } from '../../../machine/percpu/access/tasks.ts';
import { cpuId } from '../../../machine/units.ts';
import { Standstill } from '../standstill.ts';
import { describeStormCpu } from './storm-place.ts';
import type { StormMix } from './storm-plan.ts';

/** Milliseconds between two looks. */
export const LOOK_MS = 100;

/** How long until the watch is sure, milliseconds. */
export interface StormPatience {
  readonly standstillMs: number;
  readonly silenceMs: number;
}

export const USUAL_PATIENCE: StormPatience = { standstillMs: 5000, silenceMs: 60_000 };

export class StormWatch {
  readonly #tasks: Tasks;
  readonly #mix: StormMix;
  readonly #silenceMs: number;
  readonly #standstill: Standstill;
  #seen = '';
  #quietLooks = 0;

  /** Of one mix, or of what comes before it. */
  constructor(tasks: Tasks, mix: StormMix, { standstillMs, silenceMs }: StormPatience) {
    const { arena } = tasks.machine;
    const cpus = Array.from({ length: arena.config.onlineCpus }, (_, cpu) => cpu);
    this.#tasks = tasks;
    this.#mix = mix;
    this.#silenceMs = silenceMs;
    this.#standstill = new Standstill(arena, cpus, Math.ceil(standstillMs / LOOK_MS), (cpu) =>
      describeStormCpu(tasks, mix, cpu),
    );
  }

  /** Why the storm cannot go on, once it is sure; `owing` are the CPUs whose threads are to answer. */
  look(owing: readonly number[]): string | undefined {
    if (this.#standstill.look()) return this.#standstill.sentence;
    const seen = JSON.stringify([owing, accessFigures(this.#tasks.machine.space)]);
    this.#quietLooks = seen === this.#seen ? this.#quietLooks + 1 : 0;
    this.#seen = seen;
    return this.#quietLooks * LOOK_MS < this.#silenceMs ? undefined : this.#silence(owing);
  }

  /** Those that have no task wait for those that have one. */
  #silence(owing: readonly number[]): string {
    const busy = owing.filter((cpu) => this.#tasks.current(cpuId(cpu)) !== undefined);
    const places = (busy.length > 0 ? busy : owing).map(
      (cpu) => `CPU ${cpu}, ${describeStormCpu(this.#tasks, this.#mix, cpuId(cpu))}`,
    );
    return `nothing has gone on for ${this.#silenceMs / 1000} s, and no answer came from ${places.join('; ')}`;
  }
}
