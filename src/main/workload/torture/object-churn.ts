/**
 * Allocates and frees per-CPU objects at random: small ones, atomic or not, and big ones. Each bears a value of its own on every
 * possible CPU, up or down, and must still bear it when it is freed.
 */
import type { Cpu, Suspending } from '../../machine/cpu.ts';
import type { Machine } from '../../machine/machine.ts';
import { type BigPercpuPtr, cpuId, type PercpuPtr } from '../../machine/units.ts';
import type { Random } from '../random.ts';

interface SmallObject {
  readonly ptr: PercpuPtr;
  readonly value: number;
}

export class ObjectChurn {
  readonly problems: string[] = [];
  readonly counts = { allocations: 0, failedAllocations: 0 };
  readonly #machine: Machine;
  readonly #random: Random;
  readonly #objects: SmallObject[] = [];
  readonly #big: BigPercpuPtr[] = [];

  constructor(machine: Machine, random: Random) {
    this.#machine = machine;
    this.#random = random;
  }

  /** One allocation or one free. */
  *step(cpu: Cpu): Suspending<void> {
    const choice = this.#random.nextBelow(10);
    if (choice < 5) yield* this.#allocate(cpu);
    else if (choice < 8) yield* this.#free(cpu, this.#random.nextBelow(Math.max(1, this.#objects.length)));
    else if (choice === 8) yield* this.#allocateBig(cpu);
    else {
      yield* this.#freeBig(cpu);
      yield* this.#machine.percpu.runDeferredWork(cpu);
    }
  }

  /** Frees what is left. */
  *freeAll(cpu: Cpu): Suspending<void> {
    while (this.#objects.length > 0) yield* this.#free(cpu, 0);
    while (this.#big.length > 0) yield* this.#freeBig(cpu);
  }

  *#allocate(cpu: Cpu): Suspending<void> {
    const request = {
      sizeBytes: 4 + this.#random.nextBelow(2000),
      alignBytes: 8,
      atomic: this.#random.nextBelow(3) === 0,
    };
    const made = yield* this.#machine.percpu.allocPercpu(cpu, request);
    if (!this.#note(made)) return;
    const value = this.#random.nextBelow(2 ** 31);
    for (const [id, word] of this.#wordsOf(made.value).entries()) this.#machine.arena.words[word] = value ^ id;
    this.#objects.push({ ptr: made.value, value });
  }

  *#free(cpu: Cpu, index: number): Suspending<void> {
    const [object] = this.#objects.splice(index, 1);
    if (object === undefined) return;
    for (const [id, word] of this.#wordsOf(object.ptr).entries()) {
      if (this.#machine.arena.word(word) === (object.value ^ id)) continue;
      this.problems.push(`CPU ${id}'s copy of the object at ${object.ptr} has changed`);
    }
    const outcome = yield* this.#machine.percpu.freePercpu(cpu, object.ptr);
    if (outcome !== 'freed') this.problems.push(`the object at ${object.ptr} could not be freed: ${outcome}`);
  }

  *#allocateBig(cpu: Cpu): Suspending<void> {
    const made = yield* this.#machine.percpu.bigPercpuAlloc(cpu, {
      sizeBytes: 1 + this.#random.nextBelow(8000),
      callSite: 0,
    });
    if (this.#note(made)) this.#big.push(made.value);
  }

  *#freeBig(cpu: Cpu): Suspending<void> {
    const ptr = this.#big.pop();
    if (ptr === undefined || (yield* this.#machine.percpu.bigPercpuFree(cpu, ptr))) return;
    this.problems.push(`the big object at ${ptr} could not be freed`);
  }

  #note<T extends { readonly ok: boolean }>(made: T): made is Extract<T, { readonly ok: true }> {
    this.counts.allocations += 1;
    if (!made.ok) this.counts.failedAllocations += 1;
    return made.ok;
  }

  /** Words of the arena, by possible CPU. */
  #wordsOf(ptr: PercpuPtr): readonly number[] {
    const { area, arena } = this.#machine;
    return Array.from({ length: arena.config.possibleCpus }, (_, id) => area.physicalAddress(ptr, cpuId(id)) / 4);
  }
}
