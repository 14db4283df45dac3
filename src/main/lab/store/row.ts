/** A table's row on this side of SQL. */
import type { SQLInputValue } from 'node:sqlite';

/** A row to be written: column → cell; columns that it lacks are NULL. */
export type Row = Readonly<Record<string, SQLInputValue>>;
/** A row as it comes out: nothing is known of its cells. */
export type UnknownRow = Readonly<Record<string, unknown>>;

/**
 * What a column of JSON holds, yet to be parsed.
 *
 * @throws SyntaxError when it is not JSON
 */
export function document(cell: unknown): unknown {
  return JSON.parse(String(cell));
}
