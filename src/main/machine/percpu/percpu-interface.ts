/**
 * What kernel code sees of per-CPU memory, by the names of 2008 and since.
 *
 *     allocPercpu / freePercpu          an object in every unit, zeroed; by call site
 *     perCpuPtr(ptr, cpu)               the only way from a PercpuPtr to an address
 *     getCpuPtr … putCpuPtr             this CPU's copy, preemption off in between
 *     readPercpuVar, readPercpuPtr      the value of this CPU's copy; which CPU that was may have changed by the time it is used
 *     thisCpu…                          one operation on this CPU's copy, whole even where the task moves to another CPU
 *     bigPercpuAlloc / bigPercpuFree    what is too large for the region, from page frames
 *
 * Values are 32-bit words at addresses that are multiples of 4; results are unsigned. On a uniprocessor machine there is one
 * unit of plain memory and nothing else changes.
 */
import type { Result } from '../../../shared/result.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import type { BigPercpuPtr, CpuId, PercpuPtr, PhysicalAddress, VirtualAddress } from '../units.ts';
import { BigObjects } from './big-objects.ts';
import type { FreeOutcome, PercpuRequest } from './chunks/allocator.ts';
import type { PercpuArea } from './percpu-area.ts';
import type { MachineVariable } from './static-variables.ts';

export class PercpuInterface {
  readonly big: BigObjects;
  readonly #arena: Arena;
  readonly #area: PercpuArea;

  constructor(arena: Arena, frames: PageFrames, area: PercpuArea) {
    this.#arena = arena;
    this.#area = area;
    this.big = new BigObjects(arena, frames);
  }

  /**
   * An object that is zero on every possible CPU. Errors: 'bad-input' for a size of 0, one above 32 KiB (`bigPercpuAlloc` is
   * for those), an alignment that is no power of two up to a page; 'out-of-memory'. Nothing is taken then.
   */
  allocPercpu(cpu: Cpu, request: PercpuRequest): Suspending<Result<PercpuPtr>> {
    return this.#area.allocator.allocate(cpu, request);
  }

  /** Frees on every CPU. Nothing to free is fine; freeing twice changes nothing and is answered with 'not-an-object'. */
  freePercpu(cpu: Cpu, ptr: PercpuPtr | undefined): Suspending<FreeOutcome> {
    return this.#area.allocator.free(cpu, ptr);
  }

  /** What the kernel's worker would do by now: pages kept ready, empty chunks given back. Callers choose the moment. */
  *runDeferredWork(cpu: Cpu): Suspending<void> {
    if (this.#area.allocator.balanceWanted()) yield* this.#area.allocator.runBalanceWork(cpu);
  }

  /** Address of `cpu`'s copy; any possible CPU, up or down. */
  perCpuPtr(ptr: PercpuPtr, cpu: CpuId): VirtualAddress {
    return this.#area.perCpuPtr(ptr, cpu);
  }

  /** Address of this CPU's copy, preemption off until `putCpuPtr`. */
  getCpuPtr(cpu: Cpu, ptr: PercpuPtr): VirtualAddress {
    cpu.preemptDisable();
    return this.#area.perCpuPtr(ptr, cpu.id);
  }

  /** Ends what `getCpuPtr` began; another task may run now. */
  *putCpuPtr(cpu: Cpu): Suspending<void> {
    if (cpu.preemptEnable()) yield* cpu.reschedule();
  }

  /** Value of the first word of a static variable on this CPU. */
  readPercpuVar(cpu: Cpu, name: MachineVariable): number {
    return this.readPercpuPtr(cpu, this.#area.variable(name));
  }

  /** Value of the word at `ptr` on this CPU. */
  readPercpuPtr(cpu: Cpu, ptr: PercpuPtr): number {
    return this.#arena.word(this.#word(cpu, ptr)) >>> 0;
  }

  thisCpuRead(cpu: Cpu, ptr: PercpuPtr): Suspending<number> {
    return this.#update(cpu, ptr, (old) => old, 'old');
  }

  *thisCpuWrite(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<void> {
    yield* this.#update(cpu, ptr, () => value, 'old');
  }

  *thisCpuAdd(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<void> {
    yield* this.#update(cpu, ptr, (old) => old + value, 'old');
  }

  /** The sum. */
  thisCpuAddReturn(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<number> {
    return this.#update(cpu, ptr, (old) => old + value, 'new');
  }

  *thisCpuAnd(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<void> {
    yield* this.#update(cpu, ptr, (old) => old & value, 'old');
  }

  *thisCpuOr(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<void> {
    yield* this.#update(cpu, ptr, (old) => old | value, 'old');
  }

  /** What was there before. */
  thisCpuXchg(cpu: Cpu, ptr: PercpuPtr, value: number): Suspending<number> {
    return this.#update(cpu, ptr, () => value, 'old');
  }

  /** What was there before: `value` was written when that is `expected`. */
  thisCpuCmpxchg(
    cpu: Cpu,
    ptr: PercpuPtr,
    { expected, value }: { readonly expected: number; readonly value: number },
  ): Suspending<number> {
    return this.#update(cpu, ptr, (old) => (old === expected >>> 0 ? value : old), 'old');
  }

  /** As `allocPercpu`, for objects of any size, by whole pages of every possible CPU. */
  bigPercpuAlloc(
    cpu: Cpu,
    object: { readonly sizeBytes: number; readonly callSite: number },
  ): Suspending<Result<BigPercpuPtr>> {
    return this.big.allocate(cpu, object);
  }

  /** False for what is no live object; nothing is changed then. */
  bigPercpuFree(cpu: Cpu, ptr: BigPercpuPtr): Suspending<boolean> {
    return this.big.free(cpu, ptr);
  }

  /** First byte of `cpu`'s copy of a big object. */
  bigPerCpuPtr(ptr: BigPercpuPtr, cpu: CpuId): PhysicalAddress {
    return this.big.physicalAddress(ptr, cpu);
  }

  /** Reads, changes and writes this CPU's copy in one piece: preemption is off from the choice of the copy to the write. */
  *#update(cpu: Cpu, ptr: PercpuPtr, change: (old: number) => number, answer: 'old' | 'new'): Suspending<number> {
    cpu.preemptDisable();
    const word = this.#word(cpu, ptr);
    const old = this.#arena.word(word) >>> 0;
    const changed = change(old) >>> 0;
    this.#arena.words[word] = changed;
    if (cpu.preemptEnable()) yield* cpu.reschedule();
    return answer === 'old' ? old : changed;
  }

  #word(cpu: Cpu, ptr: PercpuPtr): number {
    const address = this.#area.physicalAddress(ptr, cpu.id);
    if (address % 4 !== 0) throw new Error(`per-CPU pointer ${ptr} is no multiple of 4`);
    return address / 4;
  }
}
