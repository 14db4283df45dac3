/**
 * The slot table of a device: 16 bytes for each page of the disk, in page frames of its own.
 *
 *     flag word   bit 0, 1 lock │ 2 SAME │ 3 HUGE │ 8 … stored size in bytes
 *     handle      of the pool object, or low half of the repeated word when SAME
 *     sameHigh    high half of the repeated word
 *
 * A slot has content when its size is not 0 or it is SAME. All but the lock bits is read and written under the slot's lock.
 */
import type { Arena } from '../memory/arena.ts';
import { DeviceW, SLOT_BYTES, SlotW } from '../memory/arena-layout.ts';
import { LOCK_BITS } from '../sync/lock.ts';
import { frameNumber, type LockWord, lockWord, type PoolHandle, poolHandle } from '../units.ts';

export const SLOT_SAME = 4;
export const SLOT_HUGE = 8;
const SIZE_SHIFT = 8;

export class Slots {
  readonly #arena: Arena;
  readonly #first: number;

  constructor(arena: Arena, device: number) {
    this.#arena = arena;
    const table = frameNumber(arena.word(arena.deviceWord(device) + DeviceW.slotTableFirstFrame));
    this.#first = arena.frameAddress(table) / 4;
  }

  /** Lock of a slot. Throws for a slot that the disk does not have. */
  lock(slot: number): LockWord {
    return lockWord(this.#word(slot) + SlotW.flags);
  }

  /** SLOT_… flags without the lock bits and the size. */
  flags(slot: number): number {
    return this.#arena.word(this.#word(slot) + SlotW.flags) & (SLOT_SAME | SLOT_HUGE);
  }

  /** Stored size in bytes: 0 for none and for same-filled. */
  sizeBytes(slot: number): number {
    return this.#arena.word(this.#word(slot) + SlotW.flags) >>> SIZE_SHIFT;
  }

  hasContent(slot: number): boolean {
    return (
      this.#arena.word(this.#word(slot) + SlotW.flags) >>> SIZE_SHIFT !== 0 || (this.flags(slot) & SLOT_SAME) !== 0
    );
  }

  handle(slot: number): PoolHandle {
    return poolHandle(this.#arena.word(this.#word(slot) + SlotW.handle));
  }

  sameLow(slot: number): number {
    return this.#arena.word(this.#word(slot) + SlotW.handle);
  }

  sameHigh(slot: number): number {
    return this.#arena.word(this.#word(slot) + SlotW.sameHigh);
  }

  storeObject(slot: number, handle: PoolHandle, sizeBytes: number, flags: number): void {
    this.#store(slot, handle, 0);
    this.#setFlags(slot, flags | (sizeBytes << SIZE_SHIFT));
  }

  storeSame(slot: number, low: number, high: number): void {
    this.#store(slot, low, high);
    this.#setFlags(slot, SLOT_SAME);
  }

  clear(slot: number): void {
    this.#store(slot, 0, 0);
    this.#setFlags(slot, 0);
  }

  #store(slot: number, handle: number, sameHigh: number): void {
    const word = this.#word(slot);
    this.#arena.words[word + SlotW.handle] = handle;
    this.#arena.words[word + SlotW.sameHigh] = sameHigh;
  }

  /** Waiters may set a lock bit at any moment, hence the loop. */
  #setFlags(slot: number, flags: number): void {
    const { words } = this.#arena;
    const word = this.#word(slot) + SlotW.flags;
    for (;;) {
      const seen = Atomics.load(words, word);
      if (Atomics.compareExchange(words, word, seen, (seen & LOCK_BITS) | flags) === seen) return;
    }
  }

  #word(slot: number): number {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#arena.slotCount) {
      throw new Error(`slot ${slot} lies outside a disk of ${this.#arena.slotCount} pages`);
    }
    return this.#first + (slot * SLOT_BYTES) / 4;
  }
}
