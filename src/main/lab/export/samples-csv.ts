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
 * name of a run that nobody has renamed ends with its start by the clock of its host, which is then not written as well.
 */
export function exportFileName(record: RunRecord, table: CsvTable = 'samples'): string {
  const [date = '', time = ''] = record.startedAt.split('T');
  const stamp = `${date.replaceAll(/\D/g, '')}-${time.slice(0, 8).replaceAll(/\D/g, '')}`;
  return `percpu-lab-${fileStem(nameWithoutStart(record), 'run')}-${stamp}${table === 'samples' ? '' : `.${table}`}.csv`;
}

const QUARTER_HOUR_MS = 15 * 60_000;
/** The farthest that a clock on earth is ahead of UTC. */
const MOST_OFFSET_MS = 14 * 4 * QUARTER_HOUR_MS;

/** The record does not say in which time zone its host was; clocks differ from UTC by quarters of hours. */
function nameWithoutStart({ name, startedAt }: Pick<RunRecord, 'name' | 'startedAt'>): string {
  const [, stem, date = '', time = ''] = /^(.+), (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/s.exec(name) ?? [];
  const offsetMs = Date.parse(`${date}T${time}Z`) - Date.parse(`${startedAt.slice(0, 19)}Z`);
  const isStart = Math.abs(offsetMs) <= MOST_OFFSET_MS && offsetMs % QUARTER_HOUR_MS === 0;
  return stem !== undefined && isStart ? stem : name;
}
