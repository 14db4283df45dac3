/**
 * Pages of compression streams as a table for spreadsheets and scripts: RFC 4180, one row per machine that was counted.
 */
import type { BufferCount } from '../../../shared/buffer-count.ts';
import { csvText } from './csv-text.ts';

const COLUMNS = [
  'buffer_layout',
  'protection',
  'cpus',
  'streams',
  'devices',
  'buffer_pages',
  'work_memory_pages',
  'local_copy_pages',
  'record_bytes_per_cpu',
  'paper_buffer_pages',
] as const;

/** `paper_buffer_pages` is empty where the profile quotes nobody. */
export function bufferCountCsv({ rows, paper }: BufferCount): string {
  const cells = rows.map((row) => [
    row.layout,
    row.protection,
    row.cpus,
    row.streams,
    row.devices,
    row.bufferPages,
    row.workMemoryPages,
    row.localCopyPages,
    row.recordBytes,
    paper.find(({ layout, devices }) => layout === row.layout && devices === row.devices)?.paperPages,
  ]);
  return csvText(COLUMNS, cells);
}
