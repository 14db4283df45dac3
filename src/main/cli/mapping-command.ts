/** `lab run` of a mapping profile: counts, shows how it goes, prints the paper's figures beside the lab's. */
import type { MappingProfile } from '../../shared/mapping-profile.ts';
import { fail } from '../../shared/result.ts';
import type { Lab } from '../lab/lab.ts';
import { mappingCsv } from '../lab/mapping/mapping-csv.ts';
import { ExitCode } from './exit-code.ts';
import { mappingReportText } from './mapping-report-text.ts';
import { report, type RunCommand } from './run-command.ts';
import { checkOutputs, writeText } from './run-outputs.ts';
import type { Terminal } from './terminal.ts';

/** Options of `run` that change an experiment with jobs; a count has none to change. */
const JOB_OPTIONS = ['engine', 'seconds', 'jobs', 'repetitions', 'data', 'evidence'] as const;

export async function mappingCommand(
  lab: Lab,
  profile: MappingProfile,
  command: RunCommand,
  terminal: Terminal,
): Promise<ExitCode> {
  const misplaced = JOB_OPTIONS.find((option) => command[option] !== undefined);
  if (misplaced !== undefined) {
    return report(terminal, fail('bad-input', `--${misplaced} means nothing to '${profile.name}', which counts`).error);
  }
  const writable = await checkOutputs(command);
  if (!writable.ok) return report(terminal, writable.error);
  const counted = await lab.countMapping(profile, {
    signal: terminal.interrupted,
    onProgress: (fraction, what) => {
      terminal.err(`${terminal.isInteractive ? '\r\x1b[K' : ''}${progressText(fraction, what)}`);
      if (!terminal.isInteractive) terminal.err('\n');
    },
  });
  if (terminal.isInteractive) terminal.err('\r\x1b[K');
  if (!counted.ok) return report(terminal, counted.error);
  const json = `${JSON.stringify(counted.value, undefined, 2)}\n`;
  terminal.out(command.json ? json : mappingReportText(counted.value));
  const files = [
    [command.csv, mappingCsv(counted.value)],
    [command.out, json],
  ] as const;
  for (const [path, text] of files) {
    const written = path === undefined ? undefined : await writeText(path, text);
    if (written?.ok === false) return report(terminal, written.error);
  }
  return ExitCode.done;
}

function progressText(fraction: number, what: string): string {
  return `${(fraction * 100).toFixed(0)} %  ${what}`;
}
