/**
 * What a slot holds, and its counting: every way in and out of a slot passes here, so the statistics of a device change in
 * one place. Each CPU counts in doubles of its own (device-statistics.ts).
 *
 *     empty ──enterSame──▶ SAME ──release──▶ (to be entered anew or cleared)
 *       └────enterObject──▶ object of the pool ──release──▶   "
 *
 * All of it is under the slot's lock.
 */
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { DeviceCounter } from '../memory/arena-layout.ts';
import { cpuId, type LockWord, type PoolHandle } from '../units.ts';
import { deviceCounters, PeakKeeper } from './device-statistics.ts';
import type { Pool } from './pool.ts';
import { priorityFlags, SLOT_HUGE, SLOT_SAME, type Slots } from './slots.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { DeviceCounterF64 } = layout;

interface RecompressedObject {
  readonly handle: PoolHandle;
  readonly sizeBytes: number;
  readonly priority: number;
}

export class SlotContent {
  readonly #arena: Arena;
  readonly #peaks: PeakKeeper;
  readonly #slots: Slots;
  readonly #pool: Pool;
  /** Doubles: where the counters of CPU 0 are, and from one CPU's to the next one's. */
  readonly #counters: number;
  readonly #countersStride: number;

  constructor(arena: Arena, device: number, parts: { readonly slots: Slots; readonly pool: Pool }) {
    this.#arena = arena;
    this.#peaks = new PeakKeeper(arena, device);
    this.#slots = parts.slots;
    this.#pool = parts.pool;
    this.#counters = deviceCounters(arena, device, cpuId(0));
    this.#countersStride = deviceCounters(arena, device, cpuId(1)) - this.#counters;
  }

  /** Enters an object of the primary codec into a slot without content. */
  enterObject(cpu: Cpu, slot: LockWord, handle: PoolHandle, sizeBytes: number): void {
    this.#slots.storeObject(slot, handle, sizeBytes, 0);
    const { doubles } = this.#arena;
    const counters = this.#countersOf(cpu);
    const bytes = counters + DeviceCounterF64.compressedBytes;
    const pages = counters + DeviceCounterF64.pagesStored;
    doubles[bytes] = (doubles[bytes] ?? 0) + sizeBytes;
    doubles[pages] = (doubles[pages] ?? 0) + 1;
  }

  /** Enters an object of a codec of higher priority into a slot without content. */
  enterRecompressed(cpu: Cpu, slot: LockWord, object: RecompressedObject): void {
    this.enterObject(cpu, slot, object.handle, object.sizeBytes);
    this.#slots.storeObject(slot, object.handle, object.sizeBytes, priorityFlags(object.priority));
  }

  /** Enters a raw page into a slot without content. */
  enterHuge(cpu: Cpu, slot: LockWord, handle: PoolHandle): void {
    const { pageSizeBytes } = this.#arena.config;
    this.#slots.storeObject(slot, handle, pageSizeBytes, SLOT_HUGE);
    this.count(cpu, DeviceCounterF64.compressedBytes, pageSizeBytes);
    this.count(cpu, DeviceCounterF64.pagesStored, 1);
    this.count(cpu, DeviceCounterF64.hugePages, 1);
    this.count(cpu, DeviceCounterF64.hugePagesSince, 1);
  }

  /** Enters the word of a same-filled page into a slot without content. */
  enterSame(cpu: Cpu, slot: LockWord, low: number, high: number): void {
    this.#slots.storeSame(slot, low, high);
    this.count(cpu, DeviceCounterF64.samePages, 1);
    this.count(cpu, DeviceCounterF64.pagesStored, 1);
  }

  /**
   * The quick way to give back what a slot with content holds and take it off the statistics; false, with nothing done, when
   * `release` must be asked instead. The slot itself still names it; the caller must enter something else there, or clear it.
   */
  tryRelease(cpu: Cpu, slot: LockWord): boolean {
    const holdsObject = (this.#slots.flags(slot) & SLOT_SAME) === 0;
    if (holdsObject && !this.#pool.tryFree(cpu, this.#slots.handle(slot))) return false;
    this.#countOut(cpu, slot);
    return true;
  }

  /** As `tryRelease`, which has said false. */
  *release(cpu: Cpu, slot: LockWord): Suspending<void> {
    this.#countOut(cpu, slot);
    yield* this.#pool.free(cpu, this.#slots.handle(slot));
  }

  /** Takes what the slot holds off the statistics. */
  #countOut(cpu: Cpu, slot: LockWord): void {
    const flags = this.#slots.flags(slot);
    this.#peaks.note();
    this.count(cpu, DeviceCounterF64.pagesStored, -1);
    if ((flags & SLOT_SAME) !== 0) this.count(cpu, DeviceCounterF64.samePages, -1);
    if ((flags & SLOT_HUGE) !== 0) this.count(cpu, DeviceCounterF64.hugePages, -1);
    this.count(cpu, DeviceCounterF64.compressedBytes, -this.#slots.sizeBytes(slot));
  }

  /** Releases and clears, if there is anything. */
  *forget(cpu: Cpu, slot: LockWord): Suspending<void> {
    if (!this.#slots.hasContent(slot)) return;
    if (!this.tryRelease(cpu, slot)) yield* this.release(cpu, slot);
    this.#slots.clear(slot);
  }

  count(cpu: Cpu, counter: DeviceCounter, change: number): void {
    const index = this.#countersOf(cpu) + counter;
    this.#arena.doubles[index] = this.#arena.double(index) + change;
  }

  #countersOf(cpu: Cpu): number {
    return this.#counters + cpu.id * this.#countersStride;
  }
}
