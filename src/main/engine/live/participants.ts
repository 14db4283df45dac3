/** The CPUs of a sample whose threads were started: how they are made to stop, and what they answer. */
import { ok, type Result } from '../../../shared/result.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { HeaderW } from '../../machine/memory/arena-layout.ts';
import { isOfKind, reportsFailure } from './answers.ts';
import type { CpuThread } from './cpu-thread.ts';
import { describeDeath } from './failure-sentences.ts';
import type { CpuResponse } from './protocol.ts';

/** A CPU that has a job. */
export interface Participant {
  readonly cpu: number;
  readonly thread: CpuThread;
}

/** What the thread of a CPU answered. */
type AnswerOf<K extends CpuResponse['kind']> = Extract<CpuResponse, { kind: K }> & Pick<Participant, 'cpu'>;

/** Whoever waits for a lock or the barrier gives up within the sleep of one wait. */
export function halt(arena: Arena): void {
  Atomics.store(arena.words, HeaderW.stop, 1);
  Atomics.store(arena.words, HeaderW.halt, 1);
  Atomics.notify(arena.words, HeaderW.go);
}

/** Ends the threads that have not answered yet. */
export function endBusy(participants: readonly Participant[]): void {
  for (const { thread } of participants) if (thread.isBusy) void thread.terminate();
}

/**
 * Awaits one answer of `kind` from each. When a CPU dies or throws, or reports a failed job, the machine is stopped at once
 * so that the others answer too, and who does not within `graceMs` is ended; the first failure is the result.
 */
export async function gather<K extends CpuResponse['kind']>(
  arena: Arena,
  participants: readonly Participant[],
  kind: K,
  graceMs: number,
): Promise<Result<readonly AnswerOf<K>[]>> {
  const answers: AnswerOf<K>[] = [];
  let failure: Result<never> | undefined;
  let jobFailed = false;
  let grace: NodeJS.Timeout | undefined;
  await Promise.all(
    participants.map(async ({ cpu, thread }) => {
      const answer = await thread.nextAnswer();
      if (isOfKind(answer, kind)) {
        answers.push({ ...answer, cpu });
        if (!reportsFailure(answer)) return;
        jobFailed = true;
        Atomics.store(arena.words, HeaderW.stop, 1);
      } else {
        // What had to be ended because it did not come back from another's failed job is not what went wrong.
        if (answer.kind !== 'halted' && !jobFailed) failure ??= describeDeath(arena, cpu, answer);
        halt(arena);
      }
      grace ??= setTimeout(() => endBusy(participants), graceMs);
    }),
  );
  clearTimeout(grace);
  return failure ?? ok(answers);
}
