/** The tables of a run that can be exported, and each as a file. */
import type { CsvExport, CsvTable } from '../../../shared/contract.ts';
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { RunRecord } from '../../../shared/run-record.ts';
import { bufferCountCsv } from './buffer-count-csv.ts';
import { mixesCsv } from './mixes-csv.ts';
import { pageTablesCsv } from './page-tables-csv.ts';
import { exportFileName, samplesCsv } from './samples-csv.ts';

/** Those that have rows, the samples first. */
export function csvTablesOf({ profile, samples, mapping, bufferCount }: RunRecord): readonly CsvTable[] {
  const measured: readonly CsvTable[] = profile.workload.kind === 'this-cpu' ? ['samples', 'mixes'] : ['samples'];
  return [
    ...(samples.length === 0 ? [] : measured),
    ...(mapping === undefined ? [] : (['page-tables'] as const)),
    ...(bufferCount === undefined ? [] : (['buffers'] as const)),
  ];
}

/** Error: 'not-found' where the run has no such table. */
export function runCsv(record: RunRecord, table: CsvTable): Result<CsvExport> {
  const fileName = exportFileName(record, table);
  if (record.samples.length === 0 && (table === 'samples' || table === 'mixes')) {
    return fail('not-found', 'no repetition of this run was finished, so there are no figures to export');
  }
  switch (table) {
    case 'samples':
      return ok({ fileName, text: samplesCsv(record) });
    case 'mixes':
      return ok({ fileName, text: mixesCsv(record) });
    case 'page-tables':
      return record.mapping === undefined
        ? fail('not-found', 'this run has counted no page tables')
        : ok({ fileName, text: pageTablesCsv(record.profile.name, record.mapping) });
    case 'buffers':
      return record.bufferCount === undefined
        ? fail('not-found', 'this run has counted no compression buffers')
        : ok({ fileName, text: bufferCountCsv(record.bufferCount) });
    default:
      return assertUnreachable(table);
  }
}
