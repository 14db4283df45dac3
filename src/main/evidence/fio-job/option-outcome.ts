/** What one option line comes to: a change of the settings, nothing, or an error. */
import { expandKeywords } from './expand-variables.ts';
import type { FioJobContext, FioJobRemark } from './fio-job.ts';
import type { OptionLine } from './job-lines.ts';
import type { JobSettings } from './job-settings.ts';
import { nearestName } from './nearest-name.ts';
import { readBoolean, readFlag, readNumber, readTimeMs } from './number-values.ts';
import { UNREAD_OPTIONS, type UnreadOption } from './option-catalogue.ts';
import { OPTION_ALIASES, OPTION_READERS } from './option-readers.ts';
import { mapReading, read, unreadable, type Reading } from './reading.ts';

export type OptionOutcome =
  | { readonly kind: 'set'; readonly change: Partial<JobSettings>; readonly note?: FioJobRemark | undefined }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'wrong'; readonly error: FioJobRemark };

/** The name under which an option is known here: its alias's, else its own. */
export function firstName(name: string): string {
  return Object.hasOwn(OPTION_ALIASES, name) ? (OPTION_ALIASES[name] ?? name) : name;
}

function wrongName({ line, column }: OptionLine, message: string): OptionOutcome {
  return { kind: 'wrong', error: { line, column, message } };
}

function wrongValue({ line, valueColumn, name }: OptionLine, problem: string): OptionOutcome {
  return { kind: 'wrong', error: { line, column: valueColumn, message: `'${name}' ${problem}` } };
}

function unknownOption(option: OptionLine): OptionOutcome {
  const known = [...Object.keys(OPTION_READERS), ...Object.keys(OPTION_ALIASES), ...UNREAD_OPTIONS.keys()];
  const nearest = nearestName(option.name, known);
  const guess = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
  return wrongName(option, `'${option.name}' is not a fio option${guess}`);
}

/** The value as a number, to be compared with the option's neutral one; text and lists of numbers give none. */
function readUnread(kind: UnreadOption['kind'], text: string | undefined): Reading<number | undefined> {
  if (kind === 'flag') return mapReading(readFlag(text), Number);
  if (!text) return unreadable('needs a value');
  if (kind === 'text' || (kind === 'number' && /[,:-]/.test(text))) return read(undefined);
  if (kind === 'boolean') return mapReading(readBoolean(text), Number);
  return kind === 'time' ? readTimeMs(text) : readNumber(text, 1024);
}

function unreadOption(option: OptionLine, known: UnreadOption, text: string | undefined): OptionOutcome {
  const number = readUnread(known.kind, text);
  if (!number.ok) return wrongValue(option, number.problem);
  const changesNothing = number.value !== undefined && number.value === known.neutral;
  if (known.treatment === 'ignored' || changesNothing) return { kind: 'ignored' };
  return wrongName(option, `'${option.name}' is a fio option that the lab does not model`);
}

/** Judges one option line on top of the settings that its section has so far. */
export function optionOutcome(option: OptionLine, settings: JobSettings, context: FioJobContext): OptionOutcome {
  const name = firstName(option.name);
  const reader = Object.hasOwn(OPTION_READERS, name) ? OPTION_READERS[name] : undefined;
  const unread = UNREAD_OPTIONS.get(name);
  if (reader === undefined && unread === undefined) return unknownOption(option);

  const value = option.value === undefined ? read(undefined) : expandKeywords(option.value, context);
  if (!value.ok) return wrongValue(option, value.problem);
  if (unread !== undefined) return unreadOption(option, unread, value.value);
  const change = reader?.(value.value, settings) ?? unreadable('cannot be read');
  if (!change.ok) return wrongValue(option, change.problem);
  const { line, valueColumn: column } = option;
  const note = change.note === undefined ? undefined : { line, column, message: change.note };
  return { kind: 'set', change: change.value, note };
}
