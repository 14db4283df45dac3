/** Changes that `run` makes to a profile on its way: what the options say, and nothing else. */
import { resolve } from 'node:path';
import { CODECS } from '../../shared/codec.ts';
import { counted } from '../../shared/counted.ts';
import { type FioWorkload, type Profile, PROFILE_LIMITS } from '../../shared/profile.ts';
import { assertUnreachable, fail, type LabError, ok, type Result } from '../../shared/result.ts';

/** Options as the command line gives them: text, or undefined where absent. */
export interface RunOptions {
  readonly seconds?: string | undefined;
  readonly jobs?: string | undefined;
  readonly repetitions?: string | undefined;
  readonly warmUp?: string | undefined;
  readonly data?: readonly string[] | undefined;
  /** Text of the fio job file that takes the place of the profile's. */
  readonly jobFile?: string | undefined;
  readonly codec?: string | undefined;
  /** Whether locks are to be watched; absent: as the profile says. */
  readonly checks?: boolean | undefined;
}

/** The profile with the options applied; the schema checks ranges afterwards. 'bad-input' names the option. */
export function applyOptions(profile: Profile, options: RunOptions): Result<Profile> {
  const seconds = readNumber('--seconds', options.seconds);
  if (!seconds.ok) return seconds;
  const jobs = readNumber('--jobs', options.jobs);
  if (!jobs.ok) return jobs;
  const repetitions = readNumber('--repetitions', options.repetitions);
  if (!repetitions.ok) return repetitions;
  const warmUp = readNumber('--warm-up', options.warmUp);
  if (!warmUp.ok) return warmUp;
  const misfit = misfitOf(profile, options);
  if (misfit !== undefined) return fail('bad-input', misfit);
  const codec = CODECS.find((name) => name === options.codec);
  if (options.codec !== undefined && codec === undefined) {
    return fail('bad-input', `--codec must be ${CODECS.join(' or ')}, not '${options.codec}'`);
  }
  let changed = options.checks === true ? { ...profile, checks: true } : profile;
  if (codec !== undefined) changed = { ...changed, machine: { ...changed.machine, codec } };
  if (seconds.value !== undefined) changed = withExperiment(changed, { seconds: seconds.value });
  if (repetitions.value !== undefined) changed = withExperiment(changed, { repetitions: repetitions.value });
  if (warmUp.value !== undefined) changed = withExperiment(changed, { warmUpSeconds: warmUp.value });
  if (options.data !== undefined) {
    if (options.data.includes('')) return fail('bad-input', '--data must not be empty');
    changed = withData(changed, options.data);
  }
  if (options.jobFile !== undefined) changed = withJobFile(changed, options.jobFile);
  return jobs.value === undefined ? ok(changed) : withJobs(changed, jobs.value);
}

/** A failure of the profile's fields, with the options that have set them in their place. */
export function inWordsOfOptions(
  error: LabError,
  options: Pick<RunOptions, 'seconds' | 'repetitions' | 'warmUp'>,
): LabError {
  const named = (field: string): string => {
    const option = FIELDS_OF_OPTIONS.find((each) => each.field === field && options[each.key] !== undefined);
    return option?.option ?? field;
  };
  return {
    ...error,
    where: error.where === undefined ? undefined : named(error.where),
    fields: error.fields?.map((each) => ({ ...each, field: named(each.field) })),
  };
}

const FIELDS_OF_OPTIONS = [
  { key: 'seconds', option: '--seconds', field: 'experiment.seconds' },
  { key: 'repetitions', option: '--repetitions', field: 'experiment.repetitions' },
  { key: 'warmUp', option: '--warm-up', field: 'experiment.warmUpSeconds' },
] as const;

/** Options that the profile's workload has no use for, in a sentence. */
function misfitOf({ name, workload }: Profile, options: RunOptions): string | undefined {
  const { seconds, warmUp, data, codec, jobFile } = options;
  if (workload.kind === 'fio') return undefined;
  if (codec !== undefined)
    return `--codec is for fio workloads; '${name}' ${WITHOUT_PAGES[workload.kind]} and compresses nothing`;
  if (data !== undefined)
    return `--data is for fio workloads; '${name}' ${WITHOUT_PAGES[workload.kind]} and writes no pages`;
  if (jobFile !== undefined)
    return `--job is for fio workloads; '${name}' ${WITHOUT_PAGES[workload.kind]} and runs no fio jobs`;
  if (warmUp !== undefined && workload.kind === 'this-cpu')
    return `--warm-up is for fio and percpu workloads; the threads of '${name}' begin anew with each sample`;
  if (seconds === undefined || workload.kind === 'this-cpu') return undefined;
  return `--seconds is for fio and this-cpu workloads; '${name}' runs to its ${counted(workload.groups, 'group')} of objects`;
}

