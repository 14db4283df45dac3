/**
 * Summaries as a database of version 1 holds them, completed: they had no operations per second, which follow from the
 * samples, and those got theirs when the database was migrated.
 */
import { DIRECTIONS } from '../../../shared/run-record.ts';
import { spread } from '../statistics/spread.ts';
import type { UnknownRow } from './row.ts';

/** `designs` as a run's row holds them, yet to be parsed; what is no list of summaries stays as it is. */
export function completeSummaries(designs: unknown, samples: readonly UnknownRow[]): unknown {
  if (!Array.isArray(designs)) return designs;
  return designs.map((summary: unknown) => (isObject(summary) ? completeSummary(summary, samples) : summary));
}

function completeSummary(summary: UnknownRow, samples: readonly UnknownRow[]): UnknownRow {
  const complete: Record<string, unknown> = { ...summary };
  for (const direction of DIRECTIONS) {
    const figures = summary[direction];
    if (!isObject(figures) || 'operationsPerSecond' in figures) continue;
    const rates = samples
      .filter((sample) => sample['design'] === summary['design'])
      .map((sample) => sample[`${direction}_operations_per_second`])
      .filter((rate) => typeof rate === 'number');
    // Without samples there is nothing to complete it from, and the schema will refuse it.
    complete[direction] = rates.length === 0 ? figures : { ...figures, operationsPerSecond: spread(rates) };
  }
  return complete;
}

function isObject(value: unknown): value is UnknownRow {
  return typeof value === 'object' && value !== null;
}
