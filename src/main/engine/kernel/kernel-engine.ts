/**
 * The kernel engine: jobs of a sample on zram devices of this host's own kernel, one thread per CPU that has jobs.
 *
 *     leftovers of dead runs removed ─▶ devices made, set up, opened ─▶ threads prepared ─▶ phase ─▶ … ─▶ figures
 *                                          └─────────── reset and removed, whatever happens ───────────────┘
 *
 * Plan and phases are those of the live engine, and so is the code of the jobs, so the same sample can be run on both. While
 * devices exist, the end of the process also removes them: Ctrl-C twice, an uncaught exception, process.exit. What a SIGKILL
 * leaves is found by its record (device-record.ts) when the next sample begins.
 *
 * Threads are kept for the next sample; `close` ends them. Memory figures are the kernel's: what it does not state is 0, and
 * `src/shared/measured-figures.ts` knows which figures these are.
 */
import { freemem, totalmem } from 'node:os';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { MemoryFigures } from '../../../shared/run-record.ts';
import type { IoStat, MmStat } from '../../../shared/zram-stat.ts';
import { writtenPagesBytes } from '../../workload/written-pages.ts';
import { isOfKind, reportsFailure } from '../live/answers.ts';
import { CpuThread } from '../live/cpu-thread.ts';
import { ProcessorTimes } from '../live/host-threads.ts';
import type { SampleObserver } from '../live/live-engine.ts';
import { directionFigures, type PhaseOutcome } from '../live/phase-figures.ts';
import { threadSums } from '../live/phase-outcome.ts';
import type { CpuResponse, PhaseReport } from '../live/protocol.ts';
import type { PhasePlan, SampleFigures, SamplePlan } from '../live/sample-plan.ts';
import { type Ended, endedWords } from '../live/thread-mailbox.ts';
import { tellFailure } from '../tell-failure.ts';
import { ControlBlock, ControlW, type ThreadCounters } from './control-block.ts';
import { KernelDevices } from './kernel-devices.ts';
import { memoryFromMmStat, PeakMemory } from './kernel-memory.ts';
import type { JobThreadRequest } from './protocol.ts';
import { checkKernelZram } from './zram-control.ts';

const TICK_MS = 100;
const MOST_OF_FREE_MEMORY = 0.8;

/** The kernel brings its own codec. */
export type KernelSamplePlan = Omit<SamplePlan, 'codec'>;

/** By device, what the kernel itself counted. */
export interface KernelCounts {
  readonly mmStat: readonly MmStat[];
  readonly ioStat: readonly IoStat[];
}

/** The figures of a sample, and by device what the kernel itself counted. */
export interface KernelSampleFigures extends SampleFigures, KernelCounts {}

/** What a sample tells while it runs, and when it fails: what its devices hold before they are removed. */
export interface KernelSampleObserver extends SampleObserver {
  readonly onFailure?: (counts: KernelCounts) => void;
}

type JobThread = CpuThread<JobThreadRequest>;

interface Participant {
  readonly cpu: number;
  /** Its part of the control block. */
  readonly index: number;
  readonly thread: JobThread;
}

interface RunningSample {
  readonly plan: KernelSamplePlan;
  readonly observer: KernelSampleObserver;
  readonly signal: AbortSignal;
  readonly control: ControlBlock;
  readonly devices: KernelDevices;
  readonly participants: readonly Participant[];
  readonly peak: PeakMemory;
}

/** What the thread of a job answered. */
type AnswerOf<K extends CpuResponse['kind']> = Extract<CpuResponse, { kind: K }> & Pick<Participant, 'cpu'>;

export class KernelEngine {
  readonly #workerUrl: URL;
  readonly #algorithm: string;
  /** By CPU, with holes where none was needed yet. */
  readonly #threads: JobThread[] = [];
  #state: 'idle' | 'running' | 'closed' = 'idle';
  #devices: KernelDevices | undefined;
  #inHand: Promise<unknown> = Promise.resolve();

  /** `workerUrl` is the entry of a thread; `algorithm` a name of comp_algorithm. */
  constructor(workerUrl: URL, algorithm = 'lz4') {
    this.#workerUrl = workerUrl;
    this.#algorithm = algorithm;
  }

