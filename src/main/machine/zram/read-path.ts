/**
 * A page on its way out of the pool.
 *
 *     slot lock: empty ─▶ zeros │ SAME ─▶ fill │ HUGE ─▶ copy │ else decompress (under a stream, where the design has it)
 *
 * As in write-path.ts, each step tries the quick way, and a page that waits for nothing costs no generator.
 *
 * Locks: the slot's for all of it, a reader's stream under it.
 */
import type { IoPage } from '../codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { CpuF64, DeviceCounterF64 } from '../memory/arena-layout.ts';
import { Operation } from '../operation.ts';
import type { LockWord, PhysicalAddress } from '../units.ts';
import { type IoOutcome, IoStatus, settle } from './io-status.ts';
import { emptySpan } from './object-span.ts';
import * as pageCopies from './page-copies.ts';
import type { Pool } from './pool.ts';
import { SLOT_CHOSEN, SLOT_HUGE, SLOT_IDLE, type Slots } from './slots.ts';
import type { CompressStreams, Stream } from './streams/stream.ts';

// This module's own constants: V8 compiles them into a read, while an import is looked up at every use.
const { copyPageOut, fillPage, joinObject } = pageCopies;
const TOUCHED_MARKS = SLOT_IDLE | SLOT_CHOSEN;

interface ReadParts {
  readonly slots: Slots;
  readonly pool: Pool;
  /** By priority of the codec, where reads take a stream. */
  readonly readers: readonly CompressStreams[] | undefined;
}

export class ReadPath {
  readonly operation = Operation.read;
  readonly counters = {
    operations: CpuF64.readOperations,
    bytes: CpuF64.readBytes,
    failed: DeviceCounterF64.failedReads,
  };
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #pool: Pool;
  readonly #readers: readonly CompressStreams[] | undefined;
  /** Scratch of the thread that runs this object, never across a yield. */
  readonly #span = emptySpan();

  constructor(arena: Arena, { slots, pool, readers }: ReadParts) {
    this.#arena = arena;
    this.#slots = slots;
    this.#pool = pool;
    this.#readers = readers;
  }

  /** Reads a page; one that was never written reads as zeros. */
  move(cpu: Cpu, slot: number, page: IoPage): IoOutcome {
    const lock = this.#slots.lock(slot);
    return cpu.tryLock(lock) ? this.#readLocked(cpu, lock, page) : this.#lockThenRead(cpu, lock, page);
  }

  *#lockThenRead(cpu: Cpu, slot: LockWord, page: IoPage): Suspending<IoStatus> {
    yield* cpu.lock(slot, LockClass.slot);
    return yield* settle(this.#readLocked(cpu, slot, page));
  }

  /** Under the slot's lock, which it gives back. */
  #readLocked(cpu: Cpu, slot: LockWord, page: IoPage): IoOutcome {
    const isCompressed = this.#slots.sizeBytes(slot) > 0 && (this.#slots.flags(slot) & SLOT_HUGE) === 0;
    if (isCompressed && this.#readers !== undefined) return this.#takeAndCopyOut(cpu, slot, page);
    const status = this.#copyOut(cpu, slot, page);
    cpu.unlock(slot);
    return status;
  }

  #takeAndCopyOut(cpu: Cpu, slot: LockWord, page: IoPage): IoOutcome {
    const stream = this.#readersOf(slot).tryTake(cpu);
    return stream === undefined ? this.#waitThenCopyOut(cpu, slot, page) : this.#copyOutWith(cpu, slot, page, stream);
  }

  *#waitThenCopyOut(cpu: Cpu, slot: LockWord, page: IoPage): Suspending<IoStatus> {
    const stream = yield* this.#readersOf(slot).take(cpu);
    if (stream !== undefined) return yield* settle(this.#copyOutWith(cpu, slot, page, stream));
    cpu.unlock(slot);
    return IoStatus.noBuffer;
  }

  #copyOutWith(cpu: Cpu, slot: LockWord, page: IoPage, stream: Stream): IoOutcome {
    const status = this.#copyOut(cpu, slot, page, stream.localCopy);
    if (!this.#readersOf(slot).tryGive(cpu, stream)) return this.#giveThenUnlock(cpu, slot, stream, status);
    cpu.unlock(slot);
    return status;
  }

  *#giveThenUnlock(cpu: Cpu, slot: LockWord, stream: Stream, status: IoStatus): Suspending<IoStatus> {
    yield* this.#readersOf(slot).give(cpu, stream);
    cpu.unlock(slot);
    return status;
  }

  #readersOf(slot: LockWord): CompressStreams {
    const priority = this.#slots.priority(slot);
    const streams = this.#readers?.[priority];
    if (streams === undefined) throw new Error(`the device has no streams for reads of priority ${priority}`);
    return streams;
  }

  /** Under the slot's lock. An object that crosses pages is joined in `localCopy` first, where there is one. */
  #copyOut(cpu: Cpu, slot: LockWord, page: IoPage, localCopy?: PhysicalAddress): IoStatus {
    const flags = this.#slots.flags(slot);
    const storedBytes = this.#slots.sizeBytes(slot);
    if ((flags & TOUCHED_MARKS) !== 0) this.#slots.unmark(slot, TOUCHED_MARKS);
    if (storedBytes === 0) {
      fillPage(page.words, this.#slots.sameLow(slot), this.#slots.sameHigh(slot));
      cpu.charge(Cost.fillPage, 1);
      return IoStatus.done;
    }
    this.#pool.locate(this.#slots.handle(slot), storedBytes, this.#span);
    if ((flags & SLOT_HUGE) !== 0) {
      copyPageOut(this.#arena.bytes, this.#span, page, cpu.codec);
      cpu.charge(Cost.copyBytes, storedBytes);
      return IoStatus.done;
    }
    const priority = this.#slots.priority(slot);
    const codec = priority === 0 ? cpu.codec : cpu.recompressors?.[priority - 1];
    if (codec === undefined) throw new Error(`CPU ${cpu.id} has no codec of priority ${priority}`);
    if (localCopy !== undefined && this.#span.restBytes > 0) {
      joinObject(this.#arena.bytes, localCopy, this.#span, cpu.codec);
      cpu.charge(Cost.copyBytes, storedBytes);
    }
    cpu.charge(Cost.decompressPage, 1);
    return codec.decompress(this.#span, page) ? IoStatus.done : IoStatus.corrupt;
  }
}
