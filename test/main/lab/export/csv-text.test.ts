import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { csvText } from '../../../../src/main/lab/export/csv-text.ts';
import { mixesCsv } from '../../../../src/main/lab/export/mixes-csv.ts';
import { sumOfCounts } from '../../../../src/shared/this-cpu-report.ts';
import { recordOf, sampleOf } from '../run-record-fixtures.ts';

function parse(csv: string): readonly (readonly string[])[] {
  const parsed = Papa.parse<readonly string[]>(csv, { newline: '\r\n', delimiter: ',' });
  expect(parsed.errors).toEqual([]);
  return parsed.data;
}

describe('a table of a run as CSV', () => {
  it('has a header alone where there are no rows', () => {
    expect(csvText(['a', 'b'], [])).toBe('a,b\r\n');
  });

  it('takes lists and records, and leaves cells empty', () => {
    expect(csvText(['a', 'b'], [[1, undefined], { b: 2 }])).toBe('a,b\r\n1,\r\n,2\r\n');
  });

  it('keeps text with line ends of any kind, commas and quotes in one cell', () => {
    expect(csvText(['a'], [['one\ntwo'], ['one\rtwo'], ['one\r\ntwo'], ['a "b", c']])).toBe(
      'a\r\n"one\ntwo"\r\n"one\rtwo"\r\n"one\r\ntwo"\r\n"a ""b"", c"\r\n',
    );
  });

  it('is read back by another parser to the same cells', () => {
    const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[a-z,"\r\n ;]*$/));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const read = parse(csvText(['a', 'b'], rows)).slice(1, -1);
        expect(read.map((cells) => cells.map((each) => each.replace(/^'/, '')))).toEqual(
          rows.map((cells) => cells.map((each) => each.replace(/^'/, ''))),
        );
      }),
    );
  });
});

describe('mixesCsv', () => {
  it('has a row for each mix and CPU, whatever a mix is called', () => {
    const counts = sumOfCounts([]);
    const [issued, counted, durationNs, processorNs] = [9, 9, 1000, 800];
    const mix = (name: string) => ({ name, units: 3, operations: 9, issued, counted, durationNs, processorNs, counts });
    const thisCpu = { mixes: [mix('fault\nof a file'), mix('=storm')], cpus: [counts] };
    const [, ...rows] = parse(mixesCsv(recordOf([{ ...sampleOf('segment', 1, 1), thisCpu }])));
    expect(rows.slice(0, -1).map((cells) => cells.slice(3, 7))).toEqual([
      ['fault\nof a file', 'all', '3', '9'],
      ["'=storm", 'all', '3', '9'],
      ['all', '0', '', ''],
    ]);
  });
});
