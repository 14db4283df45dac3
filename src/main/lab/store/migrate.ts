/**
 * Brings a database to the newest version, all or nothing.
 */
import type { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID } from './schema.ts';
import { sqliteCode } from './storage-error.ts';

const SQLITE_BUSY = 5;
const ATTEMPTS = 50;
const PAUSE_MS = 20;

/**
 * Switches `database` to write-ahead logging and runs those of `migrations` that it has not been through, in one
 * transaction: a process that is killed in between leaves the old version. Processes that do this at once take turns,
 * and the later ones find nothing left to do.
 *
 * @throws SQLite's error; the database is then as it was
 */
export function migrate(database: DatabaseSync, migrations: readonly string[]): void {
  useWriteAheadLog(database);
  if (versionOf(database) === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Asked again now that nobody else can write.
    for (const migration of migrations.slice(versionOf(database))) database.exec(migration);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** SQLite does not apply its own busy timeout to this one statement, so a file that is just being created is awaited. */
function useWriteAheadLog(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE_BUSY || attempt === ATTEMPTS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
