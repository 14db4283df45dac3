/**
 * Creates a folder with its parents.
 *
 * Not `mkdirSync(…, { recursive: true })`: where a file system answers ENOENT although the parent exists (/proc does), that
 * one of Node 24 tries for ever.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes `path` a folder, with every parent that is missing; does nothing where it is one. Answers with the outermost folder that
 * had to be made.
 *
 * @throws the file system's error, which names the path
 */
export function makeFolder(path: string): string | undefined {
  if (isFolder(path)) return undefined;
  const parent = dirname(path);
  const outermost = parent === path || existsSync(parent) ? undefined : makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(path)) throw error;
    return outermost;
  }
  return outermost ?? path;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
