/** What a phase leaves on its thread's heap, and how the next one is spared it. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of V8's `gc`, what is used. */
type CollectGarbage = (options: { readonly type: 'minor' }) => void;

/**
 * Makes what collects the young garbage of this thread and lets Node free the native memory behind it. Without it reads paid for what
 * the writes before them had left with lz4-napi, some 4 % of their time, and more after the design that had written more.
 *
 * Young garbage alone: after a full collection V8 begins with a small heap, which costs the phase more than it was spared. Where V8
 * has helper threads for garbage (no `--single-threaded-gc`) they free some of it later; a runtime without gc frees none.
 */
export function makeLeftoverCollector(): () => Promise<void> {
  const collectGarbage = takeGc();
  return async () => {
    collectGarbage?.({ type: 'minor' });
    // Native memory is freed in immediate callbacks, of which the first may come before they are set.
    await setImmediate();
    await setImmediate();
  };
}

/** A context that is made when the flag is set has the function. The flag stays: other threads may be about to make theirs. */
function takeGc(): CollectGarbage | undefined {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('globalThis.gc');
  return isCollector(gc) ? gc : undefined;
}

function isCollector(value: unknown): value is CollectGarbage {
  return typeof value === 'function';
}
