/**
 * The profiles that the user can pick: the shipped ones, and their own as JSON files in the data folder.
 *
 *   id            shipped/STEM or saved/STEM, STEM.json being the file's name
 *   STEM          made from the profile's name by `fileStem`, with -2, -3 … where it is taken
 *   same profile  two names that differ in case or Unicode composition only are one name; a saved profile gets no name that a
 *                 shipped one answers to (its own or its STEM), so that the name tells which is meant
 *
 * Files are read anew at each call, so that what the user edits or copies there by hand counts. A damaged file is
 * reported by name, never changed, and its name is never taken; a folder of saved ones that cannot be read is reported
 * like one. Ids are looked up among the files that are there and never made into paths.
 */
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Input, Output, ProfileEntry } from '../../../shared/contract.ts';
import { isSameProfileName, parseProfile, type Profile } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { fileStem } from '../file-stem.ts';
import { makeFolder } from '../make-folder.ts';
import { readProfileFile, writeProfileFile } from './profile-file.ts';

/** Failures of the file system are of code 'storage', in one sentence. */
export interface ProfileLibrary {
  /** Shipped ones first, each sorted by id; damaged files included as such. */
  readonly list: () => Result<Output<'listProfiles'>>;
  /** Saves under the profile's own name; 'bad-input' with the field, or where it is a shipped one's, or taken and not `overwrite`. */
  readonly save: (input: Input<'saveProfile'>) => Result<ProfileEntry>;
  /** Gives a saved profile another name, and so another id; 'bad-input' where the name is taken or a shipped one's. */
  readonly rename: (input: Input<'renameProfile'>) => Result<ProfileEntry>;
  /** Deletes the file of a saved profile, damaged or not. */
  readonly remove: (input: Input<'deleteProfile'>) => Result<Output<'deleteProfile'>>;
  /** By id, file stem (`seed-2010`) or name; 'bad-input' where several answer to it, or the file is damaged. */
  readonly load: (idOrName: string) => Result<Profile>;
}

/** Absolute paths; the saved folder is made at the first save. */
export interface ProfileFolders {
  readonly shipped: string;
  readonly saved: string;
}

/** The library over these folders; opens nothing yet. */
export function openProfileLibrary(folders: ProfileFolders): ProfileLibrary {
  return {
    list: () => guarded(() => ok(filesOf(folders).map(({ entry }) => entry))),
    save: (input) => guarded(() => save(folders, input)),
    rename: (input) => guarded(() => rename(folders, input)),
    remove: (input) => guarded(() => remove(folders, input)),
    load: (idOrName) => guarded(() => load(folders, idOrName)),
  };
}

interface ProfileFile {
  readonly path: string;
  readonly entry: ProfileEntry;
}

const ENDING = '.json';

function filesOf(folders: ProfileFolders): readonly ProfileFile[] {
  return [...filesIn(folders.shipped, 'shipped'), ...savedOrDamaged(folders.saved)];
}

/** A folder that cannot be read is one damaged entry: the shipped profiles are not its business. */
function savedOrDamaged(folder: string): readonly ProfileFile[] {
  const read = guarded(() => ok(filesIn(folder, 'saved')));
  if (read.ok) return read.value;
  return [{ path: folder, entry: { kind: 'damaged', id: 'saved/', origin: 'saved', error: read.error } }];
}

function filesIn(folder: string, origin: 'shipped' | 'saved'): readonly ProfileFile[] {
  const names = namesIn(folder, origin).filter((name) => name.endsWith(ENDING) && !name.startsWith('.'));
  const stems = names.map((name) => basename(name, ENDING)).toSorted();
  return stems.map((stem) => {
    const path = join(folder, `${stem}${ENDING}`);
    return { path, entry: entryOf(`${origin}/${stem}`, origin, readProfileFile(path)) };
  });
}

