/** The jobs of one thread: a batch each in turn, so that all of them go on at the same time. */
import { complete, type Suspending } from '../../machine/cpu.ts';
import type { BatchOutcome, JobFailure } from '../../workload/job-clock.ts';

/** A job of any kind; `Executor` is who executes it. */
interface BatchedJob<Executor> {
  batch(cpu: Executor): Suspending<BatchOutcome>;
}

/** Returns when all have finished, or with why one cannot go on. Throws what a job throws. */
export function runInTurn<Executor>(cpu: Executor, jobs: readonly BatchedJob<Executor>[]): JobFailure | undefined {
  let active = jobs;
  while (active.length > 0) {
    const finished = new Set<BatchedJob<Executor>>();
    for (const job of active) {
      const outcome = complete(job.batch(cpu));
      if (outcome === 'finished') finished.add(job);
      else if (outcome !== 'more') return outcome;
    }
    if (finished.size > 0) active = active.filter((job) => !finished.has(job));
  }
  return undefined;
}
