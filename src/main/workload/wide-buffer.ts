/**
 * Bytes between buffers of node:buffer and shared memory of any size: an arena, a page set.
 *
 *     memory  │ window 0: 2 GiB │ window 1: 2 GiB │ …       each goes on for MOST_BYTES into the next one
 *
 * Windows, because `Buffer.copy` (Node 24.21) cuts the places that it copies from and to down to 32 bits: beyond 4 GiB of one
 * buffer it reads and writes elsewhere, and says nothing.
 */

const WINDOW_BYTES = 2 ** 31;
/** Of one copy: more than two of the largest pages. */
const MOST_BYTES = 2 ** 20;

export class WideBuffer {
  readonly #windows: readonly Buffer[];

  constructor(memory: SharedArrayBuffer) {
    this.#windows = Array.from({ length: Math.ceil(memory.byteLength / WINDOW_BYTES) }, (_, index) => {
      const start = index * WINDOW_BYTES;
      return Buffer.from(memory, start, Math.min(WINDOW_BYTES + MOST_BYTES, memory.byteLength - start));
    });
  }

  /** Copies `source` from its byte `start` on to `to`. */
  bring(source: Buffer, start: number, to: number): void {
    const window = windowOf(to);
    source.copy(this.#window(window), to - window * WINDOW_BYTES, start);
  }

  /** Copies the `bytes` bytes at `from` to byte `at` of `target`. */
  fetch(from: number, bytes: number, target: Uint8Array, at: number): void {
    const window = windowOf(from);
    const start = from - window * WINDOW_BYTES;
    this.#window(window).copy(target, at, start, start + bytes);
  }

  #window(index: number): Buffer {
    const window = this.#windows[index];
    if (window === undefined) throw new Error(`the memory ends before its window ${index}`);
    return window;
  }
}

function windowOf(address: number): number {
  return Math.trunc(address / WINDOW_BYTES);
}
