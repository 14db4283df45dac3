import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCKED, tryLock, unlock } from '../../../../src/main/machine/sync/lock.ts';
import { poolHandle } from '../../../../src/main/machine/units.ts';
import {
  priorityFlags,
  SLOT_CHOSEN,
  SLOT_HUGE,
  SLOT_IDLE,
  SLOT_INCOMPRESSIBLE,
  SLOT_SAME,
  Slots,
} from '../../../../src/main/machine/zram/slots.ts';
import { makeMachine } from '../fixtures/make-machine.ts';

function emptyTable(slots = 8) {
  const { arena } = makeMachine({ diskSizeBytes: slots * 4096 });
  return { arena, slots: new Slots(arena, 0) };
}

/** Everything that a slot says of itself. */
function contentOf(slots: Slots, slot: number) {
  return {
    flags: slots.flags(slots.lock(slot)),
    sizeBytes: slots.sizeBytes(slots.lock(slot)),
    handle: slots.handle(slots.lock(slot)),
    low: slots.sameLow(slots.lock(slot)),
    high: slots.sameHigh(slots.lock(slot)),
  };
}

const EMPTY = { flags: 0, sizeBytes: 0, handle: 0, low: 0, high: 0 };

describe('a slot', () => {
  it('is empty at first', () => {
    const { slots } = emptyTable();
    for (let slot = 0; slot < 8; slot++) expect(contentOf(slots, slot)).toEqual(EMPTY);
  });

  it('keeps handle and size of an object', () => {
    const { slots } = emptyTable();
    slots.storeObject(slots.lock(3), poolHandle(0x7fff_ff00), 3624, 0);
    expect(contentOf(slots, 3)).toMatchObject({ flags: 0, sizeBytes: 3624, handle: 0x7fff_ff00 });
  });

  it('keeps both halves of the word of a same-filled page, and no size', () => {
    const { slots } = emptyTable();
    slots.storeSame(slots.lock(3), -1, 0x1234_5678);
    expect(contentOf(slots, 3)).toMatchObject({ flags: SLOT_SAME, sizeBytes: 0, low: -1, high: 0x1234_5678 });
  });

  it('tells a huge page of 65536 bytes by flag and size', () => {
    const { slots } = emptyTable();
    slots.storeObject(slots.lock(0), poolHandle(1), 65536, SLOT_HUGE);
    expect(contentOf(slots, 0)).toMatchObject({ flags: SLOT_HUGE, sizeBytes: 65536, handle: 1 });
  });

  it('is empty again after clear', () => {
    const { slots } = emptyTable();
    slots.storeObject(slots.lock(1), poolHandle(7), 100, SLOT_HUGE);
    slots.clear(slots.lock(1));
    expect(contentOf(slots, 1)).toEqual(EMPTY);
    slots.storeSame(slots.lock(1), 5, 6);
    slots.clear(slots.lock(1));
    expect(contentOf(slots, 1)).toEqual(EMPTY);
  });

  it('keeps priority and marks apart from flags and size', () => {
    const { slots } = emptyTable();
    const slot = slots.lock(6);
    slots.storeObject(slot, poolHandle(3), 65536, SLOT_HUGE | priorityFlags(3));
    slots.mark(slot, SLOT_IDLE);
    slots.mark(slot, SLOT_INCOMPRESSIBLE);
    expect(slots.priority(slot)).toBe(3);
    expect(contentOf(slots, 6)).toMatchObject({ flags: SLOT_HUGE | SLOT_IDLE | SLOT_INCOMPRESSIBLE, sizeBytes: 65536 });
    slots.unmark(slot, SLOT_IDLE | SLOT_CHOSEN);
    expect(contentOf(slots, 6)).toMatchObject({ flags: SLOT_HUGE | SLOT_INCOMPRESSIBLE, sizeBytes: 65536 });
    slots.storeObject(slot, poolHandle(3), 100, 0);
    expect([slots.priority(slot), slots.flags(slot)]).toEqual([0, 0]);
  });

  it('names the owner of an object, which it finds again where it was moved to', () => {
    const { slots } = emptyTable();
    slots.storeObject(slots.lock(1), poolHandle(7), 100, 0);
    slots.storeSame(slots.lock(2), 7, 0);
    expect([1, 2, 3].map((slot) => slots.holds(slots.lock(slot), poolHandle(7)))).toEqual([true, false, false]);
    slots.moved(slots.lock(1), poolHandle(9));
    expect(slots.holds(slots.lock(1), poolHandle(7))).toBe(false);
    expect(contentOf(slots, 1)).toMatchObject({ handle: 9, sizeBytes: 100 });
  });

  it('does not disturb its neighbours', () => {
    const { slots } = emptyTable();
    slots.storeObject(slots.lock(2), poolHandle(9), 2700, 0);
    slots.storeSame(slots.lock(4), 1, 2);
    slots.storeObject(slots.lock(3), poolHandle(10), 4096, SLOT_HUGE);
    slots.clear(slots.lock(3));
    expect(contentOf(slots, 2)).toMatchObject({ sizeBytes: 2700, handle: 9 });
    expect(contentOf(slots, 4)).toMatchObject({ flags: SLOT_SAME, low: 1, high: 2 });
  });

  it('stays locked through every change of content, and keeps its content through unlocking', () => {
    const { arena, slots } = emptyTable();
    const lock = slots.lock(5);
    expect(tryLock(arena.words, lock)).toBe(true);
    slots.storeSame(lock, 1, 1);
    slots.clear(lock);
    slots.storeObject(lock, poolHandle(12), 99, SLOT_HUGE);
    slots.mark(lock, SLOT_IDLE);
    expect(arena.word(lock)).toBe(LOCKED);
    expect(unlock(arena.words, lock)).toBe(false);
    expect(contentOf(slots, 5)).toMatchObject({ flags: SLOT_HUGE | SLOT_IDLE, sizeBytes: 99, handle: 12 });
  });

  it('throws outside the disk', () => {
    const { slots } = emptyTable(8);
    for (const slot of [-1, 8, 0.5, Number.NaN]) {
      expect(() => slots.lock(slot)).toThrow(`slot ${slot} lies outside a disk of 8 pages`);
    }
  });

  it('returns whatever object it was given', () => {
    const { slots } = emptyTable();
    fc.assert(
      fc.property(
        fc.nat(7),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        fc.integer({ min: 1, max: 65536 }),
        (slot, handle, sizeBytes) => {
          slots.storeObject(slots.lock(slot), poolHandle(handle), sizeBytes, 0);
          expect(contentOf(slots, slot)).toMatchObject({ flags: 0, sizeBytes, handle });
        },
      ),
    );
  });
});

describe('the slot tables of two devices', () => {
  it('are apart', () => {
    const { arena } = makeMachine({ devices: 2 });
    const [first, second] = [new Slots(arena, 0), new Slots(arena, 1)];
    first.storeObject(first.lock(0), poolHandle(5), 50, 0);
    expect(contentOf(second, 0)).toEqual(EMPTY);
    expect(first.lock(0)).not.toBe(second.lock(0));
  });
});