  /**
   * Runs one sample on devices of its own. Errors: 'unavailable' (what this host lacks, or what the kernel refused),
   * 'bad-input' (the page size is not the kernel's), 'out-of-memory', 'data-mismatch', 'cpu-failed', 'cancelled', 'busy' (a
   * device could not be removed). Throws when another sample is running.
   */
  async runSample(
    plan: KernelSamplePlan,
    observer: KernelSampleObserver,
    signal: AbortSignal,
  ): Promise<Result<KernelSampleFigures>> {
    if (this.#state !== 'idle') throw new Error(`a sample was asked for while the kernel engine is ${this.#state}`);
    const usable = checkKernelZram();
    if (!usable.ok) return usable;
    const room = checkRoom(plan);
    if (!room.ok) return room;
    const cpus = [...new Set(plan.jobs.map((job) => job.cpu))];
    const control = ControlBlock.forThreads(cpus.length);
    const { devices: count, diskSizeBytes, pageSizeBytes } = plan.machine;
    const { memLimitBytes } = plan;
    const setUp = { algorithm: this.#algorithm, diskSizeBytes, pageSizeBytes, memLimitBytes };
    const devices = KernelDevices.make(count, setUp, control);
    if (!devices.ok) return devices;
    this.#state = 'running';
    this.#devices = devices.value;
    const participants = cpus.map((cpu, index) => ({ cpu, index, thread: this.#thread(cpu) }));
    const peak = new PeakMemory(totalmem());
    const running = this.#runOn({ plan, observer, signal, control, devices: devices.value, participants, peak });
    this.#inHand = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#devices = undefined;
      if (this.#currentState() === 'running') this.#state = 'idle';
    }
  }

  /** What the devices of the sample in hand hold now; undefined between samples. To be called from the observer. */
  runningMemory(): MemoryFigures | undefined {
    return this.#devices === undefined ? undefined : memoryFromMmStat(this.#devices.mmStat(), totalmem());
  }

  /** Ends all threads. A sample in hand ends with 'cpu-failed' and its devices are removed. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    await this.#inHand;
  }

  #currentState(): 'idle' | 'running' | 'closed' {
    return this.#state;
  }

  async #runOn(sample: RunningSample): Promise<Result<KernelSampleFigures>> {
    const { signal, control, devices } = sample;
    const stop = (): void => {
      Atomics.store(control.words, ControlW.stop, 1);
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    let figures: Result<KernelSampleFigures>;
    let removed: Result<void>;
    try {
      const outcome = await this.#run(sample);
      figures = outcome.ok || signal.aborted ? outcome : tellFailure(outcome, () => tellCounts(sample));
    } finally {
      signal.removeEventListener('abort', stop);
      await release(sample);
      removed = devices.dispose();
    }
    if (signal.aborted) return fail('cancelled', 'the run was cancelled');
    return figures.ok && !removed.ok ? removed : figures;
  }

  async #run(sample: RunningSample): Promise<Result<KernelSampleFigures>> {
    const { plan, signal, devices, peak } = sample;
    const prepared = await prepare(sample);
    if (!prepared.ok) return prepared;
    const outcomes: PhaseOutcome[] = [];
    let verifiedPages = 0;
    for (const [index, phase] of plan.phases.entries()) {
      if (signal.aborted) break;
      const reports = await runPhase(sample, phase, index);
      if (!reports.ok) return reports;
      outcomes.push(reports.value.outcome);
      verifiedPages += reports.value.verifiedPages;
    }
    const mmStat = devices.mmStat();
    return ok({
      write: directionFigures(outcomes, 'write'),
      read: directionFigures(outcomes, 'read'),
      memoryAtEnd: memoryFromMmStat(mmStat, totalmem()),
      memoryAtPeak: peak.with(mmStat),
      verifiedPages,
      mmStat,
      ioStat: devices.ioStat(),
    });
  }

  /** The thread of a CPU; a fresh one when there is none or it died. */
  #thread(cpu: number): JobThread {
    const thread = this.#threads[cpu];
    if (thread?.isAlive === true) return thread;
    const fresh: JobThread = new CpuThread(this.#workerUrl);
    this.#threads[cpu] = fresh;
    return fresh;
  }
}

/** Throws what reading a device's files, or the observer, throws. */
function tellCounts({ devices, observer }: RunningSample): void {
  observer.onFailure?.({ mmStat: devices.mmStat(), ioStat: devices.ioStat() });
}

/**
 * The kernel's pool grows in the host's own memory: a plan that could fill it is refused, in the worst case of data that does
 * not compress.
 */
function checkRoom({ jobs, machine }: KernelSamplePlan): Result<void> {
  // Jobs that begin at the same slot share a file.
  const longest = new Map<string, number>();
  for (const { device, firstSlot, blocks, blockPages } of jobs) {
    const start = `${device}:${firstSlot}`;
    longest.set(start, Math.max(longest.get(start) ?? 0, blocks * blockPages));
  }
  const worstPages = [...longest.values()].reduce((sum, pages) => sum + pages, 0);
  const worstBytes = worstPages * machine.pageSizeBytes;
  const freeBytes = freemem();
  if (worstBytes <= freeBytes * MOST_OF_FREE_MEMORY) return ok(undefined);
  return fail(
    'out-of-memory',
    `the jobs may write ${worstBytes} bytes into the kernel's zram, but this host has only ${freeBytes} bytes of memory free`,
    'workload.jobFile',
  );
}

async function prepare(sample: RunningSample): Promise<Result<void>> {
  const { plan, control, devices, participants } = sample;
  const { pageSets } = plan;
  const { pageSizeBytes, diskSizeBytes } = plan.machine;
  const slots = Math.ceil(diskSizeBytes / pageSizeBytes);
  const written = devices.files.map(() => new SharedArrayBuffer(writtenPagesBytes(slots)));
  for (const { cpu, index, thread } of participants) {
    const jobs = plan.jobs.filter((job) => job.cpu === cpu);
    const { files } = devices;
    thread.send({
      kind: 'prepare',
      control: control.buffer,
      thread: index,
      pageSizeBytes,
      files,
      jobs,
      pageSets,
      written,
    });
  }
  const answers = await gather(sample, participants, 'prepared');
  return answers.ok ? ok(undefined) : answers;
}

async function runPhase(
  sample: RunningSample,
  phase: PhasePlan,
  index: number,
): Promise<Result<{ outcome: PhaseOutcome; verifiedPages: number }>> {
  const { plan, observer, control } = sample;
  const cpus = new Set(plan.jobs.filter((job) => phase.jobs.includes(job.name)).map((job) => job.cpu));
  const participants = sample.participants.filter(({ cpu }) => cpus.has(cpu));
  observer.onPhase(phase, index);
  const repeatForMs = phase.measures.length === 0 ? undefined : plan.repeatForMs;
  for (const { thread } of participants) {
    thread.send({ kind: 'phase', phase: phase.kind, number: index + 1, jobs: phase.jobs, repeatForMs });
  }
  const armed = await gather(sample, participants, 'armed');
  if (!armed.ok) return armed;
  const before = allCounters(sample);
  const processor = new ProcessorTimes(armed.value);
  Atomics.store(control.words, ControlW.go, index + 1);
  Atomics.notify(control.words, ControlW.go);
  const ticking = tick(sample, { phase, index, before, processor, cpus });
  const done = await gather(sample, participants, 'phaseDone');
  clearInterval(ticking);
  if (!done.ok) return done;
  const reports = done.value.map((answer) => answer.report);
  const failure = reports.find((report) => report.failure !== undefined)?.failure;
  if (failure !== undefined) return sample.devices.describeFailure(failure);
  sample.peak.see(sample.devices.mmStat());
  return ok({
    outcome: phaseOutcome(phase, reports, movedSince(before, allCounters(sample))),
    verifiedPages: reports.reduce((sum, report) => sum + report.verifiedPages, 0),
  });
}

/** Tells the observer ten times a second how far the phase is. */
function tick(
  sample: RunningSample,
  at: {
    phase: PhasePlan;
    index: number;
    before: readonly ThreadCounters[];
    processor: ProcessorTimes;
    cpus: ReadonlySet<number>;
  },
): NodeJS.Timeout {
  const { plan, observer, devices, participants, peak } = sample;
  const startMs = performance.now();
  return setInterval(() => {
    const now = allCounters(sample);
    const memory: MemoryFigures = peak.see(devices.mmStat());
    const moved = movedSince(at.before, now);
    observer.onTick({
      phase: at.phase,
      phaseIndex: at.index,
      phaseMs: performance.now() - startMs,
      readBytes: moved.read,
      writtenBytes: moved.write,
      createdObjects: 0,
      destroyedObjects: 0,
      memory,
      cpus: Array.from({ length: plan.machine.onlineCpus }, (_, cpu) => {
        const index = participants.findIndex((participant) => participant.cpu === cpu);
        const isBusy = at.cpus.has(cpu) && now[index]?.isInPhase === true;
        return { lockWaitMs: 0, processorMs: at.processor.of(cpu), isBusy };
      }),
    });
  }, TICK_MS);
}

/** Awaits one answer of `kind` from each; the first failure ends the others and is the result. */
async function gather<K extends CpuResponse['kind']>(
  { control, signal }: RunningSample,
  participants: readonly Participant[],
  kind: K,
): Promise<Result<readonly AnswerOf<K>[]>> {
  const answers: AnswerOf<K>[] = [];
  let failure: Result<never> | undefined;
  await Promise.all(
    participants.map(async ({ cpu, thread }) => {
      const answer = await thread.nextAnswer();
      if (isOfKind(answer, kind)) {
        answers.push({ ...answer, cpu });
        if (reportsFailure(answer)) Atomics.store(control.words, ControlW.stop, 1);
        return;
      }
      if (answer.kind !== 'halted') failure ??= fail('cpu-failed', `job thread ${cpu} failed: ${reasonOf(answer)}`);
      control.halt();
    }),
  );
  if (failure !== undefined) return failure;
  if (answers.length < participants.length && signal.aborted) return fail('cancelled', 'the run was cancelled');
  return ok(answers);
}

function reasonOf(answer: CpuResponse | Ended): string {
  if (answer.kind === 'threw') return answer.message;
  return answer.kind === 'ended' ? endedWords(answer) : `it answered '${answer.kind}' out of turn`;
}

/** Ends whoever is still at it; then all threads forget files and buffers. */
async function release({ control, participants }: RunningSample): Promise<void> {
  control.halt();
  await Promise.all(
    participants.map(async ({ thread }) => {
      await thread.settle();
      thread.send({ kind: 'release' });
      await thread.settle();
    }),
  );
}

/** Bytes. */
interface Moved {
  read: number;
  write: number;
}

function allCounters({ control, participants }: RunningSample): readonly ThreadCounters[] {
  return participants.map(({ index }) => control.counters(index));
}

function movedSince(before: readonly ThreadCounters[], now: readonly ThreadCounters[]): Moved {
  const moved = { read: 0, write: 0 };
  for (const [index, counters] of now.entries()) {
    moved.read += counters.readBytes - (before[index]?.readBytes ?? 0);
    moved.write += counters.writtenBytes - (before[index]?.writtenBytes ?? 0);
  }
  return moved;
}

/** The kernel does not tell how long its locks were waited for. */
function phaseOutcome(phase: PhasePlan, reports: readonly PhaseReport[], bytes: PhaseOutcome['bytes']): PhaseOutcome {
  const starts = reports.map((report) => report.startNs);
  const ends = reports.map((report) => report.endNs);
  const start = starts.reduce((least, each) => (each < least ? each : least), starts[0] ?? 0n);
  const latencies = (direction: 'read' | 'write') => reports.flatMap((report) => report.latencies[direction] ?? []);
  const end = ends.reduce((most, each) => (each > most ? each : most), start);
  return {
    measures: phase.measures,
    durationNs: Number(end - start),
    cpus: reports.length,
    threads: threadSums(reports),
    bytes,
    latencies: { read: latencies('read'), write: latencies('write') },
    lockWaitNs: 0,
    lockSleepNs: 0,
    lockContentions: 0,
  };
}
