/**
 * A zram block device: pages in, compressed objects in a pool, pages out.
 *
 *     write  same-filled? ─yes─▶ slot keeps the word, no pool memory
 *              │no
 *            take stream ─▶ compress ─▶ allocate ─▶ copy into the pool ─▶ give stream back ─▶ slot lock: free old, enter new
 *            (design)            └ does not shrink below the huge threshold: the raw page is stored instead
 *     read   slot lock: empty ─▶ zeros │ SAME ─▶ fill │ HUGE ─▶ copy │ else decompress (under a stream, where the design has it)
 *
 * Variants of kernel releases (zram-variant.ts): the old content of a slot is freed last, so a write that fails leaves it as
 * it was, or first, so a write that fails loses it; and room is found in one step that may sleep, or in two, of which the
 * first must not: when it fails the stream is given back, a sleeping allocation made, and the page compressed again.
 *
 * Statistics are those of mm_stat and io_stat (device-statistics.ts). What is no I/O is in `controls` (device-controls.ts).
 */
import { COMPRESSION_FAILED, type IoPage } from '../codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { LOCKED } from '../sync/lock.ts';
import * as units from '../units.ts';
import type { LockWord, PhysicalAddress, PoolHandle } from '../units.ts';
import { DeviceControls } from './device-controls.ts';
import { raiseWord } from './device-statistics.ts';
import { emptySpan } from './object-span.ts';
import * as pageCopies from './page-copies.ts';
import type { Pool } from './pool.ts';
import { SlotContent } from './slot-content.ts';
import { SLOT_CHOSEN, SLOT_HUGE, SLOT_IDLE, Slots } from './slots.ts';
import type { CompressStreams, Stream } from './streams/stream.ts';
import type { DeviceStreams } from './streams/zram-streams.ts';
import { Zsmalloc } from './zsmalloc.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { CpuF64, CpuW, DeviceCounterF64, DeviceW } = layout;
const { copyRawPage, copyToObject, fillPage, isSameFilled, joinObject } = pageCopies;
const { NO_HANDLE } = units;

/** How a request ended. */
export const IoStatus = { done: 0, noMemory: 1, corrupt: 2, noBuffer: 3, codecFailed: 4 } as const;
export type IoStatus = (typeof IoStatus)[keyof typeof IoStatus];

/** Where a page is after the long way to room for it; or that it is nowhere, and why. A handle is the caller's in any case. */
type Allocation =
  | { readonly handle: PoolHandle; readonly stream: Stream }
  | { readonly handle: PoolHandle; readonly stream: undefined; readonly failure: IoStatus };

/** A page on its way into the pool. */
interface PageInHand {
  readonly page: IoPage;
  readonly stream: Stream;
  readonly storedBytes: number;
  readonly isHuge: boolean;
  readonly slot: LockWord;
}

export class ZramDevice {
  readonly index: number;
  readonly controls: DeviceControls;
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #pool: Pool;
  readonly #content: SlotContent;
  readonly #streams: CompressStreams;
  readonly #readers: readonly CompressStreams[] | undefined;
  readonly #block: number;
  readonly #freesFirst: boolean;
  /** Scratch of the thread that runs this object; one operation at a time touches it, never across a yield. */
  readonly #span = emptySpan();

