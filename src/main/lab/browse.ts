/** Lists folders of this host, so that a browser elsewhere can pick the files that the lab here will read. */
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FolderListing } from '../../shared/contract.ts';
import { fail, ok, type Result } from '../../shared/result.ts';

type Entry = FolderListing['entries'][number];

/**
 * The folder at `path` (absent: the user's home), or the one that holds the file at `path`, as a person types it: from the folder
 * `from` (absent: the home) on, `~` being the home. Entries that cannot be looked at are left out.
 */
export async function listFolder(path: string | undefined, from = homedir()): Promise<Result<FolderListing>> {
  const asked = resolve(
    from,
    (path ?? '~').replace(/^~(?=$|[/\\])/, () => homedir()),
  );
  let folder: string;
  let names: readonly string[];
  try {
    folder = (await stat(asked)).isFile() ? dirname(asked) : asked;
    names = await readdir(folder);
  } catch (error) {
    return fail('not-found', `${asked} cannot be listed: ${reason(error)}`, 'path');
  }
  const found = await Promise.all(names.map((name) => describe(folder, name)));
  const entries = found.filter((entry) => entry !== undefined).toSorted(byKindAndName);
  const parent = dirname(folder);
  return ok({
    path: folder,
    ...(parent === folder ? {} : { parent }),
    ...(folder === asked ? {} : { pointedAt: asked }),
    entries,
  });
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

const REASONS: Readonly<Partial<Record<string, string>>> = {
  ENOENT: 'there is no such folder or file',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EACCES: 'the lab may not read it',
  EPERM: 'the lab may not read it',
  ENAMETOOLONG: 'the name is too long',
  ERR_INVALID_ARG_VALUE: 'no file has such a name',
};

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return REASONS[code] ?? code;
}
