/**
 * What SQLite and the file system report, in one sentence for a person.
 */
import { fail, type Result } from '../../../shared/result.ts';

/** SQLite's primary result codes that a user can do something about: https://www.sqlite.org/rescode.html. */
const SQLITE_SENTENCES: Readonly<Record<number, string>> = {
  5: 'another program keeps it locked',
  8: 'it cannot be written to',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'it cannot be opened',
  26: 'it is damaged or not a database',
};

/** The sentence for a database that cannot be used, with why. */
export function unusable(databasePath: string, why: string): string {
  return `The run database ${databasePath} cannot be used: ${why}.`;
}

/**
 * The failure that an error of SQLite or of the file system means.
 *
 * @throws the error itself when it is of neither
 */
export function storageFailure(databasePath: string, error: unknown): Result<never> {
  const why = sqliteWhy(error) ?? fileSystemWhy(error);
  if (why === undefined) throw error;
  return fail('storage', unusable(databasePath, why), databasePath);
}

/** SQLite's extended result code of an error that it raised. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

function sqliteWhy(error: unknown): string | undefined {
  const code = sqliteCode(error);
  if (code === undefined || !(error instanceof Error)) return undefined;
  // The low byte is the primary code, the rest says more.
  return SQLITE_SENTENCES[code & 0xff] ?? error.message;
}

/** Such as `EACCES: permission denied, open '…'`, which names the path. */
function fileSystemWhy(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error ? error.message : undefined;
}
