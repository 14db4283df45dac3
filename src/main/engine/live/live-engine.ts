/**
 * The live engine: one long-lived thread per simulated CPU, started when first needed and kept for the next run.
 *
 *     idle ──runSample──▶ running ──all answered──▶ idle            close() ──▶ closed, from any state
 *                            │ a CPU died or threw, all wait for each other, or the signal was aborted
 *                            └──▶ stop / halt words in the arena, everybody answers or is ended by force
 *
 * A sample: boot a machine over the arena, prepare every CPU, then phase by phase a barrier and a report. While a phase runs
 * nothing is sent; the engine reads the arena's counters ten times a second for whoever watches. The threads of a sample are those
 * that were prepared: one that dies answers 'ended' to all that follows, and the next sample starts a fresh one.
 */
import { availableParallelism } from 'node:os';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { bootMachine } from '../../machine/boot.ts';
import { Machine } from '../../machine/machine.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { HeaderW } from '../../machine/memory/arena-layout.ts';
import { memoryFigures, peakMemoryFigures } from '../../machine/memory-figures.ts';
import type { ArenaMemory } from '../codec/arena-memory.ts';
import { forgetArenaModule } from '../codec/arena-module.ts';
import { readAllCpuCounters } from './cpu-counters.ts';
import { CpuThread } from './cpu-thread.ts';
import { Disturbances } from './disturbances.ts';
import { describeFailure } from './failure-sentences.ts';
import { ProcessorTimes } from './host-threads.ts';
import { endBusy, gather, halt, type Participant } from './participants.ts';
import { objectCounters, PercpuObserver } from './percpu-observer.ts';
import { directionFigures, phaseMBps, type PhaseOutcome } from './phase-figures.ts';
import { countersSince, jobReports, phaseOutcome } from './phase-outcome.ts';
import type { PhaseReport } from './protocol.ts';
import { Standstill } from './standstill.ts';
import { allJobs, type PlannedSample, samplePartsOf } from './sample-parts.ts';
import type { PhasePlan, SampleFigures, SamplePlan, Tick } from './sample-plan.ts';
import { tickOf } from './phase-tick.ts';

const TICK_MS = 100;
/** A CPU that has not answered this long after it was told to stop is ended by force. */
const STOP_GRACE_MS = 3000;
/** CPUs that have all stood still this long, each in one wait for a lock, are in a deadlock. */
const STANDSTILL_MS = 5000;

const CANCELLED = fail('cancelled', 'the run was cancelled');
const CLOSED = fail('cpu-failed', "the engine was closed while its CPUs' threads were started");
/** What goes on while one of several has thrown; what it threw is told instead. */
const NOT_STARTED = fail('cpu-failed', "a CPU's thread could not be started");

export interface SampleObserver {
  readonly onPhase: (phase: PhasePlan, phaseIndex: number) => void;
  readonly onTick: (tick: Tick) => void;
}

/** What may be looked at while its CPUs run. */
export interface RunningMachine {
  readonly arena: Arena;
  /** Names of the numbers that objects are tagged with. */
  readonly callSites: readonly string[];
}

export class LiveEngine {
  readonly #workerUrl: URL;
  readonly #stopGraceMs: number;
  readonly #standstillLooks: number;
  /** By CPU, with holes where none was needed yet. */
  readonly #threads: CpuThread[] = [];
  #state: 'idle' | 'running' | 'closed' = 'idle';
  #inHand: Promise<unknown> = Promise.resolve();
  #machine: RunningMachine | undefined;

  /**
   * `workerUrl` is the entry of a CPU's thread. A CPU that does not stop within `stopGraceMs` is ended by force; CPUs that have all
   * waited for locks for `standstillMs` are taken to wait for ever.
   */
  constructor(workerUrl: URL, stopGraceMs = STOP_GRACE_MS, standstillMs = STANDSTILL_MS) {
    this.#workerUrl = workerUrl;
    this.#stopGraceMs = stopGraceMs;
    this.#standstillLooks = Math.ceil(standstillMs / TICK_MS);
  }

