/**
 * One section's options added up. Later lines win; kb_base counts for all sizes of its section, wherever it stands.
 */
import type { FioJobContext, FioJobRemark } from './fio-job.ts';
import type { OptionLine } from './job-lines.ts';
import { DEFAULT_SETTINGS, type JobSettings } from './job-settings.ts';
import { firstName, optionOutcome } from './option-outcome.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SectionDraft {
  readonly settings: JobSettings;
  /** Where each option's value stands, by the option's first name; defaults from other sections included. */
  readonly places: ReadonlyMap<string, Place>;
  /** An option was wrong, here or in the defaults: the sum says nothing. */
  readonly broken: boolean;
}

/** A section before its first line. */
export const EMPTY_DRAFT: SectionDraft = { settings: DEFAULT_SETTINGS, places: new Map(), broken: false };

/** Collects, over a whole file, what is not a setting. In no particular order. */
export interface Remarks {
  readonly errors: FioJobRemark[];
  readonly notes: FioJobRemark[];
  readonly ignored: { readonly name: string; readonly line: number; readonly column: number }[];
}

function addOption(draft: SectionDraft, option: OptionLine, context: FioJobContext, remarks: Remarks): SectionDraft {
  const outcome = optionOutcome(option, draft.settings, context);
  const { line, column, valueColumn, name } = option;
  switch (outcome.kind) {
    case 'wrong':
      remarks.errors.push(outcome.error);
      return { ...draft, broken: true };
    case 'ignored':
      remarks.ignored.push({ name, line, column });
      return draft;
    case 'set':
      if (outcome.note !== undefined) remarks.notes.push(outcome.note);
      return {
        ...draft,
        settings: { ...draft.settings, ...outcome.change },
        places: new Map(draft.places).set(firstName(name), { line, column: valueColumn }),
      };
  }
}

/** The defaults with a section's options on top; what else there is to say goes into `remarks`. */
export function addOptions(
  defaults: SectionDraft,
  options: readonly OptionLine[],
  context: FioJobContext,
  remarks: Remarks,
): SectionDraft {
  const isBase = (option: OptionLine) => option.name === 'kb_base';
  const ordered = [...options.filter(isBase), ...options.filter((option) => !isBase(option))];
  return ordered.reduce((draft, option) => addOption(draft, option, context, remarks), defaults);
}
