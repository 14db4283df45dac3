/**
 * The grammar of a job file: lines, comments, sections, options. Values are not looked at.
 */
import { expandEnvironment } from './expand-variables.ts';
import type { FioJobError } from './fio-job.ts';

/** Columns are 1-based, in the line as it stands in the file. */
export interface SectionLine {
  readonly kind: 'section';
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

export interface OptionLine {
  readonly kind: 'option';
  readonly name: string;
  /** Absent without '='. Blanks after the '=' are kept: fio's numbers lose their suffix by them. */
  readonly value?: string | undefined;
  readonly line: number;
  readonly column: number;
  /** Where the value starts; the option's own column without one. */
  readonly valueColumn: number;
}

/** A section that is wrong is still the one that the options below it belong to. */
export type JobLine =
  SectionLine | OptionLine | { readonly kind: 'wrong-section' | 'wrong-option'; readonly error: FioJobError };

/** fio cuts longer names off. */
const MAX_NAME_LENGTH = 255;

interface Place {
  readonly line: number;
  readonly column: number;
}

function sectionLine(text: string, place: Place): JobLine {
  const wrong = (message: string): JobLine => ({ kind: 'wrong-section', error: { ...place, message } });
  if (!text.endsWith(']')) return wrong("A section's line must end with ']'");
  const name = text.slice(1, -1);
  if (name === '') return wrong('A section needs a name');
  if (name.length > MAX_NAME_LENGTH) return wrong(`A section's name must have at most ${MAX_NAME_LENGTH} characters`);
  return { kind: 'section', name, ...place };
}

function optionLine(text: string, place: Place, environment: Readonly<Record<string, string>>): JobLine {
  if (/^include(?:[\s=]|$)/.test(text))
    return {
      kind: 'wrong-option',
      error: { ...place, message: "'include' is not modelled: put the file's lines here" },
    };
  const writtenEquals = text.indexOf('=');
  const valueColumn = writtenEquals < 0 ? place.column : place.column + writtenEquals + 1;
  const expanded = expandEnvironment(text, environment);
  const equals = expanded.indexOf('=');
  if (equals < 0) return { kind: 'option', name: expanded, ...place, valueColumn: place.column };
  const name = expanded.slice(0, equals).trimEnd();
  return { kind: 'option', name, value: expanded.slice(equals + 1), ...place, valueColumn };
}

/** Reads all lines; empty ones and comments are left out, the others come in file order. */
export function readJobLines(text: string, environment: Readonly<Record<string, string>>): readonly JobLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const uncommented = raw.replace(/[;#].*$/s, '').trimEnd();
    const trimmed = uncommented.trimStart();
    if (trimmed === '') return [];
    const place: Place = { line: index + 1, column: uncommented.length - trimmed.length + 1 };
    return [trimmed.startsWith('[') ? sectionLine(trimmed, place) : optionLine(trimmed, place, environment)];
  });
}
