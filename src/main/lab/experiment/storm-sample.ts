/** From what a storm of this_cpu operations comes to, to the figures of a sample; and from its ticks to the engine's. */
import type { DirectionFigures, LatencyNs } from '../../../shared/run-record.ts';
import type { MixFigures } from '../../../shared/this-cpu-report.ts';
import { type LatencyCounts, latencyFigures } from '../../engine/latency-counts.ts';
import type { SampleObserver } from '../../engine/live/live-engine.ts';
import type { PhasePlan, SampleFigures } from '../../engine/live/sample-plan.ts';
import {
  type MixOutcome,
  operationsPerUnit,
  type StormMix,
  type StormObserver,
  type StormOutcome,
  type StormPlan,
  turnsPerUnit,
} from '../../engine/live/storm/storm-plan.ts';

/** Throughput is that of the mixes with per-CPU data; one that has only the shared total is left out of it. */
export function stormFigures(plan: StormPlan, outcome: StormOutcome): SampleFigures {
  const mixes = outcome.mixes.map((mix, index) => ({ plan: plan.mixes[index], mix }));
  const accessing = mixes.filter(({ plan: mix }) => mix !== undefined && operationsPerUnit(mix) > 0);
  return {
    access: accessFigures(
      accessing.map(({ mix, plan: each }) => ({ mix, operations: operationsOf(each, mix) })),
      plan,
    ),
    thisCpu: { mixes: mixes.map(({ plan: each, mix }) => mixFigures(each, mix)), cpus: outcome.cpus },
    memoryAtEnd: outcome.memoryAtEnd,
    memoryAtPeak: outcome.memoryAtPeak,
    verifiedPages: 0,
  };
}

/** Tells the experiment what the storm tells. */
export function stormObserver(plan: StormPlan, phases: readonly PhasePlan[], observer: SampleObserver): StormObserver {
  return {
    onMix: (index) => {
      const phase = phases[index];
      if (phase !== undefined) observer.onPhase(phase, index);
    },
    onTick: ({ mix, mixMs, operations, memory, lockWaitMs }) => {
      const phase = phases[mix];
      if (phase === undefined) return;
      observer.onTick({
        phase,
        phaseIndex: mix,
        phaseMs: mixMs,
        readBytes: 0,
        writtenBytes: 0,
        createdObjects: 0,
        destroyedObjects: 0,
        accesses: operations,
        accessesExpected: expectedOperations(plan, mix),
        memory,
        cpus: lockWaitMs.map((ms) => ({ lockWaitMs: ms, isBusy: true })),
      });
    },
  };
}

function expectedOperations({ mixes, tasksPerCpu, machine }: StormPlan, index: number): number {
  const mix = mixes[index];
  return mix === undefined ? 0 : mix.unitsPerTask * tasksPerCpu * machine.onlineCpus * operationsPerUnit(mix);
}

function mixFigures(plan: StormMix | undefined, mix: MixOutcome): MixFigures {
  const { name, units, issued, counted, durationNs, processorNs, figures } = mix;
  const operations = plan === undefined ? 0 : units * turnsPerUnit(plan);
  return { name, units, operations, issued, counted, durationNs, processorNs, counts: figures };
}

function operationsOf(plan: StormMix | undefined, { units }: MixOutcome): number {
  return plan === undefined ? 0 : units * operationsPerUnit(plan);
}

function accessFigures(
  mixes: readonly { readonly mix: MixOutcome; readonly operations: number }[],
  { machine }: StormPlan,
): DirectionFigures | undefined {
  if (mixes.length === 0) return undefined;
  const sum = (read: (mix: MixOutcome) => number): number => mixes.reduce((all, { mix }) => all + read(mix), 0);
  const operations = mixes.reduce((all, mix) => all + mix.operations, 0);
  const durationNs = sum((mix) => mix.durationNs);
  const lockWaitNs = sum((mix) => mix.lockWaitNs);
  const meanNs = operations === 0 ? 0 : sum((mix) => mix.processorNs) / operations;
  return {
    operations,
    bytes: 0,
    durationNs,
    megabytesPerSecond: 0,
    operationsPerSecond: durationNs === 0 ? 0 : (operations / durationNs) * 1e9,
    latencyNs: latencyOf(
      meanNs,
      mixes.flatMap(({ mix }) => mix.slices),
    ),
    lockWaitNs,
    lockWaitShare: durationNs === 0 ? 0 : lockWaitNs / (durationNs * machine.onlineCpus),
    lockContentions: sum((mix) => mix.lockContentions),
  };
}

/** Slices are in picoseconds per operation. */
function latencyOf(mean: number, slices: readonly LatencyCounts[]): LatencyNs {
  const { p50, p90, p99, p999, max } = latencyFigures(slices);
  return { mean, p50: p50 / 1000, p90: p90 / 1000, p99: p99 / 1000, p999: p999 / 1000, max: max / 1000 };
}
