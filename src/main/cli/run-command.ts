/** `lab run PROFILE`: runs an experiment, shows how it goes, prints what came out. */
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import type { Lab } from '../lab/lab.ts';
import { fail, type FieldError, isWrongInput, type LabError, ok, type Result } from '../../shared/result.ts';
import { type Engine, ENGINES, type RunRecord } from '../../shared/run-record.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { applyOptions, type RunOptions } from './overrides.ts';
import { showProgress } from './progress-line.ts';
import { checkOutputs, type RunOutputs, writeOutputs } from './run-outputs.ts';
import { runDocument } from './run-document.ts';
import { runReport } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunCommand extends RunOptions, RunOutputs {
  /** Id, file stem, name or path of a profile. */
  readonly profile: string;
  readonly engine?: string | undefined;
  /** Print one JSON document instead of the report. */
  readonly json: boolean;
}

/** Runs the profile, as the options change it. */
export async function runCommand(lab: Lab, command: RunCommand, terminal: Terminal): Promise<ExitCode> {
  const profile = lab.loadProfile(command.profile);
  if (!profile.ok) return report(terminal, profile.error);
  const engine = readEngine(command.engine);
  if (!engine.ok) return report(terminal, engine.error);
  if (engine.value === 'kernel' && command.codec !== undefined) return report(terminal, KERNELS_CODEC);
  const changed = applyOptions(profile.value, command);
  if (!changed.ok) return report(terminal, changed.error);
  const writable = await checkOutputs(command, { engine: engine.value, profile: changed.value });
  if (!writable.ok) return report(terminal, writable.error);
  const finished = watch(lab, terminal);
  const started = await lab.startRun({ profile: changed.value, engine: engine.value });
  if (!started.ok) {
    finished.stop();
    return report(terminal, started.error);
  }
  const { runId } = started.value;
  const cancel = (): void => void lab.cancelRun({ runId });
  if (terminal.interrupted.aborted) cancel();
  terminal.interrupted.addEventListener('abort', cancel);
  const end = await finished.end;
  terminal.interrupted.removeEventListener('abort', cancel);
  if (!end.stored && end.error !== undefined && !isWrongInput(end.error)) {
    terminal.err(`the run was not stored: ${end.error.message}\n`);
  }
  const record = await lab.openRun({ runId });
  if (!record.ok) return report(terminal, record.error);
  const written = await writeOutputs(lab, record.value, command);
  terminal.out(command.json ? `${JSON.stringify(runDocument(record.value), undefined, 2)}\n` : runReport(record.value));
  if (!written.ok) return report(terminal, written.error);
  if (record.value.error !== undefined) terminal.err(`${record.value.error.message}\n`);
  const code = exitCodeOfRun(record.value);
  return code === ExitCode.done && !end.stored ? ExitCode.failed : code;
}

const KERNELS_CODEC: LabError = {
  code: 'bad-input',
  message: "--codec is for machines of the lab's own; under --engine kernel the kernel compresses, with its lz4",
};

function readEngine(name: string | undefined): Result<Engine> {
  const engine = ENGINES.find((each) => each === (name ?? 'live'));
  return engine === undefined
    ? fail('bad-input', `--engine must be ${ENGINES.join(' or ')}, not '${name}'`)
    : ok(engine);
}

/** Shows progress until the run has finished; `stop` when it never began. */
function watch(
  lab: LabContract,
  terminal: Terminal,
): { readonly end: Promise<Extract<RunEvent, { kind: 'finished' }>>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<Extract<RunEvent, { kind: 'finished' }>>();
  const stop = lab.subscribe((event) => {
    showProgress(terminal, event);
    if (event.kind === 'finished') {
      stop();
      resolve(event);
    }
  });
  return { end: promise, stop };
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

/** `Seconds must be at least 0.2 (experiment.seconds)` */
function fieldLine({ field, message }: FieldError): string {
  const place = field === 'workload.jobFile' && message.startsWith('line ') ? 'Job file, ' : '';
  return `${place}${message} (${field})`;
}

/** Not a path of a file, with or without line and column. */
function isFieldPath(where: string): boolean {
  return /^[a-zA-Z]\w*(\.[\w-]+)*$/.test(where) && !where.endsWith('.json');
}
