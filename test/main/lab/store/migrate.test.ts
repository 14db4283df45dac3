import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../../../src/main/lab/store/migrate.ts';
import { openRunStore } from '../../../../src/main/lab/store/run-store.ts';
import { APPLICATION_ID, MIGRATIONS } from '../../../../src/main/lab/store/schema.ts';
import { errorOf, valueOf } from '../small-lab.ts';
import { figuresAt, LATENCY, MEMORY, PROFILE, recordOf, sampleOf } from '../run-record-fixtures.ts';
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

describe('a database that version 1 left', () => {
  const V1 = readFileSync(join(import.meta.dirname, '../../../fixtures/runs-version-1.sql'), 'utf8');

  /** The fixture as a file; `change` is SQL to run in it. */
  function fileOfVersion1(change = ''): string {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const database = new DatabaseSync(path);
    database.exec(V1);
    database.exec(change);
    database.close();
    return path;
  }

  it('opens with its run as it was, a fio profile, and operations per second that follow from its samples', () => {
    const store = valueOf(openRunStore(fileOfVersion1()));
    const record = valueOf(store.open('run-1'));
    expect(record.profile).toEqual(PROFILE);
    expect(record.notes).toEqual(['a note']);
    const { operationsPerSecond, ...write } = record.samples[0]?.write ?? figuresAt(0);
    expect(write).toEqual(
      expect.objectContaining({ operations: 256, megabytesPerSecond: 601, latencyNs: LATENCY, lockContentions: 17 }),
    );
    // 256 operations of 4 KiB at 601 MB/s.
    expect(operationsPerSecond).toBeCloseTo((601 * 1e6) / 4096, 3);
    expect(record.samples.map(({ percpu, create }) => [percpu, create])).toEqual(
      record.samples.map(() => [undefined, undefined]),
    );
    // Requests in flight were not in the machine's memory then.
    const memoryAtEnd = { ...MEMORY, ioBufferBytes: 0 };
    expect(record.samples[0]).toMatchObject({ design: 'single-mutex', memoryAtEnd, cpus: 2 });
    const [single] = record.designs;
    expect(single?.write?.latencyNs).toEqual(LATENCY);
    expect(single?.write?.megabytesPerSecond).toEqual({ median: 602, low: 601, high: 603, samples: [601, 602, 603] });
    expect(single?.write?.operationsPerSecond.median).toBeCloseTo((602 * 1e6) / 4096, 3);
    expect(single?.write?.operationsPerSecond.samples).toHaveLength(3);
    expect(record.comparisons).not.toHaveLength(0);
    expect(valueOf(store.list())).toMatchObject([{ id: 'run-1', sampleCount: 6 }]);
    store.close();
  });

  it('gets page data as a figure of its own from the notes that told it, and none where no note did', () => {
    const notes = ['Page data: 2 files, all 32768 bytes.', 'Page data: a, "b". c.', 'A note of Page data: d.'];
    const path = fileOfVersion1(`UPDATE runs SET notes = '${JSON.stringify(notes)}'`);
    const store = valueOf(openRunStore(path));
    expect(valueOf(store.open('run-1'))).toMatchObject({ pageData: ['2 files, all 32768 bytes', 'a, "b". c'], notes });
    store.close();
    const other = valueOf(openRunStore(fileOfVersion1()));
    expect(valueOf(other.open('run-1'))).not.toHaveProperty('pageData');
    other.close();
  });

  it('is opened again like any other, and takes runs of today', () => {
    const path = fileOfVersion1();
    valueOf(openRunStore(path)).close();
    const store = valueOf(openRunStore(path));
    valueOf(store.save(recordOf([sampleOf('embed', 1, 5)], { id: 'run-2' })));
    expect(valueOf(store.list()).map(({ id }) => id)).toEqual(['run-1', 'run-2']);
    store.close();
  });

  it('names a run whose profile is damaged, and keeps the others', () => {
    const path = fileOfVersion1(
      `INSERT INTO runs SELECT 'run-0', name, started_at, finished_at, outcome, error, engine, oversubscribed, '{',
         environment, notes, designs, comparisons FROM runs;`,
    );
    const store = valueOf(openRunStore(path));
    expect(errorOf(store.open('run-0')).message).toContain('Run run-0');
    expect(valueOf(store.open('run-1')).id).toBe('run-1');
    store.close();
  });

  it('whose summaries have no samples to complete them is named, not believed', () => {
    const store = valueOf(openRunStore(fileOfVersion1('DELETE FROM samples;')));
    expect(errorOf(store.open('run-1')).message).toContain('operationsPerSecond');
    store.close();
  });
});
