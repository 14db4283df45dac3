/**
 * What a thread that runs jobs on the kernel's zram does with its requests, apart from the thread itself; the counterpart of
 * the live engine's CpuCore. The jobs, their order, their buffers' filling, their checks and their clock are the same code as
 * there: only what a request is handed to differs.
 */
import { assertUnreachable } from '../../../shared/result.ts';
import { ioPagesOf, Job } from '../../workload/job.ts';
import type { FioPhaseKind, PhaseKind } from '../../workload/job-plan.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { PhaseClock } from '../live/phase-clock.ts';
import type { CpuResponse, PhaseReport } from '../live/protocol.ts';
import { runInTurn } from '../live/run-in-turn.ts';
import { waitForGo } from '../live/start-barrier.ts';
import { startThreadTime } from '../live/thread-time.ts';
import { alignedPages } from './aligned-pages.ts';
import { ControlBlock, ControlW } from './control-block.ts';
import { KernelJobDevice } from './kernel-job-device.ts';
import type { JobThreadRequest } from './protocol.ts';

type PrepareRequest = Extract<JobThreadRequest, { kind: 'prepare' }>;
type PhaseRequest = Extract<JobThreadRequest, { kind: 'phase' }>;

/** What lives from `prepare` to `release`. */
interface Prepared {
  readonly control: ControlBlock;
  readonly thread: number;
  readonly clock: PhaseClock;
  readonly jobs: readonly Job<undefined>[];
}

export class JobThreadCore {
  readonly #post: (response: CpuResponse) => void;
  #prepared: Prepared | undefined;

  constructor(post: (response: CpuResponse) => void) {
    this.#post = post;
  }

  handle(request: JobThreadRequest): void {
    try {
      this.#answer(request);
    } catch (error) {
      this.#post({ kind: 'threw', message: error instanceof Error ? error.message : String(error) });
    }
  }

  #answer(request: JobThreadRequest): void {
    switch (request.kind) {
      case 'prepare':
        this.#prepared = prepare(request);
        this.#post({ kind: 'prepared' });
        return;
      case 'phase':
        this.#runPhase(request);
        return;
      case 'release':
        this.#prepared = undefined;
        this.#post({ kind: 'released' });
        return;
      default:
        assertUnreachable(request);
    }
  }

  #runPhase(request: PhaseRequest): void {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('a phase was asked for before the devices were prepared');
    const { control, clock } = prepared;
    const jobs = prepared.jobs.filter((job) => request.jobs.includes(job.plan.name));
    for (const job of jobs) job.begin(fioPhase(request.phase), request.repeatForMs);
    const verifiedBefore = verifiedPages(jobs);
    this.#post({ kind: 'armed' });
    if (!waitForGo(control.words, ControlW, request.number)) {
      this.#post({ kind: 'halted' });
      return;
    }
    clock.start();
    const { spent, failure } = runTimed(prepared, jobs);
    const { latencies } = clock;
    const report: PhaseReport = { ...spent, latencies, verifiedPages: verifiedPages(jobs) - verifiedBefore };
    this.#post({ kind: 'phaseDone', report: failure === undefined ? report : { ...report, failure } });
  }
}

function prepare(request: PrepareRequest): Prepared {
  const { thread, pageSizeBytes } = request;
  const control = new ControlBlock(request.control);
  const clock = new PhaseClock(control.words, ControlW.stop);
  const devices = request.files.map((file) => new KernelJobDevice(file, { pageSizeBytes, control, thread }));
  const records = request.written.map((record) => new WrittenPages(record, request.pageSets));
  const jobs = request.jobs.map((plan) => {
    const device = devices[plan.device];
    const pageSet = request.pageSets[plan.pageSet];
    const written = records[plan.device];
    if (device === undefined || written === undefined) throw new Error(`job ${plan.name} names device ${plan.device}`);
    if (pageSet === undefined) throw new Error(`job ${plan.name} names page set ${plan.pageSet}, which is not there`);
    const ioPages = alignedPages(ioPagesOf(plan), pageSizeBytes);
    return new Job<undefined>(plan, { device, pageSet, written, clock, ioPages });
  });
  return { control, thread, clock, jobs };
}

/** The control block says of the thread that it may be in a request, from the first to the last. */
function runTimed({ control, thread }: Prepared, jobs: readonly Job<undefined>[]) {
  control.enterPhase(thread);
  try {
    const time = startThreadTime();
    const failure = runInTurn(undefined, jobs);
    return { spent: time(), failure };
  } finally {
    control.leavePhase(thread);
  }
}

function fioPhase(phase: PhaseKind): FioPhaseKind {
  if (phase === 'create' || phase === 'destroy' || phase === 'access')
    throw new Error(`a fio job knows no phase ${phase}`);
  return phase;
}

function verifiedPages(jobs: readonly Job<undefined>[]): number {
  return jobs.reduce((sum, job) => sum + job.verifiedPages, 0);
}
