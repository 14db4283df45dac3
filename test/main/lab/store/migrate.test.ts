import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../../../src/main/lab/store/migrate.ts';
import { openRunStore } from '../../../../src/main/lab/store/run-store.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../../../src/main/lab/store/schema.ts';
import { recordOf, sampleOf } from '../run-record-fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const NEXT = [...MIGRATIONS, `ALTER TABLE runs ADD COLUMN host TEXT NOT NULL DEFAULT 'unknown'`];

/** A file of today's version with one run in it. */
function fileWithOneRun(): string {
  const path = join(temporaryFolder(), 'runs.sqlite');
  const store = openRunStore(path);
  if (!store.ok) throw new Error(store.error.message);
  store.value.save(recordOf([sampleOf('single-mutex', 1, 600)]));
  store.value.close();
  return path;
}

function databaseAt(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

function read(database: DatabaseSync, sql: string): Record<string, unknown> {
  return { ...database.prepare(sql).get() };
}

describe('migrate', () => {
  it('makes a new file ours, at the newest version, with write-ahead logging', () => {
    const database = databaseAt(join(temporaryFolder(), 'runs.sqlite'));
    migrate(database, MIGRATIONS);
    expect(read(database, 'PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
    expect(read(database, 'PRAGMA application_id')).toEqual({ application_id: APPLICATION_ID });
    expect(read(database, 'PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' });
  });

  it('takes an older file through what it lacks and keeps its runs', () => {
    const database = databaseAt(fileWithOneRun());
    migrate(database, NEXT);
    expect(read(database, 'PRAGMA user_version')).toEqual({ user_version: NEXT.length });
    expect(read(database, 'SELECT id, host FROM runs')).toEqual({ id: 'run-1', host: 'unknown' });
    expect(read(database, 'SELECT count(*) AS n FROM samples')).toEqual({ n: 1 });
  });

  it('does nothing the second time', () => {
    const database = databaseAt(fileWithOneRun());
    migrate(database, NEXT);
    migrate(database, NEXT);
    expect(read(database, 'PRAGMA user_version')).toEqual({ user_version: NEXT.length });
  });

  it('leaves the old version when a step fails', () => {
    const database = databaseAt(fileWithOneRun());
    expect(() => {
      migrate(database, [...NEXT, 'ALTER TABLE nowhere ADD COLUMN a']);
    }).toThrow('nowhere');
    expect(read(database, 'PRAGMA user_version')).toEqual({ user_version: MIGRATIONS.length });
    expect(Object.keys(read(database, 'SELECT * FROM runs'))).not.toContain('host');
  });

  it.each(MIGRATIONS.map((_, version) => version))('opens a file of version %i', (version) => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const old = new DatabaseSync(path);
    migrate(old, MIGRATIONS.slice(0, version));
    old.close();
    const store = openRunStore(path);
    expect(store).toMatchObject({ ok: true });
    if (store.ok) store.value.close();
  });
});
