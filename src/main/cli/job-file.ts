/**
 * A fio job file given to `run` in place of the profile's: reading it, and saying what is wrong with it in words of that file.
 *
 *     line 7, column 6: 'rw' must be …   ─▶   Job file disk.fio, line 5, column 6: 'rw' must be …
 *     (counted with the two lines that --jobs has put in before it)
 */
import { createReadStream } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { fail, type FieldError, type LabError, ok, type Result } from '../../shared/result.ts';
import { lineBeforeNumjobs } from './overrides.ts';

/** Bytes of the largest that is read: as many characters as a profile's may have (64 Ki), of 4 bytes each. */
const MOST_BYTES = 256 * 1024;

/** The text of the file; undefined where none is given. Errors: 'bad-input', 'not-found'. */
export async function readJobFile(path: string | undefined): Promise<Result<string | undefined>> {
  if (path === undefined) return ok(undefined);
  if (path === '') return fail('bad-input', '--job must not be empty');
  try {
    // Not by its size, which a pipe does not have.
    const bytes = await buffer(createReadStream(path, { end: MOST_BYTES }));
    if (bytes.length > MOST_BYTES) {
      return fail('bad-input', `'${path}' is too big for a job file: more than ${MOST_BYTES} bytes`);
    }
    // Takes a byte order mark off.
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Result<never> {
  if (error instanceof TypeError) return fail('bad-input', `the job file '${path}' is not UTF-8 text`);
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return fail('not-found', `the job file '${path}' does not exist`);
  return fail('bad-input', `cannot read the job file '${path}': ${READ_PROBLEMS[code] ?? code}`);
}

const READ_PROBLEMS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
  EPERM: 'this user may not read it',
};

/** A run's job file as it was given. */
export interface GivenJobFile {
  /** Of `--job`; absent: the profile's own. */
  readonly path: string | undefined;
  readonly text: string;
  /** Whether --jobs put lines into it. */
  readonly hasNumjobs: boolean;
}

/** `error` with the job file's name and lines as whoever gave it knows them. */
export function inWordsOfJobFile({ fields, ...error }: LabError, file: GivenJobFile): LabError {
  const { field: where, message } = fieldInWords({ field: error.where ?? '', message: error.message }, file);
  return {
    ...error,
    message,
    where: where === '' ? undefined : where,
    fields: fields?.map((each) => fieldInWords(each, file)),
  };
}

function fieldInWords({ field, message }: FieldError, { path, text, hasNumjobs }: GivenJobFile): FieldError {
  const counted = hasNumjobs ? withLinesOf(text, message) : message;
  if (path === undefined || field !== 'workload.jobFile') return { field, message: counted };
  return { field: '', message: counted.startsWith('line ') ? `Job file ${path}, ${counted}` : `${counted} (${path})` };
}

/** The planner writes `line 7: …`, `line 7, column 6: …` and `… (line 7) …`. */
function withLinesOf(text: string, message: string): string {
  return message.replace(/(^line |\(line )(\d+)/g, (_, before: string, line: string) => {
    return `${before}${lineBeforeNumjobs(text, Number(line))}`;
  });
}
