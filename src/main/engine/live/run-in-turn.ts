/**
 * The jobs of one thread: a batch each in turn, so that all of them go on at the same time.
 *
 *     job a │ batch │       │ batch │            │ batch │ …
 *     job b │       │ batch │       │            │       │
 *                                    event loop ◀── after so many rounds
 */
import { setImmediate } from 'node:timers/promises';
import { complete, type Suspending } from '../../machine/cpu.ts';
import type { BatchOutcome, JobFailure } from '../../workload/job-clock.ts';

/** A job of any kind; `Executor` is who executes it. */
interface BatchedJob<Executor> {
  batch(cpu: Executor): Suspending<BatchOutcome>;
}

/**
 * Resolves when all have finished, or with why one cannot go on. Rejects with what a job throws. After every `roundsToTurn` rounds of
 * batches, Infinity for never, the thread's event loop has a turn.
 */
export async function runInTurn<Executor>(
  cpu: Executor,
  jobs: readonly BatchedJob<Executor>[],
  roundsToTurn: number,
): Promise<JobFailure | undefined> {
  let active = jobs;
  for (let round = 1; active.length > 0; round++) {
    const finished = new Set<BatchedJob<Executor>>();
    for (const job of active) {
      const outcome = complete(job.batch(cpu));
      if (outcome === 'finished') finished.add(job);
      else if (outcome !== 'more') return outcome;
    }
    if (finished.size > 0) active = active.filter((job) => !finished.has(job));
    if (round % roundsToTurn === 0) await setImmediate();
  }
  return undefined;
}
