/** `lab run PROFILE`: finds out what the profile is of, and hands it to the command that carries it out. */
import { isMappingProfile } from '../../shared/mapping-profile.ts';
import type { Lab } from '../lab/lab.ts';
import type { ExitCode } from './exit-code.ts';
import { mappingCommand } from './mapping-command.ts';
import { report, type RunCommand, runCommand } from './run-command.ts';
import type { Terminal } from './terminal.ts';

export interface StartCommand extends RunCommand {
  /** Id, file stem, name or path of a profile. */
  readonly profile: string;
}

export function startCommand(lab: Lab, command: StartCommand, terminal: Terminal): Promise<ExitCode> {
  const found = lab.loadProfile(command.profile);
  if (!found.ok) return Promise.resolve(report(terminal, found.error));
  const profile = found.value;
  return isMappingProfile(profile)
    ? mappingCommand(lab, profile, command, terminal)
    : runCommand(lab, profile, command, terminal);
}
