/** Memory over time in a bounded number of points: when they are full, every second is dropped and the step is doubled. */
import type { MemorySample } from '../../../shared/replay-report.ts';

const POINTS = 512;

export class MemorySeries {
  #samples: MemorySample[] = [];
  #step = 1;
  #events = 0;

  /** Counts an event; true when `add` must follow. */
  isDue(): boolean {
    const isDue = this.#events % this.#step === 0;
    this.#events += 1;
    return isDue;
  }

  /** The points and, at the end, one more. */
  finish(last: MemorySample): readonly MemorySample[] {
    return [...this.#samples, last];
  }

  add(sample: MemorySample): void {
    this.#samples.push(sample);
    if (this.#samples.length < POINTS) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
    this.#step *= 2;
  }
}
