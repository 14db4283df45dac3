/** A whole number in a profile or a request. */
import * as v from 'valibot';
import { formatBytesExact } from './exact-bytes.ts';

/** Both ends belong to it. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** What a generator of random numbers starts from: 32 bits. */
export const SEEDS: NumberRange = { min: 0, max: 0xffffffff };

type WholeNumber = v.SchemaWithPipe<
  readonly [
    v.NumberSchema<string>,
    v.IntegerAction<number, string>,
    v.MinValueAction<number, number, string>,
    v.MaxValueAction<number, number, string>,
  ]
>;

/** A whole number of the range; whatever else is refused in one sentence, which begins with `what`. */
export function wholeNumber(range: NumberRange, what: string): WholeNumber {
  return within(range, `${what} must be a whole number from ${range.min} to ${range.max}`);
}

/** As `wholeNumber`, of bytes: the sentence has the range in units. */
export function wholeBytes(range: NumberRange, what: string): WholeNumber {
  const ends = `from ${formatBytesExact(range.min)} to ${formatBytesExact(range.max)}`;
  return within(range, `${what} must be ${ends}, a whole number of bytes`);
}

function within({ min, max }: NumberRange, message: string): WholeNumber {
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}
