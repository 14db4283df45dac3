/** What counting a local mapping came to, as text for a person at a terminal. */
import { ACCESS_MODE_WORDS } from '../../shared/design.ts';
import type { EventCost, MappingReport, OperationRow, TableRow } from '../../shared/mapping-report.ts';
import { textTable } from './text-table.ts';

/** The whole report, ready to print. */
export function mappingReportText(report: MappingReport): string {
  const { machine, workload } = report.profile;
  const head = [
    report.profile.name,
    `${machine.possibleCpus} CPUs, ${machine.translation}, window ${machine.window}, units of ${kib(machine.unitBytes)} KiB; all counted`,
  ].join('\n');
  const parts = [head, paperTable(report), tablesTable(report), eventTable(report), operationTable(report)];
  const occasion = `Added chunks: ${workload.occasion}. Operations are per this_cpu_add; times are not measured here.`;
  return `${[...parts, occasion].join('\n\n')}\n`;
}

function paperTable({ paper }: MappingReport): string {
  const rows = paper.map(({ figure, says, paperBytes, labBytes }) => [
    figure,
    says,
    paperBytes === undefined ? '-' : kib(paperBytes),
    kib(labBytes),
  ]);
  return textTable([['figure', 'the paper says', 'paper, KiB', 'lab, KiB'], ...rows]);
}

const TABLE_HEAD = [
  'tables, KiB',
  'CPUs',
  'chunks',
  'PGDs',
  'below the window',
  'local mapping',
  'shared',
  'window VA',
];

function tablesTable({ tables }: MappingReport): string {
  return textTable([TABLE_HEAD, ...tables.map(tableCells)]);
}

function tableCells(row: TableRow): string[] {
  const bytes = [row.pgdBytes, row.windowTableBytes, row.localBytes, row.sharedBytes, row.windowSpaceBytes];
  return [`${row.translation} ${row.window}`, String(row.cpus), String(row.chunks), ...bytes.map(kib)];
}

const EVENT_WORDS: Readonly<Record<EventCost['event'], string>> = {
  'chunk-created': 'chunk created, one page',
  'pages-populated': 'its other pages populated',
  'chunk-destroyed': 'chunk destroyed',
  'cpu-down': 'CPU taken away',
  'cpu-up': 'CPU brought up',
};

function eventTable({ events }: MappingReport): string {
  const rows = events.map(({ event, tablesMade, tablesFreed, pgdCopies, flushes }) => [
    EVENT_WORDS[event],
    ...[tablesMade, tablesFreed, pgdCopies, flushes].map(String),
  ]);
  return textTable([['event', 'tables made', 'given back', 'PGD copies', 'invalidations'], ...rows]);
}

const OPERATION_HEAD = [
  'per operation',
  'preempt pairs',
  'checks',
  'offset reads',
  'notes',
  'window',
  'atomics',
  'TLB look-ups',
  'switches',
  'migrations',
  'stray',
  'lost',
];

function operationTable({ operations }: MappingReport): string {
  return textTable([OPERATION_HEAD, ...operations.map(operationCells)]);
}

function operationCells(row: OperationRow): string[] {
  const each = [
    row.preemptPairs,
    row.rescheduleChecks,
    row.offsetReads,
    row.notes,
    row.windowAccesses,
    row.atomics,
    row.tlbHits + row.tlbMisses,
  ];
  return [
    ACCESS_MODE_WORDS[row.mode].title,
    ...each.map((count) => (count / row.operations).toFixed(2)),
    ...[row.switches, row.migrations, row.strayAccesses, row.operations - row.counted].map(String),
  ];
}

/** Whole KiB, or with one decimal where it is none. */
function kib(bytes: number): string {
  return (bytes / 1024).toFixed(bytes % 1024 === 0 ? 0 : 1);
}
