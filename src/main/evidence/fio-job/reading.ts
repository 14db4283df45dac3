/** What reading a value gives: the value, or the end of a sentence that starts with the option's name. */
export type Reading<T> =
  | {
      readonly ok: true;
      readonly value: T;
      /** A whole sentence when fio reads the text otherwise than it looks. */
      readonly note?: string | undefined;
    }
  | { readonly ok: false; readonly problem: string };

/** A value that was read; `note` is what the reader should know of how it was taken. */
export function read<T>(value: T, note?: string): Reading<T> {
  return { ok: true, value, note };
}

/** `problem` continues "'size' …": `must not be negative`. */
export function unreadable(problem: string): Reading<never> {
  return { ok: false, problem };
}

/** The reading with its value converted. */
export function mapReading<T, U>(reading: Reading<T>, convert: (value: T) => U): Reading<U> {
  return reading.ok ? { ...reading, value: convert(reading.value) } : reading;
}
