/**
 * The mixes of a this-cpu workload as a table for spreadsheets and scripts: RFC 4180, one row per mix of each sample, with a
 * header; and one per CPU of each sample, over all its mixes, which has no times.
 */
import type { RunRecord, Sample } from '../../../shared/run-record.ts';
import { ACCESS_COUNTERS, type AccessCounts } from '../../../shared/this-cpu-report.ts';
import { type CsvCell, snakeCase } from './csv-columns.ts';
import { csvText } from './csv-text.ts';

const COLUMNS = [
  'run_id',
  'design',
  'repetition',
  'mix',
  'cpu',
  'units',
  'operations',
  'additions_issued',
  'additions_found',
  'duration_ns',
  'processor_ns',
  'ns_per_operation',
  ...ACCESS_COUNTERS.map((counter) => `counted_${snakeCase(counter)}`),
] as const;

/** Only the header for other workloads. */
export function mixesCsv({ id, samples }: RunRecord): string {
  return csvText(
    COLUMNS,
    samples.flatMap((sample) => sampleRows(id, sample)),
  );
}

function sampleRows(id: string, { design, repetition, thisCpu }: Sample): readonly (readonly CsvCell[])[] {
  if (thisCpu === undefined) return [];
  const mixes = thisCpu.mixes.map((mix): readonly CsvCell[] => [
    id,
    design,
    repetition,
    mix.name,
    'all',
    mix.units,
    mix.operations,
    mix.issued,
    mix.counted,
    mix.durationNs,
    mix.processorNs,
    mix.operations === 0 ? undefined : mix.processorNs / mix.operations,
    ...countCells(mix.counts),
  ]);
  const blank: readonly CsvCell[] = Array.from({ length: 7 }, () => undefined);
  const cpus = thisCpu.cpus.map((counts, cpu) => [id, design, repetition, 'all', cpu, ...blank, ...countCells(counts)]);
  return [...mixes, ...cpus];
}

function countCells(counts: AccessCounts): readonly number[] {
  return ACCESS_COUNTERS.map((counter) => counts[counter]);
}
