/**
 * What the live charts draw, gathered from progress events.
 *
 * Events arrive ten times a second. The dashboard shares the host with the CPUs that it watches, so it redraws less
 * often: figures are added up here at every event and published as an immutable snapshot by the store.
 */
import type { CpuShares, RunProgress } from '../../shared/contract.ts';
import type { Design } from '../../shared/design.ts';
import { type Direction, THROUGHPUT_OF } from '../../shared/run-record.ts';
import { HELD_KIND_NAMES, HELD_KINDS, type HeldLine } from '../words/held-kinds.ts';
import { MEMORY_KINDS } from '../words/memory-kinds.ts';
import { createTimeColumns, type TimePoint } from './time-columns.ts';

/** Points of a line at most: about one per pixel of a wide chart. */
const CAPACITY = 1200;
/** The interval of progress events. */
const SLOT_MS = 100;

/** Means since the last snapshot; of a host that does not tell, nothing is withheld. */
export type MeanShares = CpuShares & { readonly withheld: number };

/** One line of the throughput chart, in the unit of its direction. */
export interface ThroughputLine {
  readonly design: Design;
  readonly direction: Direction;
  readonly points: readonly TimePoint[];
}

/** All that the live charts draw. */
export interface LiveSnapshot {
  readonly progress: RunProgress | undefined;
  readonly throughput: readonly ThroughputLine[];
  /** One entry per `MEMORY_KINDS`, in bytes. */
  readonly memory: readonly (readonly TimePoint[])[];
  /** What the zram devices held, by design and kind; none of a workload that stores nothing. */
  readonly held: readonly HeldLine[];
  readonly cpus: readonly MeanShares[];
  /** From when until when what does not count, the blocks before the first repetition, has gone on; absent where none was seen. */
  readonly firstBlockSeconds?: readonly [begin: number, end: number] | undefined;
}

/** Gathers the events of one run. */
export interface LiveFigures {
  readonly add: (progress: RunProgress) => void;
  /** The figures so far; starts a new mean of the CPUs' shares. */
  readonly snapshot: () => LiveSnapshot;
}

/** Empty figures for a run of these designs, of a workload that has these directions. */
export function createLiveFigures(designs: readonly Design[], directions: readonly Direction[]): LiveFigures {
  const lines = designs.flatMap((design) => directions.map((direction) => ({ design, direction })));
  const throughput = createTimeColumns({ columns: lines.length, capacity: CAPACITY, slotMs: SLOT_MS });
  const memory = createTimeColumns({ columns: MEMORY_KINDS.length, capacity: CAPACITY, slotMs: SLOT_MS });
  const heldLines = directions.includes('write')
    ? designs.flatMap((design) => HELD_KIND_NAMES.map((kind) => ({ design, kind })))
    : [];
  const held = createTimeColumns({ columns: heldLines.length, capacity: CAPACITY, slotMs: SLOT_MS });
  const cpus = createCpuMeans();
  let progress: RunProgress | undefined;
  let firstBlockSeconds: LiveSnapshot['firstBlockSeconds'];

  function add(next: RunProgress): void {
    // Another machine: what its lines say does not follow from what the one before came to.
    if (progress !== undefined && !isSameSample(progress, next)) {
      for (const columns of [throughput, memory, held]) columns.breakLines();
    }
    progress = next;
    if (next.repetition === 0 && next.phase !== 'prepare') {
      firstBlockSeconds = [firstBlockSeconds?.[0] ?? next.atMs / 1000, next.atMs / 1000];
    }
    cpus.add(next.cpus);
    const figures = lines.map((line) =>
      line.design === next.design ? next[THROUGHPUT_OF[line.direction]][line.direction] : undefined,
    );
    throughput.push(next.atMs, figures);
    const used = next.memory;
    if (used === undefined) return;
    memory.push(
      next.atMs,
      MEMORY_KINDS.map((kind) => kind.bytes(used)),
    );
    held.push(
      next.atMs,
      heldLines.map(({ design, kind }) => (design === next.design ? HELD_KINDS[kind].bytes(used) : undefined)),
    );
  }

  function snapshot(): LiveSnapshot {
    return {
      progress,
      throughput: lines.map((line, column) => ({ ...line, points: throughput.points(column) })),
      memory: MEMORY_KINDS.map((_, column) => memory.points(column)),
      held: heldLines.map((line, column) => ({ ...line, points: held.points(column) })),
      cpus: cpus.take(),
      firstBlockSeconds,
    };
  }

  return { add, snapshot };
}

function isSameSample(one: RunProgress, other: RunProgress): boolean {
  return one.sample === other.sample;
}

interface CpuMeans {
  readonly add: (cpus: readonly CpuShares[]) => void;
  readonly take: () => readonly MeanShares[];
}

/**
 * Means since the last `take` over the events that had CPUs: between two short phases there are none, which is no reason to
 * show none. Without an event since then, what the last one answered.
 */
function createCpuMeans(): CpuMeans {
  let sums: readonly MeanShares[] = [];
  let events = 0;
  let last: readonly MeanShares[] = [];

  function add(cpus: readonly CpuShares[]): void {
    if (cpus.length === 0 && events > 0) return;
    const fresh = events === 0 || sums.length !== cpus.length;
    events = fresh ? 1 : events + 1;
    sums = cpus.map((cpu, index) => ({
      working: cpu.working + (fresh ? 0 : (sums[index]?.working ?? 0)),
      lockWait: cpu.lockWait + (fresh ? 0 : (sums[index]?.lockWait ?? 0)),
      withheld: (cpu.withheld ?? 0) + (fresh ? 0 : (sums[index]?.withheld ?? 0)),
    }));
  }

  function take(): readonly MeanShares[] {
    if (events > 0) {
      last = sums.map((sum) => ({
        working: sum.working / events,
        lockWait: sum.lockWait / events,
        withheld: sum.withheld / events,
      }));
    }
    events = 0;
    return last;
  }

  return { add, take };
}
