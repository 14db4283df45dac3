/** From what CPUs report of their phases to the figures of a sample. Pure. */
import { LEAST_PHASE_NS } from '../../../shared/doubtful-figures.ts';
import type { Direction, DirectionFigures } from '../../../shared/run-record.ts';
import { countOf, type LatencyCounts, latencyFigures } from '../latency-counts.ts';
import type { PhaseMBps } from './sample-plan.ts';

/** One phase, all CPUs together. */
export interface PhaseOutcome {
  readonly measures: readonly Direction[];
  /** From the first CPU's start to the last one's end. */
  readonly durationNs: number;
  /** CPUs that had a job. */
  readonly cpus: number;
  /** Of the threads that played them, each from its own start to its own end: by the clock, and of that on a core. */
  readonly threads: { readonly clockNs: number; readonly processorNs: number };
  readonly bytes: Readonly<Partial<Record<Direction, number>>>;
  /** Nanoseconds, of each CPU that did something in the direction. */
  readonly latencies: Readonly<Partial<Record<Direction, readonly LatencyCounts[]>>>;
  readonly lockWaitNs: number;
  /** Of that, what threads slept: they look for a while before they do. */
  readonly lockSleepNs: number;
  readonly lockContentions: number;
}

/** Sums the phases that measure `direction`; undefined when none does. Phases follow one another, so durations add up. */
export function directionFigures(phases: readonly PhaseOutcome[], direction: Direction): DirectionFigures | undefined {
  const measured = phases.filter((phase) => phase.measures.includes(direction));
  if (measured.length === 0) return undefined;
  const latencies = measured.flatMap((phase) => phase.latencies[direction] ?? []);
  const operations = countOf(latencies);
  const bytes = sum(measured, (phase) => phase.bytes[direction] ?? 0);
  const durationNs = sum(measured, (phase) => phase.durationNs);
  const cpuNs = sum(measured, (phase) => phase.durationNs * phase.cpus);
  const lockWaitNs = sum(measured, (phase) => phase.lockWaitNs);
  return {
    operations,
    bytes,
    durationNs,
    // bytes per nanosecond × 1000 = 10^6 bytes per second
    megabytesPerSecond: durationNs === 0 ? 0 : (bytes / durationNs) * 1000,
    operationsPerSecond: durationNs === 0 ? 0 : (operations / durationNs) * 1e9,
    latencyNs: latencyFigures(latencies),
    lockWaitNs,
    lockWaitShare: cpuNs === 0 ? 0 : lockWaitNs / cpuNs,
    lockContentions: sum(measured, (phase) => phase.lockContentions),
    requestShare: requestShare(measured),
    withheldShare: withheldShare(measured),
  };
}

/** Of phases that write or read; undefined of others, whose operations are no requests, and where no time went by. */
function requestShare(phases: readonly PhaseOutcome[]): number | undefined {
  const clockNs = sum(phases, ({ threads }) => threads.clockNs);
  const requests = phases.flatMap(({ latencies }) => [...(latencies.write ?? []), ...(latencies.read ?? [])]);
  if (clockNs === 0 || requests.length === 0) return undefined;
  return requests.reduce((total, latency) => total + latency.sum, 0) / clockNs;
}

/**
 * What is left of the threads' time when running and sleeping until a lock is free are taken off, 0 … 1; rather too little, as a
 * thread that is woken sleeps until it has a core. Undefined when threads took too little time in a phase.
 */
function withheldShare(phases: readonly PhaseOutcome[]): number | undefined {
  const clockNs = sum(phases, ({ threads }) => threads.clockNs);
  if (clockNs < sum(phases, ({ cpus }) => cpus) * LEAST_PHASE_NS) return undefined;
  const accountedNs = sum(phases, ({ threads, lockSleepNs }) => threads.processorNs + lockSleepNs);
  return Math.max(0, 1 - accountedNs / clockNs);
}

/** What a phase moved over its time. */
export function phaseMBps({ bytes, durationNs }: PhaseOutcome): PhaseMBps {
  const rate = (moved = 0): number => (durationNs === 0 ? 0 : (moved / durationNs) * 1000);
  return { write: rate(bytes.write), read: rate(bytes.read) };
}

function sum(phases: readonly PhaseOutcome[], value: (phase: PhaseOutcome) => number): number {
  return phases.reduce((total, phase) => total + value(phase), 0);
}
