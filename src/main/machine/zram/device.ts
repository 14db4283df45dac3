/**
 * A zram block device: pages in, compressed objects in a pool, pages out.
 *
 *     write     each page by write-path.ts, or by usual-writes.ts where the CPU's engine has compiled steps ─▶ slot table, pool
 *     read      each page by read-path.ts
 *     discard   slots forget what they hold
 *
 * A request (requests.ts) stops at its first page that fails; the pages before it stay as they are then.
 *
 * Statistics are those of mm_stat and io_stat (device-statistics.ts). What is no I/O is in `controls` (device-controls.ts).
 */
import type { IoPage } from '../codec.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { LOCKED } from '../sync/lock.ts';
import { DeviceControls } from './device-controls.ts';
import { type IoOutcome, type IoStatus, settle } from './io-status.ts';
import { ReadPath } from './read-path.ts';
import { Requests } from './requests.ts';
import { SlotContent } from './slot-content.ts';
import { Slots } from './slots.ts';
import type { DeviceStreams } from './streams/zram-streams.ts';
import { UsualWrites, type UsualWriteParts } from './usual-writes.ts';
import { WritePath } from './write-path.ts';
import { Zsmalloc } from './zsmalloc.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { CpuW, DeviceCounterF64, DeviceW } = layout;

export class ZramDevice {
  readonly index: number;
  readonly controls: DeviceControls;
  readonly #arena: Arena;
  readonly #slots: Slots;
  readonly #content: SlotContent;
  readonly #writes: WritePath;
  readonly #reads: ReadPath;
  readonly #requests: Requests;
  readonly #usualParts: UsualWriteParts;
  readonly #block: number;
  /** Of the CPU that wrote last, if it has compiled steps. */
  #usual: UsualWrites | undefined;

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
    this.#requests = new Requests(arena, index, this.#content);
    this.#usualParts = { slots: this.#slots, streams: streams.primary, requests: this.#requests, path: this.#writes };
    this.#reads = new ReadPath(arena, { ...parts, readers: streams.readers });
    this.#block = arena.deviceWord(index);
    this.controls = new DeviceControls(arena, frames, index, { ...parts, streams });
  }

  /** Writes consecutive pages; stops at the first that fails, the pages before it stay written. */
  write(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    const usual = this.#usual?.cpu === cpu ? this.#usual : this.#usualOf(cpu);
    return usual === undefined
      ? this.#requests.run(cpu, this.#writes, firstSlot, pages)
      : usual.write(firstSlot, pages);
  }

  #usualOf(cpu: Cpu): UsualWrites | undefined {
    const { writeSteps } = cpu;
    if (writeSteps === undefined || this.#arena.zram.freeOrder === 'first') return undefined;
    this.#usual = new UsualWrites(this.#arena, this.index, cpu, { ...this.#usualParts, steps: writeSteps });
    return this.#usual;
  }

  /** As `write`, for callers that are generators anyway. */
  *writeRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    return yield* settle(this.write(cpu, firstSlot, pages));
  }

  /** Reads consecutive pages; what was never written reads as zeros. */
  read(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    return this.#requests.run(cpu, this.#reads, firstSlot, pages);
  }

  /** As `read`, for callers that are generators anyway. */
  *readRequest(cpu: Cpu, firstSlot: number, pages: readonly IoPage[]): Suspending<IoStatus> {
    return yield* settle(this.read(cpu, firstSlot, pages));
  }

  /** Forgets the content of `count` slots, as discard and write-zeroes do; each counts in notify_free, stored or not. */
  *discard(cpu: Cpu, firstSlot: number, count: number): Suspending<void> {
    this.#requests.begin(cpu, Operation.discard);
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
}
