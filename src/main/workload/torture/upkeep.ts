/** What is done to zram devices while others write: compaction, recompression, idle marks, at random. */
import type { Cpu, Suspending } from '../../machine/cpu.ts';
import type { ZramDevice } from '../../machine/zram/device.ts';
import type { Random } from '../random.ts';

/** Expected of a recompression: another one runs, memory or a buffer is missing, a codec failed. */
const EXPECTED = ['busy', 'out-of-memory', 'unavailable'];

export class Upkeep {
  readonly problems: string[] = [];
  readonly counts = { pagesReleased: 0, recompressed: 0, failedRecompressions: 0 };
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** One operation on `device`. */
  *step(cpu: Cpu, { controls }: ZramDevice): Suspending<void> {
    const choice = this.#random.nextBelow(4);
    if (choice < 2) {
      this.counts.pagesReleased += yield* controls.compact(cpu);
      return;
    }
    if (choice === 2) {
      yield* controls.markIdle(cpu);
      return;
    }
    const outcome = yield* controls.recompress(cpu, { type: this.#random.nextBelow(2) === 0 ? 'all' : 'idle' });
    if (outcome.ok) this.counts.recompressed += outcome.value.recompressed;
    else {
      this.counts.failedRecompressions += 1;
      if (!EXPECTED.includes(outcome.error.code)) this.problems.push(outcome.error.message);
    }
  }
}
