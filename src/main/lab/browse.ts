/** Lists folders of this host, so that a browser elsewhere can pick the files that the lab here will read. */
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FolderListing } from '../../shared/contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';

type Entry = FolderListing['entries'][number];

/** The folder at `path` (absent: the user's home). Entries that cannot be looked at are left out. */
export async function listFolder(path: string | undefined): Promise<Result<FolderListing>> {
  const folder = resolve(path ?? homedir());
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    return fail('not-found', `cannot list the folder ${folder}: ${reason(error)}`, 'path');
  }
  const found = await Promise.all(names.map((name) => describe(folder, name)));
  const entries = found.filter((entry) => entry !== undefined).toSorted(byKindAndName);
  const parent = dirname(folder);
  return ok(parent === folder ? { path: folder, entries } : { path: folder, parent, entries });
}

async function describe(folder: string, name: string): Promise<Entry | undefined> {
  const path = join(folder, name);
  try {
    const status = await stat(path);
    if (status.isDirectory()) return { name, path, kind: 'folder', sizeBytes: 0 };
    return status.isFile() ? { name, path, kind: 'file', sizeBytes: status.size } : undefined;
  } catch {
    // A dangling link or a file that went meanwhile: nothing to pick.
    return undefined;
  }
}

function byKindAndName(one: Entry, other: Entry): number {
  if (one.kind !== other.kind) return one.kind === 'folder' ? -1 : 1;
  return one.name.localeCompare(other.name);
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
