/** What `--help` prints. */
import type { CommandWords } from './command-line.ts';

/** Of the whole program. */
export function programHelp(commands: readonly CommandWords[], version: string): string {
  return [
    `lab ${version}: a bench for deciding between per-CPU data designs`,
    'Usage: lab COMMAND [options]',
    list(commands.map((command) => [usage(command), command.meaning])),
    list([
      ['--help, -h', 'Print this, or after a command what it takes'],
      ['--version, -v', 'Print the version'],
    ]),
    '',
  ].join('\n\n');
}

/** Of one command. */
export function commandHelp(command: CommandWords): string {
  const options = command.options.map(({ name, value, repeats, meaning }): [string, string] => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    repeats === true ? `${meaning}; may be given more than once` : meaning,
  ]);
  const codes = (command.exitCodes ?? []).map(([code, meaning]) => [String(code), meaning] as const);
  const parts = [`Usage: lab ${usage(command)} [options]`, command.meaning, list(options)];
  return `${[...parts, ...(codes.length === 0 ? [] : [`Exit codes\n${list(codes)}`])].join('\n\n')}\n`;
}

function usage({ name, argument, repeats }: CommandWords): string {
  return argument === undefined ? name : `${name} ${argument.toUpperCase()}${repeats === true ? '…' : ''}`;
}

function list(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
