import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dispatch } from '../../../src/main/lab/dispatch.ts';
import { readLabVersion } from '../../../src/main/lab/lab-version.ts';
import { contractInputs } from '../../../src/shared/contract.ts';
import { errorOf, openSmallLab, RESOURCES, runToEnd, smallProfile, valueOf } from './small-lab.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PACKAGE = join(import.meta.dirname, '../../../package.json');
const { version: VERSION } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };

/** Methods that take nothing but the id of a run. */
const RUN_METHODS: readonly string[] = [
  'cancelRun',
  'openRun',
  'deleteRun',
  'exportRunCsv',
  'exportKernelTexts',
  'runningPicture',
  'runningPercpuStats',
];

describe('the lab', () => {
  it('says what it runs on and where it keeps things', async () => {
    const folder = temporaryFolder();
    const lab = await openSmallLab(folder);
    const host = valueOf(await lab.describeHost({}));
    expect(host).toMatchObject({ dataFolder: folder, environment: { labVersion: VERSION } });
    expect(host.environment.codec).toMatch(/^LZ4/i);
    expect(host.storeError).toBeUndefined();
  });

  it('has the shipped profile, saves one beside it, renames and deletes it', async () => {
    const lab = await openSmallLab();
    const profile = smallProfile({ name: 'mine' });
    const shipped = valueOf(await lab.listProfiles({}));
    expect(shipped.map(({ id }) => id)).toContain('shipped/seed-2010');
    expect(valueOf(await lab.saveProfile({ profile, overwrite: false }))).toMatchObject({ id: 'saved/mine' });
    expect(errorOf(await lab.saveProfile({ profile, overwrite: false }))).toMatchObject({ where: 'name' });
    expect(valueOf(await lab.renameProfile({ id: 'saved/mine', name: 'ours' }))).toMatchObject({ id: 'saved/ours' });
    expect(valueOf(lab.loadProfile('ours'))).toEqual({ ...profile, name: 'ours' });
    expect(valueOf(await lab.deleteProfile({ id: 'saved/ours' }))).toEqual({});
    expect(valueOf(await lab.listProfiles({}))).toEqual(shipped);
  });

  it('previews a workload without running it', async () => {
    const lab = await openSmallLab();
    const preview = valueOf(await lab.previewWorkload({ profile: smallProfile() }));
    expect(preview.jobs.map(({ name }) => name)).toEqual(['job.0', 'job.1']);
    expect(valueOf(await lab.currentRun({})).run).toBeUndefined();
  });

  it('runs, lists, opens, renames, exports and deletes', async () => {
    const lab = await openSmallLab();
    const { record } = await runToEnd(lab, smallProfile({ experiment: { repetitions: 1 } }));
    const { id: runId } = record;
    expect(valueOf(await lab.listRuns({}))).toMatchObject([{ id: runId, outcome: 'complete', sampleCount: 2 }]);
    expect(valueOf(await lab.renameRun({ runId, name: 'first' }))).toMatchObject({ name: 'first' });
    expect(valueOf(await lab.openRun({ runId }))).toEqual({ ...record, name: 'first' });
    expect(valueOf(await lab.exportRunCsv({ runId })).text.split('\r\n')).toHaveLength(4);
    expect(valueOf(await lab.exportKernelTexts({ runId })).map(({ kind }) => kind)).toEqual([
      'boot-lines',
      'boot-lines',
    ]);
    expect(valueOf(await lab.deleteRun({ runId }))).toEqual({});
    const goneCalls = [lab.openRun, lab.exportRunCsv, lab.exportKernelTexts, lab.deleteRun, lab.runningPicture];
    for (const gone of goneCalls.map((call) => call({ runId }))) {
      expect(errorOf(await gone).code).toBe('not-found');
    }
    expect(errorOf(await lab.cancelRun({ runId })).code).toBe('not-found');
  });

  it.each([
    ['lz4', 'lz4 (lz4-napi)', true],
    ['lz4-kernel', 'lz4-kernel (WebAssembly)', false],
  ] as const)(
    'runs with the codec %s, names it in record and CSV, and counts the requests in flight',
    async (...row) => {
      const [codec, title, hasMemoryOfItsOwn] = row;
      const lab = await openSmallLab();
      const { record } = await runToEnd(lab, smallProfile({ machine: { codec }, experiment: { repetitions: 1 } }));
      expect(record.outcome).toBe('complete');
      expect(record.environment.codec).toBe(title);
      expect(record.notes.some((note) => note.includes('memory of its own'))).toBe(hasMemoryOfItsOwn);
      // Two jobs with four requests of a page each.
      expect(record.samples.map((sample) => sample.memoryAtEnd.ioBufferBytes)).toEqual([8 * 4096, 8 * 4096]);
      expect(valueOf(await lab.exportRunCsv({ runId: record.id })).text).toContain(`,${title},`);
    },
  );

  it('answers every method of the contract through the guarded door', async () => {
    const lab = await openSmallLab();
    const inputs: Readonly<Record<string, unknown>> = {
      saveProfile: { profile: {}, overwrite: false },
      renameProfile: { id: 'saved/none', name: 'a' },
      deleteProfile: { id: 'saved/none' },
      previewWorkload: { profile: undefined },
      startRun: { profile: 3 },
      renameRun: { runId: 'none', name: 'a' },
    };
    for (const method of Object.keys(contractInputs)) {
      const needsRun = RUN_METHODS.includes(method);
      const result = await dispatch(lab, method, inputs[method] ?? (needsRun ? { runId: 'none' } : {}));
      expect(result.ok || ['bad-input', 'not-found'].includes(result.error.code), method).toBe(true);
      if (!result.ok) expect(result.error.message, method).not.toMatch(/\n|\[object/);
    }
  });

  it('tells every subscriber until it has had enough', async () => {
    const lab = await openSmallLab();
    const heard: string[] = [];
    const stopFirst = lab.subscribe((event) => heard.push(`first ${event.kind}`));
    lab.subscribe((event) => heard.push(`second ${event.kind}`));
    stopFirst();
    stopFirst();
    await runToEnd(lab, smallProfile({ experiment: { repetitions: 1 }, designs: ['per-cpu-global'] }));
    expect(heard.filter((event) => event.startsWith('first'))).toEqual([]);
    expect(heard.filter((event) => !event.endsWith('progress'))).toEqual([
      'second started',
      'second sample',
      'second finished',
    ]);
  });

  it('opens on a data folder that cannot be written, and says so', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const lab = await openSmallLab(join(file, 'data'));
    expect(valueOf(await lab.describeHost({})).storeError?.code).toBe('storage');
    expect(errorOf(await lab.listRuns({})).message).not.toContain('\n');
    expect(errorOf(await lab.saveProfile({ profile: smallProfile(), overwrite: false })).code).toBe('storage');
  });
});

