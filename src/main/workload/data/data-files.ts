/**
 * Finds the files behind the paths that a user picked, before any is read: folders are walked in name order, symbolic
 * links inside them are passed over (so nothing outside is read and no cycle is entered), as is what is not a file.
 * A picked path that is itself a link is followed: it was chosen.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';

export interface DataFile {
  readonly path: string;
  /** At the time of looking; never 0. */
  readonly sizeBytes: number;
}

/** One sentence for a failed file operation. */
export function fileProblem(path: string, error: unknown): Result<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return fail('not-found', `'${path}' does not exist`, path);
  if (code === 'EACCES' || code === 'EPERM') return fail('bad-input', `'${path}' may not be read by this user`, path);
  return fail('bad-input', `'${path}' cannot be read (${code})`, path);
}

/** The failure of everything here after its signal was raised. */
export function cancelled(): Result<never> {
  return fail('cancelled', 'Reading the data files was cancelled');
}

async function filesInFolder(folder: string, signal: AbortSignal | undefined): Promise<Result<readonly DataFile[]>> {
  const found: DataFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  // By code units: the same order on every host, whatever its language.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const inner = await filesAt(join(folder, entry.name), signal);
    if (!inner.ok) return inner;
    found.push(...inner.value);
  }
  return ok(found);
}

async function filesAt(path: string, signal: AbortSignal | undefined): Promise<Result<readonly DataFile[]>> {
  if (signal?.aborted) return cancelled();
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return await filesInFolder(path, signal);
    if (!facts.isFile()) return fail('bad-input', `'${path}' is neither a file nor a folder`, path);
    return ok(facts.size === 0 ? [] : [{ path, sizeBytes: facts.size }]);
  } catch (error) {
    return fileProblem(path, error);
  }
}

/**
 * The non-empty files at `paths`, in the order given. A picked path without any data is an error, an empty file inside
 * a folder is not. Errors: 'bad-input' and 'not-found' naming the path, 'cancelled'.
 */
export async function listDataFiles(
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<Result<readonly DataFile[]>> {
  const found: DataFile[] = [];
  for (const path of paths) {
    const files = await filesAt(path, signal);
    if (!files.ok) return files;
    if (files.value.length === 0) return fail('bad-input', `'${path}' holds no data`, path);
    found.push(...files.value);
  }
  if (found.length === 0) return fail('bad-input', 'No data file was given');
  return ok(found);
}