  constructor(
    arena: Arena,
    {
      frames,
      streams,
      index,
    }: { readonly frames: PageFrames; readonly streams: DeviceStreams; readonly index: number },
  ) {
    this.index = index;
    this.#arena = arena;
    this.#slots = new Slots(arena, index);
    this.#pool = new Zsmalloc(arena, frames, index);
    this.#content = new SlotContent(arena, index, { slots: this.#slots, pool: this.#pool });
    this.#streams = streams.primary;
    this.#readers = streams.readers;
    this.#block = arena.deviceWord(index);
    this.#freesFirst = arena.zram.freeOrder === 'first';
    const parts = { slots: this.#slots, pool: this.#pool, content: this.#content, streams };
    this.controls = new DeviceControls(arena, frames, index, parts);
  }

  /**
   * Writes consecutive pages; stops at the first that fails, the pages before it stay written. One generator for the whole
   * request: every further one would cost each page what the machine is measured against.
   */
  *writeRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    const block = this.#begin(cpu, Operation.write);
    // By index: an iterator costs each page a tenth of what the machine does with it.
    for (let at = 0; at < pages.length; at++) {
      const page = pageAt(pages, at);
      this.#arena.words[block + CpuW.slot] = firstSlot + at;
      const slot = this.#slots.lock(firstSlot + at);
      if (this.#freesFirst) yield* this.#forget(cpu, slot);
      cpu.charge(Cost.comparePage, 1);
      if (isSameFilled(page.words)) {
        yield* this.#writeSame(cpu, slot, page.words);
        continue;
      }
      let stream = this.#streams.tryTake(cpu) ?? (yield* this.#streams.take(cpu));
      if (stream === undefined) return yield* this.#refuse(cpu, NO_HANDLE, IoStatus.noBuffer);
      const length = cpu.codec.compress(page, stream.target, stream.workMemory);
      cpu.charge(Cost.compressPage, 1);
      if (cpu.shouldPause()) yield* cpu.pause();
      if (length === COMPRESSION_FAILED) return yield* this.#giveUp(cpu, stream, IoStatus.codecFailed);
      const isHuge = length >= this.#pool.hugeThresholdBytes;
      const storedBytes = isHuge ? this.#arena.config.pageSizeBytes : length;
      let handle = this.#pool.tryAllocate(cpu, storedBytes, slot, this.#span);
      if (handle === NO_HANDLE) {
        const found = yield* this.#allocate(cpu, { page, stream, storedBytes, isHuge, slot });
        if (found.stream === undefined) return yield* this.#refuse(cpu, found.handle, found.failure);
        ({ handle, stream } = found);
      }
      const fits = handle !== NO_HANDLE && this.#withinLimit();
      if (fits) this.#copyIn(cpu, { page, stream, storedBytes, isHuge });
      if (!this.#streams.tryGive(cpu, stream)) yield* this.#streams.give(cpu, stream);
      if (!fits) return yield* this.#refuse(cpu, handle, IoStatus.noMemory);
      if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
      if (this.#slots.hasContent(slot)) yield* this.#content.release(cpu, slot);
      this.#enter(cpu, slot, handle, isHuge ? undefined : storedBytes);
      cpu.unlock(slot);
    }
    this.#finish(cpu, CpuF64.writeOperations, CpuF64.writtenBytes, pages.length);
    return IoStatus.done;
  }

  /** Gives back the stream of a write that ends with nothing stored. */
  *#giveUp(cpu: Cpu, stream: Stream, why: IoStatus): Suspending<IoStatus> {
    if (!this.#streams.tryGive(cpu, stream)) yield* this.#streams.give(cpu, stream);
    return yield* this.#refuse(cpu, NO_HANDLE, why);
  }

  /** Ends a write that has no stream: nothing is stored, and an object that was allocated for it goes back. */
  *#refuse(cpu: Cpu, handle: PoolHandle, why: IoStatus): Suspending<IoStatus> {
    if (handle !== NO_HANDLE) yield* this.#pool.free(cpu, handle);
    this.#content.count(cpu, DeviceCounterF64.failedWrites, 1);
    cpu.end();
    return why;
  }

  /** Under the slot's lock; without a compressed length the object is a raw page. */
  #enter(cpu: Cpu, slot: LockWord, handle: PoolHandle, compressedBytes: number | undefined): void {
    if (compressedBytes === undefined) this.#content.enterHuge(cpu, slot, handle);
    else this.#content.enterObject(cpu, slot, handle, compressedBytes);
  }

  /** Reads consecutive pages; what was never written reads as zeros. */
  *readRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    const block = this.#begin(cpu, Operation.read);
    let slot = firstSlot;
    for (const page of pages) {
      this.#arena.words[block + CpuW.slot] = slot;
      const lock = this.#slots.lock(slot++);
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
      const status =
        this.#readers === undefined
          ? this.#readLocked(cpu, lock, page)
          : yield* this.#readWithStream(cpu, this.#readers, { lock, page });
      cpu.unlock(lock);
      if (status !== IoStatus.done) {
        this.#content.count(cpu, DeviceCounterF64.failedReads, 1);
        cpu.end();
        return status;
      }
    }
    this.#finish(cpu, CpuF64.readOperations, CpuF64.readBytes, pages.length);
    return IoStatus.done;
  }

