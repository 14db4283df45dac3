/**
 * What a failed sample leaves to be looked at, told before it is gone.
 *
 *     failure ──▶ look at what is left ─ok─▶ the failure as it is
 *                        └─throws─▶ the failure, and why nobody could look
 *
 * Reading the remains of what has just failed may fail too; what the user must hear is the first failure.
 */
import type { Failure } from '../../shared/result.ts';

/** Calls `tell`, and gives back `failure`: when `tell` throws, with the reason of that behind its sentence. */
export function tellFailure(failure: Failure, tell: () => void): Failure {
  try {
    tell();
    return failure;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${failure.error.message} (what the devices held then could not be told: ${reason})`;
    return { ok: false, error: { ...failure.error, message } };
  }
}
