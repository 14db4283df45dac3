/**
 * The jobs of one thread: a batch each in turn, so that all of them go on at the same time.
 *
 *     job a │ batch │       │ batch │            │ batch │ …
 *     job b │       │ batch │       │            │       │
 *                                    event loop ◀── now and then, for a codec that needs it
 */
import { setImmediate } from 'node:timers/promises';
import { complete, type Suspending } from '../../machine/cpu.ts';
import type { BatchOutcome, JobFailure } from '../../workload/job-clock.ts';

/** A job of any kind; `Executor` is who executes it. */
interface BatchedJob<Executor> {
  batch(cpu: Executor): Suspending<BatchOutcome>;
}

/** How often the thread's event loop has a turn. */
export type LoopTurns = 'never' | 'now-and-then';

/** Rounds of batches between two turns: some milliseconds of LZ4, beside which a turn is short, and a megabyte or two of its garbage. */
const ROUNDS = 32;

/** Resolves when all have finished, or with why one cannot go on. Rejects with what a job throws. */
export async function runInTurn<Executor>(
  cpu: Executor,
  jobs: readonly BatchedJob<Executor>[],
  turns: LoopTurns,
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
    if (turns === 'now-and-then' && round % ROUNDS === 0) await setImmediate();
  }
  return undefined;
}