const WITHOUT_PAGES = { percpu: 'creates per-CPU objects', 'this-cpu': 'accesses per-CPU data' } as const;

function withData(profile: Profile, given: readonly string[]): Profile {
  if (profile.workload.kind !== 'fio') return profile;
  // The record keeps the paths, and whoever reads it works in another folder.
  const paths = given.map((path) => resolve(path));
  return { ...profile, workload: { ...profile.workload, data: { kind: 'files', paths } } };
}

function withJobFile(profile: Profile, jobFile: string): Profile {
  return profile.workload.kind === 'fio' ? { ...profile, workload: { ...profile.workload, jobFile } } : profile;
}

function withExperiment(profile: Profile, change: Partial<Profile['experiment']>): Profile {
  return { ...profile, experiment: { ...profile.experiment, ...change } };
}

function withJobs(profile: Profile, jobs: number): Result<Profile> {
  const { max } = PROFILE_LIMITS.cpus;
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > max) {
    return fail('bad-input', `--jobs must be a whole number from 1 to ${max}, not ${jobs}`);
  }
  const { workload } = profile;
  switch (workload.kind) {
    case 'fio':
      return ok(withFioJobs(profile, workload, jobs));
    case 'percpu':
    case 'this-cpu':
      return ok(withOnlineCpus(profile, jobs));
    default:
      return assertUnreachable(workload);
  }
}

/** Every section gets `numjobs=N`, and the machine at least as many CPUs, so that each clone of a job has one of its own. */
function withFioJobs(profile: Profile, workload: FioWorkload, jobs: number): Profile {
  const { machine } = profile;
  const onlineCpus = Math.max(machine.onlineCpus, jobs);
  return {
    ...profile,
    machine: { ...machine, onlineCpus, possibleCpus: Math.max(machine.possibleCpus, onlineCpus) },
    workload: { ...workload, jobFile: withNumjobs(workload.jobFile, jobs) },
  };
}

/** Workloads that share their work out over the online CPUs get N of these. */
function withOnlineCpus(profile: Profile, jobs: number): Profile {
  const { machine } = profile;
  const possibleCpus = Math.max(machine.possibleCpus, jobs);
  return { ...profile, machine: { ...machine, onlineCpus: jobs, possibleCpus } };
}

/** In a job file a later line wins, so the option goes to the end of each section that is a job. */
export function withNumjobs(jobFile: string, jobs: number): string {
  const ends = new Set(endsOfJobs(jobFile));
  const lines = jobFile.split(/\r?\n/);
  const changed = lines.flatMap((line, index) => (ends.has(index) ? [`numjobs=${jobs}`, line] : [line]));
  return [...changed, ...(ends.has(lines.length) ? [`numjobs=${jobs}`] : [])].join('\n');
}

/** The line of `jobFile` that is `line` once `withNumjobs` has changed it, from 1 on; of a line put in, the one before it. */
export function lineBeforeNumjobs(jobFile: string, line: number): number {
  const putIn = endsOfJobs(jobFile).filter((end, earlier) => end + earlier < line);
  return line - putIn.length;
}

/** Behind each section that is a job: how many lines there are up to its end. */
function endsOfJobs(jobFile: string): readonly number[] {
  const lines = jobFile.split(/\r?\n/);
  const ends: number[] = [];
  let inJob = false;
  for (const [index, line] of lines.entries()) {
    const section = /^\s*\[(.*)/.exec(line)?.[1];
    if (section === undefined) continue;
    if (inJob) ends.push(index);
    inJob = !section.startsWith('global');
  }
  return inJob ? [...ends, lines.length] : ends;
}

function readNumber(option: string, text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value)
    ? ok(value)
    : fail('bad-input', `${option} must be a number, not '${text}'`);
}
