/**
 * Copies of a page set's pages, of a set of any size.
 *
 *     set   │ window 0: 2 GiB │ window 1: 2 GiB │ …       whole pages each
 *
 * Windows, because `Buffer.copy` (Node 24.21) cuts the place that it copies from down to 32 bits: beyond 4 GiB of a set, which
 * blocks of more than that make, it copies another page, and says nothing. (`Buffer.compare` does not.)
 */
import type { PageSet } from './page-set.ts';

/** A multiple of every page size. */
const WINDOW_BYTES = 2 ** 31;

export class SetCopies {
  readonly #windows: readonly Buffer[];
  readonly #pageSizeBytes: number;

  constructor({ bytes, pageSizeBytes }: Pick<PageSet, 'bytes' | 'pageSizeBytes'>) {
    this.#pageSizeBytes = pageSizeBytes;
    this.#windows = Array.from({ length: Math.ceil(bytes.byteLength / WINDOW_BYTES) }, (_, index) => {
      const start = index * WINDOW_BYTES;
      return Buffer.from(bytes, start, Math.min(WINDOW_BYTES, bytes.byteLength - start));
    });
  }

  /** Copies page `page` of the set to `target`, which has its size. Throws for a page behind the set. */
  copy(page: number, target: Uint8Array): void {
    const at = page * this.#pageSizeBytes;
    const index = Math.trunc(at / WINDOW_BYTES);
    const window = this.#windows[index];
    if (window === undefined) throw new Error(`the set ends before its page ${page}`);
    const start = at - index * WINDOW_BYTES;
    window.copy(target, 0, start, start + this.#pageSizeBytes);
  }
}
