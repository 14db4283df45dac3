/**
 * What a thread that runs jobs on the kernel's zram does with its requests (phase-core.ts); the counterpart of the live engine's
 * CpuCore. The jobs, their order, their buffers' filling, their checks and their clock are the same code as there: only what a
 * request is handed to differs.
 */
import { ioPagesOf, Job } from '../../workload/job.ts';
import { WrittenPages } from '../../workload/written-pages.ts';
import { PhaseClock } from '../live/phase-clock.ts';
import { fioJob, PhaseCore, type Prepared, type RunnableJob, type RunReport } from '../live/phase-core.ts';
import type { CpuResponse } from '../live/protocol.ts';
import { runInTurn } from '../live/run-in-turn.ts';
import { startThreadTime } from '../live/thread-time.ts';
import { alignedPages } from './aligned-pages.ts';
import { ControlBlock, ControlW } from './control-block.ts';
import { KernelJobDevice } from './kernel-job-device.ts';
import type { JobThreadRequest } from './protocol.ts';

type PrepareRequest = Extract<JobThreadRequest, { kind: 'prepare' }>;

export class JobThreadCore extends PhaseCore<PrepareRequest, undefined> {
  constructor(post: (response: CpuResponse) => void) {
    super(post, prepare);
  }
}

function prepare(request: PrepareRequest): Prepared<undefined> {
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
    return fioJob(new Job<undefined>(plan, { device, pageSet, written, clock, ioPages }));
  });
  return { words: control.words, start: ControlW, clock, jobs, run: (chosen) => runTimed(control, thread, chosen) };
}

/** The control block says of the thread that it may be in a request, from the first to the last. */
async function runTimed(
  control: ControlBlock,
  thread: number,
  jobs: readonly RunnableJob<undefined>[],
): Promise<RunReport> {
  control.enterPhase(thread);
  try {
    const time = startThreadTime();
    const failure = await runInTurn(undefined, jobs, Infinity);
    return { ...time(), failure };
  } finally {
    control.leavePhase(thread);
  }
}
