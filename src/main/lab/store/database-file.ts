/**
 * Opens the database file without harming one that is not ours to touch.
 *
 *   header of the file   read as bytes, before SQLite opens it: what fails here has been neither written to nor given a
 *                        journal beside it
 *   then SQLite          version and application once more (the newest header may still lie in the journal), a check
 *                        of all pages and columns, and only then write-ahead logging and migrations
 *
 * Several processes may use one file: readers and one writer work at once, a second writer waits for its turn.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { makeFolder } from '../make-folder.ts';
import { migrate } from './migrate.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';
import { storageFailure, unusable } from './storage-error.ts';

const FOREIGN = 'it belongs to another program; it was left as it is';

/** Offsets in the header of every SQLite file, all big-endian: https://www.sqlite.org/fileformat2.html, section 1.3. */
const HEADER = {
  bytes: 100,
  magic: 'SQLite format 3\0',
  pageSize16: 16,
  changeCounter32: 24,
  pageCount32: 28,
  userVersion32: 60,
  applicationId32: 68,
  /** The page count holds only if this equals the change counter. */
  validFor32: 92,
} as const;

/**
 * The database at `databasePath`, created with its folder where there is none, brought to the newest version where it is
 * older. Calls on it wait up to `busyTimeoutMs` for another writer. Errors are of code 'storage': a newer or damaged file,
 * another program's, a folder that cannot be written.
 */
export function openDatabaseFile(databasePath: string, busyTimeoutMs: number): Result<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    makeFolder(dirname(databasePath));
    const refused = refusalByHeader(databasePath);
    if (refused !== undefined) return fail('storage', refused, databasePath);
    database = new DatabaseSync(databasePath, { timeout: busyTimeoutMs });
    const refusedOpen = refusalByContent(database, databasePath);
    if (refusedOpen !== undefined) {
      database.close();
      return fail('storage', refusedOpen, databasePath);
    }
    migrate(database, MIGRATIONS);
    return ok(database);
  } catch (error) {
    if (database?.isOpen === true) database.close();
    return storageFailure(databasePath, error);
  }
}

/** Why the file must not be opened, in a sentence; undefined for one that may be ours, is empty or does not exist. */
function refusalByHeader(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const { header, size } = readHeader(path);
  if (size === 0) return undefined;
  if (header.length < HEADER.bytes || header.toString('latin1', 0, HEADER.magic.length) !== HEADER.magic) {
    return unusable(path, 'it is damaged or not a database; it was left as it is');
  }
  const wrong = refusalByVersion(path, {
    version: header.readUInt32BE(HEADER.userVersion32),
    applicationId: header.readUInt32BE(HEADER.applicationId32),
  });
  return wrong ?? refusalByLength(path, header, size);
}

function readHeader(path: string): { readonly header: Buffer; readonly size: number } {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER.bytes);
    const length = readSync(file, header, 0, HEADER.bytes, 0);
    return { header: header.subarray(0, length), size: fstatSync(file).size };
  } finally {
    closeSync(file);
  }
}

interface Identity {
  readonly version: number;
  readonly applicationId: number;
}

function refusalByVersion(path: string, { version, applicationId }: Identity): string | undefined {
  const fresh = version === 0 && applicationId === 0;
  if (!fresh && applicationId !== APPLICATION_ID) {
    return unusable(path, FOREIGN);
  }
  if (version > MIGRATIONS.length) {
    const versions = `its version is ${version}, this one knows up to ${MIGRATIONS.length}`;
    return unusable(path, `a newer percpu-lab wrote it (${versions}); it was left as it is`);
  }
  return undefined;
}

/** A file that is shorter than its header says was cut off, unless the rest still lies in the journal beside it. */
function refusalByLength(path: string, header: Buffer, size: number): string | undefined {
  const trusted = header.readUInt32BE(HEADER.changeCounter32) === header.readUInt32BE(HEADER.validFor32);
  // A page of 64 KiB does not fit into 16 bits and is written as 1.
  const pageSize = header.readUInt16BE(HEADER.pageSize16) === 1 ? 65_536 : header.readUInt16BE(HEADER.pageSize16);
  const expected = header.readUInt32BE(HEADER.pageCount32) * pageSize;
  if (!trusted || size >= expected || existsSync(`${path}-wal`)) return undefined;
  return unusable(path, `it is damaged (cut off after ${size} of ${expected} bytes); it was left as it is`);
}

function refusalByContent(database: DatabaseSync, path: string): string | undefined {
  // One moment for all questions: another process may be migrating the file.
  database.exec('BEGIN');
  try {
    const version = pragmaNumber(database, 'user_version');
    const wrong = refusalByVersion(path, { version, applicationId: pragmaNumber(database, 'application_id') });
    if (wrong !== undefined) return wrong;
    const tables = database.prepare('SELECT name FROM sqlite_schema').all();
    if (version === 0 && tables.length > 0) return unusable(path, FOREIGN);
    // Reads every page: milliseconds for a thousand runs, and then no later read meets a broken page.
    const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    const damage = verdict === 'ok' ? missingPart(database, version) : String(verdict);
    return damage === undefined ? undefined : unusable(path, `it is damaged (${damage}); it was left as it is`);
  } finally {
    database.exec('ROLLBACK');
  }
}

/** A table or column that a database of `version` has and this one lacks, in a few words. */
function missingPart(database: DatabaseSync, version: number): string | undefined {
  const sound = new DatabaseSync(':memory:');
  try {
    for (const migration of MIGRATIONS.slice(0, version)) sound.exec(migration);
    const present = columnsOf(database);
    const missing = [...columnsOf(sound)].find((column) => !present.has(column));
    return missing === undefined ? undefined : `${missing} is missing`;
  } finally {
    sound.close();
  }
}

/** Each as `table.column`. */
function columnsOf(database: DatabaseSync): ReadonlySet<string> {
  const rows = database
    .prepare(
      `SELECT t.name || '.' || c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'`,
    )
    .all();
  return new Set(rows.map((row) => String(row['name'])));
}

function pragmaNumber(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
