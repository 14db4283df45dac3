/** What an engine reads from the answer of a thread. */
import type { CpuResponse } from './protocol.ts';

/** Whether it is the one that was awaited. */
export function isOfKind<Answer extends { readonly kind: string }, K extends Answer['kind']>(
  answer: Answer,
  kind: K,
): answer is Extract<Answer, { kind: K }> {
  return answer.kind === kind;
}

/** Whether a job of the thread could not go on: the others are then stopped. */
export function reportsFailure(answer: CpuResponse): boolean {
  return answer.kind === 'phaseDone' && answer.report.failure !== undefined;
}
