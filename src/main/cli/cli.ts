/** The command line: which commands and options there are, and which function carries each out. */
import { cac, type CAC } from 'cac';
import type { Lab } from '../lab/lab.ts';
import { ExitCode } from './exit-code.ts';
import { profilesCommand } from './profiles-command.ts';
import { runCommand } from './run-command.ts';
import { serveCommand } from './serve-command.ts';
import type { Terminal } from './terminal.ts';

export interface CliParts {
  /** Opens the lab; called only when a command needs it. */
  readonly openLab: () => Promise<Lab>;
  readonly dashboardFolder: string;
  readonly version: string;
  readonly terminal: Terminal;
}

/** Carries out one command line (without the program's name) and answers with its exit code. */
export async function runCli(args: readonly string[], parts: CliParts): Promise<ExitCode> {
  const { terminal } = parts;
  const cli = defineCommands(parts);
  try {
    // cac drops the first two, as in process.argv.
    cli.parse(['node', 'lab', ...args], { run: false });
    if (cli.options['help'] === true || cli.options['version'] === true) return ExitCode.done;
    if (cli.matchedCommand === undefined) return unknownCommand(cli, terminal);
    const surplus = cli.args[cli.matchedCommand.args.length];
    if (surplus !== undefined) return usage(terminal, `'${surplus}' is one argument too many`);
    return (await cli.runMatchedCommand()) as ExitCode;
  } catch (error) {
    if (error instanceof Error && error.name === 'CACError') return usage(terminal, error.message);
    throw error;
  }
}

function defineCommands(parts: CliParts): CAC {
  const { terminal } = parts;
  const cli = cac('lab');
  cli
    .command('profiles', 'Lists shipped and saved profiles')
    .option('--json', 'Print one JSON document')
    .action((options: ParsedOptions) =>
      withLab(parts, (lab) => profilesCommand(lab, { json: options['json'] === true }, terminal)),
    );
  cli
    .command('run <profile>', 'Runs an experiment and prints throughput, latency and memory of each design')
    .option('--engine <engine>', 'live: worker threads on this host (the only one yet)')
    .option('--seconds <n>', 'Measure for about n seconds in all, shared out over designs, repetitions and phases')
    .option('--jobs <n>', 'Clones of each job (numjobs), each on a CPU of its own')
    .option('--repetitions <n>', 'Measured repetitions of each design')
    .option('--data <path>', 'Write the pages of this file or folder; may be given more than once')
    .option('--csv <file>', 'Write the samples as CSV')
    .option('--out <file>', 'Write the whole record as JSON')
    .option('--json', 'Print one JSON document')
    .action((profile: string, options: ParsedOptions) =>
      withLab(parts, (lab) =>
        runCommand(
          lab,
          {
            profile,
            json: options['json'] === true,
            engine: text(options['engine']),
            seconds: text(options['seconds']),
            jobs: text(options['jobs']),
            repetitions: text(options['repetitions']),
            data: texts(options['data']),
            csv: text(options['csv']),
            out: text(options['out']),
          },
          terminal,
        ),
      ),
    );
  cli
    .command('serve', 'Serves the dashboard to a browser')
    .option('--port <n>', 'Port; any free one when absent')
    .option('--host <address>', 'Address to listen on; loopback when absent')
    .action((options: ParsedOptions) =>
      withLab(parts, (lab) =>
        serveCommand(
          lab,
          { port: text(options['port']), host: text(options['host']), dashboardFolder: parts.dashboardFolder },
          terminal,
        ),
      ),
    );
  cli.help();
  cli.version(parts.version);
  return cli;
}

type ParsedOptions = Readonly<Record<string, unknown>>;

/** cac turns what looks like a number into one, and a repeated option into a list; of a list the last counts. */
function text(value: unknown): string | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? undefined : String(last);
}

function texts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).map(String);
}

async function withLab(parts: CliParts, action: (lab: Lab) => Promise<ExitCode>): Promise<ExitCode> {
  const lab = await parts.openLab();
  try {
    return await action(lab);
  } finally {
    await lab.close();
  }
}

function unknownCommand(cli: CAC, terminal: Terminal): ExitCode {
  const [name] = cli.args;
  if (name !== undefined) return usage(terminal, `there is no command '${name}'`);
  cli.outputHelp();
  return ExitCode.usage;
}

function usage(terminal: Terminal, sentence: string): ExitCode {
  terminal.err(`${sentence}; see lab --help\n`);
  return ExitCode.usage;
}
