/** `lab verify --data PATH`: the same pages through this host's kernel zram and through the lab, side by side. */
import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { VerifyRequest } from '../../shared/verify-contract.ts';
import { VERIFY_CODECS, VERIFY_LIMITS, type VerifyCodec, type VerifyProgress } from '../../shared/verify-report.ts';
import type { Lab } from '../lab/lab.ts';
import { ExitCode } from './exit-code.ts';
import { report } from './run-command.ts';
import type { Terminal } from './terminal.ts';
import { verifyText } from './verify-text.ts';

/** Options as typed. */
export interface VerifyCommand {
  readonly data: readonly string[] | undefined;
  readonly jobs: string | undefined;
  readonly codec: string | undefined;
  readonly rounds: string | undefined;
  /** Print one JSON document instead of the report. */
  readonly json: boolean;
}

/** 0 when it was measured (whatever the figures say), 1 when it failed, 2 for wrong usage, 130 when cancelled. */
export async function verifyCommand(lab: Lab, command: VerifyCommand, terminal: Terminal): Promise<ExitCode> {
  const request = readRequest(command);
  if (!request.ok) return report(terminal, request.error);
  const verified = await lab.verify(request.value, {
    signal: terminal.interrupted,
    onProgress: (progress) => {
      showProgress(terminal, progress);
    },
  });
  if (terminal.isInteractive) terminal.err(CLEAR_LINE);
  if (!verified.ok) return report(terminal, verified.error);
  terminal.out(command.json ? `${JSON.stringify(verified.value, undefined, 2)}\n` : verifyText(verified.value));
  return verified.value.outcome === 'complete' ? ExitCode.done : ExitCode.cancelled;
}

function readRequest(command: VerifyCommand): Result<VerifyRequest> {
  if (command.data === undefined || command.data.includes('')) {
    return fail('bad-input', 'verify needs --data PATH, the file or folder whose pages are written');
  }
  const jobs = wholeNumber('jobs', command.jobs);
  if (!jobs.ok) return jobs;
  const rounds = wholeNumber('rounds', command.rounds);
  if (!rounds.ok) return rounds;
  const codecs = readCodecs(command.codec);
  if (!codecs.ok) return codecs;
  const paths = command.data.map((path) => resolve(path));
  return ok({
    paths,
    jobs: jobs.value ?? 1,
    codecs: [...codecs.value],
    ...(rounds.value === undefined ? {} : { rounds: rounds.value }),
  });
}

function wholeNumber(name: keyof typeof VERIFY_LIMITS, text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const { min, max } = VERIFY_LIMITS[name];
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return ok(value);
  return fail('bad-input', `--${name} must be a whole number from ${min} to ${max}, not '${text}'`);
}

function readCodecs(name: string | undefined): Result<readonly VerifyCodec[]> {
  if (name === undefined) return ok(VERIFY_CODECS);
  const codec = VERIFY_CODECS.find((each) => each === name);
  return codec === undefined
    ? fail('bad-input', `--codec must be ${VERIFY_CODECS.join(' or ')}, not '${name}'`)
    : ok([codec]);
}

const CLEAR_LINE = '\r\x1b[K';

/** One line that is overwritten on a screen, a line a round elsewhere. */
function showProgress(terminal: Terminal, progress: VerifyProgress): void {
  const text = progressText(progress);
  if (terminal.isInteractive) terminal.err(`${CLEAR_LINE}${text}`);
  else if (progress.phase === 'measure') terminal.err(`${text}\n`);
}

function progressText({ phase, round, rounds, kernel, lab }: VerifyProgress): string {
  if (phase === 'prepare') return 'reading the data';
  if (phase === 'warm-up') return 'warming up';
  const rates = (side: { readonly write: number; readonly read: number } | undefined): string =>
    side === undefined ? '-' : `write ${side.write.toFixed(0)}, read ${side.read.toFixed(0)} MB/s`;
  return `round ${round} of ${rounds}: kernel ${rates(kernel)}; lab ${rates(lab)}`;
}
