/** `lab run PROFILE`: runs an experiment, shows how it goes, prints what came out. */
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import { counted } from '../../shared/counted.ts';
import type { Lab } from '../lab/lab.ts';
import { fail, type FieldError, isWrongInput, type LabError, ok, type Result } from '../../shared/result.ts';
import type { Profile } from '../../shared/profile.ts';
import { type Engine, ENGINES, type RunRecord } from '../../shared/run-record.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { findProfile } from './find-profile.ts';
import { type GivenJobFile, inWordsOfJobFile, readJobFile } from './job-file.ts';
import { applyOptions, inWordsOfOptions, type RunOptions } from './overrides.ts';
import { progressOf } from './progress-line.ts';
import { checkOutputs, type RunOutputs, writeOutputs } from './run-outputs.ts';
import { runDocument } from './run-document.ts';
import { runReport } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunCommand extends Omit<RunOptions, 'jobFile'>, RunOutputs {
  /** Id, file stem, name or path of a profile. */
  readonly profile: string;
  /** Path of a fio job file. */
  readonly job?: string | undefined;
  readonly engine?: string | undefined;
  /** Print one JSON document instead of the report. */
  readonly json: boolean;
}

/** What is to be run, and the job file as it was given; no job file for a workload that has none. */
interface Asked {
  readonly profile: Profile;
  readonly engine: Engine;
  readonly jobFile: GivenJobFile | undefined;
}

type Finished = Extract<RunEvent, { kind: 'finished' }>;

/** Runs the profile, as the options change it. */
export async function runCommand(lab: Lab, command: RunCommand, terminal: Terminal): Promise<ExitCode> {
  const asked = await readCommand(lab, command);
  if (!asked.ok) return report(terminal, asked.error);
  const { profile, engine, jobFile } = asked.value;
  const writable = await checkOutputs(command, { engine, profile });
  if (!writable.ok) return report(terminal, writable.error);
  const finished = watch(lab, terminal);
  const started = await lab.startRun({ profile, engine });
  if (!started.ok) {
    finished.stop();
    const error = jobFile === undefined ? started.error : inWordsOfJobFile(started.error, jobFile);
    return report(terminal, inWordsOfOptions(error, command));
  }
  const { runId } = started.value;
  const cancel = (): void => void lab.cancelRun({ runId });
  if (terminal.interrupted.aborted) cancel();
  terminal.interrupted.addEventListener('abort', cancel);
  const end = await finished.end;
  terminal.interrupted.removeEventListener('abort', cancel);
  return tell(lab, command, end, terminal);
}

/** Prints and writes what came out; of a run whose input was found wrong before it began that is its one sentence. */
async function tell(lab: Lab, command: RunCommand, end: Finished, terminal: Terminal): Promise<ExitCode> {
  const { runId, stored, error } = end;
  if (!stored && error !== undefined) {
    if (isWrongInput(error)) return report(terminal, error);
    terminal.err(`the run was not stored: ${error.message}\n`);
  }
  const record = await lab.openRun({ runId });
  if (!record.ok) return report(terminal, record.error);
  const written = await writeOutputs(lab, record.value, command);
  terminal.out(command.json ? `${JSON.stringify(runDocument(record.value), undefined, 2)}\n` : runReport(record.value));
  if (!written.ok) return report(terminal, written.error);
  if (record.value.error !== undefined) terminal.err(`${record.value.error.message}\n`);
  if (record.value.outcome === 'cancelled') terminal.err(`${cancelledText(record.value)}\n`);
  if (command.csv !== undefined && record.value.samples.length === 0) terminal.err(`${unwrittenText(command.csv)}\n`);
  const code = exitCodeOfRun(record.value);
  return code === ExitCode.done && !stored ? ExitCode.failed : code;
}

async function readCommand(lab: Lab, command: RunCommand): Promise<Result<Asked>> {
  const profile = findProfile(lab, command.profile);
  if (!profile.ok) return profile;
  const engine = readEngine(command.engine);
  if (!engine.ok) return engine;
  if (engine.value === 'kernel' && command.codec !== undefined) return fail('bad-input', KERNELS_CODEC);
  const jobFile = await readJobFile(command.job);
  if (!jobFile.ok) return jobFile;
  const changed = applyOptions(profile.value, { ...command, jobFile: jobFile.value });
  if (!changed.ok) return changed;
  const { workload } = profile.value;
  if (workload.kind !== 'fio') return ok({ profile: changed.value, engine: engine.value, jobFile: undefined });
  const text = jobFile.value ?? workload.jobFile;
  const given = { path: command.job, text, hasNumjobs: command.jobs !== undefined };
  return ok({ profile: changed.value, engine: engine.value, jobFile: given });
}

const KERNELS_CODEC =
  "--codec is for machines of the lab's own; under --engine kernel the kernel compresses, with its lz4";

function readEngine(name: string | undefined): Result<Engine> {
  const engine = ENGINES.find((each) => each === (name ?? 'live'));
  return engine === undefined
    ? fail('bad-input', `--engine must be ${ENGINES.join(' or ')}, not '${name}'`)
    : ok(engine);
}

/** Shows progress until the run has finished; `stop` when it never began. */
function watch(lab: LabContract, terminal: Terminal): { readonly end: Promise<Finished>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<Finished>();
  const show = progressOf(terminal);
  const stop = lab.subscribe((event) => {
    show(event);
    if (event.kind === 'finished') {
      stop();
      resolve(event);
    }
  });
  return { end: promise, stop };
}

function cancelledText({ samples }: RunRecord): string {
  if (samples.length === 0) return 'the run was cancelled before its first repetition was done';
  return `the run was cancelled after ${counted(samples.length, 'sample')}`;
}

function unwrittenText(csv: string): string {
  return `'${csv}' was not written: no sample was finished`;
}

function exitCodeOfRun(record: RunRecord): ExitCode {
  switch (record.outcome) {
    case 'complete':
      return ExitCode.done;
    case 'cancelled':
      return ExitCode.cancelled;
    case 'failed':
      return record.error === undefined ? ExitCode.failed : exitCodeOf(record.error.code);
  }
}

/** One sentence on standard error, or a line for each wrong field, and the exit code for it. */
export function report(terminal: Terminal, error: LabError): ExitCode {
  terminal.err(`${errorText(error)}\n`);
  return exitCodeOf(error.code);
}

function errorText({ fields = [], ...error }: LabError): string {
  return [firstLine(error), ...fields.slice(1).map(fieldLine)].join('\n');
}

function firstLine({ message, where }: LabError): string {
  if (where === undefined || message.includes(where)) return message;
  return isFieldPath(where) ? fieldLine({ field: where, message }) : `${where}: ${message}`;
}

/** `Time in all must be at least 0.2 seconds (experiment.seconds)` */
function fieldLine({ field, message }: FieldError): string {
  if (field === '') return message;
  if (field.startsWith('--')) return `${field}: ${message}`;
  const place = field === 'workload.jobFile' && message.startsWith('line ') ? 'Job file, ' : '';
  return `${place}${message} (${field})`;
}

/** Not a path of a file, with or without line and column. */
function isFieldPath(where: string): boolean {
  return /^[a-zA-Z]\w*(\.[\w-]+)*$/.test(where) && !where.endsWith('.json');
}
