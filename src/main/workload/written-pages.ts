/**
 * What a device's pages should hold: for every slot the page of a page set that was written there last. The jobs' own
 * record, shared by all jobs of a device so that one may check what another wrote; no part of the machine.
 *
 *     word of a slot:  0 never written │ set number × 2^25 + page of the set + 1
 *
 * A slot is written by one job at a time (the plan sees to that), and a phase that reads starts after the barrier that ends
 * the phase that wrote, so plain stores suffice.
 */
import type { IoPage } from '../machine/codec.ts';
import type { PageSet } from './data/page-set.ts';

const PAGE_BITS = 25;
/** Most page sets that a record can tell apart: 32, of up to 2^25 − 2 pages each (128 GiB of 4 KiB pages). */
export const MOST_PAGE_SETS = 2 ** (31 - PAGE_BITS - 1);

/** Bytes of the shared record of a device with `slots` slots. */
export function writtenPagesBytes(slots: number): number {
  return slots * Int32Array.BYTES_PER_ELEMENT;
}

export class WrittenPages {
  readonly #record: Int32Array;
  readonly #sets: readonly { readonly bytes: Buffer; readonly pageSizeBytes: number }[];

  constructor(record: SharedArrayBuffer, sets: readonly PageSet[]) {
    this.#record = new Int32Array(record);
    this.#sets = sets.map((set) => ({ bytes: Buffer.from(set.bytes), pageSizeBytes: set.pageSizeBytes }));
  }

  /** Says that `slot` now holds page `page` of set `set`. */
  enter(slot: number, set: number, page: number): void {
    this.#record[slot] = set * 2 ** PAGE_BITS + page + 1;
  }

  /** What `enter` would overwrite, to be put back by `restore`; 0 for a slot that is empty. */
  entry(slot: number): number {
    return this.#record[slot] ?? 0;
  }

  /** The write that was entered did not come about. */
  restore(slot: number, entry: number): void {
    this.#record[slot] = entry;
  }

  isWritten(slot: number): boolean {
    return this.#record[slot] !== 0;
  }

  /** Whether `page` is what `slot` should hold: the page written last, or zeros. */
  matches(slot: number, page: IoPage): boolean {
    const entry = this.#record[slot] ?? 0;
    if (entry === 0) return page.words.every((word) => word === 0);
    const set = this.#sets[Math.floor(entry / 2 ** PAGE_BITS)];
    if (set === undefined) throw new Error(`slot ${slot} was written from a page set that is not there`);
    const start = ((entry % 2 ** PAGE_BITS) - 1) * set.pageSizeBytes;
    return set.bytes.compare(page.bytes, 0, set.pageSizeBytes, start, start + set.pageSizeBytes) === 0;
  }
}
