import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openProfileLibrary, type ProfileLibrary } from '../../../../src/main/lab/profiles/profile-library.ts';
import { PROFILE_SCHEMA_VERSION, type Profile } from '../../../../src/shared/profile.ts';
import type { Result } from '../../../../src/shared/result.ts';
import { arbitraryProfile, PROFILE } from '../run-record-fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SHIPPED = join(import.meta.dirname, '../../../../resources/profiles');

interface Bench {
  readonly library: ProfileLibrary;
  readonly saved: string;
}

/** A library over the shipped profiles and a folder of the user's that is not there yet. */
function bench(shipped = SHIPPED): Bench {
  const saved = join(temporaryFolder(), 'data', 'profiles');
  return { library: openProfileLibrary({ shipped, saved }), saved };
}

/** As `bench`, with these files in the user's folder. */
function benchWith(files: Readonly<Record<string, string | Buffer>>): Bench {
  const made = bench();
  mkdirSync(made.saved, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(made.saved, name), content);
  return made;
}

function named(name: string): Profile {
  return { ...PROFILE, name };
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function errorOf(result: Result<unknown>) {
  if (result.ok) throw new Error('this should have failed');
  return result.error;
}

function savedIds(library: ProfileLibrary): readonly string[] {
  return valueOf(library.list())
    .filter(({ origin }) => origin === 'saved')
    .map(({ id }) => id);
}

describe('saving a profile', () => {
  it('makes a file named for it, which loads as the same profile, whatever is in it', () => {
    const { library } = bench();
    fc.assert(
      fc.property(arbitraryProfile, (profile) => {
        const entry = valueOf(library.save({ profile, overwrite: false }));
        expect(entry).toMatchObject({ kind: 'profile', origin: 'saved' });
        expect(valueOf(library.load(entry.id))).toEqual(profile);
        valueOf(library.remove({ id: entry.id }));
      }),
    );
    expect(savedIds(library)).toEqual([]);
  });

  it('refuses the name of a shipped profile, by which the command line finds that one', () => {
    const { library } = bench();
    const shipped = valueOf(library.load('shipped/seed-2010'));
    const refused = {
      code: 'bad-input',
      message: `"${shipped.name.toUpperCase()}" came with the lab; give yours another name.`,
      where: 'name',
    };
    const changed = { ...shipped, name: shipped.name.toUpperCase(), description: 'changed' };
    expect(errorOf(library.save({ profile: changed, overwrite: true }))).toEqual(refused);
    valueOf(library.save({ profile: { ...changed, name: 'mine' }, overwrite: false }));
    expect(errorOf(library.rename({ id: 'saved/mine', name: changed.name }))).toEqual(refused);
    expect(library.save({ profile: named('seed-2010'), overwrite: false }).ok).toBe(false);
    expect(savedIds(library)).toEqual(['saved/mine']);
    expect(valueOf(library.load(shipped.name))).toEqual(shipped);
  });

  it('goes on replacing one that has such a name from before', () => {
    const { library } = benchWith({ 'old.json': JSON.stringify(valueOf(bench().library.load('shipped/seed-2010'))) });
    const shipped = valueOf(library.load('shipped/seed-2010'));
    const entry = valueOf(library.save({ profile: { ...shipped, description: 'changed' }, overwrite: true }));
    expect(entry.id).toBe('saved/old');
  });

  it('refuses a name that is taken, unless it is to be replaced', () => {
    const { library } = bench();
    valueOf(library.save({ profile: named('Mine'), overwrite: false }));
    const changed = { ...named('mine'), description: 'changed' };
    expect(errorOf(library.save({ profile: changed, overwrite: false }))).toEqual({
      code: 'bad-input',
      message: 'A saved profile named "Mine" exists already.',
      where: 'name',
    });
    expect(valueOf(library.load('saved/mine')).description).toBe(PROFILE.description);
    valueOf(library.save({ profile: changed, overwrite: true }));
    expect(savedIds(library)).toEqual(['saved/mine']);
    expect(valueOf(library.load('saved/mine')).description).toBe('changed');
  });

  it('gives different names different files, even where the file name would be one', () => {
    const { library } = bench();
    for (const name of ['a: b', 'a? b', 'A b!']) valueOf(library.save({ profile: named(name), overwrite: false }));
    expect(savedIds(library)).toEqual(['saved/a-b', 'saved/a-b-2', 'saved/a-b-3'].toSorted());
    expect(valueOf(library.load('a? b')).name).toBe('a? b');
  });

  it('never takes the file of a damaged profile', () => {
    const { library, saved } = benchWith({ 'Mine.json': '{' });
    expect(valueOf(library.save({ profile: named('mine'), overwrite: true })).id).toBe('saved/mine-2');
    expect(readFileSync(join(saved, 'Mine.json'), 'utf8')).toBe('{');
  });

  it('stays inside its folder and away from device names', () => {
    const { library, saved } = bench();
    valueOf(library.save({ profile: named('..'), overwrite: false }));
    valueOf(library.save({ profile: named('CON'), overwrite: false }));
    expect(readdirSync(saved).toSorted()).toEqual(['con-profile.json', 'profile.json']);
  });

  it('names the wrong field and writes nothing', () => {
    const { library, saved } = bench();
    const wrong = { ...PROFILE, machine: { ...PROFILE.machine, onlineCpus: 5 } };
    expect(errorOf(library.save({ profile: wrong, overwrite: false }))).toEqual({
      code: 'bad-input',
      message: 'Online CPUs must not exceed possible CPUs',
      where: 'machine.onlineCpus',
    });
    expect(() => readdirSync(saved)).toThrow('ENOENT');
  });

  it('replaces a file with the longest name that a file system takes', () => {
    const longest = `${'l'.repeat(250)}.json`;
    const { library, saved } = benchWith({ [longest]: JSON.stringify(named('long')) });
    valueOf(library.save({ profile: { ...named('long'), description: 'new' }, overwrite: true }));
    expect(readdirSync(saved)).toEqual([longest]);
    expect(valueOf(library.load('long')).description).toBe('new');
  });

  it('leaves no temporary file, neither when it works nor when it fails', () => {
    const { library, saved } = bench();
    valueOf(library.save({ profile: named('one'), overwrite: false }));
    expect(readdirSync(saved)).toEqual(['one.json']);
    const unusable = openProfileLibrary({ shipped: SHIPPED, saved: join(saved, 'one.json') });
    const error = errorOf(unusable.save({ profile: named('two'), overwrite: false }));
    expect(error.code).toBe('storage');
    expect(error.message).toContain('one.json');
    expect(readdirSync(saved)).toEqual(['one.json']);
  });
});

describe('the list of profiles', () => {
  it('has the shipped ones first, and works before anything was saved', () => {
    const { library } = bench();
    expect(valueOf(library.list()).map(({ id }) => id)).toContain('shipped/seed-2010');
    valueOf(library.save({ profile: named('a'), overwrite: false }));
    expect(valueOf(library.list()).at(-1)?.id).toBe('saved/a');
  });

  it('names each damaged file with what is wrong and where, and changes none', () => {
    const text = JSON.stringify(PROFILE, undefined, 2);
    const files = {
      'comma.json': text.replace('"designs": [', '"designs": ['.concat(',')),
      'newer.json': JSON.stringify({ ...PROFILE, schemaVersion: PROFILE_SCHEMA_VERSION + 1 }),
      'field.json': JSON.stringify({ ...PROFILE, machine: { ...PROFILE.machine, devices: 0 } }),
      'list.json': '[]',
      'binary.json': Buffer.from([0xff, 0xfe, 0x00]),
      'big.json': ' '.repeat(2_000_000),
      'notes.txt': 'not a profile and not looked at',
      '.hidden.json': 'not looked at',
    };
    const { library, saved } = benchWith(files);
    mkdirSync(join(saved, 'folder.json'));
    const damaged = valueOf(library.list()).flatMap((entry) =>
      entry.kind === 'damaged' ? [[entry.id, entry.error.message, entry.error.where]] : [],
    );
    const line = text.slice(0, text.indexOf('"designs": [')).split('\n').length;
    expect(damaged).toEqual([
      ['saved/big', 'big.json is too big for a profile: 2000000 bytes.', join(saved, 'big.json')],
      ['saved/binary', 'binary.json is not UTF-8 text.', join(saved, 'binary.json')],
      [
        'saved/comma',
        `comma.json is not JSON: unexpected "," at line ${line}, column 15.`,
        `${join(saved, 'comma.json')}:${line}:15`,
      ],
      [
        'saved/field',
        'field.json: zram devices must be a whole number from 1 to 16 (machine.devices).',
        'machine.devices',
      ],
      ['saved/folder', 'folder.json is not a file.', join(saved, 'folder.json')],
      [
        'saved/list',
        "list.json is no profile: it is JSON, but not an object with a profile's fields.",
        join(saved, 'list.json'),
      ],
      [
        'saved/newer',
        `newer.json was written by a newer percpu-lab (its schemaVersion is ${PROFILE_SCHEMA_VERSION + 1}, this one reads up to ${PROFILE_SCHEMA_VERSION}).`,
        'schemaVersion',
      ],
    ]);
    for (const [name, content] of Object.entries(files)) {
      expect(readFileSync(join(saved, name)).equals(Buffer.from(content))).toBe(true);
    }
  });

  it('takes a file that an editor saved with a byte order mark', () => {
    const { library } = benchWith({ 'bom.json': `\uFEFF${JSON.stringify(PROFILE)}` });
    expect(valueOf(library.load('bom'))).toEqual(PROFILE);
  });

  it('fails in one sentence when the folder of the shipped ones cannot be read', () => {
    const { library } = bench('/nowhere/profiles');
    expect(errorOf(library.list())).toMatchObject({ code: 'storage' });
  });

  it('still has the shipped ones when the folder of saved ones cannot be read, and names that folder', () => {
    const { saved } = benchWith({ 'one.json': 'a file' });
    const folder = join(saved, 'one.json');
    const library = openProfileLibrary({ shipped: SHIPPED, saved: folder });
    const entries = valueOf(library.list());
    expect(entries.filter(({ origin }) => origin === 'shipped')).toHaveLength(readdirSync(SHIPPED).length);
    expect(entries.at(-1)).toMatchObject({ kind: 'damaged', id: 'saved/', error: { code: 'storage' } });
    expect(valueOf(library.load('seed-2010')).name).toContain('2010');
    expect(errorOf(library.remove({ id: 'saved/' })).message).toContain(folder);
    expect(readFileSync(folder, 'utf8')).toBe('a file');
  });
});

describe('renaming and deleting', () => {
  it('move a saved profile to another name and id, and away', () => {
    const { library, saved } = bench();
    valueOf(library.save({ profile: named('old'), overwrite: false }));
    const entry = valueOf(library.rename({ id: 'saved/old', name: 'New one' }));
    expect(entry).toEqual({
      kind: 'profile',
      id: 'saved/new-one',
      origin: 'saved',
      profile: named('New one'),
    });
    expect(readdirSync(saved)).toEqual(['new-one.json']);
    expect(valueOf(library.remove({ id: 'saved/new-one' }))).toEqual({});
    expect(readdirSync(saved)).toEqual([]);
  });

  it('change the case of a name in its own file', () => {
    const { library, saved } = bench();
    valueOf(library.save({ profile: named('case'), overwrite: false }));
    expect(valueOf(library.rename({ id: 'saved/case', name: 'CASE' })).id).toBe('saved/case');
    expect(readdirSync(saved)).toEqual(['case.json']);
    expect(valueOf(library.load('case')).name).toBe('CASE');
  });

  it('refuse a name that another profile has', () => {
    const { library } = bench();
    valueOf(library.save({ profile: named('a'), overwrite: false }));
    valueOf(library.save({ profile: named('b'), overwrite: false }));
    expect(errorOf(library.rename({ id: 'saved/b', name: 'A' }))).toMatchObject({ code: 'bad-input', where: 'name' });
    expect(errorOf(library.rename({ id: 'saved/b', name: 'a/b' })).where).toBe('name');
    expect(savedIds(library)).toEqual(['saved/a', 'saved/b']);
  });

  it('leave shipped profiles alone', () => {
    const { library } = bench();
    expect(errorOf(library.remove({ id: 'shipped/seed-2010' })).message).toContain('cannot be deleted');
    expect(errorOf(library.rename({ id: 'shipped/seed-2010', name: 'x' })).message).toContain('cannot be renamed');
  });

  it('let a damaged file be deleted but not renamed', () => {
    const { library, saved } = benchWith({ 'bad.json': '{' });
    expect(errorOf(library.rename({ id: 'saved/bad', name: 'x' })).message).toContain('bad.json is not JSON');
    valueOf(library.remove({ id: 'saved/bad' }));
    expect(readdirSync(saved)).toEqual([]);
  });

  it('leave a folder that is called like a profile to its owner', () => {
    const { library, saved } = benchWith({});
    mkdirSync(join(saved, 'own.json'));
    expect(errorOf(library.remove({ id: 'saved/own' }))).toMatchObject({ code: 'bad-input', where: 'id' });
    expect(readdirSync(saved)).toEqual(['own.json']);
  });

  it('do not follow an id out of the folder', () => {
    const { library, saved } = benchWith({});
    writeFileSync(join(saved, '..', 'other.json'), JSON.stringify(PROFILE));
    expect(errorOf(library.remove({ id: 'saved/../other' })).code).toBe('not-found');
    expect(errorOf(library.load('saved/../other')).code).toBe('not-found');
    expect(readdirSync(join(saved, '..')).toSorted()).toEqual(['other.json', 'profiles']);
  });
});

describe('loading a profile', () => {
  it('takes its id, the name of its file or its own name', () => {
    const { library } = bench();
    valueOf(library.save({ profile: named('My own'), overwrite: false }));
    expect(valueOf(library.load('seed-2010'))).toEqual(valueOf(library.load('shipped/seed-2010')));
    expect(valueOf(library.load('saved/my-own')).name).toBe('My own');
    expect(valueOf(library.load('my-own')).name).toBe('My own');
    expect(valueOf(library.load('my OWN')).name).toBe('My own');
  });

  it('asks which one is meant where several answer to a name', () => {
    const { library } = benchWith({ 'seed-2010.json': JSON.stringify(PROFILE) });
    const error = errorOf(library.load('seed-2010'));
    expect(error.code).toBe('bad-input');
    expect(error.message).toContain('shipped/seed-2010 and saved/seed-2010');
    expect(valueOf(library.load('saved/seed-2010')).machine).toEqual(PROFILE.machine);
  });

  it('says which profiles there are when there is none of the name', () => {
    const error = errorOf(bench().library.load('nothing'));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('shipped/seed-2010');
  });

  it('tells what is wrong with a damaged one', () => {
    expect(errorOf(benchWith({ 'bad.json': '{' }).library.load('bad'))).toMatchObject({
      code: 'bad-input',
      message: 'bad.json is not JSON: unexpected end at line 1, column 2.',
    });
  });
});

describe('the shipped profiles', () => {
  it('are all sound', () => {
    const entries = valueOf(bench().library.list());
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.filter((entry) => entry.kind === 'damaged')).toEqual([]);
  });
});
