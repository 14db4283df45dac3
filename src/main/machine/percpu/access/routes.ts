/**
 * The way of each access mode to the running CPU's copy of one per-CPU variable, for loops without interrupts: what an
 * operation does before its access and after it. The same instructions as the steps of this-cpu-steps.ts.
 *
 *                      enter                                        leave
 *     segment          translate(base + pointer)
 *     preempt-offset   count up, read offset, translate             count down, look whether a task waits
 *     fixup            note, read offset, translate                 clear note
 *     local-mapping    translate(window + pointer)
 *     unprotected      read offset, translate
 *
 * All modes translate by the running CPU's TLB, once per access. A class per mode: a thread that runs one mode has one class
 * behind the calls of its loops, so that the compiler puts that mode's own instructions into them.
 */
import type { AccessMode } from '../../../../shared/design.ts';
import { assertUnreachable } from '../../../../shared/result.ts';
import { Tlb } from '../../memory/tlb.ts';
import { type CpuId, type PercpuPtr, type VirtualAddress, virtualAddress } from '../../units.ts';
import { TaskCpuF64, TaskCpuW, TaskW } from './task-layout.ts';
import type { Tasks } from './tasks.ts';

/** By the CPU's own thread. */
export interface Route {
  /** Operations from now on are of this task. */
  readonly serve: (task: number) => void;
  /** Begins an operation. Word index of the CPU's copy. */
  readonly enter: () => number;
  /** Translates the address once more, where load and store are two instructions. */
  readonly translateAgain: () => number;
  readonly leave: () => void;
}

/** The route of the tasks' mode for one CPU and variable. */
export function routeOf(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr): Route {
  const { mapping } = tasks.machine;
  switch (tasks.mode) {
    case 'segment':
      return new DirectRoute(tasks, cpu, mapping.perCpuPtr(pointer, cpu));
    case 'local-mapping':
      return new DirectRoute(tasks, cpu, mapping.windowPtr(pointer));
    case 'preempt-offset':
      return new PreemptRoute(tasks, cpu, pointer);
    case 'fixup':
      return new NotedRoute(tasks, cpu, pointer);
    case 'unprotected':
      return new OffsetRoute(tasks, cpu, pointer);
    default:
      return assertUnreachable(tasks.mode);
  }
}

/** Whether the mode's read-modify-write operations are atomic instructions; the others load, change and store. */
export function usesAtomics(mode: AccessMode): boolean {
  return mode !== 'segment' && mode !== 'unprotected';
}

/** An address that is the same for every operation. */
class DirectRoute implements Route {
  readonly #tlb: Tlb;
  readonly #address: VirtualAddress;

  constructor({ machine }: Tasks, cpu: CpuId, address: VirtualAddress) {
    this.#tlb = new Tlb(machine.space, machine.tables, cpu);
    this.#address = address;
  }

  serve(): void {
    // Nothing of the task is touched.
  }

  enter(): number {
    return this.#tlb.translate(this.#address) / 4;
  }

  translateAgain(): number {
    return this.#tlb.translate(this.#address) / 4;
  }

  leave(): void {
    // Nothing to undo.
  }
}

class OffsetRoute implements Route {
  readonly #tlb: Tlb;
  readonly #doubles: Float64Array;
  readonly #pointer: PercpuPtr;
  /** Double index of the CPU's offset register. */
  readonly #offset: number;
  #address = virtualAddress(0);

  constructor(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr) {
    const { space, tables, arena } = tasks.machine;
    this.#tlb = new Tlb(space, tables, cpu);
    this.#doubles = arena.doubles;
    this.#pointer = pointer;
    this.#offset = tasks.cpuWord(cpu) / 2 + TaskCpuF64.offset;
  }

  serve(): void {
    // Nothing of the task is touched.
  }

  enter(): number {
    this.#address = virtualAddress((this.#doubles[this.#offset] ?? 0) + this.#pointer);
    return this.#tlb.translate(this.#address) / 4;
  }

  translateAgain(): number {
    return this.#tlb.translate(this.#address) / 4;
  }

  leave(): void {
    // Nothing to undo.
  }
}

class PreemptRoute implements Route {
  readonly #tasks: Tasks;
  readonly #words: Int32Array;
  readonly #offset: OffsetRoute;
  readonly #needResched: number;
  #preemptCount = 0;

  constructor(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr) {
    this.#tasks = tasks;
    this.#words = tasks.machine.arena.words;
    this.#offset = new OffsetRoute(tasks, cpu, pointer);
    this.#needResched = tasks.cpuWord(cpu) + TaskCpuW.needResched;
  }

  serve(task: number): void {
    this.#preemptCount = this.#tasks.taskWord(task) + TaskW.preemptCount;
  }

  enter(): number {
    this.#words[this.#preemptCount] = (this.#words[this.#preemptCount] ?? 0) + 1;
    return this.#offset.enter();
  }

  translateAgain(): number {
    return this.#offset.translateAgain();
  }

  leave(): void {
    const depth = (this.#words[this.#preemptCount] ?? 0) - 1;
    this.#words[this.#preemptCount] = depth;
    // No tick comes inside a slice; the look is part of the price.
    if (depth === 0 && this.#words[this.#needResched] === 1) throw new Error('a tick came into a slice');
  }
}

class NotedRoute implements Route {
  readonly #tasks: Tasks;
  readonly #words: Int32Array;
  readonly #offset: OffsetRoute;
  #note = 0;

  constructor(tasks: Tasks, cpu: CpuId, pointer: PercpuPtr) {
    this.#tasks = tasks;
    this.#words = tasks.machine.arena.words;
    this.#offset = new OffsetRoute(tasks, cpu, pointer);
  }

  serve(task: number): void {
    this.#note = this.#tasks.taskWord(task) + TaskW.note;
  }

  enter(): number {
    this.#words[this.#note] = 1;
    return this.#offset.enter();
  }

  translateAgain(): number {
    return this.#offset.translateAgain();
  }

  leave(): void {
    this.#words[this.#note] = 0;
  }
}
