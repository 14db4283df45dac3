import type { FioJobContext, FioJob } from '../../../../src/main/evidence/fio-job/fio-job.ts';
import { fioJobRemarkText } from '../../../../src/main/evidence/fio-job/fio-job.ts';
import { parseFioJobFile } from '../../../../src/main/evidence/fio-job/parse-fio-job-file.ts';

export const CONTEXT: FioJobContext = {
  environment: { SIZE: '8k', DEVICE: '/dev/zram1', OPTION: 'bs' },
  cpus: 4,
  pageSizeBytes: 4096,
  memoryMegabytes: 2048,
};

/** How a job file refers to an environment variable. */
export function variable(name: string): string {
  return `\${${name}}`;
}

/** The jobs of a file that must be right. */
export function jobsOf(text: string): readonly FioJob[] {
  const parsed = parseFioJobFile(text, CONTEXT);
  if (!parsed.ok) throw new Error(parsed.errors.map(fioJobRemarkText).join('\n'));
  return parsed.jobs;
}

/** The first job of a file that must be right. */
export function jobOf(text: string): FioJob {
  const [job] = jobsOf(text);
  if (job === undefined) throw new Error('no job');
  return job;
}

/** `line:column: sentence` of each error; empty for a right file. */
export function errorsOf(text: string): readonly string[] {
  const parsed = parseFioJobFile(text, CONTEXT);
  return parsed.ok ? [] : parsed.errors.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}

/** `line:column: sentence` of each note of a right file. */
export function notesOf(text: string): readonly string[] {
  const parsed = parseFioJobFile(text, CONTEXT);
  if (!parsed.ok) throw new Error(parsed.errors.map(fioJobRemarkText).join('\n'));
  return parsed.notes.map(({ line, column, message }) => `${line}:${column}: ${message}`);
}
