/**
 * Work of the machine on the lab's own thread, in pieces: between two of them the event loop has its turn, and whoever cancels is
 * heard.
 *
 *     work ──tryLock: no, a turn is due──▶ lock ──yield──▶ event loop, signal ──▶ work goes on with the lock
 *
 * The machine's code waits at locks alone, so a lock is where its work is interrupted: there, it gives up the quick way as if
 * somebody else held the lock, which nobody does.
 */
import { setImmediate } from 'node:timers/promises';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Suspending } from '../../machine/cpu.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';

/** Of one piece: a tenth of the time in which a cancelled run has to end. */
const PIECE_MS = 20;

/** Nobody else works on its machine. */
export class TurnTakingCpu extends LoneCpu {
  #untilMs = performance.now() + PIECE_MS;

  override tryLock(): boolean {
    return performance.now() < this.#untilMs;
  }

  override *lock(): Suspending<void> {
    yield undefined;
    this.#untilMs = performance.now() + PIECE_MS;
  }
}

/** What `work` of a `TurnTakingCpu` comes to. Error: 'cancelled'; the machine is then left in the middle of it. */
export async function inTurns<T>(work: Suspending<T>, signal: AbortSignal): Promise<Result<T>> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return ok(step.value);
    await setImmediate();
    if (signal.aborted) return fail('cancelled', 'the run was cancelled');
  }
}
