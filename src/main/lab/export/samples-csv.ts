/**
 * A run as a table for spreadsheets and scripts: RFC 4180, one row per sample, with a header.
 */
import type { CsvTable } from '../../../shared/contract.ts';
import type { RunRecord } from '../../../shared/run-record.ts';
import { fileStem } from '../file-stem.ts';
import { CSV_COLUMNS, type CsvColumn } from './csv-columns.ts';
import { csvText } from './csv-text.ts';

/** The samples of `record`, columns as in `CSV_COLUMNS`; only the header where there are none. */
export function samplesCsv(record: RunRecord): string {
  const [first] = record.samples;
  const columns = CSV_COLUMNS.map((column): CsvColumn => {
    if (column.isOfRun !== true || first === undefined) return column;
    const cell = column.read(record, first);
    return { ...column, read: () => cell };
  });
  const rows = record.samples.map((sample) => columns.map((column) => column.read(record, sample)));
  return csvText(
    CSV_COLUMNS.map(({ name }) => name),
    rows,
  );
}

/**
 * A file name for the export, safe on every system: `percpu-lab-NAME-20261102-100000.csv`, the time in UTC; `….mixes.csv`. The
 * name of a run that nobody has renamed ends with this time, which is then not written twice.
 */
export function exportFileName(record: RunRecord, table: CsvTable = 'samples'): string {
  const [date = '', time = ''] = record.startedAt.split('T');
  const stamp = `${date.replaceAll(/\D/g, '')}-${time.slice(0, 8).replaceAll(/\D/g, '')}`;
  const stem = fileStem(record.name, 'run');
  const ending = `-${date}-${time.slice(0, 8).replaceAll(':', '-')}`;
  const name = stem.endsWith(ending) ? stem.slice(0, -ending.length) : stem;
  return `percpu-lab-${name}-${stamp}${table === 'samples' ? '' : `.${table}`}.csv`;
}
