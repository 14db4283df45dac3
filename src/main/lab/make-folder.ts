/**
 * Creates a folder with its parents.
 *
 * Not `mkdirSync(…, { recursive: true })`: where a file system answers ENOENT although the parent exists (/proc does), that
 * one of Node 24 tries for ever.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes `path` a folder, with every parent that is missing; does nothing where it is one.
 *
 * @throws the file system's error, which names the path
 */
export function makeFolder(path: string): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
