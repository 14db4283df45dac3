/**
 * Reads a fio job file the way fio 3.33 reads it, as far as the lab models it.
 *
 *   [global]  bs=4k          defaults for the sections below it, added to those of earlier [global…] sections
 *   [a]       rw=write       job a, with the defaults so far; numjobs makes clones
 *   [b]       stonewall      job b, which waits for all above
 *
 * Everything that is wrong is reported, not only the first.
 */
import { finishJobs } from './finish-job.ts';
import type { FioJob, FioJobContext, FioJobFileResult, FioJobRemark } from './fio-job.ts';
import { readJobLines, type OptionLine, type SectionLine } from './job-lines.ts';
import { MAX_JOBS } from './option-readers.ts';
import { addOptions, EMPTY_DRAFT, type Remarks, type SectionDraft } from './section-draft.ts';

interface Section {
  /** Absent when the heading was wrong: its options are looked at, but what it would be is not known. */
  readonly heading: SectionLine | undefined;
  readonly options: readonly OptionLine[];
}

function splitSections(text: string, context: FioJobContext, errors: FioJobRemark[]): readonly Section[] {
  const sections: { heading: SectionLine | undefined; options: OptionLine[] }[] = [];
  for (const line of readJobLines(text, context.environment)) {
    if (line.kind === 'wrong-section' || line.kind === 'wrong-option') errors.push(line.error);
    if (line.kind === 'section') sections.push({ heading: line, options: [] });
    else if (line.kind === 'wrong-section') sections.push({ heading: undefined, options: [] });
    else if (line.kind === 'option') {
      const section = sections.at(-1);
      if (section === undefined) errors.push(beforeAnySection(line));
      else section.options.push(line);
    }
  }
  return sections;
}

function beforeAnySection({ line, column, name }: OptionLine): FioJobRemark {
  return { line, column, message: `'${name}' stands before the first section` };
}

function isDefaults({ heading }: Section): boolean {
  return heading?.name.startsWith('global') ?? true;
}

function jobsOf(sections: readonly Section[], context: FioJobContext, remarks: Remarks): readonly FioJob[] {
  const jobs: FioJob[] = [];
  let defaults: SectionDraft = EMPTY_DRAFT;
  let phaseGroup = 0;
  let reportGroup = 0;
  let isFirst = true;
  for (const { heading, options } of sections) {
    const draft = addOptions(defaults, options, context, remarks);
    if (heading === undefined) defaults = { ...defaults, broken: true };
    else if (isDefaults({ heading, options })) defaults = draft;
    else {
      const { startsPhase, startsGroup } = draft.settings;
      if (!isFirst && startsPhase) phaseGroup++;
      if (!isFirst && (startsPhase || startsGroup)) reportGroup++;
      isFirst = false;
      const { name, line, column } = heading;
      const section = { name, place: { line, column }, draft, phaseGroup, reportGroup };
      if (!draft.broken) jobs.push(...finishJobs(section, remarks.errors, remarks.notes));
    }
  }
  return jobs;
}

/** In file order, without repetitions: jobs that share a default complain about it alike. */
function inFileOrder<T extends { readonly line: number; readonly column: number }>(
  remarks: readonly T[],
): readonly T[] {
  const distinct = new Map(remarks.map((remark) => [JSON.stringify(remark), remark]));
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

/** Parses a job file's text. Never throws; lines and columns are 1-based. */
export function parseFioJobFile(text: string, context: FioJobContext): FioJobFileResult {
  const remarks: Remarks = { errors: [], notes: [], ignored: [] };
  const sections = splitSections(text, context, remarks.errors);
  const jobs = jobsOf(sections, context, remarks);
  if (sections.every(isDefaults) && remarks.errors.length === 0)
    remarks.errors.push({ line: 1, column: 1, message: 'The file has no job: a section that is not [global]' });
  if (jobs.length > MAX_JOBS)
    remarks.errors.push({
      line: 1,
      column: 1,
      message: `The file has ${jobs.length} jobs; fio runs ${MAX_JOBS} at most`,
    });
  if (remarks.errors.length > 0) return { ok: false, errors: inFileOrder(remarks.errors) };
  return { ok: true, jobs, ignored: inFileOrder(remarks.ignored), notes: inFileOrder(remarks.notes) };
}
