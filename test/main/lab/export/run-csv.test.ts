import { describe, expect, it } from 'vitest';
import { csvTablesOf, runCsv } from '../../../../src/main/lab/export/run-csv.ts';
import { recordOf, sampleOf } from '../run-record-fixtures.ts';

describe('a table of a run', () => {
  it('is exported when it has rows', () => {
    const record = recordOf([sampleOf('single-mutex', 1, 500)]);
    expect(csvTablesOf(record)).toEqual(['samples']);
    const csv = runCsv(record, 'samples');
    expect(csv.ok && csv.value.text.trim().split('\n')).toHaveLength(2);
  });

  it.each(['samples', 'mixes'] as const)('of %s is refused in a sentence while it would be headings alone', (table) => {
    const record = recordOf([], { outcome: 'cancelled' });
    expect(csvTablesOf(record)).toEqual([]);
    expect(runCsv(record, table)).toEqual({
      ok: false,
      error: {
        code: 'not-found',
        message: 'no repetition of this run was finished, so there are no figures to export',
      },
    });
  });
});
