/** Finding a table by the entries that lead to it, and saying what it is. */
import type { SpaceRegion, TableNode } from '../../../shared/address-space-contract.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { contains } from '../../machine/memory/address-regions.ts';
import { TableFrameW } from '../../machine/memory/arena-layout.ts';
import { levelOf } from '../../machine/memory/page-geometry.ts';
import { type EntryContent, readEntry } from '../../machine/memory/walk-trace.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, virtualAddress } from '../../machine/units.ts';
import { frameOfWord, tableWalkers } from './walkers.ts';

/** A table of a CPU's, and how to get there. */
export interface TablePlace {
  /** Whose walk. */
  readonly cpu: CpuId;
  readonly path: readonly number[];
  /** Word index of its first entry. */
  readonly table: number;
  readonly level: number;
  /** First address that it serves. */
  readonly start: number;
}

/** An entry in use. */
export interface UsedEntry {
  readonly index: number;
  readonly content: Exclude<EntryContent, { readonly kind: 'empty' }>;
}

/** The top-level table that a CPU's walks begin with. */
export function topTable({ space }: MappedMachine, cpu: CpuId): TablePlace {
  return { cpu, path: [], table: space.rootOf(cpu), level: 0, start: 0 };
}

/** Errors: 'not-found' where an entry of the path leads to no table. */
export function tableAt(machine: MappedMachine, cpu: CpuId, path: readonly number[]): Result<TablePlace> {
  let place = topTable(machine, cpu);
  for (const index of path) {
    const isEntry = index < levelOf(machine.space.geometry, place.level).entries;
    const content = isEntry ? readEntry(machine.space, place.table, index) : { kind: 'empty' as const };
    if (content.kind !== 'table') return fail('not-found', `Entry ${index} of level ${place.level} leads to no table`);
    place = tableBelow(machine, place, { index, content });
  }
  return ok(place);
}

/** The table that an entry leads to. */
export function tableBelow({ space }: MappedMachine, place: TablePlace, { index, content }: UsedEntry): TablePlace {
  return {
    cpu: place.cpu,
    path: [...place.path, index],
    table: space.frameWord(content.frame),
    level: place.level + 1,
    start: place.start + index * levelOf(space.geometry, place.level).spanBytes,
  };
}

/** The entries in use of a table, lowest first. */
export function usedEntries({ space }: MappedMachine, { table, level }: TablePlace): readonly UsedEntry[] {
  return Array.from({ length: levelOf(space.geometry, level).entries }, (_, index) => index).flatMap((index) => {
    const content = readEntry(space, table, index);
    return content.kind === 'empty' ? [] : { index, content };
  });
}

/** What is said of a table wherever it appears. */
export type TableFacts = Pick<TableNode, 'kind' | 'walkers' | 'start' | 'end' | 'region'>;

export function tableFacts(machine: MappedMachine, place: TablePlace): TableFacts {
  const { entries, spanBytes } = levelOf(machine.space.geometry, place.level);
  return {
    kind: kindOf(machine, place),
    walkers: tableWalkers(machine, place.table, virtualAddress(place.start)),
    start: place.start,
    end: place.start + entries * spanBytes,
    region: regionOf(machine, place.start),
  };
}

function kindOf(machine: MappedMachine, place: TablePlace): TableNode['kind'] {
  if (place.level === 0) return 'pgd';
  return isPrivate(machine, place) ? 'private' : 'shared';
}

/** By what the table's own frame says. */
export function isPrivate(machine: MappedMachine, { table }: TablePlace): boolean {
  const { frame } = frameOfWord(machine, table);
  return machine.arena.word(machine.arena.descriptorWord(frame) + TableFrameW.owner) !== 0;
}

/** The part of the kernel's half that an address lies in. */
export function regionOf({ space }: MappedMachine, address: number): SpaceRegion {
  const { linear, modules, vmalloc, chunks, window } = space.regions;
  const named = { linear, modules, vmalloc, chunks, window };
  const names = ['linear', 'modules', 'vmalloc', 'chunks', 'window'] as const;
  return names.find((name) => contains(named[name], virtualAddress(address))) ?? 'top';
}
