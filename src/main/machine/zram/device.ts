/**
 * A zram block device: pages in, compressed objects in a pool, pages out.
 *
 *     write  same-filled? ─yes─▶ slot keeps the word, no pool memory
 *              │no
 *            acquire buffer ─▶ compress ─▶ allocate ─▶ copy into the pool ─▶ release buffer ─▶ slot lock: free old, enter new
 *            (design)            └ does not shrink below the huge threshold: the raw page is stored instead
 *     read   slot lock: empty ─▶ zeros │ SAME ─▶ fill │ HUGE ─▶ copy │ else decompress
 *
 * The old content of a slot is freed last, so a write that fails leaves it as it was (facts: order since 6.17, and up to
 * 6.13). Statistics are those of mm_stat and io_stat (device-statistics.ts).
 */
import type { IoPage, ObjectSpan } from '../codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { CpuF64, CpuW, type DeviceCounter, DeviceCounterF64, DeviceW, Operation } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { cpuId, NO_HANDLE, type PhysicalAddress, physicalAddress, type PoolHandle } from '../units.ts';
import { type CompressBuffers, compressBuffersFor } from './compress-buffers.ts';
import { deviceCounters, notePeaks, raiseWord } from './device-statistics.ts';
import type { Pool } from './pool.ts';
import { SLOT_HUGE, SLOT_SAME, Slots } from './slots.ts';
import { Zsmalloc } from './zsmalloc.ts';

/** How a request ended. */
export const IoStatus = { done: 0, noMemory: 1, corrupt: 2 } as const;
export type IoStatus = (typeof IoStatus)[keyof typeof IoStatus];

export class ZramDevice {
  readonly index: number;
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #pool: Pool;
  readonly #buffers: CompressBuffers;
  readonly #block: number;
  /** By CPU: where its counters of this device are. */
  readonly #counters: readonly number[];
  /** Scratch of the thread that runs this object; one operation at a time touches it, never across a yield. */
  readonly #span: ObjectSpan = { first: physicalAddress(0), firstBytes: 0, rest: physicalAddress(0), restBytes: 0 };

