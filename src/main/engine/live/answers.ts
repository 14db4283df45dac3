/** What an engine reads from the answer of a thread. */
import type { Died } from './cpu-thread.ts';
import type { CpuResponse } from './protocol.ts';

/** Whether it is the one that was awaited. */
export function isOfKind<K extends CpuResponse['kind']>(
  answer: CpuResponse | Died,
  kind: K,
): answer is Extract<CpuResponse, { kind: K }> {
  return answer.kind === kind;
}

/** Whether a job of the thread could not go on: the others are then stopped. */
export function reportsFailure(answer: CpuResponse): boolean {
  return answer.kind === 'phaseDone' && answer.report.failure !== undefined;
}
