/** A count that lasts shares its thread: with whoever looks at the lab, and with the word that nobody wants the count any more. */
import { setImmediate } from 'node:timers/promises';

/** How long a count keeps the thread, milliseconds, but for a step that takes longer by itself. */
const KEEP_MS = 20;

export class CountingPauses {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Between two steps: lets others have the thread when they have waited long enough. False when the signal was aborted. */
  async next(): Promise<boolean> {
    if (performance.now() - this.#sinceMs >= KEEP_MS) {
      await setImmediate();
      this.#sinceMs = performance.now();
    }
    return !this.#signal.aborted;
  }
}
