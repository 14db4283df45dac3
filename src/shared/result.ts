/**
 * How an expected failure crosses a border (STYLE: errors are of two kinds).
 *
 * Expected failures (a bad file, memory that ran out, a cancelled run) are values of `Result`; broken invariants are
 * thrown. Only `Result` crosses a process border, so everything here is plain JSON.
 */

/** Why something the user asked for did not happen. Closed set: the dashboard and the exit codes switch on it. */
export type ErrorCode =
  | 'bad-input' // a field, file or argument is wrong; `where` names it
  | 'not-found' // the named profile, run or file does not exist
  | 'out-of-memory' // the simulated machine's memory, or this host's, does not suffice
  | 'cancelled' // the user stopped it
  | 'cpu-failed' // a simulated CPU threw or its thread exited
  | 'data-mismatch' // a page read back differs from what was written
  | 'busy' // a run is already going on
  | 'unavailable' // this host lacks what is needed
  | 'storage'; // the user's data folder or database cannot be used

/** One clear sentence for a person, and where it points. */
export interface LabError {
  readonly code: ErrorCode;
  /** One sentence, no stack trace, with the offending value where there is one. */
  readonly message: string;
  /** A field path (`machine.memoryBytes`), or `file:line:column`; absent where nothing can be pointed at. */
  readonly where?: string | undefined;
  /** Where several fields are wrong: all of them, the one that the sentence is about being the first. */
  readonly fields?: readonly FieldError[] | undefined;
}

/** A stated field and its sentence, for a form to show beside the field. */
export interface FieldError {
  /** Dotted path: `machine.onlineCpus`. */
  readonly field: string;
  readonly message: string;
}

export interface Failure {
  readonly ok: false;
  readonly error: LabError;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

/** A success with its value. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** An expected failure: one clear sentence, and the file, line or field that it is about. */
export function fail(code: ErrorCode, message: string, where?: string): Failure {
  return { ok: false, error: where === undefined ? { code, message } : { code, message, where } };
}

/** An expected failure of wrong fields, of which the first is its sentence; `otherwise` is that where none is named. */
export function failOfFields(fields: readonly FieldError[], otherwise: string): Failure {
  const [first] = fields;
  const failure = fail('bad-input', first?.message ?? otherwise, first?.field);
  return fields.length > 1 ? { ...failure, error: { ...failure.error, fields } } : failure;
}

/** Whether what the user asked for is wrong, or names what does not exist: nothing that this host or its memory could help. */
export function isWrongInput({ code }: LabError): boolean {
  return code === 'bad-input' || code === 'not-found';
}

/** Ends every switch over a closed set: a new member fails to compile here. */
export function assertUnreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
