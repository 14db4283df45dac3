/** Changes that `run` makes to a profile on its way: what the options say, and nothing else. */
import { resolve } from 'node:path';
import { type Profile, PROFILE_LIMITS } from '../../shared/profile.ts';
import { fail, ok, type Result } from '../../shared/result.ts';

/** Options as the command line gives them: text, or undefined where absent. */
export interface RunOptions {
  readonly engine?: string | undefined;
  readonly seconds?: string | undefined;
  readonly jobs?: string | undefined;
  readonly repetitions?: string | undefined;
  readonly data?: readonly string[] | undefined;
}

/** The profile with the options applied; the schema checks ranges afterwards. 'bad-input' names the option. */
export function applyOptions(profile: Profile, options: RunOptions): Result<Profile> {
  if (options.engine !== undefined && options.engine !== 'live') {
    return fail('bad-input', `--engine must be live, the engine there is, not '${options.engine}'`);
  }
  const seconds = readNumber('--seconds', options.seconds);
  if (!seconds.ok) return seconds;
  const jobs = readNumber('--jobs', options.jobs);
  if (!jobs.ok) return jobs;
  const repetitions = readNumber('--repetitions', options.repetitions);
  if (!repetitions.ok) return repetitions;
  let changed = profile;
  if (seconds.value !== undefined) changed = withExperiment(changed, { seconds: seconds.value });
  if (repetitions.value !== undefined) changed = withExperiment(changed, { repetitions: repetitions.value });
  if (options.data !== undefined) {
    if (options.data.includes('')) return fail('bad-input', '--data must not be empty');
    // The record keeps the paths, and whoever reads it works in another folder.
    const paths = options.data.map((path) => resolve(path));
    changed = { ...changed, workload: { ...changed.workload, data: { kind: 'files', paths } } };
  }
  return jobs.value === undefined ? ok(changed) : withJobs(changed, jobs.value);
}

function withExperiment(profile: Profile, change: Partial<Profile['experiment']>): Profile {
  return { ...profile, experiment: { ...profile.experiment, ...change } };
}

/** Every section gets `numjobs=N`, and the machine at least as many CPUs, so that each clone of a job has one of its own. */
function withJobs(profile: Profile, jobs: number): Result<Profile> {
  const { max } = PROFILE_LIMITS.cpus;
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > max) {
    return fail('bad-input', `--jobs must be a whole number from 1 to ${max}, not ${jobs}`);
  }
  const { machine, workload } = profile;
  const onlineCpus = Math.max(machine.onlineCpus, jobs);
  return ok({
    ...profile,
    machine: { ...machine, onlineCpus, possibleCpus: Math.max(machine.possibleCpus, onlineCpus) },
    workload: { ...workload, jobFile: withNumjobs(workload.jobFile, jobs) },
  });
}

/** In a job file a later line wins, so the option goes to the end of each section that is a job. */
export function withNumjobs(jobFile: string, jobs: number): string {
  const lines = jobFile.split(/\r?\n/);
  const changed: string[] = [];
  let inJob = false;
  for (const line of lines) {
    const section = /^\s*\[(.*)/.exec(line)?.[1];
    if (section !== undefined) {
      if (inJob) changed.push(`numjobs=${jobs}`);
      inJob = !section.startsWith('global');
    }
    changed.push(line);
  }
  if (inJob) changed.push(`numjobs=${jobs}`);
  return changed.join('\n');
}

function readNumber(option: string, text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value)
    ? ok(value)
    : fail('bad-input', `${option} must be a number, not '${text}'`);
}
