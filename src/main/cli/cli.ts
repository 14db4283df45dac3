/** The command line: which commands and options there are, and which function carries each out. */
import { PROFILE_LIMITS, USUAL_WARM_UP_SECONDS } from '../../shared/profile.ts';
import { VERIFY_CODECS, VERIFY_USUAL_ROUNDS } from '../../shared/verify-report.ts';
import type { Lab } from '../lab/lab.ts';
import { type CommandOptions, type CommandWords, parseCommandLine } from './command-line.ts';
import { ExitCode } from './exit-code.ts';
import { GEOMETRY_EXIT_CODES, geometryCommand } from './geometry-command.ts';
import { commandHelp, programHelp } from './help-text.ts';
import { profilesCommand } from './profiles-command.ts';
import { REPLAY_EXIT_CODES, replayCommand } from './replay-command.ts';
import { runCommand } from './run-command.ts';
import { serveCommand } from './serve-command.ts';
import type { Terminal } from './terminal.ts';
import { verifyCommand } from './verify-command.ts';

export interface CliParts {
  /** Opens the lab; called only when a command needs it. */
  readonly openLab: () => Promise<Lab>;
  readonly dashboardFolder: string;
  readonly version: string;
  readonly terminal: Terminal;
}

interface Invocation {
  readonly argument: string;
  readonly args: readonly string[];
  readonly options: CommandOptions;
  readonly parts: CliParts;
}

interface Command extends CommandWords {
  readonly carryOut: (invocation: Invocation) => Promise<ExitCode>;
}

const JSON_OPTION = { name: 'json', meaning: 'Print one JSON document' };

const COMMANDS: readonly Command[] = [
  {
    name: 'profiles',
    meaning: 'Lists shipped and saved profiles',
    options: [JSON_OPTION],
    carryOut: withLab((lab, { options, parts }) => profilesCommand(lab, { json: options.has('json') }, parts.terminal)),
  },
  {
    name: 'run',
    argument: 'profile',
    meaning: 'Runs an experiment and prints throughput, latency and memory of each design',
    options: [
      {
        name: 'engine',
        value: 'NAME',
        meaning: "live: the simulated machine on worker threads; kernel: this host's own zram (root)",
      },
      { name: 'job', value: 'FILE', meaning: "fio: run this fio job file instead of the profile's" },
      {
        name: 'seconds',
        value: 'N',
        meaning:
          `fio, this-cpu: measure for about N seconds in all (${limits('seconds')}), shared out over all samples, those of the ` +
          'first block, which is thrown away, included; starting machines and threads, the rest of the warm-up and counting come on top',
      },
      {
        name: 'jobs',
        value: 'N',
        meaning: `fio: clones of each job, the machine gets at least N CPUs; others: N online CPUs (${limits('cpus')})`,
      },
      { name: 'repetitions', value: 'N', meaning: `Measured repetitions of each design (${limits('repetitions')})` },
      {
        name: 'warm-up',
        value: 'N',
        meaning:
          `fio, percpu: let each design work for N seconds (${limits('warmUpSeconds')}) before anything is measured, at least one block; ` +
          `${USUAL_WARM_UP_SECONDS} when absent; where samples are ` +
          'too short for that, it ends after three times as long for each design',
      },
      {
        name: 'data',
        value: 'PATH',
        repeats: true,
        meaning: 'fio: write the pages of this file or folder',
      },
      { name: 'codec', value: 'NAME', meaning: 'fio: what the machine compresses with, lz4 or lz4-kernel' },
      {
        name: 'checks',
        meaning:
          'Watch locks (fio, percpu: order, sleeping, streams, what is left held), which is slower, and audit page tables ' +
          'after each phase (percpu with tables; of this-cpu they always are); told in the notes',
      },
      {
        name: 'csv',
        value: 'FILE',
        meaning:
          'Write the samples as CSV; of this-cpu workloads mixes and page tables beside it, as x.mixes.csv and x.page-tables.csv of x.csv',
      },
      { name: 'out', value: 'FILE', meaning: 'Write the whole record as JSON' },
      {
        name: 'evidence',
        value: 'FOLDER',
        meaning:
          "fio, percpu (not --engine kernel): write each design's boot lines and percpu_stats as a kernel prints them",
      },
      JSON_OPTION,
    ],
    carryOut: withLab((lab, { argument, options, parts }) =>
      runCommand(
        lab,
        {
          profile: argument,
          json: options.has('json'),
          engine: options.value('engine'),
          job: options.value('job'),
          seconds: options.value('seconds'),
          jobs: options.value('jobs'),
          repetitions: options.value('repetitions'),
          warmUp: options.value('warm-up'),
          data: options.values('data'),
          codec: options.value('codec'),
          checks: options.has('checks'),
          csv: options.value('csv'),
          out: options.value('out'),
          evidence: options.value('evidence'),
        },
        parts.terminal,
      ),
    ),
  },
  {
    name: 'geometry',
    argument: 'file',
    repeats: true,
    meaning:
      'Compares boot logs (text, gzip, or JSON Lines with a log in a field of each line) with the first-chunk geometry that follows from what they state',
    exitCodes: GEOMETRY_EXIT_CODES,
    options: [{ name: 'check', meaning: 'Say of each file: match, differs or incomplete' }, JSON_OPTION],
    carryOut: ({ args, options, parts }) =>
      geometryCommand({ files: args, check: options.has('check'), json: options.has('json') }, parts.terminal),
  },
  {
    name: 'replay',
    argument: 'trace',
    meaning: "Replays a percpu ftrace recording and says how many offsets equal the kernel's",
    exitCodes: REPLAY_EXIT_CODES,
    options: [
      { name: 'dmesg', value: 'FILE', meaning: 'Boot log of the recorded machine, for its unit and first chunk' },
      { name: 'stats', value: 'FILE', meaning: 'percpu_stats of the recorded machine, read just before the recording' },
      { name: 'cpus', value: 'N', meaning: 'Also say what the trace would cost with N possible CPUs' },
      { name: 'unit', value: 'BYTES', meaning: 'Also say what it would cost with units of so many bytes' },
      {
        name: 'access-mode',
        value: 'MODE',
        meaning: 'Also say what it would cost with segment, preempt-offset, fixup or local-mapping access',
      },
      JSON_OPTION,
    ],
    carryOut: ({ argument, options, parts }) =>
      replayCommand(
        {
          trace: argument,
          dmesg: options.value('dmesg'),
          stats: options.value('stats'),
          cpus: options.value('cpus'),
          unit: options.value('unit'),
          accessMode: options.value('access-mode'),
          json: options.has('json'),
        },
        parts.terminal,
      ),
  },
  {
    name: 'verify',
    meaning: "Writes and reads the same pages through this host's kernel zram and through the lab, side by side",
    options: [
      { name: 'data', value: 'PATH', repeats: true, meaning: 'The pages: a file or folder' },
      { name: 'jobs', value: 'N', meaning: 'Jobs that share the pages, each on a thread of its own; 1 when absent' },
      {
        name: 'codec',
        value: 'NAME',
        meaning: `The lab's codec: ${VERIFY_CODECS.join(' or ')}; all of them when absent`,
      },
      {
        name: 'rounds',
        value: 'N',
        meaning:
          `Measured rounds; when absent at least ${VERIFY_USUAL_ROUNDS}, more of little data; the report warns of fewer than ` +
          `${VERIFY_USUAL_ROUNDS}`,
      },
      JSON_OPTION,
    ],
    carryOut: withLab((lab, { options, parts }) =>
      verifyCommand(
        lab,
        {
          data: options.values('data'),
          jobs: options.value('jobs'),
          codec: options.value('codec'),
          rounds: options.value('rounds'),
          json: options.has('json'),
        },
        parts.terminal,
      ),
    ),
  },
  {
    name: 'serve',
    meaning: 'Serves the dashboard to a browser',
    options: [
      { name: 'port', value: 'N', meaning: 'Port; any free one when absent' },
      { name: 'host', value: 'ADDRESS', meaning: 'Address to listen on; loopback when absent' },
    ],
    carryOut: withLab((lab, { options, parts: { dashboardFolder, terminal } }) =>
      serveCommand(lab, { port: options.value('port'), host: options.value('host'), dashboardFolder }, terminal),
    ),
  },
];

