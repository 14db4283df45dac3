/**
 * What every thread that runs jobs does with its requests, apart from the thread itself: it takes a request and answers through
 * `post`, so that tests can run it in process. Who executes the jobs, and on what, comes with `prepare`.
 *
 *     prepare ──▶ what lives until release          phase ──▶ jobs begin ─ armed ─ go ─ jobs in turn ─ phaseDone
 *
 * Between `armed` and `phaseDone` it posts nothing: it sleeps on the `go` word, runs its jobs batch by batch in turn, and
 * reports. When the code that it runs throws, the sentence is posted and the thread goes on; the engine then gives the sample up.
 */
import { assertUnreachable } from '../../../shared/result.ts';
import { CpuHalted, type Suspending } from '../../machine/cpu.ts';
import type { Job } from '../../workload/job.ts';
import type { BatchOutcome } from '../../workload/job-clock.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';
import type { ObjectTally } from '../../workload/percpu-job.ts';
import { forgetArenaModule } from '../codec/arena-module.ts';
import { hostThread } from './host-threads.ts';
import type { PhaseClock } from './phase-clock.ts';
import type { CpuRequest, CpuResponse, PhaseReport } from './protocol.ts';
import { type StartWords, waitForGo } from './start-barrier.ts';

/** A job of any kind, as a phase runs it; `Executor` is who executes it. */
export interface RunnableJob<Executor> {
  readonly name: string;
  /** It is no part of the workload. */
  readonly isUpkeep?: boolean;
  begin(phase: PhaseKind, repeatForMs: number | undefined): void;
  batch(cpu: Executor): Suspending<BatchOutcome>;
  verifiedPages(): number;
  /** Of jobs with per-CPU objects. */
  objects?(): ObjectTally;
}

export type PhaseRequest = Extract<CpuRequest, { kind: 'phase' }>;

/** What is known of a phase when its jobs have ended. */
export type RunReport = Omit<PhaseReport, 'latencies' | 'verifiedPages' | 'objects' | 'isUpkeep'>;

/** What lives from `prepare` to `release`. */
export interface Prepared<Executor> {
  /** Where the engine has its run control. */
  readonly words: Int32Array;
  readonly start: StartWords;
  readonly clock: PhaseClock;
  readonly jobs: readonly RunnableJob<Executor>[];
  /** Called before the barrier; what it takes is in no figure. */
  arm?(): Promise<void>;
  /** Runs these of its jobs to their end. */
  run(jobs: readonly RunnableJob<Executor>[], request: PhaseRequest): Promise<RunReport>;
}

/** `Prepare` is the request that `prepare` understands; it may throw. */
export class PhaseCore<Prepare extends { readonly kind: 'prepare' }, Executor> {
  readonly #post: (response: CpuResponse) => void;
  readonly #prepare: (request: Prepare) => Prepared<Executor>;
  #prepared: Prepared<Executor> | undefined;
  /** The answer in hand. */
  #answered: Promise<void> = Promise.resolve();

  constructor(post: (response: CpuResponse) => void, prepare: (request: Prepare) => Prepared<Executor>) {
    this.#post = post;
    this.#prepare = prepare;
  }

  /** Answers before it resolves, one request after the other as they came. While a phase runs the thread is blocked but for turns. */
  handle(request: Prepare | Extract<CpuRequest, { kind: 'phase' | 'release' }>): Promise<void> {
    this.#answered = this.#answered.then(() => this.#answerOrTell(request));
    return this.#answered;
  }

  async #answerOrTell(request: Prepare | Extract<CpuRequest, { kind: 'phase' | 'release' }>): Promise<void> {
    try {
      await this.#answer(request);
    } catch (error) {
      if (error instanceof CpuHalted) this.#post({ kind: 'halted' });
      else this.#post({ kind: 'threw', message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #answer(request: Prepare | Extract<CpuRequest, { kind: 'phase' | 'release' }>): Promise<void> {
    switch (request.kind) {
      case 'prepare':
        this.#prepared = this.#prepare(request);
        this.#post({ kind: 'prepared' });
        return;
      case 'phase':
        await this.#runPhase(request);
        return;
      case 'release':
        this.#prepared = undefined;
        if (request.memoryToo === true) forgetArenaModule();
        this.#post({ kind: 'released' });
        return;
      default:
        assertUnreachable(request);
    }
  }

  async #runPhase(request: PhaseRequest): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('a phase was asked for before anything was prepared');
    const { words, start, clock } = prepared;
    const jobs = prepared.jobs.filter((job) => request.jobs.includes(job.name));
    for (const job of jobs) job.begin(request.phase, request.repeatForMs);
    const verifiedBefore = verifiedPages(jobs);
    await prepared.arm?.();
    this.#post({ kind: 'armed', hostThread: hostThread() });
    if (!waitForGo(words, start, request.number)) {
      this.#post({ kind: 'halted' });
      return;
    }
    clock.start();
    const done = await prepared.run(jobs, request);
    const latencies = clock.latencies();
    const isUpkeep = jobs.every((job) => job.isUpkeep === true);
    const verified = verifiedPages(jobs) - verifiedBefore;
    const objects = sumOfObjects(jobs.flatMap((job) => job.objects?.() ?? []));
    this.#post({ kind: 'phaseDone', report: { ...done, latencies, verifiedPages: verified, objects, isUpkeep } });
  }
}

/** A fio job. Its `begin` throws for a phase of another workload. */
export function fioJob<Executor>(job: Job<Executor>): RunnableJob<Executor> {
  return {
    name: job.plan.name,
    begin: (phase, repeatForMs) => {
      if (phase === 'create' || phase === 'destroy' || phase === 'access') {
        throw new Error(`a fio job knows no phase ${phase}`);
      }
      job.begin(phase, repeatForMs);
    },
    batch: (cpu) => job.batch(cpu),
    verifiedPages: () => job.verifiedPages,
  };
}

function verifiedPages(jobs: readonly { verifiedPages(): number }[]): number {
  return jobs.reduce((sum, job) => sum + job.verifiedPages(), 0);
}

/** Undefined of none. */
function sumOfObjects(tallies: readonly ObjectTally[]): ObjectTally | undefined {
  if (tallies.length === 0) return undefined;
  return {
    bytes: tallies.reduce((sum, { bytes }) => sum + bytes, 0),
    failed: tallies.reduce((sum, { failed }) => sum + failed, 0),
  };
}
