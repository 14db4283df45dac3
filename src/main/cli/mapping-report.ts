/** Counted page tables as text: the paper's figures beside the lab's, tables of every machine, what events cost. */
import type { MappingReport, TableRow } from '../../shared/mapping-report.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { PAPER_FIGURE_ORIGINS, type PaperMachine, paperMachine } from '../../shared/paper-machine.ts';
import { MAPPING_EVENT_WORDS, PAPER_FIGURE_WORDS, paperMachineWords } from '../../shared/this-cpu-words.ts';
import { textTable } from './text-table.ts';

/** Parts of the report; none where the profile wants no tables counted. */
export function mappingReport({ mapping, profile }: RunRecord): readonly string[] {
  const { workload } = profile;
  if (mapping === undefined || workload.kind !== 'this-cpu' || workload.counting === undefined) return [];
  const machine = paperMachine(mapping);
  const paper = machine === undefined ? [] : [paperTable(machine, mapping, workload.counting.occasion)];
  return [...paper, tablesTable(mapping), eventTable(mapping)];
}

function paperTable(machine: PaperMachine, { paper }: MappingReport, occasion: string): string {
  const rows = paper.map(({ figure, says, paperBytes }) => [
    PAPER_FIGURE_WORDS[figure],
    paperBytes === undefined ? '-' : kib(paperBytes),
    ...machine.windows.map(({ figures }) => kib(figures[figure])),
    PAPER_FIGURE_ORIGINS[figure],
    says,
  ]);
  const windows = machine.windows.map(({ window }) => `lab, ${window}`);
  const head = ['the paper beside the lab, KiB', 'paper', ...windows, "lab's figure is", 'the paper says'];
  return `${paperMachineWords(machine, occasion)}\n${textTable([head, ...rows])}`;
}

const TABLE_HEAD = [
  'page tables, KiB (counted)',
  'CPUs',
  'chunks',
  'top level',
  'below the window',
  'local mapping',
  'shared',
  'window space',
];

function tablesTable({ tables }: MappingReport): string {
  return textTable([TABLE_HEAD, ...tables.map(tableCells)]);
}

function tableCells(row: TableRow): string[] {
  const bytes = [row.pgdBytes, row.windowTableBytes, row.localBytes, row.sharedBytes, row.windowSpaceBytes];
  return [`${row.translation} ${row.window}`, String(row.cpus), String(row.chunks), ...bytes.map(kib)];
}

function eventTable({ events }: MappingReport): string {
  const rows = events.map(({ event, tablesMade, tablesFreed, pgdCopies, flushes }) => [
    MAPPING_EVENT_WORDS[event],
    ...[tablesMade, tablesFreed, pgdCopies, flushes].map(String),
  ]);
  const head = ['event (counted)', 'tables made', 'given back', 'top-level entries copied', 'invalidations'];
  return textTable([head, ...rows]);
}

/** Whole KiB, or with one decimal where it is none. */
function kib(bytes: number): string {
  return (bytes / 1024).toFixed(bytes % 1024 === 0 ? 0 : 1);
}
