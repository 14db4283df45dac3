/**
 * A page on its way into the pool.
 *
 *     same-filled? ─yes──────────────────────────────────────────────────────────────────────┐
 *       │no                                                                                  ▼
 *     take stream ─▶ compress ─▶ allocate ─▶ copy into the pool ─▶ give stream back ─▶ slot lock: free old, enter new
 *     (design)         └ does not shrink below the huge threshold: the raw page is stored instead
 *
 * A page that waits for nothing costs no generator. Where a step must wait, a generator of its own (`…Then…`) does, and goes on with
 * the functions of the steps that follow, each of which tries the quick way first and waits in a generator likewise. Writes of
 * usual-writes.ts come in midway (`goOn`, `enterSame`).
 *
 * Variants of kernel releases (zram-variant.ts): the old content of a slot is freed last, so a write that fails leaves it as
 * it was, or first, so a write that fails loses it, which takes each page a generator; and room is found in one step that may
 * sleep, or in two, of which the first must not: when it fails the stream is given back, a sleeping allocation made, and the
 * page compressed again.
 *
 * Locks: the slot's while its content changes; between them the page has its stream alone.
 */
import * as codecPort from '../codec.ts';
import type { IoPage } from '../codec.ts';
import * as cpuPort from '../cpu.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import { Operation } from '../operation.ts';
import * as units from '../units.ts';
import type { LockWord, PoolHandle } from '../units.ts';
import { raiseWord } from './device-statistics.ts';
import * as ioStatus from './io-status.ts';
import { type IoOutcome, settle } from './io-status.ts';
import { emptySpan } from './object-span.ts';
import * as pageCopies from './page-copies.ts';
import type { Pool } from './pool.ts';
import type { SlotContent } from './slot-content.ts';
import type { Slots } from './slots.ts';
import type { CompressStreams, Stream } from './streams/stream.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { COMPRESSION_FAILED } = codecPort;
const { Cost } = cpuPort;
const { IoStatus } = ioStatus;
type IoStatus = ioStatus.IoStatus;
const { CpuF64, DeviceCounterF64, DeviceW } = layout;
const { copyPageIn, copyToObject, isSameFilled } = pageCopies;
const { NO_HANDLE, poolHandle } = units;

/** A page and where it goes. */
interface PageInHand {
  readonly slot: LockWord;
  readonly page: IoPage;
  /** Bytes of its compressed form, or COMPRESSION_FAILED; 0 where nothing is compressed of a same-filled page. */
  readonly length: number;
}

/** With the stream that holds its compressed form. */
export interface CompressedPage extends PageInHand {
  readonly stream: Stream;
}

interface WriteParts {
  readonly slots: Slots;
  readonly pool: Pool;
  readonly content: SlotContent;
  readonly streams: CompressStreams;
}

export class WritePath {
  readonly operation = Operation.write;
  readonly counters = {
    operations: CpuF64.writeOperations,
    bytes: CpuF64.writtenBytes,
    failed: DeviceCounterF64.failedWrites,
  };
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #pool: Pool;
  readonly #content: SlotContent;
  readonly #streams: CompressStreams;
  readonly #block: number;
  readonly #freesFirst: boolean;
  readonly #hugeThresholdBytes: number;
  /** Scratch of the thread that runs this object: from finding room to copying there, never across a yield. */
  readonly #span = emptySpan();

  constructor(arena: Arena, device: number, parts: WriteParts) {
    this.#arena = arena;
    this.#slots = parts.slots;
    this.#pool = parts.pool;
    this.#content = parts.content;
    this.#streams = parts.streams;
    this.#block = arena.deviceWord(device);
    this.#hugeThresholdBytes = parts.pool.hugeThresholdBytes;
    this.#freesFirst = arena.zram.freeOrder === 'first';
  }

  /** Writes a page; a write that fails leaves of the slot what the variant says. */
  move(cpu: Cpu, slot: number, page: IoPage): IoOutcome {
    const lock = this.#slots.lock(slot);
    return this.#freesFirst ? this.#forgetThenWrite(cpu, lock, page) : this.#writeContent(cpu, lock, page);
  }

