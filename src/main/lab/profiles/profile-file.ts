/**
 * One profile as a file: reading what may be damaged, writing so that a crash leaves the old or the new one.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseProfile, PROFILE_SCHEMA_VERSION, type Profile, profileSchema } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { jsonFault } from './json-fault.ts';

/** A profile is a few KiB; its job file may have 64 KiB, its description 4000 characters. */
const MOST_BYTES = 1024 * 1024;

/**
 * The profile in the file at `path`. An error names the file and says what is wrong, with line and column (in `where` as
 * `file:line:column`) or the field (in `where`).
 */
export function readProfileFile(path: string): Result<Profile> {
  const name = basename(path);
  const text = readText(path);
  if (!text.ok) return text;
  let document: unknown;
  try {
    document = JSON.parse(text.value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const fault = jsonFault(text.value);
    if (fault === undefined) return fail('bad-input', `${name} is not JSON: ${error.message}.`, path);
    const { line, column, what } = fault;
    return fail(
      'bad-input',
      `${name} is not JSON: ${what} at line ${line}, column ${column}.`,
      `${path}:${line}:${column}`,
    );
  }
  if (!hasProfileField(document)) {
    return fail('bad-input', `${name} is no profile: it is JSON, but not an object with a profile's fields.`, path);
  }
  const newer = newerVersion(document);
  if (newer !== undefined) {
    const versions = `its schemaVersion is ${newer}, this one reads up to ${PROFILE_SCHEMA_VERSION}`;
    return fail('bad-input', `${name} was written by a newer percpu-lab (${versions}).`, 'schemaVersion');
  }
  const parsed = parseProfile(document);
  if (parsed.ok) return parsed;
  const { message, where, fields } = parsed.error;
  const field = where === undefined || where === '' ? '' : ` (${where})`;
  const failure = fail('bad-input', `${name}: ${message}${field}.`, where);
  return fields === undefined ? failure : { ...failure, error: { ...failure.error, fields } };
}

/**
 * Writes `profile` to `path` through a temporary file beside it, so that a reader, and whoever comes after a crash,
 * finds the old file or the new one whole.
 *
 * @throws the file system's error; `path` is then as it was
 */
export function writeProfileFile(path: string, profile: Profile): void {
  // Short: with the file's own name in it, it would be too long for a file system where that name just is not.
  const temporary = join(dirname(path), `.saving-${process.pid}.tmp`);
  try {
    writeThrough(temporary, `${JSON.stringify(profile, undefined, 2)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readText(path: string): Result<string> {
  const name = basename(path);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return fail('bad-input', `${name} is not a file.`, path);
    if (stat.size > MOST_BYTES) return fail('bad-input', `${name} is too big for a profile: ${stat.size} bytes.`, path);
    // Takes a byte order mark off, which editors on Windows put there.
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)));
  } catch (error) {
    if (error instanceof TypeError) return fail('bad-input', `${name} is not UTF-8 text.`, path);
    if (error instanceof Error && 'syscall' in error) {
      return fail('storage', `${name} cannot be read: ${error.message}.`, path);
    }
    throw error;
  }
}

/** Of what has none, all that there is to say is not that each is missing. */
function hasProfileField(document: unknown): boolean {
  if (typeof document !== 'object' || document === null) return false;
  return Object.keys(profileSchema.entries).some((field) => Object.hasOwn(document, field));
}

function newerVersion(document: unknown): number | undefined {
  if (typeof document !== 'object' || document === null || !('schemaVersion' in document)) return undefined;
  const version = document.schemaVersion;
  return typeof version === 'number' && version > PROFILE_SCHEMA_VERSION ? version : undefined;
}

/** Written and on the disk when this returns. */
function writeThrough(path: string, text: string): void {
  const file = openSync(path, 'w');
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