/** No folder yet: nothing saved yet. */
function namesIn(folder: string, origin: 'shipped' | 'saved'): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (origin === 'saved' && error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function entryOf(id: string, origin: 'shipped' | 'saved', read: Result<Profile>): ProfileEntry {
  if (!read.ok) return { kind: 'damaged', id, origin, error: read.error };
  return { kind: 'profile', id, origin, profile: read.value };
}

function save(folders: ProfileFolders, { profile: input, overwrite }: Input<'saveProfile'>): Result<ProfileEntry> {
  const parsed = parseProfile(input);
  if (!parsed.ok) return parsed;
  const saved = filesIn(folders.saved, 'saved');
  const same = namedLike(saved, parsed.value.name);
  if (same !== undefined && !overwrite) return taken(same);
  if (same === undefined && isShippedName(folders, parsed.value.name)) return shippedName(parsed.value.name);
  makeFolder(folders.saved);
  return write(same?.path ?? freePath(folders, parsed.value.name), parsed.value);
}

function rename(folders: ProfileFolders, { id, name }: Input<'renameProfile'>): Result<ProfileEntry> {
  const found = savedFile(folders, id, 'renamed');
  if (!found.ok) return found;
  const { path, entry } = found.value;
  if (entry.kind === 'damaged') return { ok: false, error: entry.error };
  const parsed = parseProfile({ ...entry.profile, name });
  if (!parsed.ok) return parsed;
  const others = filesIn(folders.saved, 'saved').filter((file) => file.path !== path);
  const same = namedLike(others, parsed.value.name);
  if (same !== undefined) return taken(same);
  const isNew = !isSameProfileName(entry.profile.name, parsed.value.name);
  if (isNew && isShippedName(folders, parsed.value.name)) return shippedName(parsed.value.name);
  const newPath = freePath(folders, parsed.value.name, path);
  const written = write(newPath, parsed.value);
  // The new file first: a crash in between leaves both.
  if (newPath !== path) rmSync(path);
  return written;
}

function remove(folders: ProfileFolders, { id }: Input<'deleteProfile'>): Result<Output<'deleteProfile'>> {
  const found = savedFile(folders, id, 'deleted');
  if (!found.ok) return found;
  // What is in a folder is not the lab's to judge.
  const { path } = found.value;
  if (path === folders.saved || lstatSync(path).isDirectory()) {
    return fail('bad-input', `${path} is not a profile’s file, so it is left for you to delete.`, 'id');
  }
  rmSync(path);
  return ok({});
}

function load(folders: ProfileFolders, idOrName: string): Result<Profile> {
  const files = filesOf(folders);
  const exact = files.filter(({ entry }) => entry.id === idOrName);
  const matching = exact.length > 0 ? exact : files.filter(({ entry }) => answersTo(entry, idOrName));
  const [first, second] = matching;
  if (first === undefined) {
    const known = files.map(({ entry }) => entry.id).join(', ');
    return fail('not-found', `There is no profile ${idOrName}; there are: ${known === '' ? 'none' : known}.`);
  }
  if (second !== undefined) {
    const ids = matching.map(({ entry }) => entry.id).join(' and ');
    return fail('bad-input', `Several profiles are called ${idOrName}: ${ids}; say which by its id.`);
  }
  const { entry } = first;
  return entry.kind === 'damaged' ? { ok: false, error: entry.error } : ok(entry.profile);
}

function answersTo(entry: ProfileEntry, name: string): boolean {
  if (entry.id === `${entry.origin}/${name}`) return true;
  return entry.kind !== 'damaged' && isSameProfileName(entry.profile.name, name);
}

function savedFile(folders: ProfileFolders, id: string, action: 'renamed' | 'deleted'): Result<ProfileFile> {
  const file = filesOf(folders).find(({ entry }) => entry.id === id);
  if (file === undefined) return fail('not-found', `There is no profile ${id}.`);
  if (file.entry.origin === 'saved') return ok(file);
  return fail('bad-input', `${id} came with the lab and cannot be ${action}; save a copy of it under another name.`);
}

function namedLike(files: readonly ProfileFile[], name: string): ProfileFile | undefined {
  return files.find(({ entry }) => entry.kind !== 'damaged' && isSameProfileName(entry.profile.name, name));
}

function isShippedName(folders: ProfileFolders, name: string): boolean {
  return filesIn(folders.shipped, 'shipped').some(({ entry }) => answersTo(entry, name));
}

function shippedName(name: string): Result<never> {
  return fail('bad-input', `"${name}" came with the lab; give yours another name.`, 'name');
}

/** Of a file: not every file system tells these apart. */
function fileKey(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function taken({ entry }: ProfileFile): Result<never> {
  const name = entry.kind === 'damaged' ? entry.id : entry.profile.name;
  return fail('bad-input', `A saved profile named "${name}" exists already.`, 'name');
}

/** A path for a profile of this name that no file has, whatever the case of its name; `own` counts as free. */
function freePath(folders: ProfileFolders, name: string, own?: string): string {
  const others = namesIn(folders.saved, 'saved').filter((other) => own === undefined || other !== basename(own));
  const used = new Set(others.map(fileKey));
  const stem = fileStem(name, 'profile');
  let candidate = `${stem}${ENDING}`;
  for (let number = 2; used.has(fileKey(candidate)); number++) candidate = `${stem}-${number}${ENDING}`;
  return join(folders.saved, candidate);
}

function write(path: string, profile: Profile): Result<ProfileEntry> {
  writeProfileFile(path, profile);
  return ok(entryOf(`saved/${basename(path, ENDING)}`, 'saved', ok(profile)));
}

/** Turns the file system's errors, which name the path, into failures. */
function guarded<T>(action: () => Result<T>): Result<T> {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    return fail('storage', `Profiles cannot be kept or read: ${error.message}.`);
  }
}
