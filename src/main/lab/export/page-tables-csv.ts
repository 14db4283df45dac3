/**
 * Counted page tables as a table for spreadsheets and scripts: RFC 4180, one row per figure, with a header.
 *
 *     profile, section, subject, cpus, chunks, figure, value, unit
 */
import { stringify } from 'csv-stringify/sync';
import type { MappingReport } from '../../../shared/mapping-report.ts';

const COLUMNS = ['profile', 'section', 'subject', 'cpus', 'chunks', 'figure', 'value', 'unit'] as const;
type Row = Readonly<Partial<Record<(typeof COLUMNS)[number], string | number>>>;

/** Sections: paper (subject `paper` or `lab`), tables (translation and window), event. */
export function pageTablesCsv(profileName: string, report: MappingReport): string {
  const rows = [...paperRows(report), ...tableRows(report), ...eventRows(report)];
  return stringify(
    rows.map((row) => ({ profile: profileName, ...row })),
    { header: true, columns: [...COLUMNS], record_delimiter: '\r\n', escape_formulas: true },
  );
}

function paperRows({ paper }: MappingReport): readonly Row[] {
  return paper.flatMap(({ figure, paperBytes, labBytes }) => [
    ...(paperBytes === undefined
      ? []
      : [{ section: 'paper', subject: 'paper', figure, value: paperBytes, unit: 'bytes' }]),
    { section: 'paper', subject: 'lab', figure, value: labBytes, unit: 'bytes' },
  ]);
}

function tableRows({ tables }: MappingReport): readonly Row[] {
  return tables.flatMap(({ translation, window, cpus, chunks, ...figures }) =>
    Object.entries(figures).map(([figure, value]) => ({
      section: 'tables',
      subject: `${translation} ${window}`,
      cpus,
      chunks,
      figure,
      value,
      unit: 'bytes',
    })),
  );
}

function eventRows({ events }: MappingReport): readonly Row[] {
  return events.flatMap(({ event, ...figures }) =>
    Object.entries(figures).map(([figure, value]) => ({
      section: 'event',
      subject: event,
      figure,
      value,
      unit: 'number',
    })),
  );
}
