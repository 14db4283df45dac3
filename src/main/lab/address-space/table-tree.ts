/**
 * The tables that a CPU walks through, as a tree that can be drawn: as wide as the room for it, whatever the machine's size.
 * Tables of one kind side by side become one node where there are too many of them.
 *
 *     PGD ─┬─ PUD linear ── PMD ── PTE
 *          ├─ PUD chunks ── PMD ── PTE × 240, all CPUs'
 *          └─ PUD window ── PMD ─┬ PTE        this CPU's own
 *                                └ PTE …
 */
import type { TableNode } from '../../../shared/address-space-contract.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import type { CpuId } from '../../machine/units.ts';
import { isPrivate, regionOf, tableBelow, type TablePlace, tableFacts, topTable, usedEntries } from './table-place.ts';

/** Nodes side by side at most, about. */
const ROOM = 96;

/** Counts the machine's tables as they are; at rest. */
export function tableTree(machine: MappedMachine, cpu: CpuId): TableNode {
  return nodeOf(machine, topTable(machine, cpu), ROOM);
}

function nodeOf(machine: MappedMachine, place: TablePlace, room: number): TableNode {
  const entries = usedEntries(machine, place);
  const below = entries
    .filter(({ content }) => content.kind === 'table')
    .map((entry) => tableBelow(machine, place, entry));
  const children =
    below.length <= room
      ? below.map((child) => nodeOf(machine, child, Math.floor(room / below.length)))
      : runsOf(machine, below).map((run) => nodeOfRun(machine, run));
  return { path: place.path, tables: 1, ...tableFacts(machine, place), entriesUsed: entries.length, children };
}

/** Neighbours of one region and one kind. */
function runsOf(machine: MappedMachine, places: readonly TablePlace[]): readonly TablePlace[][] {
  const runs: TablePlace[][] = [];
  let last = '';
  for (const place of places) {
    const kind = `${regionOf(machine, place.start)} ${isPrivate(machine, place)}`;
    if (kind === last) runs.at(-1)?.push(place);
    else runs.push([place]);
    last = kind;
  }
  return runs;
}

function nodeOfRun(machine: MappedMachine, run: readonly TablePlace[]): TableNode {
  const [first] = run;
  const last = run.at(-1);
  if (first === undefined || last === undefined) throw new Error('a run has at least one table');
  return {
    path: first.path,
    tables: run.length,
    ...tableFacts(machine, first),
    end: tableFacts(machine, last).end,
    entriesUsed: run.reduce((sum, place) => sum + usedEntries(machine, place).length, 0),
    children: [],
  };
}
