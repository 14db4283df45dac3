import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRunStore, type RunStore, type RunStoreOptions } from '../../../../src/main/lab/store/run-store.ts';
import { MIGRATIONS } from '../../../../src/main/lab/store/schema.ts';
import type { Result } from '../../../../src/shared/result.ts';
import type { RunRecord } from '../../../../src/shared/run-record.ts';
import { arbitraryRecord, figuresAt, percpuSampleOf, recordOf, sampleOf } from '../run-record-fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SAMPLES = [
  { ...sampleOf('single-mutex', 1, 600), read: figuresAt(2000) },
  sampleOf('per-cpu-global', 1, 720),
  sampleOf('per-cpu-global', 2, 730),
];

function storeAt(path: string, options: RunStoreOptions = {}): RunStore {
  const store = valueOf(openRunStore(path, options));
  onTestFinished(() => {
    store.close();
  });
  return store;
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function errorOf(result: Result<unknown>) {
  if (result.ok) throw new Error('this should have failed');
  return result.error;
}

describe('a stored run', () => {
  it('is the same when it is opened again, whatever is in it', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        valueOf(store.save(record));
        expect(valueOf(store.open(record.id))).toEqual(record);
        valueOf(store.remove(record.id));
      }),
    );
    expect(valueOf(store.list())).toEqual([]);
  });

  it('is there for the next process', () => {
    const path = join(temporaryFolder(), 'new', 'folder', 'runs.sqlite');
    const first = valueOf(openRunStore(path));
    valueOf(first.save(recordOf(SAMPLES)));
    first.close();
    expect(valueOf(storeAt(path).open('run-1'))).toEqual(recordOf(SAMPLES));
  });

  it('has one row per sample, to be asked with SQL', () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    valueOf(storeAt(path).save(recordOf(SAMPLES)));
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database
      .prepare(
        `SELECT design, avg(write_megabytes_per_second) AS rate, count(read_bytes) AS reads, max(memory_peak_pool_bytes) AS pool
         FROM samples GROUP BY design ORDER BY design`,
      )
      .all();
    database.close();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { design: 'per-cpu-global', rate: 725, reads: 0, pool: 425_984 },
      { design: 'single-mutex', rate: 600, reads: 1, pool: 425_984 },
    ]);
  });

  it('of a percpu workload has its moments in columns and its lists as documents', () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = storeAt(path);
    const record = recordOf([percpuSampleOf('embed', 1, 700), percpuSampleOf('page', 1, 800)]);
    valueOf(store.save(record));
    expect(valueOf(store.open(record.id)).samples).toEqual(record.samples);
    const database = new DatabaseSync(path);
    const sql = `SELECT create_operations_per_second AS rate, percpu_full_live_objects AS objects, write_operations AS writes,
      percpu_end_chunks AS chunks, percpu_call_sites ->> '$[0].callSite' AS site, percpu_stats ->> '$.info.unitBytes' AS unit
      FROM samples WHERE design = 'page'`;
    expect({ ...database.prepare(sql).get() }).toEqual({
      ...{ rate: 800, objects: 160, writes: null, chunks: 1, site: 'counters', unit: 1_048_576 },
    });
    database.close();
  });

  it('is not stored twice', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    valueOf(store.save(recordOf(SAMPLES)));
    expect(errorOf(store.save(recordOf([])))).toEqual({ code: 'storage', message: 'Run run-1 is stored already.' });
    expect(valueOf(store.open('run-1')).samples).toHaveLength(3);
  });

  it('is refused before anything is written when it could not be read back', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    const broken: RunRecord = recordOf([...SAMPLES, sampleOf('single-mutex', 2, NaN)]);
    const error = errorOf(store.save(broken));
    expect(error.code).toBe('storage');
    expect(error.message).toContain('samples.3.write.durationNs');
    expect(valueOf(store.list())).toEqual([]);
  });

  it('that was damaged is named and not believed', () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = storeAt(path);
    valueOf(store.save(recordOf(SAMPLES)));
    const database = new DatabaseSync(path);
    database.exec(`UPDATE runs SET notes = '["cut', outcome = 'splendid'`);
    expect(errorOf(store.open('run-1'))).toMatchObject({ code: 'storage', where: path });
    database.exec(`UPDATE runs SET notes = '[]'`);
    expect(errorOf(store.open('run-1')).message).toContain('Run run-1');
    expect(errorOf(store.open('run-1')).message).toContain('outcome');
    database.close();
  });
});

