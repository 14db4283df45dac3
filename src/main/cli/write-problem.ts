/** Why something could not be written, in words for a person. */
import { existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';

/** The reason of a file system's `error`, to stand behind `cannot write …:`; its code, or else its own words, where it is a rare one. */
export function writeProblem(error: unknown): string {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (error instanceof Error && 'path' in error) {
    if (reason === 'ENOENT') return missingWords(String(error.path));
    if (reason === 'EEXIST') return `'${String(error.path)}' is no folder`;
  }
  return WRITE_PROBLEMS[reason] ?? reason;
}

/** The folder may be there all the same: nobody can make anything in /proc. */
function missingWords(path: string): string {
  const folder = dirname(path);
  if (!existsSync(folder)) return 'its folder does not exist';
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return isLink ? 'it is a link into a folder that does not exist' : `nothing can be made in '${folder}'`;
}

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};