  /** Forgets the content of `count` slots, as discard and write-zeroes do; each counts in notify_free, stored or not. */
  *discard(cpu: Cpu, firstSlot: number, count: number): Suspending<void> {
    const block = this.#begin(cpu, Operation.discard);
    for (let slot = firstSlot; slot < firstSlot + count; slot++) {
      this.#arena.words[block + CpuW.slot] = slot;
      yield* this.#forget(cpu, this.#slots.lock(slot));
      this.#content.count(cpu, DeviceCounterF64.notifyFree, 1);
    }
    cpu.end();
  }

  /**
   * The swap code's word that a slot is free, from a context that cannot wait: a slot that somebody has locked keeps its content,
   * and a missed free is counted.
   */
  *notifyFree(cpu: Cpu, slot: number): Suspending<void> {
    const lock = this.#slots.lock(slot);
    cpu.begin(Operation.notifyFree);
    this.#content.count(cpu, DeviceCounterF64.notifyFree, 1);
    while (!cpu.tryOnly(lock)) {
      if ((this.#arena.word(lock) & LOCKED) !== 0) {
        Atomics.add(this.#arena.words, this.#block + DeviceW.missedFrees, 1);
        cpu.end();
        return;
      }
      yield* cpu.pause();
    }
    yield* this.#content.forget(cpu, lock);
    cpu.unlock(lock);
    cpu.end();
  }

  *#forget(cpu: Cpu, slot: LockWord): Suspending<void> {
    if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
    yield* this.#content.forget(cpu, slot);
    cpu.unlock(slot);
  }

  *#writeSame(cpu: Cpu, slot: LockWord, words: Int32Array): Suspending<void> {
    if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
    if (this.#slots.hasContent(slot)) yield* this.#content.release(cpu, slot);
    this.#content.enterSame(cpu, slot, words[0] ?? 0, words[1] ?? 0);
    cpu.unlock(slot);
  }

  /** Room for a page that the quick way did not find any for, in one stage or two; and the stream that holds the page now. */
  *#allocate(cpu: Cpu, inHand: PageInHand): Suspending<Allocation> {
    const { storedBytes: bytes, slot: owner, stream } = inHand;
    const maySleep = this.#arena.zram.allocationStages === 'one';
    const handle = yield* this.#pool.allocate(cpu, { bytes, owner, maySleep, span: this.#span });
    if (handle !== NO_HANDLE || maySleep) return { handle, stream };
    return yield* this.#allocateAsleep(cpu, inHand);
  }