  constructor(arena: Arena, frames: PageFrames, index: number) {
    this.index = index;
    this.#arena = arena;
    this.#slots = new Slots(arena, index);
    this.#pool = new Zsmalloc(arena, frames, index);
    this.#buffers = compressBuffersFor(arena, index);
    this.#block = arena.deviceWord(index);
    this.#counters = Array.from({ length: arena.config.possibleCpus }, (_, cpu) =>
      deviceCounters(arena, index, cpuId(cpu)),
    );
  }

  /** Writes consecutive pages; stops at the first that fails, the pages before it stay written. */
  *writeRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    const block = this.#begin(cpu, Operation.write);
    let slot = firstSlot;
    for (const page of pages) {
      this.#arena.words[block + CpuW.slot] = slot;
      const status = yield* this.#writePage(cpu, slot, page);
      if (status !== IoStatus.done) {
        this.#count(cpu, DeviceCounterF64.failedWrites, 1);
        return status;
      }
      slot += 1;
    }
    this.#finish(block, CpuF64.writeOperations, CpuF64.writtenBytes, pages.length);
    return IoStatus.done;
  }

  /** Reads consecutive pages; what was never written reads as zeros. */
  *readRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    const block = this.#begin(cpu, Operation.read);
    let slot = firstSlot;
    for (const page of pages) {
      this.#arena.words[block + CpuW.slot] = slot;
      const status = yield* this.#readPage(cpu, slot, page);
      if (status !== IoStatus.done) {
        this.#count(cpu, DeviceCounterF64.failedReads, 1);
        return status;
      }
      slot += 1;
    }
    this.#finish(block, CpuF64.readOperations, CpuF64.readBytes, pages.length);
    return IoStatus.done;
  }

  /** Forgets the content of `count` slots; each counts in notify_free, stored or not. */
  *discard(cpu: Cpu, firstSlot: number, count: number): Suspending<void> {
    const block = this.#begin(cpu, Operation.discard);
    for (let slot = firstSlot; slot < firstSlot + count; slot++) {
      this.#arena.words[block + CpuW.slot] = slot;
      const lock = this.#slots.lock(slot);
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
      if (this.#slots.hasContent(slot)) {
        yield* this.#releaseContent(cpu, slot);
        this.#slots.clear(slot);
      }
      cpu.unlock(lock);
      this.#count(cpu, DeviceCounterF64.notifyFree, 1);
    }
    this.#arena.words[block + CpuW.operation] = Operation.idle;
  }

  *#writePage(cpu: Cpu, slot: number, page: IoPage): Suspending<IoStatus> {
    cpu.charge(Cost.comparePage, 1);
    if (isSameFilled(page.words)) {
      yield* this.#writeSame(cpu, slot, page.words);
      return IoStatus.done;
    }
    const { lock } = this.#buffers;
    if (lock !== undefined && !cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.deviceMutex);
    const buffer = this.#buffers.acquire(cpu);
    const length = cpu.codec.compress(page, buffer);
    cpu.charge(Cost.compressPage, 1);
    if (cpu.shouldPause()) yield* cpu.pause();
    const isHuge = length >= this.#pool.hugeThresholdBytes;
    const storedBytes = isHuge ? this.#arena.config.pageSizeBytes : length;
    let handle = this.#pool.tryAllocate(cpu, storedBytes);
    if (handle === NO_HANDLE) handle = yield* this.#pool.allocate(cpu, storedBytes);
    const fits = handle !== NO_HANDLE && this.#withinLimit();
    if (fits) {
      if (isHuge) this.#copyPage(handle, page);
      else this.#copyFromBuffer(handle, buffer, length);
      cpu.charge(Cost.copyBytes, storedBytes);
    }
    const mustReschedule = this.#buffers.release(cpu);
    if (lock !== undefined) cpu.unlock(lock);
    if (mustReschedule) yield* cpu.reschedule();
    if (!fits) {
      if (handle !== NO_HANDLE) yield* this.#pool.free(cpu, handle);
      return IoStatus.noMemory;
    }
    const slotLock = this.#slots.lock(slot);
    if (!cpu.tryLock(slotLock)) yield* cpu.lock(slotLock, LockClass.slot);
    if (this.#slots.hasContent(slot)) yield* this.#releaseContent(cpu, slot);
    this.#slots.storeObject(slot, handle, storedBytes, isHuge ? SLOT_HUGE : 0);
    cpu.unlock(slotLock);
    this.#countObject(cpu, storedBytes, isHuge);
    return IoStatus.done;
  }

  *#writeSame(cpu: Cpu, slot: number, words: Int32Array): Suspending<void> {
    const lock = this.#slots.lock(slot);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
    if (this.#slots.hasContent(slot)) yield* this.#releaseContent(cpu, slot);
    this.#slots.storeSame(slot, words[0] ?? 0, words[1] ?? 0);
    cpu.unlock(lock);
    this.#count(cpu, DeviceCounterF64.samePages, 1);
    this.#count(cpu, DeviceCounterF64.pagesStored, 1);
  }

  #countObject(cpu: Cpu, storedBytes: number, isHuge: boolean): void {
    this.#count(cpu, DeviceCounterF64.compressedBytes, storedBytes);
    this.#count(cpu, DeviceCounterF64.pagesStored, 1);
    if (!isHuge) return;
    this.#count(cpu, DeviceCounterF64.hugePages, 1);
    this.#count(cpu, DeviceCounterF64.hugePagesSince, 1);
  }

  /**
   * Under the lock of a slot with content: gives back what the slot holds and takes it off the statistics. The slot itself
   * still names it; the caller must store something else there.
   */
  *#releaseContent(cpu: Cpu, slot: number): Suspending<void> {
    const flags = this.#slots.flags(slot);
    this.#count(cpu, DeviceCounterF64.pagesStored, -1);
    if ((flags & SLOT_SAME) !== 0) {
      this.#count(cpu, DeviceCounterF64.samePages, -1);
      return;
    }
    if ((flags & SLOT_HUGE) !== 0) this.#count(cpu, DeviceCounterF64.hugePages, -1);
    this.#count(cpu, DeviceCounterF64.compressedBytes, -this.#slots.sizeBytes(slot));
    const handle = this.#slots.handle(slot);
    if (!this.#pool.tryFree(cpu, handle)) yield* this.#pool.free(cpu, handle);
  }

  *#readPage(cpu: Cpu, slot: number, page: IoPage): Suspending<IoStatus> {
    const lock = this.#slots.lock(slot);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
    const flags = this.#slots.flags(slot);
    const storedBytes = this.#slots.sizeBytes(slot);
    let intact = true;
    if (storedBytes === 0) {
      fill(page.words, this.#slots.sameLow(slot), this.#slots.sameHigh(slot));
      cpu.charge(Cost.fillPage, 1);
    } else {
      this.#pool.locate(this.#slots.handle(slot), storedBytes, this.#span);
      if ((flags & SLOT_HUGE) !== 0) {
        this.#copyOut(page);
        cpu.charge(Cost.copyBytes, storedBytes);
      } else {
        intact = cpu.codec.decompress(this.#span, page);
        cpu.charge(Cost.decompressPage, 1);
      }
    }
    cpu.unlock(lock);
    return intact ? IoStatus.done : IoStatus.corrupt;
  }

  /** Raises the pool's high-water mark, then says whether the pool is within its limit. */
  #withinLimit(): boolean {
    const pages = this.#pool.pages();
    if (pages > this.#arena.word(this.#block + DeviceW.poolPagesMax)) {
      raiseWord(this.#arena.words, this.#block + DeviceW.poolPagesMax, pages);
      notePeaks(this.#arena, this.index);
    }
    const limit = this.#arena.word(this.#block + DeviceW.limitPages);
    return limit === 0 || pages <= limit;
  }

  #copyFromBuffer(handle: PoolHandle, buffer: PhysicalAddress, length: number): void {
    this.#pool.locate(handle, length, this.#span);
    const { first, firstBytes, rest, restBytes } = this.#span;
    const { bytes } = this.#arena;
    bytes.copyWithin(first, buffer, buffer + firstBytes);
    if (restBytes > 0) bytes.copyWithin(rest, buffer + firstBytes, buffer + length);
  }

  #copyPage(handle: PoolHandle, page: IoPage): void {
    this.#pool.locate(handle, page.bytes.length, this.#span);
    this.#arena.bytes.set(page.bytes, this.#span.first);
  }

  #copyOut(page: IoPage): void {
    const { first, firstBytes } = this.#span;
    page.bytes.set(this.#arena.bytes.subarray(first, first + firstBytes));
  }

  #begin(cpu: Cpu, operation: Operation): number {
    const block = this.#arena.cpuWord(cpu.id);
    this.#arena.words[block + CpuW.device] = this.index;
    this.#arena.words[block + CpuW.operation] = operation;
    return block;
  }

  #finish(block: number, operations: number, bytes: number, pages: number): void {
    const { doubles, config, words } = this.#arena;
    doubles[block / 2 + operations] = this.#arena.double(block / 2 + operations) + 1;
    doubles[block / 2 + bytes] = this.#arena.double(block / 2 + bytes) + pages * config.pageSizeBytes;
    words[block + CpuW.operation] = Operation.idle;
  }

  #count(cpu: Cpu, counter: DeviceCounter, change: number): void {
    const index = (this.#counters[cpu.id] ?? 0) + counter;
    this.#arena.doubles[index] = this.#arena.double(index) + change;
  }
}

/** All 8-byte words of the page equal, compared as pairs of 32-bit words. */
function isSameFilled(words: Int32Array): boolean {
  const low = words[0];
  const high = words[1];
  for (let at = 2; at < words.length; at += 2) {
    if (words[at] !== low || words[at + 1] !== high) return false;
  }
  return true;
}

function fill(words: Int32Array, low: number, high: number): void {
  if (low === high) {
    words.fill(low);
    return;
  }
  for (let at = 0; at < words.length; at += 2) {
    words[at] = low;
    words[at + 1] = high;
  }
}
