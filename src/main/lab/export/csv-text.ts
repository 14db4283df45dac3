/** How every table of a run is written as CSV: RFC 4180, with a header. */
import { stringify } from 'csv-stringify/sync';

/**
 * `rows` as lists in the order of `columns`, or as records by column; only the header where there are none. Numbers are written
 * in full. Text that a spreadsheet would take for a formula (it starts with = + - @, tab or carriage return) gets an apostrophe.
 */
export function csvText(columns: readonly string[], rows: readonly unknown[]): string {
  return stringify([...rows], {
    header: true,
    columns: [...columns],
    record_delimiter: '\r\n',
    escape_formulas: true,
    // A line end of any kind, not only the one between records.
    quoted_match: /[\r\n]/,
  });
}
