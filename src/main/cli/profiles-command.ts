/** `lab profiles`: what there is to run, shipped and saved; a damaged file is named with what is wrong. */
import type { LabContract, ProfileEntry } from '../../shared/contract.ts';
import { ExitCode } from './exit-code.ts';
import { report } from './run-command.ts';
import type { Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

export async function profilesCommand(
  lab: LabContract,
  command: { readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const listed = await lab.listProfiles({});
  if (!listed.ok) return report(terminal, listed.error);
  if (command.json) {
    terminal.out(`${JSON.stringify({ profiles: listed.value }, undefined, 2)}\n`);
    return ExitCode.done;
  }
  terminal.out(`${textTable([['id', 'designs', 'name'], ...listed.value.map(row)], 3)}\n`);
  return ExitCode.done;
}

function row(entry: ProfileEntry): readonly string[] {
  if (entry.kind === 'damaged') return [entry.id, 'damaged', entry.error.message];
  return [entry.id, entry.profile.designs.join(', '), entry.profile.name];
}
