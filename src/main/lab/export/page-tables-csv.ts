/**
 * Counted page tables as a table for spreadsheets and scripts: RFC 4180, one row per figure, with a header.
 *
 *     profile, section, subject, cpus, chunks, figure, value, unit
 */
import type { MappingReport } from '../../../shared/mapping-report.ts';
import { PAPER_FIGURE_ORIGINS, paperMachine } from '../../../shared/paper-machine.ts';
import { csvText } from './csv-text.ts';

const COLUMNS = ['profile', 'section', 'subject', 'cpus', 'chunks', 'figure', 'value', 'unit'] as const;
type Row = Readonly<Partial<Record<(typeof COLUMNS)[number], string | number>>>;

/** Sections: paper (subject `paper`, or `lab` with its window and whether the figure is counted or an input), tables (translation and window), event. */
export function pageTablesCsv(profileName: string, report: MappingReport): string {
  const rows = [...paperRows(report), ...tableRows(report), ...eventRows(report)];
  return csvText(
    COLUMNS,
    rows.map((row) => ({ profile: profileName, ...row })),
  );
}

function paperRows(report: MappingReport): readonly Row[] {
  const machine = paperMachine(report);
  if (machine === undefined) return [];
  const common = { section: 'paper', cpus: machine.cpus, unit: 'bytes' };
  return report.paper.flatMap(({ figure, paperBytes }) => [
    ...(paperBytes === undefined ? [] : [{ ...common, subject: 'paper', figure, value: paperBytes }]),
    ...machine.windows.map(({ window, figures }) => ({
      ...common,
      subject: `lab ${window}, ${PAPER_FIGURE_ORIGINS[figure]}`,
      figure,
      value: figures[figure],
    })),
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
