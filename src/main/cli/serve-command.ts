/** `lab serve`: the dashboard in a browser, until Ctrl-C. */
import type { LabContract } from '../../shared/contract.ts';
import { fail } from '../../shared/result.ts';
import { startServer } from '../serve/server.ts';
import { ExitCode } from './exit-code.ts';
import { report } from './run-command.ts';
import type { Terminal } from './terminal.ts';

export interface ServeCommand {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  /** Folder of the built dashboard. */
  readonly dashboardFolder: string;
}

/** Serves until it is interrupted. */
export async function serveCommand(lab: LabContract, command: ServeCommand, terminal: Terminal): Promise<ExitCode> {
  const { port: portText = '0', host } = command;
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65535) {
    return report(
      terminal,
      fail('bad-input', `--port must be a whole number from 0 to 65535, not '${portText}'`).error,
    );
  }
  // An empty address means every address to the system: too much to follow from an unset variable.
  if (host === '') return report(terminal, fail('bad-input', '--host must not be empty').error);
  const server = await startServer(lab, { dashboardFolder: command.dashboardFolder, port, host });
  if (!server.ok) return report(terminal, server.error);
  terminal.out(`percpu-lab serves its dashboard at ${server.value.address}\n`);
  if (!server.value.loopbackOnly)
    terminal.err('Other hosts can reach it: whoever knows the token can run experiments.\n');
  const described = await lab.describeHost({});
  if (described.ok && described.value.storeError !== undefined) {
    terminal.err(`Past runs cannot be kept: ${described.value.storeError.message}\n`);
  }
  terminal.err('Ctrl-C ends it.\n');
  await new Promise<void>((resolve) => {
    if (terminal.interrupted.aborted) resolve();
    else
      terminal.interrupted.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
  await server.value.close();
  return ExitCode.done;
}
