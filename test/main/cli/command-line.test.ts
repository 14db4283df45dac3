import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommandLine, type CommandWords, parseCommandLine } from '../../../src/main/cli/command-line.ts';
import { errorOf, valueOf } from '../lab/small-lab.ts';

const COMMANDS: readonly CommandWords[] = [
  { name: 'list', meaning: '', options: [{ name: 'json', meaning: '' }] },
  {
    name: 'run',
    argument: 'profile',
    meaning: '',
    options: [
      { name: 'json', meaning: '' },
      { name: 'seconds', value: 'N', meaning: '' },
      { name: 'data', value: 'PATH', repeats: true, meaning: '' },
    ],
  },
];

function parse(...args: string[]): CommandLine<CommandWords> {
  return valueOf(parseCommandLine(args, COMMANDS));
}

function run(...args: string[]) {
  const parsed = parse(...args);
  if (parsed.kind !== 'command') throw new Error(`this is ${parsed.kind}`);
  return parsed;
}

describe('a command line', () => {
  it('is a command, its argument and options in any order', () => {
    for (const line of ['run p --json --seconds 3', '--json --seconds 3 run p', 'run --seconds=3 --json p']) {
      const { command, argument, options } = run(...line.split(' '));
      expect([command.name, argument, options.has('json'), options.value('seconds')]).toEqual(['run', 'p', true, '3']);
    }
  });

  it('keeps values as they were typed', () => {
    for (const text of ['007', '1.10', '1e3', '0x10', '', ' ', 'a=b', '-3', 'true']) {
      expect(run('run', text === '-3' ? 'p' : text, '--seconds', text).options.value('seconds')).toBe(text);
      expect(run('run', 'p', `--seconds=${text}`).options.value('seconds')).toBe(text);
    }
    expect(run('run', '--json', '2010').argument).toBe('2010');
  });

  it('of an option that may be given more than once has all values, in their order', () => {
    const { options } = run('run', 'p', '--data', 'a', '--data', 'b');
    expect(options.values('data')).toEqual(['a', 'b']);
    expect(options.values('seconds')).toBeUndefined();
    expect(options.has('json')).toBe(false);
  });

  it('after -- are arguments only', () => {
    expect(run('run', '--', '--json').argument).toBe('--json');
  });

  it('asks for help of all or of one command, for the version, or for nothing', () => {
    expect(parse('--help')).toEqual({ kind: 'help', command: undefined });
    expect(parse('run', '-h')).toMatchObject({ kind: 'help', command: { name: 'run' } });
    expect(parse('--version').kind).toBe('version');
    expect(parse('-v').kind).toBe('version');
    expect(parse().kind).toBe('nothing');
  });

  it.each([
    ['frob', "there is no command 'frob'"],
    ['list x', "'x' is one argument too many"],
    ['run p x', "'x' is one argument too many"],
    ['run', 'run needs a profile'],
    ['list --seconds 3', 'list has no --seconds'],
    ['run p --sekonds 3', 'run has no --sekonds'],
    ['run p --constructor', 'run has no --constructor'],
    ['run p --__proto__ x', 'run has no --__proto__'],
    ['run p --seconds.x 3', 'run has no --seconds.x'],
    ['run p --no-json', 'run has no --no-json'],
    ['run p -x', 'run has no -x'],
    ['run p -json', 'run has no -j'],
    ['--frob', 'there is no option --frob'],
    ['run p --json=yes', '--json takes no value'],
    ['run p --seconds', '--seconds needs a value (N)'],
    ['run p --data --json', '--data needs a value (PATH)'],
    ['run p --seconds 1 --seconds 1', '--seconds may be given only once'],
    ['run --seconds=1 p --json --seconds 2 --seconds 3', '--seconds may be given only once'],
    ['list --json --json', '--json may be given only once'],
  ])('%j is refused: %s', (line, sentence) => {
    expect(errorOf(parseCommandLine(line.split(' '), COMMANDS))).toEqual({ code: 'bad-input', message: sentence });
  });

  it('never makes the parser throw', () => {
    const word = fc.oneof(fc.constantFrom('run', 'list', '--json', '--data', '--', '-', '--=', '-h=3'), fc.string());
    const property = (args: readonly string[]): void => {
      const parsed = parseCommandLine(args, COMMANDS);
      expect(parsed.ok ? 'understood' : parsed.error.code).toMatch(/^(understood|bad-input)$/);
    };
    fc.assert(fc.property(fc.array(word), property));
  });
});