  /**
   * Runs one sample on a machine booted over `memory`, which the plan's codec can work in; after the last one that shares it,
   * `forgetMemory`. Errors: 'out-of-memory',
   * 'cpu-failed', 'data-mismatch', 'cancelled' (the signal was aborted; what had not finished is dropped). Throws when
   * another sample is running.
   */
  async runSample(
    memory: ArenaMemory,
    plan: SamplePlan,
    observer: SampleObserver,
    signal: AbortSignal,
  ): Promise<Result<SampleFigures>> {
    if (this.#state !== 'idle') throw new Error(`a sample was asked for while the live engine is ${this.#state}`);
    const booted = bootMachine(memory.buffer, plan.machine);
    if (!booted.ok) return booted;
    for (const { controls } of Machine.attach(memory.buffer).devices) controls.setMemoryLimit(plan.memLimitBytes ?? 0);
    this.#state = 'running';
    this.#machine = { arena: booted.value, callSites: plan.callSites };
    const running = this.#runOn({ memory, arena: booted.value, plan, observer, signal });
    this.#inHand = running.catch(() => undefined);
    try {
      return await running;
    } finally {
      this.#machine = undefined;
      // close() may have come meanwhile.
      if (this.#currentState() === 'running') this.#state = 'idle';
    }
  }

  /** Has every thread let go of the memory of the samples so far. Throws while a sample is running. */
  async forgetMemory(): Promise<void> {
    if (this.#state === 'running') throw new Error('the memory of a running sample cannot be forgotten');
    forgetArenaModule();
    const releasing = this.#threads.map(async (thread) => {
      if (!thread.isAlive) return;
      thread.send({ kind: 'release', memoryToo: true });
      await thread.settle();
    });
    await Promise.all(releasing);
  }

  /** The machine of the sample in hand, to be looked at; undefined between samples. */
  runningMachine(): RunningMachine | undefined {
    return this.#machine;
  }

  /** Ends all threads. A sample in hand ends with 'cpu-failed'. */
  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    await this.#inHand;
  }

