/** What the engine's main thread reads of the per-CPU allocator: counters at any time, all of it between phases. */
import type { ChunkTables, PercpuFigures, PercpuMoment } from '../../../shared/run-record.ts';
import type { Arena } from '../../machine/memory/arena.ts';
import { PageFrames } from '../../machine/memory/page-frames.ts';
import { BigObjects } from '../../machine/percpu/big-objects.ts';
import { firstChunkFrames } from '../../machine/percpu/boot-first-chunk.ts';
import { percpuStats } from '../../machine/percpu/chunks/chunk-figures.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';
import { attachTables } from '../../machine/percpu/local-mapping/machine-tables.ts';
import { tableFigures } from '../../machine/percpu/local-mapping/table-figures.ts';
import { callSiteTotals, percpuMoment } from '../../machine/percpu/percpu-moment.ts';
import type { PhaseKind } from '../../workload/job-plan.ts';
import type { SamplePlan } from './sample-plan.ts';

/** Per-CPU objects given out and taken back since boot. */
export interface ObjectCounters {
  readonly created: number;
  readonly destroyed: number;
}

/** At any time: counters that CPUs write under pcpu_lock, a moment old. */
export function objectCounters(arena: Arena): ObjectCounters {
  const start = arena.geometry.chunkRegion / 4;
  const long = (low: number): number => (arena.word(start + low) >>> 0) + arena.word(start + low + 1) * 2 ** 32;
  return { created: long(RegionW.allocatedLow), destroyed: long(RegionW.freedLow) };
}

/** Notes the allocator's state after the phases of a percpu workload. */
export class PercpuObserver {
  readonly #arena: Arena;
  readonly #plan: SamplePlan;
  #atFull: Omit<PercpuFigures, 'atEnd'> | undefined;
  #atEnd: PercpuMoment | undefined;
  /** Of machines with page tables. */
  readonly #tablesAtBoot: ChunkTables | undefined;
  #tablesAtFull: ChunkTables | undefined;
  #tablesAtEnd: ChunkTables | undefined;

  /** Before the first phase. */
  constructor(arena: Arena, plan: SamplePlan) {
    this.#arena = arena;
    this.#plan = plan;
    this.#tablesAtBoot = chunkTables(arena);
  }

  /** Call when a phase has ended and no CPU runs. */
  note(phase: PhaseKind): void {
    if (phase !== 'create' && phase !== 'destroy') return;
    const region = ChunkRegion.attach(new RegionWords(this.#arena.buffer), this.#arena.geometry.chunkRegion);
    const moment = percpuMoment(region, firstChunkFrames(this.#arena.percpu));
    this.#atEnd = moment;
    this.#tablesAtEnd = chunkTables(this.#arena);
    if (phase !== 'create') return;
    this.#tablesAtFull = this.#tablesAtEnd;
    const big = new BigObjects(this.#arena, new PageFrames(this.#arena)).list();
    this.#atFull = {
      atFull: moment,
      callSites: callSiteTotals(region, big, this.#plan.callSites),
      statsAtFull: percpuStats(region),
    };
  }

  /** Undefined for other workloads. */
  figures(): PercpuFigures | undefined {
    if (this.#atFull === undefined || this.#atEnd === undefined) return undefined;
    return { ...this.#atFull, atEnd: this.#atEnd, ...this.#tables() };
  }

  #tables(): Pick<PercpuFigures, 'tables'> {
    const [atBoot, atFull, atEnd] = [this.#tablesAtBoot, this.#tablesAtFull, this.#tablesAtEnd];
    if (atBoot === undefined || atFull === undefined || atEnd === undefined) return {};
    return { tables: { atBoot, atFull, atEnd } };
  }
}

/** Counted from the descriptors of all frames, at rest; undefined without page tables. */
function chunkTables(arena: Arena): ChunkTables | undefined {
  const mapped = attachTables(arena, new PageFrames(arena));
  if (mapped === undefined) return undefined;
  const figures = tableFigures(mapped.space, mapped.mapping);
  const { tablesMade, tablesFreed, pgdCopies, flushes } = figures;
  const tableBytes = figures.sharedBytes + figures.localBytes;
  return { tableBytes, ownTableBytes: figures.localBytes, tablesMade, tablesFreed, pgdCopies, flushes };
}
