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
import { cpuId, type LockWord, NO_HANDLE, type PhysicalAddress, physicalAddress } from '../units.ts';
import type { PercpuArea } from '../percpu/percpu-area.ts';
import { type CompressBuffers, compressBuffersFor } from './compress-buffers.ts';
import { deviceCounters, notePeaks, raiseWord } from './device-statistics.ts';
import type { Pool } from './pool.ts';
import { SLOT_HUGE, SLOT_SAME, Slots } from './slots.ts';
import { Zsmalloc } from './zsmalloc.ts';

/** How a request ended. */
export const IoStatus = { done: 0, noMemory: 1, corrupt: 2, noBuffer: 3 } as const;
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

  constructor(
    arena: Arena,
    { frames, area, index }: { readonly frames: PageFrames; readonly area: PercpuArea; readonly index: number },
  ) {
    this.index = index;
    this.#arena = arena;
    this.#slots = new Slots(arena, index);
    this.#pool = new Zsmalloc(arena, frames, index);
    this.#buffers = compressBuffersFor(arena, area, index);
    this.#block = arena.deviceWord(index);
    this.#counters = Array.from({ length: arena.config.possibleCpus }, (_, cpu) =>
      deviceCounters(arena, index, cpuId(cpu)),
    );
  }

  /**
   * Writes consecutive pages; stops at the first that fails, the pages before it stay written. One generator for the whole
   * request: every further one would cost each page what the machine is measured against.
   */
  *writeRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    const block = this.#begin(cpu, Operation.write);
    let slot = firstSlot;
    for (const page of pages) {
      this.#arena.words[block + CpuW.slot] = slot;
      cpu.charge(Cost.comparePage, 1);
      if (isSameFilled(page.words)) {
        yield* this.#writeSame(cpu, slot++, page.words);
        continue;
      }
      const mutex = this.#buffers.lock;
      if (mutex !== undefined && !cpu.tryLock(mutex)) yield* cpu.lock(mutex, LockClass.deviceMutex);
      const buffer = this.#buffers.acquire(cpu);
      if (buffer === undefined) return yield* this.#failWithoutBuffer(cpu, mutex);
      const { target, workMemory } = buffer;
      const length = cpu.codec.compress(page, target, workMemory);
      cpu.charge(Cost.compressPage, 1);
      if (cpu.shouldPause()) yield* cpu.pause();
      const isHuge = length >= this.#pool.hugeThresholdBytes;
      const storedBytes = isHuge ? this.#arena.config.pageSizeBytes : length;
      let handle = this.#pool.tryAllocate(cpu, storedBytes, this.#span);
      if (handle === NO_HANDLE) handle = yield* this.#pool.allocate(cpu, storedBytes, this.#span);
      const fits = handle !== NO_HANDLE && this.#withinLimit();
      if (fits && isHuge) this.#copyRawIn(cpu, page);
      else if (fits) this.#copyIn(cpu, target, storedBytes);
      const mustReschedule = this.#buffers.release(cpu);
      if (mutex !== undefined) cpu.unlock(mutex);
      if (mustReschedule) yield* cpu.reschedule();
      if (!fits) {
        if (handle !== NO_HANDLE) yield* this.#pool.free(cpu, handle);
        this.#count(cpu, DeviceCounterF64.failedWrites, 1);
        return IoStatus.noMemory;
      }
      const entry = this.#slots.lock(slot++);
      if (!cpu.tryLock(entry)) yield* cpu.lock(entry, LockClass.slot);
      if (this.#slots.hasContent(entry)) yield* this.#releaseContent(cpu, entry);
      this.#slots.storeObject(entry, handle, storedBytes, isHuge ? SLOT_HUGE : 0);
      cpu.unlock(entry);
      this.#countObject(cpu, storedBytes, isHuge);
    }
    this.#finish(block, CpuF64.writeOperations, CpuF64.writtenBytes, pages.length);
    return IoStatus.done;
  }

  /** A write on a CPU that has no buffer: nothing is stored. */
  *#failWithoutBuffer(cpu: Cpu, mutex: LockWord | undefined): Suspending<IoStatus> {
    const mustReschedule = this.#buffers.release(cpu);
    if (mutex !== undefined) cpu.unlock(mutex);
    if (mustReschedule) yield* cpu.reschedule();
    this.#count(cpu, DeviceCounterF64.failedWrites, 1);
    return IoStatus.noBuffer;
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
      if (this.#slots.hasContent(lock)) {
        yield* this.#releaseContent(cpu, lock);
        this.#slots.clear(lock);
      }
      cpu.unlock(lock);
      this.#count(cpu, DeviceCounterF64.notifyFree, 1);
    }
    this.#arena.words[block + CpuW.operation] = Operation.idle;
  }

  *#writeSame(cpu: Cpu, slot: number, words: Int32Array): Suspending<void> {
    const lock = this.#slots.lock(slot);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
    if (this.#slots.hasContent(lock)) yield* this.#releaseContent(cpu, lock);
    this.#slots.storeSame(lock, words[0] ?? 0, words[1] ?? 0);
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
  *#releaseContent(cpu: Cpu, slot: LockWord): Suspending<void> {
    const flags = this.#slots.flags(slot);
    notePeaks(this.#arena, this.index);
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
    const flags = this.#slots.flags(lock);
    const storedBytes = this.#slots.sizeBytes(lock);
    let intact = true;
    if (storedBytes === 0) {
      fill(page.words, this.#slots.sameLow(lock), this.#slots.sameHigh(lock));
      cpu.charge(Cost.fillPage, 1);
    } else {
      this.#pool.locate(this.#slots.handle(lock), storedBytes, this.#span);
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
    }
    const limit = this.#arena.word(this.#block + DeviceW.limitPages);
    return limit === 0 || pages <= limit;
  }

  /** Copies a compressed page, `storedBytes` bytes at `from`, to where `#span` says. */
  #copyIn(cpu: Cpu, from: PhysicalAddress, storedBytes: number): void {
    const { bytes } = this.#arena;
    const { first, firstBytes, rest, restBytes } = this.#span;
    bytes.copyWithin(first, from, from + firstBytes);
    if (restBytes > 0) bytes.copyWithin(rest, from + firstBytes, from + storedBytes);
    cpu.charge(Cost.copyBytes, storedBytes);
  }

  /** Copies a raw page to where `#span` says. */
  #copyRawIn(cpu: Cpu, page: IoPage): void {
    this.#arena.bytes.set(page.bytes, this.#span.first);
    cpu.charge(Cost.copyBytes, this.#arena.config.pageSizeBytes);
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
