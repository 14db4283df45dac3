/**
 * Reads a command line against the commands that there are. Values stay the text that was typed: `--csv 1.10` is a file of
 * that name, not the number 1.1.
 *
 *     lab COMMAND [ARGUMENT …] [--option [VALUE]] …      -- ends the options
 */
import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../shared/result.ts';

export interface OptionWords {
  /** Without its dashes; the same name is a flag, or takes a value, in every command that has it. */
  readonly name: string;
  /** What the value is, for the help; absent: a flag. */
  readonly value?: string;
  /** It may be given more than once. */
  readonly repeats?: true;
  readonly meaning: string;
}

export interface CommandWords {
  readonly name: string;
  /** What the one argument is; absent: there is none. */
  readonly argument?: string;
  /** There may be more than one argument of that kind. */
  readonly repeats?: true;
  readonly meaning: string;
  readonly options: readonly OptionWords[];
  /** What the exit codes say, where they say more than that it went well or not. */
  readonly exitCodes?: readonly (readonly [number, string])[];
}

/** What was asked for, checked for names and for values being there; what the values say is the command's to judge. */
export type CommandLine<C extends CommandWords> =
  | { readonly kind: 'help'; readonly command?: C | undefined }
  | { readonly kind: 'version' }
  /** Nothing at all. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'command';
      readonly command: C;
      /** The first; empty where the command has none. */
      readonly argument: string;
      /** All, in the order given. */
      readonly args: readonly string[];
      readonly options: CommandOptions;
    };

export interface CommandOptions {
  readonly has: (name: string) => boolean;
  readonly value: (name: string) => string | undefined;
  /** All values in the order given; undefined where there is none. */
  readonly values: (name: string) => readonly string[] | undefined;
}

type Tokens = ReturnType<typeof tokensOf>;
type OptionToken = Extract<Tokens[number], { kind: 'option' }>;

const HELP = 'help';
const VERSION = 'version';

/** `args` without the program's name. Errors: 'bad-input', in one sentence that names what was typed. */
export function parseCommandLine<C extends CommandWords>(
  args: readonly string[],
  commands: readonly C[],
): Result<CommandLine<C>> {
  const tokens = tokensOf(args, commands);
  const [name, ...positionals] = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const [argument, surplus] = positionals;
  const given = tokens.filter((token) => token.kind === 'option');
  const command = commands.find((each) => each.name === name);
  if (name !== undefined && command === undefined) return fail('bad-input', `there is no command '${name}'`);
  const wrong =
    given.map((token) => optionFault(token, command)).find((fault) => fault !== undefined) ??
    repetitionFault(given, command);
  if (wrong !== undefined) return fail('bad-input', wrong);
  if (given.some((token) => token.name === HELP)) return ok({ kind: 'help', command });
  if (given.some((token) => token.name === VERSION)) return ok({ kind: 'version' });
  if (command === undefined) return ok({ kind: 'nothing' });
  const tooMany = command.argument === undefined ? argument : surplus;
  if (tooMany !== undefined && command.repeats !== true)
    return fail('bad-input', `'${tooMany}' is one argument too many`);
  if (command.argument !== undefined && argument === undefined) {
    return fail('bad-input', `${command.name} needs a ${command.argument}`);
  }
  return ok({ kind: 'command', command, argument: argument ?? '', args: positionals, options: commandOptions(given) });
}

function tokensOf(args: readonly string[], commands: readonly CommandWords[]) {
  const options = new Map<string, { type: 'boolean' | 'string'; short?: string }>([
    [HELP, { type: 'boolean', short: 'h' }],
    [VERSION, { type: 'boolean', short: 'v' }],
  ]);
  for (const option of commands.flatMap((command) => command.options)) {
    options.set(option.name, { type: option.value === undefined ? 'boolean' : 'string' });
  }
  const config = { options: Object.fromEntries(options), allowPositionals: true, strict: false, tokens: true } as const;
  return parseArgs({ ...config, args: [...args] }).tokens;
}

/** What is wrong with an option, in words; undefined when nothing is. */
function optionFault(token: OptionToken, command: CommandWords | undefined): string | undefined {
  const isGeneral = token.name === HELP || token.name === VERSION;
  const option = command?.options.find((each) => each.name === token.name);
  if (!isGeneral && option === undefined) {
    return command === undefined ? `there is no option ${token.rawName}` : `${command.name} has no ${token.rawName}`;
  }
  if (option?.value === undefined) return token.value === undefined ? undefined : `${token.rawName} takes no value`;
  // The next option in place of a value; a negative number is a value, and an inline one may be anything.
  const isMissing = token.value === undefined || (!token.inlineValue && /^-\D/.test(token.value));
  return isMissing ? `${token.rawName} needs a value (${option.value})` : undefined;
}

function repetitionFault(given: readonly OptionToken[], command: CommandWords | undefined): string | undefined {
  const again = command?.options.find(
    (option) => option.repeats !== true && given.filter(({ name }) => name === option.name).length > 1,
  );
  return again === undefined ? undefined : `--${again.name} may be given only once`;
}

function commandOptions(given: readonly OptionToken[]): CommandOptions {
  const values = (name: string): readonly string[] =>
    given.flatMap((token) => (token.name === name && token.value !== undefined ? [token.value] : []));
  return {
    has: (name) => given.some((token) => token.name === name),
    value: (name) => values(name)[0],
    values: (name) => (values(name).length === 0 ? undefined : values(name)),
  };
}
