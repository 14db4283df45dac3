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

  /** The lock of a slot, by which the other methods know the slot. Throws for one that the disk does not have. */
  lock(slot: number): LockWord {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#arena.slotCount) {
      throw new Error(`slot ${slot} lies outside a disk of ${this.#arena.slotCount} pages`);
    }
    return lockWord(this.#first + (slot * SLOT_BYTES) / 4 + SlotW.flags);
  }

  /** SLOT_… flags without the lock bits and the size. */
  flags(slot: LockWord): number {
    return this.#arena.word(slot) & (SLOT_SAME | SLOT_HUGE);
  }

  /** Stored size in bytes: 0 for none and for same-filled. */
  sizeBytes(slot: LockWord): number {
    return this.#arena.word(slot) >>> SIZE_SHIFT;
  }

  hasContent(slot: LockWord): boolean {
    const flags = this.#arena.word(slot);
    return flags >>> SIZE_SHIFT !== 0 || (flags & SLOT_SAME) !== 0;
  }

  handle(slot: LockWord): PoolHandle {
    return poolHandle(this.#arena.word(slot - SlotW.flags + SlotW.handle));
  }

  sameLow(slot: LockWord): number {
    return this.#arena.word(slot - SlotW.flags + SlotW.handle);
  }

  sameHigh(slot: LockWord): number {
    return this.#arena.word(slot - SlotW.flags + SlotW.sameHigh);
  }

  storeObject(slot: LockWord, handle: PoolHandle, sizeBytes: number, flags: number): void {
    this.#arena.words[slot - SlotW.flags + SlotW.handle] = handle;
    this.#setFlags(slot, flags | (sizeBytes << SIZE_SHIFT));
  }

  storeSame(slot: LockWord, low: number, high: number): void {
    this.#arena.words[slot - SlotW.flags + SlotW.handle] = low;
    this.#arena.words[slot - SlotW.flags + SlotW.sameHigh] = high;
    this.#setFlags(slot, SLOT_SAME);
  }

  clear(slot: LockWord): void {
    this.storeSame(slot, 0, 0);
    this.#setFlags(slot, 0);
  }

  /** Waiters may set a lock bit at any moment, hence the loop. */
  #setFlags(slot: LockWord, flags: number): void {
    const { words } = this.#arena;
    for (;;) {
      const seen = this.#arena.word(slot);
      if (Atomics.compareExchange(words, slot, seen, (seen & LOCK_BITS) | flags) === seen) return;
    }
  }
}