  /** The second stage: without the stream, and another one is compressed into afterwards. */
  *#allocateAsleep(cpu: Cpu, inHand: PageInHand): Suspending<Allocation> {
    const { page, stream: before, storedBytes: bytes, isHuge, slot: owner } = inHand;
    if (!this.#streams.tryGive(cpu, before)) yield* this.#streams.give(cpu, before);
    Atomics.add(this.#arena.words, this.#block + DeviceW.writeStalls, 1);
    const handle = yield* this.#pool.allocate(cpu, { bytes, owner, maySleep: true, span: this.#span });
    const stream = this.#streams.tryTake(cpu) ?? (yield* this.#streams.take(cpu));
    if (stream === undefined) return { handle, stream, failure: IoStatus.noBuffer };
    if (handle === NO_HANDLE) return { handle, stream };
    const length = cpu.codec.compress(page, stream.target, stream.workMemory);
    cpu.charge(Cost.compressPage, 1);
    if (length === COMPRESSION_FAILED) {
      if (!this.#streams.tryGive(cpu, stream)) yield* this.#streams.give(cpu, stream);
      return { handle, stream: undefined, failure: IoStatus.codecFailed };
    }
    if (!isHuge && length !== bytes) {
      throw new Error(`a page of ${bytes} bytes compressed again gave ${length}: it changed while it was written`);
    }
    this.#pool.locate(handle, bytes, this.#span);
    return { handle, stream };
  }

  /** As `#readLocked`, with a stream where there is something to decompress. */
  *#readWithStream(
    cpu: Cpu,
    readers: readonly CompressStreams[],
    { lock, page }: { readonly lock: LockWord; readonly page: IoPage },
  ): Suspending<IoStatus> {
    const isCompressed = this.#slots.sizeBytes(lock) > 0 && (this.#slots.flags(lock) & SLOT_HUGE) === 0;
    if (!isCompressed) return this.#readLocked(cpu, lock, page);
    const streams = readers[this.#slots.priority(lock)];
    if (streams === undefined) throw new Error(`zram${this.index} has no streams of the slot's priority`);
    const stream = streams.tryTake(cpu) ?? (yield* streams.take(cpu));
    if (stream === undefined) return IoStatus.noBuffer;
    const status = this.#readLocked(cpu, lock, page, stream.localCopy);
    if (!streams.tryGive(cpu, stream)) yield* streams.give(cpu, stream);
    return status;
  }

  /** Under the slot's lock. An object that crosses pages is joined in `localCopy` first, where there is one. */
  #readLocked(cpu: Cpu, slot: LockWord, page: IoPage, localCopy?: PhysicalAddress): IoStatus {
    const flags = this.#slots.flags(slot);
    const storedBytes = this.#slots.sizeBytes(slot);
    if ((flags & (SLOT_IDLE | SLOT_CHOSEN)) !== 0) this.#slots.unmark(slot, SLOT_IDLE | SLOT_CHOSEN);
    if (storedBytes === 0) {
      fillPage(page.words, this.#slots.sameLow(slot), this.#slots.sameHigh(slot));
      cpu.charge(Cost.fillPage, 1);
      return IoStatus.done;
    }
    this.#pool.locate(this.#slots.handle(slot), storedBytes, this.#span);
    if ((flags & SLOT_HUGE) !== 0) {
      copyRawPage(this.#arena.bytes, this.#span, page);
      cpu.charge(Cost.copyBytes, storedBytes);
      return IoStatus.done;
    }
    const priority = this.#slots.priority(slot);
    const codec = priority === 0 ? cpu.codec : cpu.recompressors?.[priority - 1];
    if (codec === undefined) throw new Error(`CPU ${cpu.id} has no codec of priority ${priority}`);
    if (localCopy !== undefined && this.#span.restBytes > 0) {
      joinObject(this.#arena.bytes, localCopy, this.#span);
      cpu.charge(Cost.copyBytes, storedBytes);
    }
    cpu.charge(Cost.decompressPage, 1);
    return codec.decompress(this.#span, page) ? IoStatus.done : IoStatus.corrupt;
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

  /** Copies what is stored of a page (the raw page, or its compressed form in the buffer) to where `#span` says. */
  #copyIn(cpu: Cpu, stored: Omit<PageInHand, 'slot'>): void {
    if (stored.isHuge) this.#arena.bytes.set(stored.page.bytes, this.#span.first);
    else copyToObject(this.#arena.bytes, stored.stream.target, this.#span, cpu.codec);
    cpu.charge(Cost.copyBytes, stored.storedBytes);
  }

  #begin(cpu: Cpu, operation: Operation): number {
    const block = this.#arena.cpuWord(cpu.id);
    this.#arena.words[block + CpuW.device] = this.index;
    cpu.begin(operation);
    return block;
  }

  #finish(cpu: Cpu, operations: number, bytes: number, pages: number): void {
    const { doubles, config } = this.#arena;
    const first = this.#arena.cpuWord(cpu.id) >> 1;
    doubles[first + operations] = this.#arena.double(first + operations) + 1;
    doubles[first + bytes] = this.#arena.double(first + bytes) + pages * config.pageSizeBytes;
    cpu.end();
  }
}

function pageAt(pages: readonly IoPage[], index: number): IoPage {
  const page = pages[index];
  if (page === undefined) throw new Error(`a request of ${pages.length} pages has no page ${index}`);
  return page;
}