  /** The rest of a write of which WriteSteps.finishWrite has answered so. */
  goOn(cpu: Cpu, inHand: CompressedPage, answer: number): IoOutcome {
    if (answer === 0) return this.#place(cpu, inHand);
    if (answer < 0) return this.#lockAndEnter(cpu, inHand, poolHandle(-answer));
    const handle = poolHandle(answer);
    if (!this.#withinLimit()) return this.#giveUp(cpu, inHand.stream, handle, IoStatus.noMemory);
    return this.#giveAndEnter(cpu, inHand, handle);
  }

  /** Writes a page whose words are all the same. */
  enterSame(cpu: Cpu, slot: number, page: IoPage): IoOutcome {
    return this.#lockAndEnter(cpu, { slot: this.#slots.lock(slot), page, length: 0 }, NO_HANDLE);
  }

  *#forgetThenWrite(cpu: Cpu, slot: LockWord, page: IoPage): Suspending<IoStatus> {
    if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
    yield* this.#content.forget(cpu, slot);
    cpu.unlock(slot);
    return yield* settle(this.#writeContent(cpu, slot, page));
  }

  #writeContent(cpu: Cpu, slot: LockWord, page: IoPage): IoOutcome {
    cpu.charge(Cost.comparePage, 1);
    if (isSameFilled(page.words)) return this.#lockAndEnter(cpu, { slot, page, length: 0 }, NO_HANDLE);
    const stream = this.#streams.tryTake(cpu);
    if (stream === undefined) return this.#waitThenCompress(cpu, slot, page);
    const length = this.#compress(cpu, page, stream);
    if (cpu.shouldPause()) return this.#pauseThenPlace(cpu, { slot, page, stream, length });
    return this.#place(cpu, { slot, page, stream, length });
  }

  *#waitThenCompress(cpu: Cpu, slot: LockWord, page: IoPage): Suspending<IoStatus> {
    const stream = yield* this.#streams.take(cpu);
    if (stream === undefined) return yield* this.#refuse(cpu, NO_HANDLE, IoStatus.noBuffer);
    const length = this.#compress(cpu, page, stream);
    if (cpu.shouldPause()) yield* cpu.pause();
    return yield* settle(this.#place(cpu, { slot, page, stream, length }));
  }

