/**
 * The slot table of a device: 16 bytes for each page of the disk, in page frames of its own.
 *
 *     flag word   bit 0 SAME │ 1 HUGE │ 2 IDLE │ 3 PP_SLOT │ 4 INCOMPRESSIBLE │ 5, 6 priority │ 12 … stored size
 *     handle      of the pool object, or low half of the repeated word when SAME
 *     sameHigh    high half of the repeated word
 *     lock        whose word names the slot
 *
 * A slot has content when its size (bytes) is not 0 or it is SAME. All of it is read and written under the slot's lock. A pool
 * object knows its slot by the slot's lock word, so compaction can move it and say so (`ObjectOwners`).
 */
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import * as units from '../units.ts';
import type { LockWord, PoolHandle } from '../units.ts';
import type { ObjectOwners } from './pool.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { DeviceW, SLOT_BYTES, SlotW } = layout;
const { frameNumber, lockWord, poolHandle } = units;

/** All machine words equal: the slot keeps the word. */
export const SLOT_SAME = 1 << 0;
/** Stored uncompressed. */
export const SLOT_HUGE = 1 << 1;
/** Marked idle, and not read or written since. */
export const SLOT_IDLE = 1 << 2;
/** Chosen by the recompression in hand, and not touched since. */
export const SLOT_CHOSEN = 1 << 3;
/** No algorithm brought it to a smaller size class. */
export const SLOT_INCOMPRESSIBLE = 1 << 4;
const PRIORITY_SHIFT = 5;
const PRIORITY_MASK = 3;
const SIZE_SHIFT = 12;
const FLAGS_MASK = (1 << PRIORITY_SHIFT) - 1;
/** Of a flag word, what is not all 0 where the slot has content. */
const CONTENT_MASK = SLOT_SAME | (-1 << SIZE_SHIFT);

/** The priority of a codec, 0 … 3, as it goes among the flags of an object. */
export function priorityFlags(priority: number): number {
  return priority << PRIORITY_SHIFT;
}

export class Slots implements ObjectOwners {
  readonly #arena: Arena;
  readonly #first: number;
  readonly #count: number;

  constructor(arena: Arena, device: number) {
    this.#arena = arena;
    const table = frameNumber(arena.word(arena.deviceWord(device) + DeviceW.slotTableFirstFrame));
    this.#first = arena.frameAddress(table) / 4;
    this.#count = arena.slotCount;
  }

  /** The lock of a slot, by which the other methods know the slot. Throws for one that the disk does not have. */
  lock(slot: number): LockWord {
    if (slot >>> 0 !== slot || slot >= this.#count) {
      throw new Error(`slot ${slot} lies outside a disk of ${this.#count} pages`);
    }
    return lockWord(this.#first + (slot * SLOT_BYTES) / 4 + SlotW.lock);
  }

  /** SLOT_… flags, without the priority and the size. */
  flags(slot: LockWord): number {
    return this.#word(slot, SlotW.flags) & FLAGS_MASK;
  }

  /** Priority of the codec that made the object: 0 is the device's primary algorithm. */
  priority(slot: LockWord): number {
    return (this.#word(slot, SlotW.flags) >>> PRIORITY_SHIFT) & PRIORITY_MASK;
  }

  /** Stored size in bytes: 0 for none and for same-filled. */
  sizeBytes(slot: LockWord): number {
    return this.#word(slot, SlotW.flags) >>> SIZE_SHIFT;
  }

  hasContent(slot: LockWord): boolean {
    return ((this.#arena.words[slot - SlotW.lock + SlotW.flags] ?? 0) & CONTENT_MASK) !== 0;
  }

  handle(slot: LockWord): PoolHandle {
    return poolHandle(this.#word(slot, SlotW.handle));
  }

  sameLow(slot: LockWord): number {
    return this.#word(slot, SlotW.handle);
  }

  sameHigh(slot: LockWord): number {
    return this.#word(slot, SlotW.sameHigh);
  }

  /** `flags` are SLOT_HUGE or none, and `priorityFlags`. */
  storeObject(slot: LockWord, handle: PoolHandle, sizeBytes: number, flags: number): void {
    const { words } = this.#arena;
    words[slot - SlotW.lock + SlotW.handle] = handle;
    words[slot - SlotW.lock + SlotW.flags] = flags | (sizeBytes << SIZE_SHIFT);
  }

  storeSame(slot: LockWord, low: number, high: number): void {
    this.#setWord(slot, SlotW.handle, low);
    this.#setWord(slot, SlotW.sameHigh, high);
    this.#setWord(slot, SlotW.flags, SLOT_SAME);
  }

  clear(slot: LockWord): void {
    this.storeSame(slot, 0, 0);
    this.#setWord(slot, SlotW.flags, 0);
  }

  /** Sets one of IDLE, CHOSEN and INCOMPRESSIBLE. */
  mark(slot: LockWord, flag: number): void {
    this.#setWord(slot, SlotW.flags, this.#word(slot, SlotW.flags) | flag);
  }

  unmark(slot: LockWord, flags: number): void {
    this.#setWord(slot, SlotW.flags, this.#word(slot, SlotW.flags) & ~flags);
  }

  holds(slot: LockWord, location: PoolHandle): boolean {
    return this.sizeBytes(slot) !== 0 && this.handle(slot) === location;
  }

  moved(slot: LockWord, location: PoolHandle): void {
    this.#setWord(slot, SlotW.handle, location);
  }

  #word(slot: LockWord, field: number): number {
    return this.#arena.word(slot - SlotW.lock + field);
  }

  #setWord(slot: LockWord, field: number, value: number): void {
    this.#arena.words[slot - SlotW.lock + field] = value;
  }
}
