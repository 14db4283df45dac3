/** `lab run PROFILE`: runs an experiment, shows how it goes, prints what came out. */
import { open, rm, writeFile } from 'node:fs/promises';
import { resolve as absolute } from 'node:path';
import type { LabContract, RunEvent } from '../../shared/contract.ts';
import type { Lab } from '../lab/lab.ts';
import { fail, type LabError, ok, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../../shared/run-record.ts';
import { ExitCode, exitCodeOf } from './exit-code.ts';
import { applyOptions, type RunOptions } from './overrides.ts';
import { showProgress } from './progress-line.ts';
import { runDocument } from './run-document.ts';
import { runReport } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunCommand extends RunOptions {
  readonly profile: string;
  /** Print one JSON document instead of the report. */
  readonly json: boolean;
  /** Files to write: samples as CSV, the whole record as JSON. */
  readonly csv?: string | undefined;
  readonly out?: string | undefined;
}

export async function runCommand(lab: Lab, command: RunCommand, terminal: Terminal): Promise<ExitCode> {
  const found = lab.loadProfile(command.profile);
  if (!found.ok) return report(terminal, found.error);
  const changed = applyOptions(found.value, command);
  if (!changed.ok) return report(terminal, changed.error);
  const writable = await checkOutputs(command);
  if (!writable.ok) return report(terminal, writable.error);
  const finished = watch(lab, terminal);
  const started = await lab.startRun({ profile: changed.value });
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
  if (!end.stored && end.error !== undefined) terminal.err(`the run was not stored: ${end.error.message}\n`);
  const record = await lab.openRun({ runId });
  if (!record.ok) return report(terminal, record.error);
  const written = await writeFiles(lab, record.value, command);
  terminal.out(command.json ? `${JSON.stringify(runDocument(record.value), undefined, 2)}\n` : runReport(record.value));
  if (!written.ok) return report(terminal, written.error);
  return exitCodeOfRun(record.value, terminal);
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

/** Finds out before minutes of measuring that a result could not be written; leaves every file as it is. */
async function checkOutputs({ csv, out }: RunCommand): Promise<Result<void>> {
  if (csv !== undefined && out !== undefined && absolute(csv) === absolute(out)) {
    return fail('bad-input', `--csv and --out name the same file, ${csv}`);
  }
  for (const path of [csv, out]) {
    const writable = path === undefined ? ok(undefined) : await checkWritable(path);
    if (!writable.ok) return writable;
  }
  return ok(undefined);
}

async function checkWritable(path: string): Promise<Result<void>> {
  try {
    const file = await open(path, 'ax');
    await file.close();
    await rm(path);
    return ok(undefined);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
      return unwritable('bad-input', path, error);
  }
  try {
    const file = await open(path, 'a');
    await file.close();
    return ok(undefined);
  } catch (error) {
    return unwritable('bad-input', path, error);
  }
}

/** Writes all that can be written; the error is the first. */
async function writeFiles(lab: LabContract, record: RunRecord, { csv, out }: RunCommand): Promise<Result<void>> {
  const csvWritten = csv === undefined ? ok(undefined) : await writeCsv(lab, record, csv);
  const outWritten = out === undefined ? ok(undefined) : await write(out, `${JSON.stringify(record, undefined, 2)}\n`);
  return csvWritten.ok ? outWritten : csvWritten;
}

async function writeCsv(lab: LabContract, record: RunRecord, path: string): Promise<Result<void>> {
  const exported = await lab.exportRunCsv({ runId: record.id });
  return exported.ok ? write(path, exported.value.text) : exported;
}

async function write(path: string, text: string): Promise<Result<void>> {
  try {
    await writeFile(path, text);
    return ok(undefined);
  } catch (error) {
    return unwritable('storage', path, error);
  }
}

/** 'bad-input' before the run, when another path can still be given; 'storage' after it. */
function unwritable(code: 'bad-input' | 'storage', path: string, error: unknown): Result<never> {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return fail(code, `cannot write '${path}': ${reason}`);
}

function exitCodeOfRun(record: RunRecord, terminal: Terminal): ExitCode {
  switch (record.outcome) {
    case 'complete':
      return ExitCode.done;
    case 'cancelled':
      return ExitCode.cancelled;
    case 'failed':
      terminal.err(`${record.error?.message ?? 'the run failed'}\n`);
      return ExitCode.failed;
  }
}

/** One sentence on standard error, and the exit code for it. */
export function report(terminal: Terminal, error: LabError): ExitCode {
  const where = error.where === undefined || error.message.includes(error.where) ? '' : `${error.where}: `;
  terminal.err(`${where}${error.message}\n`);
  return exitCodeOf(error.code);
}