  #compress(cpu: Cpu, page: IoPage, stream: Stream): number {
    const length = cpu.codec.compress(page, stream.target, stream.workMemory);
    cpu.charge(Cost.compressPage, 1);
    return length;
  }

  *#pauseThenPlace(cpu: Cpu, inHand: CompressedPage): Suspending<IoStatus> {
    yield* cpu.pause();
    return yield* settle(this.#place(cpu, inHand));
  }

  #place(cpu: Cpu, inHand: CompressedPage): IoOutcome {
    if (inHand.length === COMPRESSION_FAILED) return this.#giveUp(cpu, inHand.stream, NO_HANDLE, IoStatus.codecFailed);
    const handle = this.#pool.tryAllocate(cpu, this.#storedBytes(inHand), inHand.slot, this.#span);
    return handle === NO_HANDLE ? this.#allocateThenCopy(cpu, inHand) : this.#copyIn(cpu, inHand, handle);
  }

  /** Room that the quick way did not find, in one stage or two. */
  *#allocateThenCopy(cpu: Cpu, inHand: CompressedPage): Suspending<IoStatus> {
    const maySleep = this.#arena.zram.allocationStages === 'one';
    const handle = yield* this.#allocate(cpu, inHand, maySleep);
    if (handle === NO_HANDLE && !maySleep) return yield* this.#allocateAsleep(cpu, inHand);
    return yield* settle(this.#copyIn(cpu, inHand, handle));
  }

  /** The second stage: without the stream, and another one is compressed into afterwards. */
  *#allocateAsleep(cpu: Cpu, before: CompressedPage): Suspending<IoStatus> {
    const { page, length } = before;
    if (!this.#streams.tryGive(cpu, before.stream)) yield* this.#streams.give(cpu, before.stream);
    Atomics.add(this.#arena.words, this.#block + DeviceW.writeStalls, 1);
    const handle = yield* this.#allocate(cpu, before, true);
    if (handle === NO_HANDLE) return IoStatus.noMemory;
    const stream = this.#streams.tryTake(cpu) ?? (yield* this.#streams.take(cpu));
    if (stream === undefined) return yield* this.#refuse(cpu, handle, IoStatus.noBuffer);
    const again = this.#compress(cpu, page, stream);
    if (again === COMPRESSION_FAILED) return yield* this.#giveUp(cpu, stream, handle, IoStatus.codecFailed);
    if (!this.#isHuge(length) && again !== length) {
      throw new Error(`a page of ${length} bytes compressed again gave ${again}: it changed while it was written`);
    }
    this.#pool.locate(handle, this.#storedBytes(before), this.#span);
    return yield* settle(this.#copyIn(cpu, { ...before, stream }, handle));
  }

  #allocate(cpu: Cpu, inHand: CompressedPage, maySleep: boolean): Suspending<PoolHandle> {
    const bytes = this.#storedBytes(inHand);
    return this.#pool.allocate(cpu, { bytes, owner: inHand.slot, maySleep, span: this.#span });
  }

  /** Copies what is stored of a page to where `#span` says, if there is such a place and the pool is within its limit. */
  #copyIn(cpu: Cpu, inHand: CompressedPage, handle: PoolHandle): IoOutcome {
    const fits = handle !== NO_HANDLE && this.#withinLimit();
    if (!fits) return this.#giveUp(cpu, inHand.stream, handle, IoStatus.noMemory);
    if (this.#isHuge(inHand.length)) copyPageIn(this.#arena.bytes, inHand.page, this.#span, cpu.codec);
    else copyToObject(this.#arena.bytes, inHand.stream.target, this.#span, cpu.codec);
    cpu.charge(Cost.copyBytes, this.#storedBytes(inHand));
    return this.#giveAndEnter(cpu, inHand, handle);
  }

  #giveAndEnter(cpu: Cpu, inHand: CompressedPage, handle: PoolHandle): IoOutcome {
    return this.#streams.tryGive(cpu, inHand.stream)
      ? this.#lockAndEnter(cpu, inHand, handle)
      : this.#giveThenEnter(cpu, inHand, handle);
  }

  *#giveThenEnter(cpu: Cpu, inHand: CompressedPage, handle: PoolHandle): Suspending<IoStatus> {
    yield* this.#streams.give(cpu, inHand.stream);
    return yield* settle(this.#lockAndEnter(cpu, inHand, handle));
  }

  /** A page without a handle is same-filled. */
  #lockAndEnter(cpu: Cpu, inHand: PageInHand, handle: PoolHandle): IoOutcome {
    return cpu.tryLock(inHand.slot)
      ? this.#releaseAndEnter(cpu, inHand, handle)
      : this.#lockThenEnter(cpu, inHand, handle);
  }

  *#lockThenEnter(cpu: Cpu, inHand: PageInHand, handle: PoolHandle): Suspending<IoStatus> {
    yield* cpu.lock(inHand.slot, LockClass.slot);
    return yield* settle(this.#releaseAndEnter(cpu, inHand, handle));
  }

  #releaseAndEnter(cpu: Cpu, inHand: PageInHand, handle: PoolHandle): IoOutcome {
    const { slot } = inHand;
    const isFree = !this.#slots.hasContent(slot) || this.#content.tryRelease(cpu, slot);
    return isFree ? this.#enter(cpu, inHand, handle) : this.#releaseThenEnter(cpu, inHand, handle);
  }

  *#releaseThenEnter(cpu: Cpu, inHand: PageInHand, handle: PoolHandle): Suspending<IoStatus> {
    yield* this.#content.release(cpu, inHand.slot);
    return this.#enter(cpu, inHand, handle);
  }

  /** Under the slot's lock, which it gives back. */
  #enter(cpu: Cpu, { slot, page, length }: PageInHand, handle: PoolHandle): IoStatus {
    if (handle === NO_HANDLE) this.#content.enterSame(cpu, slot, page.words[0] ?? 0, page.words[1] ?? 0);
    else if (this.#isHuge(length)) this.#content.enterHuge(cpu, slot, handle);
    else this.#content.enterObject(cpu, slot, handle, length);
    cpu.unlock(slot);
    return IoStatus.done;
  }

  /** Ends a write with nothing stored: its stream goes back, and so does an object that was allocated for it. */
  *#giveUp(cpu: Cpu, stream: Stream, handle: PoolHandle, why: IoStatus): Suspending<IoStatus> {
    if (!this.#streams.tryGive(cpu, stream)) yield* this.#streams.give(cpu, stream);
    return yield* this.#refuse(cpu, handle, why);
  }

  /** As `giveUp`, of a write that has no stream. */
  *#refuse(cpu: Cpu, handle: PoolHandle, why: IoStatus): Suspending<IoStatus> {
    if (handle !== NO_HANDLE) yield* this.#pool.free(cpu, handle);
    return why;
  }

  #isHuge(length: number): boolean {
    return length >= this.#hugeThresholdBytes;
  }

  #storedBytes({ length }: PageInHand): number {
    return this.#isHuge(length) ? this.#arena.config.pageSizeBytes : length;
  }

  /** Raises the pool's high-water mark, then says whether the pool is within its limit. */
  #withinLimit(): boolean {
    const { words } = this.#arena;
    const block = this.#block;
    const pages = words[block + DeviceW.poolPages] ?? 0;
    if (pages > (words[block + DeviceW.poolPagesMax] ?? 0)) raiseWord(words, block + DeviceW.poolPagesMax, pages);
    const limit = words[block + DeviceW.limitPages] ?? 0;
    return limit === 0 || pages <= limit;
  }
}
