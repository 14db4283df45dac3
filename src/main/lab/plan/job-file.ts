/** The job file of a profile, read for its machine. */
import type { FioJob, FioJobFileResult } from '../../evidence/fio-job/fio-job.ts';
import { parseFioJobFile } from '../../evidence/fio-job/parse-fio-job-file.ts';
import type { MachineProfile } from '../../../shared/profile.ts';

/** What of a machine a job file may refer to. */
export type JobFileMachine = Pick<MachineProfile, 'onlineCpus' | 'pageSizeBytes' | 'memoryBytes'>;

/** The jobs of `text` on `machine`; `environment` is for ${NAME}. */
export function parseJobFile(
  machine: JobFileMachine,
  text: string,
  environment: Readonly<Record<string, string>>,
): FioJobFileResult {
  return parseFioJobFile(text, {
    environment,
    cpus: machine.onlineCpus,
    pageSizeBytes: machine.pageSizeBytes,
    memoryMegabytes: Math.floor(machine.memoryBytes / 2 ** 20),
  });
}

/** The jobs of a run that is over; undefined where its file asked for an environment that no record keeps. */
export function recordedJobs(machine: JobFileMachine, text: string): readonly FioJob[] | undefined {
  if (text.includes('${')) return undefined;
  const jobFile = parseJobFile(machine, text, {});
  return jobFile.ok ? jobFile.jobs : undefined;
}
