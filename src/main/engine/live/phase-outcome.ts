/** From what CPUs report of one phase, and the arena's counters before and after, to its outcome. Pure. */
import type { Direction } from '../../../shared/run-record.ts';
import type { LatencyCounts } from '../latency-counts.ts';
import { countedSince, type CpuCounters } from './cpu-counters.ts';
import type { PhaseOutcome } from './phase-figures.ts';
import type { PhaseReport } from './protocol.ts';
import type { PhasePlan } from './sample-plan.ts';

/** What the thread of a CPU reports. */
export interface CpuReport extends PhaseReport {
  readonly cpu: number;
}

/** Those of CPUs that had jobs, unless recompression was all that went on. */
export function jobReports(reports: readonly CpuReport[]): readonly CpuReport[] {
  const ofJobs = reports.filter(({ isUpkeep }) => !isUpkeep);
  return ofJobs.length > 0 ? ofJobs : reports;
}

type PhaseCounters = Omit<CpuCounters, 'isFinished'>;

/** One phase from the reports of its CPUs: from the first one's start to the last one's end. */
export function phaseOutcome(phase: PhasePlan, reports: readonly PhaseReport[], counters: PhaseCounters): PhaseOutcome {
  const latenciesOf = (direction: Direction): readonly LatencyCounts[] =>
    reports.flatMap((report) => report.latencies[direction] ?? []);
  const start = reports.reduce(
    (least, report) => (report.startNs < least ? report.startNs : least),
    reports[0]?.startNs ?? 0n,
  );
  const objectBytes = reports.reduce((sum, { objects }) => sum + (objects?.bytes ?? 0), 0);
  const end = reports.reduce((most, report) => (report.endNs > most ? report.endNs : most), 0n);
  return {
    measures: phase.measures,
    durationNs: Number(end - start),
    cpus: reports.length,
    threads: threadSums(reports),
    bytes: {
      read: counters.readBytes,
      write: counters.writtenBytes,
      create: objectBytes,
      destroy: objectBytes,
    },
    latencies: {
      read: latenciesOf('read'),
      write: latenciesOf('write'),
      create: latenciesOf('create'),
      destroy: latenciesOf('destroy'),
    },
    lockWaitNs: counters.lockWaitNs,
    lockSleepNs: counters.lockSleepNs,
    lockContentions: counters.lockContentions,
  };
}

/** Of all threads together. */
export function threadSums(reports: readonly PhaseReport[]): PhaseOutcome['threads'] {
  return {
    clockNs: reports.reduce((sum, { startNs, endNs }) => sum + Number(endNs - startNs), 0),
    processorNs: reports.reduce((sum, report) => sum + report.processorNs, 0),
  };
}

/** What the CPUs of `reports`, whose time the phase's is, counted between two looks at all CPUs' counters. */
export function countersSince(
  allBefore: readonly CpuCounters[],
  allNow: readonly CpuCounters[],
  reports: readonly CpuReport[],
): PhaseCounters {
  const ofThese = (_: CpuCounters, id: number): boolean => reports.some(({ cpu }) => cpu === id);
  const before = allBefore.filter(ofThese);
  const now = allNow.filter(ofThese);
  return {
    readBytes: countedSince(before, now, (counters) => counters.readBytes),
    writtenBytes: countedSince(before, now, (counters) => counters.writtenBytes),
    lockWaitNs: countedSince(before, now, (counters) => counters.lockWaitNs),
    lockSleepNs: countedSince(before, now, (counters) => counters.lockSleepNs),
    lockContentions: countedSince(before, now, (counters) => counters.lockContentions),
  };
}
