/**
 * Turns the engine's ticks into progress events: rates since the last tick, shares of CPU time, fraction done, time left.
 *
 *     fraction = (samples done + phases done in this one / its phases + share of this phase / its phases) / all samples
 *
 * All samples are those that are expected: how many blocks of warm-up there will be is reckoned anew after each. What is told as
 * done never falls for that.
 * The share of a phase is its bytes over the bytes that its jobs will move, or its time over its time limit. Time left is the
 * time so far extrapolated by the fraction, from the first fiftieth on.
 */
import type { RunProgress } from '../../../shared/contract.ts';
import type { Design } from '../../../shared/design.ts';
import type { RunPhase } from '../../../shared/run-phase.ts';
import type { Direction } from '../../../shared/run-record.ts';
import type { PhasePlan, Tick } from '../../engine/live/sample-plan.ts';
import { objectsOfPhase } from '../plan/percpu-workload-plan.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import { cpuShares } from './cpu-shares.ts';
import { phaseMilliseconds } from './phase-time.ts';

const EXTRAPOLATE_FROM = 0.02;

export class ProgressMeter {
  readonly #runId: string;
  readonly #planned: PlannedProfile;
  readonly #send: (progress: RunProgress) => void;
  readonly #startedMs = performance.now();
  #sampleCount = 0;
  #fraction = 0;
  readonly #phaseMs: number | undefined;
  #samplesDone = 0;
  #design: Design;
  #repetition = 0;
  #last: Tick | undefined;

  constructor(runId: string, planned: PlannedProfile, send: (progress: RunProgress) => void) {
    this.#runId = runId;
    this.#planned = planned;
    this.#send = send;
    this.expectWarmUps(1);
    this.#phaseMs = phaseMilliseconds(planned);
    this.#design = planned.designs[0] ?? 'single-mutex';
  }

  /** Data is being loaded. */
  preparing(): void {
    this.#send(this.#progress('prepare', 0));
  }

  beginSample(place: { readonly design: Design; readonly repetition: number }): void {
    this.#design = place.design;
    this.#repetition = place.repetition;
    this.#last = undefined;
  }

  endSample(): void {
    this.#samplesDone += 1;
  }

  /** How many blocks of warm-up there are, by what is known so far. */
  expectWarmUps(blocks: number): void {
    const { designs, profile } = this.#planned;
    this.#sampleCount = designs.length * (blocks + profile.experiment.repetitions);
  }

  readonly beginPhase = (phase: PhasePlan, phaseIndex: number): void => {
    this.#last = undefined;
    this.#send(this.#progress(phaseName(phase), phaseIndex / this.#planned.workload.phases.length));
  };

  readonly tick = (tick: Tick): void => {
    const phases = this.#planned.workload.phases.length;
    const withinSample = (tick.phaseIndex + this.#shareOfPhase(tick)) / phases;
    const previous = this.#last;
    this.#last = tick;
    this.#send({
      ...this.#progress(phaseName(tick.phase), withinSample),
      ...rates(tick, previous),
      memory: tick.memory,
      cpus: cpuShares(tick, previous),
    });
  };

  #progress(phase: RunPhase, withinSample: number): RunProgress {
    const elapsedMs = performance.now() - this.#startedMs;
    const reached = Math.min(1, (this.#samplesDone + withinSample) / this.#sampleCount);
    this.#fraction = Math.max(this.#fraction, reached);
    return {
      runId: this.#runId,
      sample: this.#samplesDone,
      design: this.#design,
      repetition: this.#repetition,
      repetitions: this.#planned.profile.experiment.repetitions,
      phase,
      fraction: this.#fraction,
      secondsLeft: reached < EXTRAPOLATE_FROM ? undefined : (elapsedMs / reached) * (1 - reached) * 1e-3,
      atMs: elapsedMs,
      megabytesPerSecond: {},
      operationsPerSecond: {},
      cpus: [],
    };
  }

  #shareOfPhase(tick: Tick): number {
    if (this.#phaseMs !== undefined && tick.phase.measures.length > 0) return Math.min(1, tick.phaseMs / this.#phaseMs);
    const objects = objectsOfPhase(this.#planned.workload.percpuJobs, tick.phase);
    if (objects > 0) return Math.min(1, (tick.createdObjects + tick.destroyedObjects) / objects);
    if (tick.accesses !== undefined) return Math.min(1, tick.accesses / Math.max(1, tick.accessesExpected ?? 1));
    const bytes = this.#expectedBytes(tick.phase);
    const share = bytes === undefined || bytes === 0 ? 0 : (tick.readBytes + tick.writtenBytes) / bytes;
    const runtimeMs = this.#runtimeMs(tick.phase);
    return Math.min(1, Math.max(share, runtimeMs === undefined ? 0 : tick.phaseMs / runtimeMs));
  }

  /** Undefined when a job goes on until its time is over. */
  #expectedBytes(phase: PhasePlan): number | undefined {
    const { profile, workload } = this.#planned;
    let bytes = 0;
    for (const job of workload.jobs) {
      if (!phase.jobs.includes(job.name)) continue;
      const blocks = phase.kind === 'main' ? job.blocksToDo : job.blocks;
      if (blocks === undefined) return undefined;
      bytes += blocks * job.blockPages * profile.machine.pageSizeBytes;
    }
    return bytes;
  }

  /** The longest that the phase may take, when every job has a runtime. */
  #runtimeMs(phase: PhasePlan): number | undefined {
    const runtimes = this.#planned.workload.jobs
      .filter((job) => phase.jobs.includes(job.name))
      .map((job) => job.runtimeMs ?? Infinity);
    const longest = Math.max(...runtimes);
    return Number.isFinite(longest) ? longest : undefined;
  }
}

/** A phase as those who watch know it. */
export function phaseName(phase: PhasePlan): RunPhase {
  if (phase.recompression === 'alone') return 'recompress';
  switch (phase.kind) {
    case 'layout':
      return 'layout';
    case 'verify':
      return 'read';
    case 'create':
    case 'destroy':
    case 'access':
      return phase.kind;
    case 'main':
      if (phase.measures.length === 2) return 'mixed';
      return phase.measures[0] ?? 'write';
  }
}

/** Of the directions in which something moved since the last tick. */
function rates(
  tick: Tick,
  previous: Tick | undefined,
): Pick<RunProgress, 'megabytesPerSecond' | 'operationsPerSecond'> {
  const milliseconds = tick.phaseMs - (previous?.phaseMs ?? 0);
  const since = (count: (tick: Tick) => number): number => count(tick) - (previous === undefined ? 0 : count(previous));
  const present = (all: Partial<Record<Direction, number>>): Partial<Record<Direction, number>> =>
    Object.fromEntries(Object.entries(all).filter(([, rate]) => milliseconds > 0 && rate > 0));
  return {
    // bytes per millisecond ÷ 1000 = 10^6 bytes per second
    megabytesPerSecond: present({
      write: since(({ writtenBytes }) => writtenBytes) / milliseconds / 1000,
      read: since(({ readBytes }) => readBytes) / milliseconds / 1000,
    }),
    operationsPerSecond: present({
      create: (since(({ createdObjects }) => createdObjects) / milliseconds) * 1000,
      destroy: (since(({ destroyedObjects }) => destroyedObjects) / milliseconds) * 1000,
      access: (since(({ accesses }) => accesses ?? 0) / milliseconds) * 1000,
    }),
  };
}