describe('the list of runs', () => {
  it.each([
    ['an outcome that is none', `outcome = 'splendid'`, 'outcome'],
    ['a profile that is not JSON', `profile = '{"designs": [cut'`, 'designs'],
    ['designs that are not JSON', `profile = '{"designs": "none"}'`, 'not valid JSON'],
  ])('has a run with %s among the others, says what is damaged and lets it be removed', (_what, harm, says) => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = storeAt(path);
    const sound = recordOf(SAMPLES, { id: 'sound' });
    valueOf(store.save(sound));
    valueOf(store.save(recordOf(SAMPLES, { id: 'harmed', startedAt: '2026-12-01T00:00:00.000Z' })));
    const database = new DatabaseSync(path);
    database.exec(`UPDATE runs SET ${harm} WHERE id = 'harmed'`);
    database.close();
    const [harmed, other] = valueOf(store.list());
    expect(harmed).toMatchObject({ id: 'harmed', name: sound.name, designs: [], sampleCount: SAMPLES.length });
    expect(harmed?.damage).toContain('Run harmed in');
    expect(harmed?.damage).toContain(says);
    expect(other).toMatchObject({ id: 'sound' });
    expect(other).not.toHaveProperty('damage');
    valueOf(store.remove('harmed'));
    expect(valueOf(store.list()).map(({ id }) => id)).toEqual(['sound']);
  });

  it('has the newest first, with designs and number of samples', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    valueOf(store.save(recordOf(SAMPLES, { id: 'old', startedAt: '2026-01-01T00:00:00.000Z' })));
    valueOf(store.save(recordOf([], { id: 'new', name: 'second', outcome: 'cancelled' })));
    expect(valueOf(store.list())).toEqual([
      {
        id: 'new',
        name: 'second',
        startedAt: '2026-11-02T10:00:00.000Z',
        finishedAt: '2026-11-02T10:05:00.000Z',
        outcome: 'cancelled',
        engine: 'live',
        designs: ['single-mutex', 'per-cpu-global'],
        sampleCount: 0,
        traits: { onlineCpus: 2, codec: 'lz4', data: { kind: 'job' } },
      },
      expect.objectContaining({ id: 'old', name: 'first run', sampleCount: 3 }),
    ]);
  });

  it('says what tells runs of one profile apart, as far as each was stored with it', () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = storeAt(path);
    const { profile } = recordOf([]);
    const data = { kind: 'files' as const, paths: ['/data/a.bin'] };
    const jobFile = '[a]\nrw=write\nsize=64k\nnumjobs=3\n';
    const machine = { ...profile.machine, codec: 'lz4-kernel' as const };
    const experiment = { ...profile.experiment, seconds: 9 };
    const chosen = { ...profile, machine, experiment, workload: { kind: 'fio' as const, jobFile, data, seed: 7 } };
    valueOf(store.save(recordOf([], { id: 'chosen', profile: chosen })));
    valueOf(store.save(recordOf([], { id: 'kernels', profile: chosen, engine: 'kernel' })));
    valueOf(store.save(recordOf([], { id: 'old', profile: chosen })));
    const database = new DatabaseSync(path);
    // Stored before there was a choice of codecs.
    database.exec(`UPDATE runs SET profile = json_remove(profile, '$.machine.codec') WHERE id = 'old'`);
    database.close();
    const traits = new Map(valueOf(store.list()).map((listing) => [listing.id, listing.traits]));
    expect(traits.get('chosen')).toEqual({ onlineCpus: 2, jobs: 3, codec: 'lz4-kernel', seconds: 9, data });
    expect(traits.get('kernels')).toEqual({ onlineCpus: 2, jobs: 3, seconds: 9, data });
    expect(traits.get('old')).toEqual({ onlineCpus: 2, jobs: 3, codec: 'lz4', seconds: 9, data });
    expect(valueOf(store.rename('chosen', 'another')).traits?.data).toEqual(data);
  });

  it('has every run that can be opened, whatever is in its profile', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        valueOf(store.save(record));
        const [listing] = valueOf(store.list());
        expect(listing?.damage).toBeUndefined();
        expect(listing?.traits?.onlineCpus).toBe(record.profile.machine.onlineCpus);
        const { workload } = record.profile;
        expect(listing?.traits?.data).toEqual(workload.kind === 'fio' ? workload.data : undefined);
        valueOf(store.remove(record.id));
      }),
    );
  });

  it('follows renaming and removing', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    valueOf(store.save(recordOf(SAMPLES)));
    expect(valueOf(store.rename('run-1', "Robert'); DROP TABLE runs;--"))).toMatchObject({
      name: "Robert'); DROP TABLE runs;--",
      sampleCount: 3,
    });
    expect(valueOf(store.open('run-1')).name).toBe("Robert'); DROP TABLE runs;--");
    valueOf(store.remove('run-1'));
    expect(valueOf(store.list())).toEqual([]);
  });

  it('says so when a run is not there', () => {
    const store = storeAt(join(temporaryFolder(), 'runs.sqlite'));
    for (const result of [store.open('x'), store.rename('x', 'y'), store.remove('x')]) {
      expect(errorOf(result)).toEqual({ code: 'not-found', message: 'There is no stored run x.' });
    }
  });
});

