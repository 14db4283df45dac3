/** The tables of a run that can be exported, and each as a file. */
import type { CsvExport, CsvTable } from '../../../shared/contract.ts';
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { RunRecord } from '../../../shared/run-record.ts';
import { mixesCsv } from './mixes-csv.ts';
import { pageTablesCsv } from './page-tables-csv.ts';
import { exportFileName, samplesCsv } from './samples-csv.ts';

/** The samples first. */
export function csvTablesOf({ profile, mapping }: RunRecord): readonly CsvTable[] {
  if (profile.workload.kind !== 'this-cpu') return ['samples'];
  return mapping === undefined ? ['samples', 'mixes'] : ['samples', 'mixes', 'page-tables'];
}

/** Error: 'not-found' where the run has no such table. */
export function runCsv(record: RunRecord, table: CsvTable): Result<CsvExport> {
  const fileName = exportFileName(record, table);
  switch (table) {
    case 'samples':
      return ok({ fileName, text: samplesCsv(record) });
    case 'mixes':
      return ok({ fileName, text: mixesCsv(record) });
    case 'page-tables':
      return record.mapping === undefined
        ? fail('not-found', 'this run has counted no page tables')
        : ok({ fileName, text: pageTablesCsv(record.profile.name, record.mapping) });
    default:
      return assertUnreachable(table);
  }
}