  #currentState(): 'idle' | 'running' | 'closed' {
    return this.#state;
  }

  async #runOn(given: Omit<RunningSample, 'participants' | 'disturbances'>): Promise<Result<SampleFigures>> {
    const { arena, plan, signal } = given;
    const participants: Participant[] = [];
    const sample = { ...given, participants, disturbances: new Disturbances(plan) };
    let force: NodeJS.Timeout | undefined;
    // Halted, not stopped: whoever waits for a lock would first wait its turn behind all others.
    const stop = (): void => {
      halt(arena);
      force = setTimeout(() => endBusy(participants), this.#stopGraceMs);
    };
    signal.addEventListener('abort', stop);
    try {
      const figures = await this.#run(sample);
      const wasStopped = signal.aborted && (figures.ok || figures.error.code === 'cpu-failed');
      return wasStopped ? CANCELLED : figures;
    } finally {
      signal.removeEventListener('abort', stop);
      clearTimeout(force);
      await this.#release(sample);
    }
  }

  async #run(sample: RunningSample): Promise<Result<SampleFigures>> {
    const { arena, plan, signal } = sample;
    const prepared = await this.#prepare(sample);
    if (!prepared.ok) return prepared;
    const outcomes: PhaseOutcome[] = [];
    const percpu = new PercpuObserver(arena, plan);
    const { disturbances } = sample;
    let verifiedPages = 0;
    for (const [index, phase] of plan.phases.entries()) {
      if (signal.aborted) return CANCELLED;
      const outcome = await this.#runPhase(sample, phase, index);
      if (!outcome.ok) return outcome;
      outcomes.push(outcome.value.outcome);
      percpu.note(phase.kind);
      verifiedPages += outcome.value.verifiedPages;
    }
    if (signal.aborted) return CANCELLED;
    return ok({
      write: directionFigures(outcomes, 'write'),
      read: directionFigures(outcomes, 'read'),
      create: directionFigures(outcomes, 'create'),
      destroy: directionFigures(outcomes, 'destroy'),
      percpu: percpu.figures(),
      memoryAtEnd: memoryFigures(arena),
      memoryAtPeak: peakMemoryFigures(arena),
      verifiedPages,
      disturbances: disturbances.report(arena),
      phaseMBps: outcomes.map(phaseMBps),
    });
  }

  /**
   * Starts the CPUs' threads, where they are not there yet, and gives each its part: as many at a time as the host has cores, so that
   * who cancels waits for no more than those. They become the sample's participants.
   */
  async #prepare(sample: RunningSample): Promise<Result<void>> {
    const { arena, participants, signal } = sample;
    const waiting = samplePartsOf(sample).values();
    let failure: Result<never> | undefined;
    let grace: NodeJS.Timeout | undefined;
    const giveUp = (why: Result<never>): void => {
      failure ??= why;
      halt(arena);
      grace ??= setTimeout(() => endBusy(participants), this.#stopGraceMs);
    };
    const prepareInTurn = async (): Promise<void> => {
      for (const part of waiting) {
        if (this.#currentState() === 'closed') giveUp(CLOSED);
        if (failure !== undefined || signal.aborted) return;
        const participant = { cpu: part.cpu, thread: this.#thread(part.cpu) };
        participants.push(participant);
        participant.thread.send(part);
        const answer = await gather(arena, [participant], 'prepared', this.#stopGraceMs);
        if (!answer.ok) giveUp(answer);
      }
    };
    const turns = Array.from({ length: availableParallelism() }, async () => {
      try {
        await prepareInTurn();
      } catch (error) {
        giveUp(NOT_STARTED);
        throw error;
      }
    });
    await Promise.allSettled(turns);
    clearTimeout(grace);
    await Promise.all(turns);
    return failure ?? ok(undefined);
  }

  /**
   * Whoever is still at the barrier or waits for a lock gives up; then all CPUs forget the machine. Its memory they know until
   * `forgetMemory`, for the next one in it.
   */
  async #release({ arena, participants }: RunningSample): Promise<void> {
    halt(arena);
    const force = setTimeout(() => endBusy(participants), this.#stopGraceMs);
    const releasing = participants.map(async ({ thread }) => {
      await thread.settle();
      thread.send({ kind: 'release' });
      await thread.settle();
    });
    await Promise.all(releasing);
    clearTimeout(force);
  }

  async #runPhase(
    sample: RunningSample,
    phase: PhasePlan,
    index: number,
  ): Promise<Result<{ outcome: PhaseOutcome; verifiedPages: number }>> {
    const { arena, plan, observer } = sample;
    const jobs = allJobs(plan).filter((job) => phase.jobs.includes(job.name));
    const cpus = [...new Set(jobs.map((job) => job.cpu))];
    const participants = sample.participants.filter(({ cpu }) => cpus.includes(cpu));
    observer.onPhase(phase, index);
    const isTimed = phase.measures.length > 0 || (phase.kind === 'main' && phase.recompression !== undefined);
    const repeatForMs = isTimed ? plan.repeatForMs : undefined;
    for (const { thread } of participants) {
      thread.send({ kind: 'phase', phase: phase.kind, number: index + 1, jobs: phase.jobs, cpus, repeatForMs });
    }
    const armed = await gather(arena, participants, 'armed', this.#stopGraceMs);
    if (!armed.ok) return armed;
    sample.disturbances.beginPhase(phase.kind);
    const before = readAllCpuCounters(arena);
    const watched = { phase, phaseIndex: index, cpus, before, objectsBefore: objectCounters(arena) };
    const processor = new ProcessorTimes(armed.value);
    Atomics.store(arena.words, HeaderW.go, index + 1);
    Atomics.notify(arena.words, HeaderW.go);
    const standstill = new Standstill(arena, cpus, this.#standstillLooks);
    const startMs = performance.now();
    const ticking = setInterval(() => {
      if (standstill.look()) halt(arena);
      observer.onTick(tickOf(arena, { ...watched, processor, phaseMs: performance.now() - startMs }));
    }, TICK_MS);
    const done = await gather(arena, participants, 'phaseDone', this.#stopGraceMs);
    clearInterval(ticking);
    if (standstill.sentence !== undefined) return fail('cpu-failed', standstill.sentence);
    if (!done.ok) return done;
    const reports = done.value.map(({ cpu, report }) => ({ ...report, cpu }));
    sample.disturbances.endPhase(reports);
    const fault = faultAfter(sample, phase, reports);
    if (fault !== undefined) return fault;
    const ofJobs = jobReports(reports);
    return ok({
      outcome: phaseOutcome(phase, ofJobs, countersSince(before, readAllCpuCounters(arena), ofJobs)),
      verifiedPages: reports.reduce((sum, report) => sum + report.verifiedPages, 0),
    });
  }

  /** The thread of a CPU; a fresh one when there is none or it died. */
  #thread(cpu: number): CpuThread {
    const thread = this.#threads[cpu];
    if (thread?.isAlive === true) return thread;
    const fresh = new CpuThread(this.#workerUrl);
    this.#threads[cpu] = fresh;
    return fresh;
  }
}

/** What ends the sample after a phase that all CPUs have ended: a job that could not go on, or page tables that are wrong. */
function faultAfter(
  { arena, disturbances, signal }: RunningSample,
  { kind }: PhasePlan,
  reports: readonly PhaseReport[],
): Result<never> | undefined {
  const failure = reports.find((report) => report.failure !== undefined)?.failure;
  if (failure !== undefined) return describeFailure(arena, failure);
  // Who is cancelled stops in the middle of an operation.
  if (signal.aborted) return undefined;
  const tableFault = disturbances.tableFault(arena);
  return tableFault === undefined ? undefined : fail('data-mismatch', `page tables after phase ${kind}: ${tableFault}`);
}

interface RunningSample extends PlannedSample {
  readonly observer: SampleObserver;
  readonly signal: AbortSignal;
  /** Those whose threads were started. */
  readonly participants: Participant[];
}
