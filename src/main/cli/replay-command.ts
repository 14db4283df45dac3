/** `lab replay TRACE`: replays a recording of the per-CPU allocator's trace events and says how many offsets are the kernel's. */
import { replayTrace } from '../lab/replay/replay-trace.ts';
import { REPLAY_ACCESS_MODES, type ReplayAccessMode, type ReplayReport } from '../../shared/replay-report.ts';
import { replayDoubt } from '../../shared/replay-words.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { ExitCode } from './exit-code.ts';
import { replayText } from './replay-text.ts';
import { report } from './run-command.ts';
import type { Terminal } from './terminal.ts';

export interface ReplayCommand {
  readonly trace: string;
  readonly dmesg: string | undefined;
  readonly stats: string | undefined;
  /** Possible CPUs and unit size in bytes of another machine, as typed. */
  readonly cpus: string | undefined;
  readonly unit: string | undefined;
  /** Its access mode, as typed. */
  readonly accessMode: string | undefined;
  /** Print one JSON document instead of the text. */
  readonly json: boolean;
}

/** What the exit codes say, for the help. */
export const REPLAY_EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.done, 'the whole file was read, and every offset is the kernel’s or its difference is explained'],
  [ExitCode.failed, 'a difference is not explained, or the percpu_stats text contradicts the trace and was left out'],
  [ExitCode.usage, 'wrong usage, or a file that is not what it should be'],
  [
    ExitCode.inconclusive,
    'nothing is unexplained, but not all was replayed or shown: the gzip file is cut, lines are malformed, only the header tells of the missing events that explain a difference, or nothing tells of events that had to be put right',
  ],
];

/** Errors are told in one sentence each. */
export async function replayCommand(command: ReplayCommand, terminal: Terminal): Promise<ExitCode> {
  const possibleCpus = wholeNumber('cpus', command.cpus);
  if (!possibleCpus.ok) return report(terminal, possibleCpus.error);
  const unitBytes = wholeNumber('unit', command.unit);
  if (!unitBytes.ok) return report(terminal, unitBytes.error);
  const accessMode = accessModeOf(command.accessMode);
  if (!accessMode.ok) return report(terminal, accessMode.error);
  const other = { possibleCpus: possibleCpus.value, unitBytes: unitBytes.value, accessMode: accessMode.value };
  const isOtherWanted = Object.values(other).some((value) => value !== undefined);
  const replayed = await replayTrace({
    tracePath: command.trace,
    dmesgPath: command.dmesg,
    statsPath: command.stats,
    ...(isOtherWanted ? { otherMachine: other } : {}),
  });
  if (!replayed.ok) return report(terminal, replayed.error);
  terminal.out(command.json ? `${JSON.stringify(replayed.value, undefined, 2)}\n` : replayText(replayed.value));
  return exitCodeOf(replayed.value);
}

function exitCodeOf(replayed: ReplayReport): ExitCode {
  const { mismatchCounts, statsContradiction } = replayed;
  if (mismatchCounts.unexplained > 0 || statsContradiction !== undefined) return ExitCode.failed;
  return replayDoubt(replayed) === undefined ? ExitCode.done : ExitCode.inconclusive;
}

function wholeNumber(option: string, text: string | undefined): Result<number | undefined> {
  if (text === undefined) return ok(undefined);
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0) return ok(value);
  return fail('bad-input', `--${option} is a whole number above 0, not '${text}'`, option);
}

function accessModeOf(text: string | undefined): Result<ReplayAccessMode | undefined> {
  const mode = REPLAY_ACCESS_MODES.find((each) => each === text);
  if (text === undefined || mode !== undefined) return ok(mode);
  return fail('bad-input', `--access-mode is ${REPLAY_ACCESS_MODES.join(', ')}, not '${text}'`, 'access-mode');
}
