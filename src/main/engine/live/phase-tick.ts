/** What a look at the arena in the middle of a phase tells. */
import type { Arena } from '../../machine/memory/arena.ts';
import { memoryFigures } from '../../machine/memory-figures.ts';
import { countedSince, type CpuCounters, readAllCpuCounters } from './cpu-counters.ts';
import type { ProcessorTimes } from './host-threads.ts';
import { type ObjectCounters, objectCounters } from './percpu-observer.ts';
import type { CpuTick, Tick } from './sample-plan.ts';

/** A phase that goes on: which, since when, which CPUs have a part in it, and what had been counted before. */
export type WatchedPhase = Pick<Tick, 'phase' | 'phaseIndex' | 'phaseMs'> & {
  readonly cpus: readonly number[];
  readonly before: readonly CpuCounters[];
  readonly objectsBefore: ObjectCounters;
  readonly processor: ProcessorTimes;
};

/** Counters since the phase began, and memory as it is. */
export function tickOf(arena: Arena, watched: WatchedPhase): Tick {
  const { phase, phaseIndex, phaseMs, before, objectsBefore, processor } = watched;
  const now = readAllCpuCounters(arena);
  const objects = objectCounters(arena);
  return {
    phase,
    phaseIndex,
    phaseMs,
    readBytes: countedSince(before, now, (counters) => counters.readBytes),
    writtenBytes: countedSince(before, now, (counters) => counters.writtenBytes),
    createdObjects: objects.created - objectsBefore.created,
    destroyedObjects: objects.destroyed - objectsBefore.destroyed,
    memory: memoryFigures(arena),
    cpus: now.map((counters, cpu): CpuTick => ({
      lockWaitMs: (counters.lockWaitNs - (before[cpu]?.lockWaitNs ?? 0)) / 1e6,
      processorMs: processor.of(cpu),
      isBusy: watched.cpus.includes(cpu) && !counters.isFinished,
    })),
  };
}
