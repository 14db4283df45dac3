/** What the slots of a device hold, by the codec that made it, read without a lock: exact at rest. */
import type { Arena } from '../memory/arena.ts';
import { SLOT_HUGE, SLOT_SAME, Slots } from './slots.ts';

export interface StoredPages {
  readonly pages: number;
  /** Stored bytes: what these pages are part of in compr_data_size. */
  readonly bytes: number;
}

export interface StoredContents {
  readonly same: StoredPages;
  readonly huge: StoredPages;
  /** By priority of the codec, 0 … 3. */
  readonly compressed: readonly StoredPages[];
}

const PRIORITIES = 4;

/** Looks at every slot. Any thread; a slot that changes meanwhile counts as it was found. */
export function readStoredContents(arena: Arena, device: number): StoredContents {
  const slots = new Slots(arena, device);
  const same = { pages: 0, bytes: 0 };
  const huge = { pages: 0, bytes: 0 };
  const compressed = Array.from({ length: PRIORITIES }, () => ({ pages: 0, bytes: 0 }));
  for (let slot = 0; slot < arena.slotCount; slot++) {
    const lock = slots.lock(slot);
    if (!slots.hasContent(lock)) continue;
    const flags = slots.flags(lock);
    const made = (flags & SLOT_HUGE) !== 0 ? huge : compressed[slots.priority(lock)];
    const into = (flags & SLOT_SAME) !== 0 || made === undefined ? same : made;
    into.pages += 1;
    into.bytes += slots.sizeBytes(lock);
  }
  return { same, huge, compressed };
}
