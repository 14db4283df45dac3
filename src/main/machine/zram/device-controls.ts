/**
 * What can be asked of a zram device beside I/O: its sysfs attributes as operations.
 *
 *     compact ─▶ Compaction      recompress ─▶ Recompression      idle, reset ─▶ slot by slot      mem_limit, mem_used_max ─▶ words
 *
 * All of it may run beside I/O, except `reset`: in the kernel that is refused while the device is open.
 */
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { DEVICE_COUNTERS_BYTES, DeviceF64, DeviceW } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { cpuId } from '../units.ts';
import { Compaction } from './compaction.ts';
import { deviceCounters } from './device-statistics.ts';
import {
  type DeviceParts,
  Recompression,
  type RecompressionOutcome,
  type RecompressionRequest,
} from './recompression.ts';
import { SLOT_IDLE, SLOT_SAME } from './slots.ts';
import type { Result } from '../../../shared/result.ts';

/** Words of the device block that a reset clears. */
const STATISTIC_WORDS = [
  DeviceW.poolPagesMax,
  DeviceW.limitPages,
  DeviceW.pagesStoredPeak,
  DeviceW.pagesCompacted,
  DeviceW.writeStalls,
  DeviceW.missedFrees,
];

export class DeviceControls {
  readonly #arena: Arena;
  readonly #device: number;
  readonly #block: number;
  readonly #parts: DeviceParts;
  readonly #compaction: Compaction;
  readonly #recompression: Recompression;

  constructor(arena: Arena, frames: PageFrames, device: number, parts: DeviceParts) {
    this.#arena = arena;
    this.#device = device;
    this.#block = arena.deviceWord(device);
    this.#parts = parts;
    this.#compaction = new Compaction(arena, frames, device, parts.slots);
    this.#recompression = new Recompression(arena, frames, device, parts);
  }

  /** Brings objects together; answers with the pages released, 0 at once while another compaction of the device runs. */
  compact(cpu: Cpu): Suspending<number> {
    return this.#compaction.run(cpu);
  }

  /**
   * Tries stronger codecs on stored pages. Errors: 'bad-input', 'busy' (another pass runs), 'out-of-memory', 'unavailable'
   * (this CPU has no buffer, or a codec failed); what was recompressed before stays so.
   */
  recompress(cpu: Cpu, request: RecompressionRequest): Suspending<Result<RecompressionOutcome>> {
    return this.#recompression.run(cpu, request);
  }

  /** Marks all stored pages idle, except same-filled ones; a page loses the mark when it is read, written or freed. */
  *markIdle(cpu: Cpu): Suspending<void> {
    const { slots } = this.#parts;
    cpu.begin(Operation.markIdle);
    for (let slot = 0; slot < this.#arena.slotCount; slot++) {
      const lock = slots.lock(slot);
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
      if (slots.hasContent(lock) && (slots.flags(lock) & SLOT_SAME) === 0) slots.mark(lock, SLOT_IDLE);
      cpu.unlock(lock);
    }
    cpu.end();
  }

  /** Sets the most bytes that the pool may use, rounded up to whole pages; 0 lifts the limit. Any thread. */
  setMemoryLimit(bytes: number): void {
    const pages = Math.ceil(bytes / this.#arena.config.pageSizeBytes);
    Atomics.store(this.#arena.words, this.#block + DeviceW.limitPages, pages);
  }

  /** Makes the pool's present size its high-water mark. Any thread. */
  resetMemoryPeak(): void {
    const { words } = this.#arena;
    Atomics.store(words, this.#block + DeviceW.poolPagesMax, Atomics.load(words, this.#block + DeviceW.poolPages));
  }

  /**
   * Makes the streams that are the device's alone, as setting the disk size does: after boot and after a reset. Errors:
   * 'out-of-memory', with nothing left taken; 'bad-input' when they are there.
   */
  initialise(cpu: Cpu): Suspending<Result<void>> {
    return this.#parts.streams.initialise(cpu);
  }

  /**
   * Frees everything, the device's own streams included, and forgets limit and statistics; `initialise` makes it usable again
   * where it had streams of its own. No other operation of the device may be in hand on any CPU.
   */
  *reset(cpu: Cpu): Suspending<void> {
    const { slots, content } = this.#parts;
    cpu.begin(Operation.reset);
    for (let slot = 0; slot < this.#arena.slotCount; slot++) {
      const lock = slots.lock(slot);
      if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.slot);
      yield* content.forget(cpu, lock);
      cpu.unlock(lock);
    }
    yield* this.#parts.streams.release(cpu);
    cpu.end();
    const { words, doubles, config } = this.#arena;
    for (const word of STATISTIC_WORDS) Atomics.store(words, this.#block + word, 0);
    doubles[this.#block / 2 + DeviceF64.compressedBytesPeak] = 0;
    for (let id = 0; id < config.possibleCpus; id++) {
      const first = deviceCounters(this.#arena, this.#device, cpuId(id));
      doubles.fill(0, first, first + DEVICE_COUNTERS_BYTES / 8);
    }
  }
}
