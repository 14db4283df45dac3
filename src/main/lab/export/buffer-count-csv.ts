/**
 * Pages of compression streams as a table for spreadsheets and scripts: RFC 4180, one row per machine that was counted.
 */
import { stringify } from 'csv-stringify/sync';
import type { BufferCount } from '../../../shared/buffer-count.ts';

/** `paper_buffer_pages` is empty where the profile quotes nobody. */
export function bufferCountCsv({ rows, paper }: BufferCount): string {
  const lines = rows.map((row) => ({
    buffer_layout: row.layout,
    protection: row.protection,
    cpus: row.cpus,
    streams: row.streams,
    devices: row.devices,
    buffer_pages: row.bufferPages,
    work_memory_pages: row.workMemoryPages,
    local_copy_pages: row.localCopyPages,
    record_bytes_per_cpu: row.recordBytes,
    paper_buffer_pages: paper.find(({ layout, devices }) => layout === row.layout && devices === row.devices)
      ?.paperPages,
  }));
  return stringify(lines, { header: true, record_delimiter: '\r\n' });
}
