/** Why something could not be written, in words for a person. */

/** The reason of a file system's `error`, to stand behind `cannot write …:`; its code, or else its own words, where it is a rare one. */
export function writeProblem(error: unknown): string {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return WRITE_PROBLEMS[reason] ?? reason;
}

const WRITE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};