/** Carries out one command line (without the program's name) and answers with its exit code. */
export async function runCli(args: readonly string[], parts: CliParts): Promise<ExitCode> {
  const { terminal, version } = parts;
  const parsed = parseCommandLine(args, COMMANDS);
  if (!parsed.ok) {
    const command = COMMANDS.find(({ name }) => name === args[0]);
    terminal.err(`${parsed.error.message}; see lab ${command === undefined ? '' : `${command.name} `}--help\n`);
    return ExitCode.usage;
  }
  switch (parsed.value.kind) {
    case 'help': {
      const { command } = parsed.value;
      terminal.out(command === undefined ? programHelp(COMMANDS, version) : commandHelp(command));
      return ExitCode.done;
    }
    case 'version':
      terminal.out(`${version}\n`);
      return ExitCode.done;
    case 'nothing':
      terminal.err(programHelp(COMMANDS, version));
      return ExitCode.usage;
    case 'command': {
      const { command, argument, args: given, options } = parsed.value;
      return command.carryOut({ argument, args: given, options, parts });
    }
  }
}

/** A command that needs the lab: opens it, and closes it whatever happens. */
function withLab(action: (lab: Lab, invocation: Invocation) => Promise<ExitCode>): Command['carryOut'] {
  return async (invocation) => {
    const lab = await invocation.parts.openLab();
    try {
      return await action(lab, invocation);
    } finally {
      await lab.close();
    }
  };
}

/** `1 to 50` */
function limits(field: keyof typeof PROFILE_LIMITS): string {
  const { min, max } = PROFILE_LIMITS[field];
  return `${min} to ${max}`;
}
