/**
 * Where the threads of a phase wait for each other: all are armed and sleep on the `go` word, until the main thread stores
 * the number of the phase there and wakes them, or gives the sample up through `halt`.
 *
 *     main thread     … all armed ──store go = n, notify──▶
 *     each thread     armed ──▶ wait(go) ─────────────────▶ runs            halt ≠ 0 ──▶ false
 *
 * The words lie where the engine has its run control: in the arena's header, or in a control block.
 */

/** Indices into the shared words. */
export interface StartWords {
  /** Number of the phase that may start, from 1, ascending. */
  readonly go: number;
  /** Anything but 0: nobody starts any more. */
  readonly halt: number;
}

/** How long a thread sleeps at most before it looks at `halt` again, in milliseconds. */
const NAP_MS = 20;

/** Blocks the calling thread until phase `number` may start; false when the sample was given up. The load pairs with the engine's store and notify of `go`. */
export function waitForGo(words: Int32Array, at: StartWords, number: number): boolean {
  for (;;) {
    const go = Atomics.load(words, at.go);
    if (go >= number) return true;
    if (Atomics.load(words, at.halt) !== 0) return false;
    Atomics.wait(words, at.go, go, NAP_MS);
  }
}
