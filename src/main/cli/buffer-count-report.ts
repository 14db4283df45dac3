/** Pages of compression streams, counted, as text: what a paper says and the lab's count, then every layout by devices. */
import type { BufferCount, BufferCountRow } from '../../shared/buffer-count.ts';
import { DESIGN_WORDS, PROTECTION_WORDS } from '../../shared/design.ts';
import { textTable } from './text-table.ts';

/** Two tables, the first only where the profile quotes a paper; empty without a count. */
export function bufferCountReport(count: BufferCount | undefined): readonly string[] {
  if (count === undefined) return [];
  return [...(count.paper.length === 0 ? [] : [paperTable(count)]), layoutTable(count)];
}

function paperTable({ paper }: BufferCount): string {
  const rows = paper.map(({ says, layout, devices, paperPages, labPages }) => [
    says,
    DESIGN_WORDS[layout].title,
    ...[devices, paperPages, labPages].map(String),
  ]);
  return textTable([['the paper says', 'layout', 'devices', 'paper, pages', 'lab, pages (counted)'], ...rows]);
}

const HEAD = ['pages of streams (counted)', 'protection', 'CPUs', 'streams', 'devices'];
const FIGURES = ['buffers', 'work memory', 'local copies', 'records, bytes per CPU'];

function layoutTable({ rows }: BufferCount): string {
  return textTable([[...HEAD, ...FIGURES], ...rows.map(layoutRow)]);
}

function layoutRow(row: BufferCountRow): string[] {
  const { cpus, streams, devices, bufferPages, workMemoryPages, localCopyPages, recordBytes } = row;
  return [
    DESIGN_WORDS[row.layout].title,
    PROTECTION_WORDS[row.protection].title,
    ...[cpus, streams, devices, bufferPages, workMemoryPages, localCopyPages, recordBytes].map(String),
  ];
}
