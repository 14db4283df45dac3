/**
 * A zram block device: pages in, compressed objects in a pool, pages out.
 *
 *     write     each page by write-path.ts ─▶ slot table, pool
 *     read      each page by read-path.ts
 *     discard   slots forget what they hold
 *
 * A request stops at its first page that fails; the pages before it stay as they are then.
 *
 * Statistics are those of mm_stat and io_stat (device-statistics.ts). What is no I/O is in `controls` (device-controls.ts).
 */
import type { IoPage } from '../codec.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { DeviceCounter } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { LOCKED } from '../sync/lock.ts';
import type { LockWord } from '../units.ts';
import { DeviceControls } from './device-controls.ts';
import * as ioStatus from './io-status.ts';
import { type IoOutcome, settle } from './io-status.ts';
import { ReadPath } from './read-path.ts';
import { SlotContent } from './slot-content.ts';
import { Slots } from './slots.ts';
import type { DeviceStreams } from './streams/zram-streams.ts';
import { WritePath } from './write-path.ts';
import { Zsmalloc } from './zsmalloc.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { IoStatus } = ioStatus;
type IoStatus = ioStatus.IoStatus;
const { CpuW, DeviceCounterF64, DeviceW } = layout;

/** A way of pages between a request and the pool. */
interface PagePath {
  readonly operation: Operation;
  readonly counters: { readonly operations: number; readonly bytes: number; readonly failed: DeviceCounter };
  /** Moves a page; a path that waits holds nothing but what its page needs. */
  move(cpu: Cpu, slot: LockWord, page: IoPage): IoOutcome;
}

export class ZramDevice {
  readonly index: number;
  readonly controls: DeviceControls;
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #content: SlotContent;
  readonly #writes: WritePath;
  readonly #reads: ReadPath;
  readonly #block: number;

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
    const pool = new Zsmalloc(arena, frames, index);
    this.#content = new SlotContent(arena, index, { slots: this.#slots, pool });
    const parts = { slots: this.#slots, pool, content: this.#content };
    this.#writes = new WritePath(arena, index, { ...parts, streams: streams.primary });
    this.#reads = new ReadPath(arena, { ...parts, readers: streams.readers });
    this.#block = arena.deviceWord(index);
    this.controls = new DeviceControls(arena, frames, index, { ...parts, streams });
  }

  /** Writes consecutive pages; stops at the first that fails, the pages before it stay written. */
  write(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    return this.#request(cpu, this.#writes, firstSlot, pages);
  }

  /** As `write`, for callers that are generators anyway. */
  *writeRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    return yield* settle(this.write(cpu, firstSlot, pages));
  }

  /** Reads consecutive pages; what was never written reads as zeros. */
  read(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    return this.#request(cpu, this.#reads, firstSlot, pages);
  }

  /** As `read`, for callers that are generators anyway. */
  *readRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    return yield* settle(this.read(cpu, firstSlot, pages));
  }

  #request(cpu: Cpu, path: PagePath, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    this.#begin(cpu, path.operation);
    // By index: an iterator costs each page a tenth of what the machine does with it.
    for (let at = 0; at < pages.length; at++) {
      const outcome = this.#move(cpu, path, firstSlot + at, pageAt(pages, at));
      if (typeof outcome === 'object') return this.#waitThenGoOn(cpu, path, outcome, { firstSlot, pages, at });
      if (outcome !== IoStatus.done) return this.#fail(cpu, path, outcome);
    }
    return this.#finish(cpu, path, pages.length);
  }

  /** The rest of a request whose page `at` must wait. */
  *#waitThenGoOn(
    cpu: Cpu,
    path: PagePath,
    waiting: Suspending<IoStatus>,
    { firstSlot, pages, at }: { readonly firstSlot: number; readonly pages: readonly IoPage[]; readonly at: number },
  ): Suspending<IoStatus> {
    let status = yield* waiting;
    for (let next = at + 1; status === IoStatus.done && next < pages.length; next++) {
      status = yield* settle(this.#move(cpu, path, firstSlot + next, pageAt(pages, next)));
    }
    return status === IoStatus.done ? this.#finish(cpu, path, pages.length) : this.#fail(cpu, path, status);
  }

  #move(cpu: Cpu, path: PagePath, slot: number, page: IoPage): IoOutcome {
    this.#arena.words[this.#arena.cpuWord(cpu.id) + CpuW.slot] = slot;
    return path.move(cpu, this.#slots.lock(slot), page);
  }

  #fail(cpu: Cpu, { counters }: PagePath, status: IoStatus): IoStatus {
    this.#content.count(cpu, counters.failed, 1);
    cpu.end();
    return status;
  }

  #finish(cpu: Cpu, { counters }: PagePath, pages: number): IoStatus {
    const { doubles, config } = this.#arena;
    const first = this.#arena.cpuWord(cpu.id) >> 1;
    const operations = first + counters.operations;
    const bytes = first + counters.bytes;
    doubles[operations] = this.#arena.double(operations) + 1;
    doubles[bytes] = this.#arena.double(bytes) + pages * config.pageSizeBytes;
    cpu.end();
    return IoStatus.done;
  }

  /** Forgets the content of `count` slots, as discard and write-zeroes do; each counts in notify_free, stored or not. */
  *discard(cpu: Cpu, firstSlot: number, count: number): Suspending<void> {
    this.#begin(cpu, Operation.discard);
    for (let slot = firstSlot; slot < firstSlot + count; slot++) {
      this.#arena.words[this.#arena.cpuWord(cpu.id) + CpuW.slot] = slot;
      const lock = this.#slots.lock(slot);
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
      yield* this.#content.forget(cpu, lock);
      cpu.unlock(lock);
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

  #begin(cpu: Cpu, operation: Operation): void {
    this.#arena.words[this.#arena.cpuWord(cpu.id) + CpuW.device] = this.index;
    cpu.begin(operation);
  }
}

function pageAt(pages: readonly IoPage[], index: number): IoPage {
  const page = pages[index];
  if (page === undefined) throw new Error(`a request of ${pages.length} pages has no page ${index}`);
  return page;
}
