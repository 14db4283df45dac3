/** How requests of a device end, at once or after waiting. */
import type { Suspending } from '../cpu.ts';

/** How a request ended. */
export const IoStatus = { done: 0, noMemory: 1, corrupt: 2, noBuffer: 3, codecFailed: 4 } as const;
export type IoStatus = (typeof IoStatus)[keyof typeof IoStatus];

/**
 * How a request ended, or the rest of one that must wait, which its caller carries on with at once. A request that need not wait
 * costs no generator, which is a seventh of what the machine itself takes for a page.
 */
export type IoOutcome = IoStatus | Suspending<IoStatus>;

/** Carries on with what is not at its end. */
export function* settle(outcome: IoOutcome): Suspending<IoStatus> {
  return typeof outcome === 'number' ? outcome : yield* outcome;
}
