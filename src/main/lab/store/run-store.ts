/**
 * Where finished runs are kept: one SQLite file in the user's data folder.
 *
 * A record goes in as a whole, in one transaction, or not at all; what comes out has been parsed. All calls are
 * synchronous and take milliseconds; failures are of code 'storage' (or 'not-found'), in one sentence.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import * as v from 'valibot';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { RunListing, RunRecord } from '../../../shared/run-record.ts';
import { openDatabaseFile } from './database-file.ts';
import { TRAIT_COLUMNS } from './listing-traits.ts';
import { damagedListingSchema, firstIssue, runListingSchema, runRecordSchema } from './record-schema.ts';
import type { Row, UnknownRow } from './row.ts';
import { listingFrom, recordFrom, runRow, sampleRow } from './rows.ts';
import { sqliteCode, storageFailure, unusable } from './storage-error.ts';

/** The runs of one user. Calls after `close` throw. */
export interface RunStore {
  /** Stores a whole run; refuses one whose id is stored already, or that could not be read back (a NaN, say). */
  readonly save: (record: RunRecord) => Result<void>;
  /** All runs, the newest first; a damaged one says so and keeps no other back. */
  readonly list: () => Result<readonly RunListing[]>;
  readonly open: (runId: string) => Result<RunRecord>;
  readonly rename: (runId: string, name: string) => Result<RunListing>;
  readonly remove: (runId: string) => Result<void>;
  readonly close: () => void;
}

export interface RunStoreOptions {
  /** How long a call waits, and blocks, while another process writes; 5000 by default, its own writes take milliseconds. */
  readonly busyTimeoutMs?: number;
}

const LISTING = `
  SELECT id, name, started_at, finished_at, outcome, engine,
    CASE WHEN engine = 'kernel' THEN '["kernel"]' WHEN json_valid(profile) THEN profile ->> '$.designs' END AS designs,
    (SELECT count(*) FROM samples WHERE samples.run_id = runs.id) AS sample_count,
    ${TRAIT_COLUMNS}
  FROM runs`;

const REPLACED = 'it was deleted, moved or replaced while the lab had it open; the lab must be started again';

/** SQLITE_CONSTRAINT_PRIMARYKEY */
const DUPLICATE_KEY = 1555;

/**
 * The store in the file at `databasePath`, created with its folder where there is none. A file from a newer version, a
 * damaged one or another program's is refused with code 'storage' and left as it is, with nothing created beside it.
 */
export function openRunStore(databasePath: string, options: RunStoreOptions = {}): Result<RunStore> {
  const opened = openDatabaseFile(databasePath, options.busyTimeoutMs ?? 5000);
  if (!opened.ok) return opened;
  const context: Context = { database: opened.value, path: databasePath, file: fileAt(databasePath) };
  return ok({
    save: (record) => save(context, record),
    list: () => list(context),
    open: (runId) => open(context, runId),
    rename: (runId, name) => rename(context, runId, name),
    remove: (runId) => remove(context, runId),
    close: () => {
      context.database.close();
    },
  });
}

interface Context {
  readonly database: DatabaseSync;
  readonly path: string;
  /** Which file was opened. */
  readonly file: string | undefined;
}

/** Tells the file at `path` from any other that takes its place; undefined when there is none. */
function fileAt(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

function save(context: Context, record: RunRecord): Result<void> {
  const parsed = v.safeParse(runRecordSchema, record);
  if (!parsed.success) return fail('storage', `Run ${record.id} cannot be stored: ${firstIssue(parsed.issues)}.`);
  return transaction(context, 'BEGIN IMMEDIATE', () => {
    try {
      insert(context.database, 'runs', runRow(record));
    } catch (error) {
      if (sqliteCode(error) !== DUPLICATE_KEY) throw error;
      return fail('storage', `Run ${record.id} is stored already.`);
    }
    for (const [ordinal, sample] of record.samples.entries()) {
      insert(context.database, 'samples', sampleRow(record.id, ordinal, sample));
    }
    return ok(undefined);
  });
}

function list(context: Context): Result<readonly RunListing[]> {
  return transaction(context, 'BEGIN', () => {
    const rows = context.database.prepare(`${LISTING} ORDER BY started_at DESC, id`).all();
    const listings: RunListing[] = [];
    for (const row of rows) {
      const listing = parseRows(context, String(row['id']), runListingSchema, () => listingFrom(row));
      listings.push(listing.ok ? listing.value : damagedListing(row, listing.error.message));
    }
    return ok(listings);
  });
}

/** A run that cannot be opened stands in the list among the others, so that it can be seen and removed. */
function damagedListing(row: UnknownRow, damage: string): RunListing {
  return { ...v.parse(damagedListingSchema, listingFrom({ ...row, designs: '[]' })), damage };
}

function open(context: Context, runId: string): Result<RunRecord> {
  // One transaction, so that the samples are of the same moment as the run.
  return transaction(context, 'BEGIN', () => {
    const run = context.database.prepare('SELECT * FROM runs WHERE id = ?').get(runId);
    if (run === undefined) return notFound(runId);
    const samples = context.database.prepare('SELECT * FROM samples WHERE run_id = ? ORDER BY ordinal').all(runId);
    return parseRows(context, runId, runRecordSchema, () => recordFrom(run, samples));
  });
}

function rename(context: Context, runId: string, name: string): Result<RunListing> {
  return transaction(context, 'BEGIN IMMEDIATE', () => {
    context.database.prepare('UPDATE runs SET name = ? WHERE id = ?').run(name, runId);
    const row = context.database.prepare(`${LISTING} WHERE id = ?`).get(runId);
    return row === undefined ? notFound(runId) : parseRows(context, runId, runListingSchema, () => listingFrom(row));
  });
}

function remove(context: Context, runId: string): Result<void> {
  return transaction(context, 'BEGIN IMMEDIATE', () => {
    // The samples go with it (ON DELETE CASCADE).
    const { changes } = context.database.prepare('DELETE FROM runs WHERE id = ?').run(runId);
    return changes === 0 ? notFound(runId) : ok(undefined);
  });
}

function notFound(runId: string): Result<never> {
  return fail('not-found', `There is no stored run ${runId}.`);
}

function insert(database: DatabaseSync, table: 'runs' | 'samples', row: Row): void {
  const columns = Object.keys(row);
  const values = columns.map((column) => `:${column}`);
  database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`).run(row);
}

/** Runs `action` in a transaction that is kept when it succeeds and undone when it fails or throws. */
function transaction<T>(context: Context, begin: 'BEGIN' | 'BEGIN IMMEDIATE', action: () => Result<T>): Result<T> {
  const { database, path } = context;
  try {
    // SQLite would go on with the file that it has open, which nobody will find again.
    if (fileAt(path) !== context.file) return fail('storage', unusable(path, REPLACED), path);
    database.exec(begin);
    const result = action();
    database.exec(result.ok ? 'COMMIT' : 'ROLLBACK');
    return result;
  } catch (error) {
    if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
    return storageFailure(path, error);
  }
}

/** Parses what `assemble` puts together from rows of the run `runId`. */
function parseRows<T>(
  context: Context,
  runId: string,
  schema: v.GenericSchema<unknown, T>,
  assemble: () => unknown,
): Result<T> {
  const damaged = (what: string): Result<never> =>
    fail('storage', `Run ${runId} in ${context.path} is damaged (${what}).`, context.path);
  try {
    const parsed = v.safeParse(schema, assemble());
    return parsed.success ? ok(parsed.output) : damaged(firstIssue(parsed.issues));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return damaged(error.message);
  }
}
