/**
 * What the tables of a machine take, counted frame by frame from the descriptors, and what keeping them cost so far.
 */
import type { AddressSpace } from '../../memory/address-space.ts';
import { SpaceW } from '../../memory/address-space-layout.ts';
import { FrameKind, FrameW, TableFrameW } from '../../memory/arena-layout.ts';
import { cpuId, frameNumber } from '../../units.ts';
import type { LocalMapping } from './local-mapping.ts';

export interface TableFigures {
  /** Top-level tables beside CPU 0's, which the machine has anyway: bytes of the tables, and of the frames they lie in. */
  readonly pgdBytes: number;
  readonly pgdFrameBytes: number;
  /** Tables below the window, of all CPUs: tables by level from 1 on, bytes. */
  readonly windowTables: readonly number[];
  readonly windowTableBytes: number;
  /** pgdBytes + windowTableBytes: what the local mapping takes. */
  readonly localBytes: number;
  /** The same by CPU, without and with its top-level table. */
  readonly bytesByCpu: readonly number[];
  /** Everything that all CPUs walk through: CPU 0's top-level table, linear map, vmalloc, global mapping. */
  readonly sharedBytes: number;
  readonly chunks: number;
  /** Address space behind chunks in use: in the window, and in the global mapping. */
  readonly windowSpaceBytes: number;
  readonly globalSpaceBytes: number;
  /** Since boot: stores that kept top-level tables equal, ranges invalidated everywhere, tables made and given back. */
  readonly pgdCopies: number;
  readonly flushes: number;
  readonly tablesMade: number;
  readonly tablesFreed: number;
}

/** Counts; at rest. */
export function tableFigures(space: AddressSpace, mapping: LocalMapping): TableFigures {
  const { possibleCpus, pageSizeBytes } = space.arena.config;
  const windowTables = space.geometry.levels.slice(1).map(() => 0);
  const bytesByCpu = Array.from({ length: possibleCpus }, () => 0);
  let pgdFrames = 0;
  let sharedTables = 0;
  for (const { level, owner } of tableFrames(space)) {
    if (level === 0) pgdFrames += 1;
    else if (owner === undefined) sharedTables += 1;
    else {
      windowTables[level - 1] = (windowTables[level - 1] ?? 0) + 1;
      bytesByCpu[owner] = (bytesByCpu[owner] ?? 0) + pageSizeBytes;
    }
  }
  let pgds = 0;
  for (let cpu = 1; cpu < possibleCpus; cpu++) {
    if (!space.hasOwnTables(cpuId(cpu))) continue;
    pgds += 1;
    bytesByCpu[cpu] = (bytesByCpu[cpu] ?? 0) + space.pgdBytes;
  }
  const windowTableBytes = windowTables.reduce((sum, tables) => sum + tables, 0) * pageSizeBytes;
  const chunks = mapping.chunks().length;
  const { unitBytes, window } = mapping.config;
  return {
    pgdBytes: pgds * space.pgdBytes,
    pgdFrameBytes: (pgdFrames - 1) * pageSizeBytes,
    windowTables,
    windowTableBytes,
    localBytes: pgds * space.pgdBytes + windowTableBytes,
    bytesByCpu,
    sharedBytes: (sharedTables + 1) * pageSizeBytes,
    chunks,
    windowSpaceBytes: window === 'none' ? 0 : chunks * unitBytes,
    globalSpaceBytes: chunks * unitBytes * possibleCpus,
    pgdCopies: space.header(SpaceW.pgdCopies),
    flushes: space.header(SpaceW.flushes),
    tablesMade: space.header(SpaceW.tablesMade),
    tablesFreed: space.header(SpaceW.tablesFreed),
  };
}

/** Tables of one level. */
export interface LevelFigures {
  /** Walked by all CPUs; of level 0: CPU 0's. */
  readonly shared: number;
  /** Walked by one CPU, by CPU; of level 0: beside CPU 0's. */
  readonly privateByCpu: readonly number[];
}

/** Tables by level, from the top level down; counts, at rest. */
export function tablesByLevel(space: AddressSpace): readonly LevelFigures[] {
  const { possibleCpus } = space.arena.config;
  const levels = space.geometry.levels.map(() => ({
    shared: 0,
    privateByCpu: Array.from({ length: possibleCpus }, () => 0),
  }));
  for (const { level, owner } of tableFrames(space)) {
    const figures = levels[level];
    if (figures === undefined || level === 0) continue;
    if (owner === undefined) figures.shared += 1;
    else figures.privateByCpu[owner] = (figures.privateByCpu[owner] ?? 0) + 1;
  }
  // A frame may hold several top-level tables, so CPUs are asked for theirs.
  const [top] = levels;
  if (top === undefined) throw new Error('a translation has at least one level');
  top.shared = 1;
  top.privateByCpu = top.privateByCpu.map((_, cpu) => (cpu > 0 && space.hasOwnTables(cpuId(cpu)) ? 1 : 0));
  return levels;
}

interface TableFrame {
  readonly frame: number;
  readonly level: number;
  /** Number of the only CPU that walks through it; undefined: all do. */
  readonly owner: number | undefined;
}

/** All frames that hold tables, by their descriptors. */
export function* tableFrames(space: AddressSpace): Generator<TableFrame, void, void> {
  const { arena } = space;
  for (let frame = 0; frame < arena.frameCount; frame++) {
    const descriptor = arena.descriptorWord(frameNumber(frame));
    if (arena.word(descriptor + FrameW.kind) !== FrameKind.pageTable) continue;
    const owner = arena.word(descriptor + TableFrameW.owner);
    yield {
      frame,
      level: arena.word(descriptor + TableFrameW.level),
      owner: owner === 0 ? undefined : owner - 1,
    };
  }
}