describe('a database that cannot be used', () => {
  /** Opening fails with `message`, changes no byte and leaves nothing beside the file. */
  function expectRefused(path: string, message: string): void {
    const folder = join(path, '..');
    const before = readFileSync(path);
    const neighbours = readdirSync(folder);
    const error = errorOf(openRunStore(path));
    expect(error.code).toBe('storage');
    expect(error.message).toContain(message);
    expect(error.message).toContain(path);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(neighbours);
  }

  function closedDatabase(): string {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = valueOf(openRunStore(path));
    for (let run = 0; run < 20; run++) valueOf(store.save(recordOf(SAMPLES, { id: `run-${run}` })));
    store.close();
    return path;
  }

  it('is one from a newer version', () => {
    const path = closedDatabase();
    const database = new DatabaseSync(path);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    expectRefused(path, `newer percpu-lab wrote it (its version is ${MIGRATIONS.length + 1}`);
  });

  it('is one that a newer version has open', () => {
    const path = closedDatabase();
    const database = new DatabaseSync(path);
    // Lies in the journal only, the file's own header is the old one.
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expectRefused(path, 'newer percpu-lab');
    database.close();
  });

  it('is garbage', () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    writeFileSync(path, 'these are not runs'.repeat(1000));
    expectRefused(path, 'damaged or not a database');
    writeFileSync(path, 'short');
    expectRefused(path, 'damaged or not a database');
  });

  it('is cut off', () => {
    const path = closedDatabase();
    const whole = readFileSync(path);
    for (const kept of [50, 4096, Math.floor(whole.length / 2), whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, kept);
      expectRefused(path, 'damaged');
    }
  });

  it('has garbage in the middle', () => {
    const path = closedDatabase();
    const bytes = readFileSync(path);
    bytes.fill('garbage', 4096, bytes.length);
    writeFileSync(path, bytes);
    expectRefused(path, 'damaged');
  });

  it.each([
    ['a table', 'DROP TABLE samples', 'samples.run_id is missing'],
    ['a column', 'ALTER TABLE runs DROP COLUMN mapping', 'runs.mapping is missing'],
  ])('lacks %s', (_what, damage, message) => {
    const path = closedDatabase();
    const database = new DatabaseSync(path);
    database.exec(damage);
    database.close();
    expectRefused(path, message);
  });

  it.each([
    ['deleted', (path: string) => rmSync(path)],
    [
      'replaced',
      (path: string) => {
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      },
    ],
  ])('was %s while it was open: no run is taken that nobody would find again', (_how, harm) => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const store = storeAt(path);
    valueOf(store.save(recordOf(SAMPLES)));
    harm(path);
    const error = errorOf(store.save(recordOf(SAMPLES, { id: 'run-2' })));
    expect(error).toMatchObject({ code: 'storage', where: path });
    expect(error.message).toContain('deleted, moved or replaced while the lab had it open');
    expect(errorOf(store.list()).code).toBe('storage');
  });

  it('belongs to another program', () => {
    const folder = temporaryFolder();
    const named = new DatabaseSync(join(folder, 'named.sqlite'));
    named.exec('PRAGMA application_id = 77; CREATE TABLE theirs (a)');
    named.close();
    expectRefused(join(folder, 'named.sqlite'), 'belongs to another program');
    const unnamed = new DatabaseSync(join(folder, 'unnamed.sqlite'));
    unnamed.exec('CREATE TABLE theirs (a)');
    unnamed.close();
    expectRefused(join(folder, 'unnamed.sqlite'), 'belongs to another program');
  });

  it('is in the place of a folder, or under a file', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'runs.sqlite'));
    expect(errorOf(openRunStore(join(folder, 'runs.sqlite'))).message).toContain('directory');
    writeFileSync(join(folder, 'file'), '');
    expect(errorOf(openRunStore(join(folder, 'file', 'runs.sqlite')))).toMatchObject({ code: 'storage' });
    expect(readdirSync(folder).toSorted()).toEqual(['file', 'runs.sqlite']);
  });

  it('is in a folder that cannot be written', (context) => {
    if (process.getuid === undefined) context.skip('Windows has no such permission');
    if (process.getuid?.() === 0) context.skip('root may write everywhere');
    const folder = temporaryFolder();
    chmodSync(folder, 0o500);
    const error = errorOf(openRunStore(join(folder, 'runs.sqlite')));
    chmodSync(folder, 0o700);
    expect(error.code).toBe('storage');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is on a file system that takes no files', (context) => {
    if (process.platform !== 'linux') context.skip('needs /proc');
    expect(errorOf(openRunStore('/proc/percpu-lab/runs.sqlite'))).toMatchObject({ code: 'storage' });
    expect(errorOf(openRunStore('/proc/runs.sqlite')).message).toMatch(/^The run database .* cannot be used: .*\.$/);
  });

  it('is one that another program keeps locked', () => {
    const path = closedDatabase();
    const store = storeAt(path, { busyTimeoutMs: 50 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    // Readers are not disturbed by a writer.
    expect(valueOf(store.list())).toHaveLength(20);
    expect(errorOf(store.remove('run-1')).message).toContain('another program keeps it locked');
    other.exec('ROLLBACK');
    other.close();
    valueOf(store.remove('run-1'));
  });
});

describe('several processes at once', () => {
  it('create one database together and lose nothing', async () => {
    const path = join(temporaryFolder(), 'runs.sqlite');
    const program = join(import.meta.dirname, 'save-runs-process.ts');
    const exits = ['a', 'b', 'c'].map(async (prefix) => {
      const child = spawn(process.execPath, [program, path, prefix, '15'], { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    });
    await Promise.all(exits);
    const listings = valueOf(storeAt(path).list());
    expect(listings).toHaveLength(45);
    expect(listings.every(({ sampleCount }) => sampleCount === 2)).toBe(true);
  });
});
