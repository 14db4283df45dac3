/**
 * A CPU's share of a percpu workload: groups of per-CPU objects made one after another, and destroyed in order or at random.
 *
 *     create    group 0: objects in order │ group 1 … │        each object zero when it comes, then signed by its owner
 *     destroy   groups in the chosen order, the objects of one as they were made; each must still bear its signature
 *
 * A batch is one group. After each, the CPU does the deferred work of the allocator, as a kernel's worker would by then.
 * An operation is one allocation that succeeded or one free; its clock does not include the signature. The job's list of pointers is the
 * user's memory, not the machine's.
 */
import { assertUnreachable } from '../../shared/result.ts';
import type { Cpu, Suspending } from '../machine/cpu.ts';
import type { Machine } from '../machine/machine.ts';
import { percpuPtr, type PercpuPtr } from '../machine/units.ts';
import type { BatchOutcome, JobClock, PercpuFailure } from './job-clock.ts';
import type { PercpuJobPlan, PercpuObjects, PercpuPhaseKind } from './job-plan.ts';
import { Random } from './random.ts';

/** What such a job uses of its machine. */
export type PercpuMachine = Pick<Machine, 'arena' | 'area' | 'percpu'>;

/** What a job did with objects in a phase. */
export interface ObjectTally {
  /** Sizes of the objects that were made or destroyed, one CPU's copies. */
  readonly bytes: number;
  /** Allocations that failed. */
  readonly failed: number;
}

export class PercpuJob {
  readonly plan: PercpuJobPlan;
  readonly #machine: PercpuMachine;
  readonly #clock: JobClock;
  readonly #goesOn: boolean;
  /** One entry for each object of a group, in order. */
  readonly #kinds: readonly PercpuObjects[];
  /** Pointers by group × objects of a group. */
  readonly #pointers: Float64Array;
  #phase: PercpuPhaseKind = 'create';
  #order: Uint32Array = new Uint32Array();
  #done = 0;
  #bytes = 0;
  #failed = 0;

  /** With `goesOn` an object that is not to be had is left out; else the job ends with it. */
  constructor(plan: PercpuJobPlan, machine: PercpuMachine, clock: JobClock, goesOn = false) {
    this.#goesOn = goesOn;
    this.plan = plan;
    this.#machine = machine;
    this.#clock = clock;
    this.#kinds = plan.objects.flatMap((kind) => Array.from({ length: kind.number }, () => kind));
    this.#pointers = new Float64Array(plan.groups * this.#kinds.length);
  }

  /** Makes the job ready for a phase; `destroy` follows `create`. */
  begin(phase: PercpuPhaseKind): void {
    this.#phase = phase;
    this.#done = 0;
    this.#bytes = 0;
    this.#failed = 0;
    this.#order = Uint32Array.from({ length: this.plan.groups }, (_, group) => group);
    if (phase === 'destroy' && this.plan.destroyOrder === 'random') new Random(this.plan.seed).shuffle(this.#order);
  }

  /** Of the phase in hand. */
  get objects(): ObjectTally {
    return { bytes: this.#bytes, failed: this.#failed };
  }

  /** One group. */
  *batch(cpu: Cpu): Suspending<BatchOutcome> {
    if (this.#clock.stopped()) return 'finished';
    const group = this.#order[this.#done];
    if (group === undefined) return 'finished';
    this.#done += 1;
    const failure = yield* this.#step(cpu, group);
    if (failure !== undefined) return failure;
    yield* this.#machine.percpu.runDeferredWork(cpu);
    return this.#done === this.plan.groups ? 'finished' : 'more';
  }

  #step(cpu: Cpu, group: number): Suspending<PercpuFailure | undefined> {
    switch (this.#phase) {
      case 'create':
        return this.#create(cpu, group);
      case 'destroy':
        return this.#destroy(cpu, group);
      default:
        return assertUnreachable(this.#phase);
    }
  }

  *#create(cpu: Cpu, group: number): Suspending<PercpuFailure | undefined> {
    for (const [index, kind] of this.#kinds.entries()) {
      const startMs = this.#clock.now();
      const made = yield* this.#machine.percpu.allocPercpu(cpu, kind);
      const endMs = this.#clock.now();
      if (!made.ok) {
        this.#failed += 1;
        if (this.#goesOn) continue;
        return this.#failure(group, 'out-of-memory', made.error.message);
      }
      this.#clock.record('create', startMs, endMs);
      this.#bytes += kind.sizeBytes;
      const at = group * this.#kinds.length + index;
      this.#pointers[at] = made.value;
      if (this.#signature(cpu, made.value) !== 0)
        return this.#failure(group, 'overwritten', 'a new object is not zero');
      this.#sign(cpu, made.value, at);
    }
    return undefined;
  }

  *#destroy(cpu: Cpu, group: number): Suspending<PercpuFailure | undefined> {
    for (const [index, kind] of this.#kinds.entries()) {
      const at = group * this.#kinds.length + index;
      const ptr = percpuPtr(this.#pointers[at] ?? 0);
      if (ptr === 0) continue;
      if (this.#signature(cpu, ptr) !== this.#signatureOf(cpu, at)) {
        return this.#failure(group, 'overwritten', 'an object was overwritten while it lived');
      }
      const startMs = this.#clock.now();
      const outcome = yield* this.#machine.percpu.freePercpu(cpu, ptr);
      this.#clock.record('destroy', startMs, this.#clock.now());
      if (outcome !== 'freed')
        return this.#failure(group, 'not-freed', `freeing an object was answered with ${outcome}`);
      this.#bytes += kind.sizeBytes;
    }
    return undefined;
  }

  #signature(cpu: Cpu, ptr: PercpuPtr): number {
    return this.#machine.percpu.readPercpuPtr(cpu, ptr);
  }

  #sign(cpu: Cpu, ptr: PercpuPtr, at: number): void {
    this.#machine.arena.words[this.#machine.area.physicalAddress(ptr, cpu.id) / 4] = this.#signatureOf(cpu, at);
  }

  /** Not 0, and another one on every CPU. */
  #signatureOf(cpu: Cpu, at: number): number {
    return ((at + 1) * 64 + cpu.id) % 2 ** 31;
  }

  #failure(group: number, cause: PercpuFailure['cause'], reason: string): PercpuFailure {
    return { kind: 'percpu', job: this.plan.name, group, cause, reason };
  }
}
