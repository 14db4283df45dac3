/** Counted page tables as text: the paper's figures beside the lab's, tables of every machine, what events cost. */
import type { MappingReport, TableRow } from '../../shared/mapping-report.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { MAPPING_EVENT_WORDS, PAPER_FIGURE_WORDS } from '../../shared/this-cpu-words.ts';
import { textTable } from './text-table.ts';

/** Parts of the report; none where the profile wants no tables counted. */
export function mappingReport({ mapping, profile }: RunRecord): readonly string[] {
  const { workload } = profile;
  if (mapping === undefined || workload.kind !== 'this-cpu' || workload.counting === undefined) return [];
  const { occasion, chunksAdded } = workload.counting;
  const added = `On top: ${chunksAdded} chunks, with ${occasion}.`;
  return [`${paperTable(mapping)}\n${added}`, tablesTable(mapping), eventTable(mapping)];
}

function paperTable({ paper }: MappingReport): string {
  const rows = paper.map(({ figure, says, paperBytes, labBytes }) => [
    PAPER_FIGURE_WORDS[figure],
    paperBytes === undefined ? '-' : kib(paperBytes),
    kib(labBytes),
    says,
  ]);
  return textTable([['the paper beside the lab (counted)', 'paper, KiB', 'lab, KiB', 'the paper says'], ...rows]);
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
