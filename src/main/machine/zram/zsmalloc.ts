/**
 * zsmalloc: the pool of a device's compressed objects, side by side in zspages (zspages.ts) of size classes (size-classes.ts).
 *
 *     allocate   class of the size ─▶ fullest zspage with room ─▶ its next free object
 *                                     └ none: frames from the zone become a new zspage
 *     free       object back on its zspage's stack ─▶ an empty zspage goes back to the zone at once
 *     compact    compaction.ts
 *
 * Locks: the class lock protects lists, counters, free stacks and object headers of a class; nothing waits while it holds
 * one. Frames are taken and given back under it where the zone's lock is to be had at the first attempt. Elsewhere it is
 * dropped meanwhile, so two CPUs may each add a zspage for one request each, as in the kernel. Data is written without a lock
 * by whoever has the handle; once a slot holds the object, its place is fixed under the slot's lock only. (Facts: measured on
 * Linux 6.18.)
 */
import type { ObjectSpan } from '../codec.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import * as units from '../units.ts';
import type { FrameNumber, LockWord, PoolHandle } from '../units.ts';
import type { Pool, PoolRequest } from './pool.ts';
import * as sizeClasses from './size-classes.ts';
import { Zspages } from './zspages.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { DeviceW, FrameKind } = layout;
const { NO_HANDLE } = units;
const { classOf } = sizeClasses;

export class Zsmalloc implements Pool {
  readonly hugeThresholdBytes: number;
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #zspages: Zspages;
  readonly #device: number;

  constructor(arena: Arena, frames: PageFrames, device: number) {
    this.#arena = arena;
    this.#frames = frames;
    this.#zspages = new Zspages(arena, device);
    this.#device = arena.deviceWord(device);
    this.hugeThresholdBytes = arena.sizeClasses.hugeThresholdBytes;
  }

  tryAllocate(cpu: Cpu, bytes: number, owner: LockWord, span: ObjectSpan): PoolHandle {
    const index = classOf(this.#zspages.classes, bytes);
    const lock = this.#zspages.lock(index);
    if (!cpu.tryLock(lock)) return NO_HANDLE;
    let zspage = this.#zspages.fullest(index, true);
    if (zspage === undefined) {
      zspage = this.#frames.tryTake(cpu, this.#zspages.pages(index), FrameKind.pool);
      if (zspage !== undefined) this.#addZspage(index, zspage);
    }
    span.firstBytes = bytes;
    const handle = zspage === undefined ? NO_HANDLE : this.#zspages.take(index, zspage, owner, span);
    cpu.unlock(lock);
    return handle;
  }

  *allocate(cpu: Cpu, { bytes, owner, maySleep, span }: PoolRequest): Suspending<PoolHandle> {
    const index = classOf(this.#zspages.classes, bytes);
    const lock = this.#zspages.lock(index);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.poolClass);
    let zspage = this.#zspages.fullest(index, true);
    if (zspage === undefined) {
      cpu.unlock(lock);
      const pages = this.#zspages.pages(index);
      zspage = yield* this.#frames.take(cpu, pages, FrameKind.pool, maySleep ? 'sleeping' : 'atomic');
      if (zspage === undefined) return NO_HANDLE;
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.poolClass);
      this.#addZspage(index, zspage);
    }
    span.firstBytes = bytes;
    const handle = this.#zspages.take(index, zspage, owner, span);
    cpu.unlock(lock);
    return handle;
  }

  tryFree(cpu: Cpu, handle: PoolHandle): boolean {
    const zspage = this.#zspages.ofHandle(handle);
    const index = this.#zspages.classIndex(zspage);
    const lock = this.#zspages.lock(index);
    if (!cpu.tryLock(lock)) return false;
    const canFree = this.#zspages.used(zspage) > 1 || this.#frames.tryLock(cpu);
    if (canFree && this.#zspages.put(index, zspage, handle) === 0) this.#giveZspage(cpu, index, zspage);
    cpu.unlock(lock);
    return canFree;
  }

  /** Of an empty zspage, under the class lock and the zone's, which it gives back. */
  #giveZspage(cpu: Cpu, index: number, zspage: FrameNumber): void {
    const pages = this.#zspages.pages(index);
    this.#zspages.remove(index, zspage);
    Atomics.sub(this.#arena.words, this.#device + DeviceW.poolPages, pages);
    this.#frames.giveLocked(zspage, pages, FrameKind.pool);
    this.#frames.unlock(cpu);
  }

  *free(cpu: Cpu, handle: PoolHandle): Suspending<void> {
    const zspage = this.#zspages.ofHandle(handle);
    const index = this.#zspages.classIndex(zspage);
    const lock = this.#zspages.lock(index);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.poolClass);
    const used = this.#zspages.put(index, zspage, handle);
    if (used === 0) this.#zspages.remove(index, zspage);
    cpu.unlock(lock);
    if (used === 0) yield* releaseZspage(cpu, this.#parts(), { zspage, pages: this.#zspages.pages(index) });
  }

  locate(handle: PoolHandle, bytes: number, span: ObjectSpan): void {
    this.#zspages.describe(handle, bytes, span);
  }

  /** Under the class lock. */
  #addZspage(index: number, zspage: FrameNumber): void {
    this.#zspages.add(index, zspage);
    Atomics.add(this.#arena.words, this.#device + DeviceW.poolPages, this.#zspages.pages(index));
  }

  #parts(): ReleaseParts {
    return { arena: this.#arena, frames: this.#frames, device: this.#device };
  }
}

export interface ReleaseParts {
  readonly arena: Arena;
  readonly frames: PageFrames;
  /** Word of the device block. */
  readonly device: number;
}

/** Gives the frames of a zspage that is on no list back to the zone. Without the class lock. */
export function* releaseZspage(
  cpu: Cpu,
  { arena, frames, device }: ReleaseParts,
  { zspage, pages }: { readonly zspage: FrameNumber; readonly pages: number },
): Suspending<void> {
  Atomics.sub(arena.words, device + DeviceW.poolPages, pages);
  yield* frames.give(cpu, zspage, pages, FrameKind.pool);
}