describe('loading a profile', () => {
  it('goes by id, by the name of its file, by its own name and by path', async () => {
    const lab = await openSmallLab();
    const shipped = valueOf(lab.loadProfile('shipped/seed-2010'));
    expect(valueOf(lab.loadProfile('seed-2010'))).toEqual(shipped);
    expect(valueOf(lab.loadProfile(shipped.name))).toEqual(shipped);
    expect(valueOf(lab.loadProfile(join(RESOURCES, 'profiles', 'seed-2010.json')))).toEqual(shipped);
  });

  it('that is not there, is a file that is not there, or a damaged one is one sentence', async () => {
    const lab = await openSmallLab();
    expect(errorOf(lab.loadProfile('none')).code).toBe('not-found');
    expect(errorOf(lab.loadProfile('/nowhere/none.json'))).toEqual({
      code: 'not-found',
      message: 'There is no profile file /nowhere/none.json.',
    });
    const path = join(temporaryFolder(), 'damaged.json');
    writeFileSync(path, '{\n  "name": oops\n}');
    expect(errorOf(lab.loadProfile(path))).toMatchObject({ code: 'bad-input', where: `${path}:2:11` });
  });
});

describe('browsing', () => {
  it('lists folders first, then files, by name, and where to go up', async () => {
    const lab = await openSmallLab();
    const folder = temporaryFolder();
    for (const name of ['zoo', 'attic']) mkdirSync(join(folder, name));
    for (const name of ['b.bin', 'a.bin', '.hidden']) writeFileSync(join(folder, name), 'xyz');
    symlinkSync(join(folder, 'nothing'), join(folder, 'dangling'));
    symlinkSync(join(folder, 'attic'), join(folder, 'link'));
    const listing = valueOf(await lab.browse({ path: folder }));
    expect(listing).toMatchObject({ path: folder, parent: dirname(folder) });
    expect(listing.entries.map(({ kind, name, sizeBytes }) => `${kind} ${name} ${sizeBytes}`)).toEqual([
      'folder attic 0',
      'folder link 0',
      'folder zoo 0',
      'file .hidden 3',
      'file a.bin 3',
      'file b.bin 3',
    ]);
    expect(listing.entries[0]?.path).toBe(join(folder, 'attic'));
  });

  it('begins at the home folder and ends at the root', async () => {
    const lab = await openSmallLab();
    expect(valueOf(await lab.browse({})).path).toBe(homedir());
    expect(valueOf(await lab.browse({ path: '~' })).path).toBe(homedir());
    expect(valueOf(await lab.browse({ path: '/' })).parent).toBeUndefined();
  });

  it('reads a path as it is typed: from the folder that is shown on, from the home, or a whole one', async () => {
    const lab = await openSmallLab();
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'attic', 'trunk'), { recursive: true });
    const reached = async (path: string) => valueOf(await lab.browse({ path, from: join(folder, 'attic') })).path;
    expect(await reached('trunk')).toBe(join(folder, 'attic', 'trunk'));
    expect(await reached('..')).toBe(folder);
    expect(await reached(folder)).toBe(folder);
    expect(await reached('~')).toBe(homedir());
    expect(valueOf(await lab.browse({ path: '.' })).path).toBe(homedir());
    // A folder's name may begin so, too.
    expect(errorOf(await lab.browse({ path: '~~', from: folder })).message).toContain(join(folder, '~~'));
  });

  it('a folder that is missing, or none, is one sentence', async () => {
    const lab = await openSmallLab();
    const folder = temporaryFolder();
    expect(errorOf(await lab.browse({ path: join(folder, 'missing') }))).toEqual({
      code: 'not-found',
      message: `${join(folder, 'missing')} cannot be listed: there is no such folder or file`,
      where: 'path',
    });
    writeFileSync(join(folder, 'file'), '');
    const below = errorOf(await lab.browse({ path: join(folder, 'file', 'below') }));
    expect(below.message).toMatch(/cannot be listed: a part of the path is a file, not a folder$/);
    expect(errorOf(await lab.browse({ path: 'a\0b' }))).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/: no file has such a name$/),
    });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('the path of a file lists its folder and points at the file', async () => {
    const lab = await openSmallLab();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'pages.bin'), 'abc');
    const listing = valueOf(await lab.browse({ path: join(folder, 'pages.bin') }));
    expect(listing).toMatchObject({ path: folder, pointedAt: join(folder, 'pages.bin') });
    expect(listing.entries.map(({ name }) => name)).toEqual(['pages.bin']);
    expect(valueOf(await lab.browse({ path: folder })).pointedAt).toBeUndefined();
  });
});

describe('the version', () => {
  it("is package.json's", () => {
    expect(readLabVersion()).toBe(VERSION);
  });
});
