/** What the way into the kernel costs: the same call as the kernel engine's, to a device that does nothing. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { spread } from '../statistics/spread.ts';

const CALLS = 2000;
const ROUNDS = 9;

/** Nanoseconds of one write of `bytes` to /dev/null from this runtime: median of nine rounds. Blocks for some milliseconds. */
export function systemCallNs(bytes: number): number {
  const page = Buffer.alloc(bytes);
  const file = openSync('/dev/null', 'w');
  try {
    const round = (): number => {
      const startMs = performance.now();
      for (let call = 0; call < CALLS; call++) writeSync(file, page, 0, bytes, 0);
      return ((performance.now() - startMs) * 1e6) / CALLS;
    };
    // Compiled on the way.
    round();
    return Math.round(spread(Array.from({ length: ROUNDS }, round)).median);
  } finally {
    closeSync(file);
  }
}
