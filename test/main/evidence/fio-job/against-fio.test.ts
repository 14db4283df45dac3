import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { readJobLines } from '../../../../src/main/evidence/fio-job/job-lines.ts';
import { readBoolean, readFlag, readNumber, readTimeMs } from '../../../../src/main/evidence/fio-job/number-values.ts';
import { UNREAD_OPTIONS } from '../../../../src/main/evidence/fio-job/option-catalogue.ts';
import { OPTION_ALIASES, OPTION_READERS } from '../../../../src/main/evidence/fio-job/option-readers.ts';
import { readPattern } from '../../../../src/main/evidence/fio-job/pattern-value.ts';
import type { Reading } from '../../../../src/main/evidence/fio-job/reading.ts';
import { CONTEXT, errorsOf, jobsOf, variable } from './contexts.ts';
import { askFio, filesWrittenByFio, fioMissing, numbersReadByFio } from './real-fio.ts';

const missing = fioMissing();
/** Tests that need fio. */
function againstFio(what: string, tests: () => void): void {
  describe(`${what}, against fio`, () => {
    beforeEach(({ skip }) => {
      skip(missing !== undefined, missing);
    });
    tests();
  });
}

/** Texts that are, or look like, numbers. */
const numberTexts = fc
  .tuple(
    fc.constantFrom('', '', '', '', ' ', '+'),
    fc.oneof(
      fc.nat(5000).map(String),
      fc.nat(5000).map((n) => `0x${n.toString(16)}`),
      fc.constantFrom('007', '0', '1.5'),
    ),
    fc.constantFrom(
      '',
      '',
      'k',
      'K',
      'kb',
      'ki',
      'kib',
      'KiB',
      'm',
      'mib',
      'g',
      'GiB',
      't',
      'b',
      'B',
      'ib',
      's',
      'ms',
      'msec',
    ),
    fc.constantFrom('', '', '', '', 'x', ' ', '*4', 'us', 'h', 'd'),
  )
  .map((parts) => parts.join('').trimEnd());

function accepted<T>(reading: Reading<T>): reading is Extract<Reading<T>, { ok: true }> {
  return reading.ok;
}

/** Compares every text that is accepted here with what fio makes of the same, one section each. */
function expectSameNumbers(
  option: string,
  texts: readonly string[],
  readOurs: (text: string) => Reading<number>,
  head = '',
) {
  const understood = texts.filter((text) => readOurs(text).ok);
  const file = understood.map((text, section) => `[s${section}]\n${head}${option}=${text}\n`).join('');
  const ours = understood.map(readOurs).filter(accepted);
  const read = ours.map((reading, index) => `${understood[index]} → ${reading.value}`);
  expect(read).toEqual(numbersReadByFio(file).map((value, index) => `${understood[index]} → ${value}`));
  expect(understood.length).toBeGreaterThan(texts.length / 2);
}

againstFio('numbers', () => {
  const texts = fc.sample(numberTexts, { numRuns: 300, seed: 1 });

  it('of bytes are those that fio reads', () => {
    expectSameNumbers('size', texts, (text) => readNumber(text, 1024));
  });

  it('of bytes are those that fio reads with kb_base=1000', () => {
    expectSameNumbers('size', texts, (text) => readNumber(text, 1000), 'kb_base=1000\n');
  });

  it('that count something are those that fio reads', () => {
    const small = texts.filter((text) => !/[mgt]/i.test(text));
    expectSameNumbers('loops', small, (text) => readNumber(text, 1024));
  });

  it('of time are those that fio reads', () => {
    expectSameNumbers('runtime', texts, (text) => {
      const time = readTimeMs(text);
      return accepted(time) ? { ...time, value: Math.round(time.value * 1000) } : time;
    });
  });

  const readHere = (text: string) => [readBoolean(text).ok, readFlag(text).ok];
  const readByFio = (text: string) =>
    ['direct', 'group_reporting'].map((option) => askFio(`[a]\n${option}=${text}\n`, ['--parse-only']).accepted);

  it.each(['0', '1', '2', ' 1', '1x', '0x1', '01', 'true', 'yes', 'on', '', '-', '0x'])(
    '%j is a truth value or not, as for fio',
    (text) => {
      expect(readHere(text)).toEqual(readByFio(text));
    },
  );

  it.each(['abc', 'k', '.5', '99999999999999999999', "'4k'", '"4k"', '$size', '=4k'])(
    'refuses %j, as fio does',
    (text) => {
      expect([readNumber(text, 1024).ok, askFio(`[a]\nsize=${text}\n`, ['--parse-only']).accepted]).toEqual([
        false,
        false,
      ]);
    },
  );
});

againstFio('patterns', () => {
  const part = fc.oneof(
    fc
      .array(fc.constantFrom(...Array.from('0123456789abcdefABCDEF')), { minLength: 1, maxLength: 20 })
      .map((digits) => `0x${digits.join('')}`),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
    fc.integer({ min: -300, max: 70_000 }).map(String),
    fc.constantFrom('"abcd"', '"a b"', '"a\\n"', '%', '0x', '-', 'x'),
  );
  const patterns = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

  const texts = fc.sample(patterns, { numRuns: 150, seed: 3 });
  const section = (text: string, name: string) =>
    `[${name}]\nfilename=${name}\nrw=write\nsize=4k\nverify=pattern\ndo_verify=0\nverify_pattern=${text}\n`;

  it('that are accepted fill a page with the same bytes', () => {
    const understood = texts.flatMap((text) => {
      const pattern = readPattern(text);
      return pattern.ok ? [{ text, bytes: pattern.value }] : [];
    });
    const file = understood.map(({ text }, index) => section(text, `p${index}`)).join('');
    const pages = filesWrittenByFio(
      file,
      understood.map((_, index) => `p${index}`),
    );
    const written = pages.map((page, index) => [understood[index]?.text, page.toString('hex')]);
    const expected = understood.map(({ text, bytes }) => {
      const page = Buffer.alloc(4096, Buffer.from(bytes));
      return [text, page.toString('hex')];
    });
    expect(expected).toEqual(written);
    expect(understood.length).toBeGreaterThan(75);
  });

  it.each(texts.filter((text) => !readPattern(text).ok).slice(0, 25))('%j is refused by both', (text) => {
    expect(askFio(section(text, 'p'), ['--parse-only']).accepted).toBe(false);
  });
});

againstFio('sections', () => {
  const line = fc.oneof(
    fc.constantFrom('[a]', '[b c]', '[x]y]', '[global]', '[global2]', '  [indented]', '[a] ; comment', '[#]'),
    fc.constantFrom(
      'bs=4k',
      'bs = 4k',
      '\tsize=1m # comment',
      'size=1m;x',
      'thread',
      'loops=3',
      '',
      '  ',
      '# nothing',
      ';',
    ),
    fc.constantFrom('numjobs=2', `size=${variable('SIZE')}`, `${variable('OPTION')}=4k`, 'rw=randrw', 'iodepth=8'),
  );
  const files = fc.array(line, { minLength: 1, maxLength: 25 }).map((lines) => ['[first]', ...lines].join('\r\n'));

  /** The command line that fio says a job file stands for: each [global] repeats the defaults before it. */
  function commandLine(text: string): string {
    let defaults = '';
    let command = 'fio ';
    let ofDefaults = false;
    for (const item of readJobLines(text, CONTEXT.environment)) {
      if (item.kind === 'section') {
        ofDefaults = item.name.startsWith('global');
        command += ofDefaults ? defaults : `--name=${item.name} `;
      } else if (item.kind === 'option') {
        const option = item.value === undefined ? `--${item.name} ` : `--${item.name}=${item.value} `;
        if (ofDefaults) defaults += option;
        command += option;
      }
    }
    return command;
  }

  it('are split, named, stripped of comments and given their defaults as by fio', () => {
    fc.assert(
      fc.property(files, (text) => {
        // What fio does with a section without its ']' is to cut the name; that is an error here.
        fc.pre(
          readJobLines(text, CONTEXT.environment).every((item) => item.kind === 'section' || item.kind === 'option'),
        );
        expect(commandLine(text)).toBe(`${askFio(text, ['--showcmd'], CONTEXT.environment).stdout.trimEnd()} `);
      }),
      { numRuns: 25, seed: 4 },
    );
  });
});

againstFio('option names', () => {
  const help = missing === undefined ? askFio('', ['--cmdhelp=all']).stdout : '';
  const listed = Array.from(help.matchAll(/^\s*([\w-]+)\s+:/gm), ([, name]) => name ?? '');

  it('are all known here', () => {
    expect(listed.length).toBeGreaterThan(200);
    const known = (name: string) => Object.hasOwn(OPTION_READERS, name) || UNREAD_OPTIONS.has(name);
    expect(listed.filter((name) => !known(name))).toEqual([]);
  });

  it('have the second names that fio gives them', () => {
    const aliasOf = (name: string) => /alias: (\S+)/.exec(askFio('', [`--cmdhelp=${name}`]).stdout)?.[1];
    const names = Object.keys(OPTION_READERS);
    const theirs = names.flatMap((name) => aliasOf(name) ?? []);
    expect(theirs.sort()).toEqual(Object.keys(OPTION_ALIASES).sort());
  });
});

againstFio('whole files', () => {
  interface JsonJob {
    readonly jobname: string;
    readonly groupid: number;
    readonly read: { readonly io_bytes: number; readonly total_ios: number };
    readonly write: { readonly io_bytes: number; readonly total_ios: number };
  }

  const defaults = '[global]\nrw=write\nsize=64k\nbs=4k\n';
  it.each([
    '[a]\n[b]\nstonewall\n[c]\n[d]\nnew_group\n[e]\n',
    '[a]\nnumjobs=2\n[b]\nstonewall\nnumjobs=2\n[c]\nnew_group\nnumjobs=2\n',
    'stonewall\n[a]\nnumjobs=2\n[b]\n',
    '[a]\nsize=50k\n[b]\nsize=64kib\n[c]\nkb_base=1000\n[d]\nbs=4096\nsize=68kib\nkb_base=1000\n',
    '[a]\nbs=4k,8k\n[b]\nbs=16k\nbs=,8k\n[c]\nbs=16k,,8k\n[d]\nbs=8k,\n',
    '[a]\nbs=16k\nbs=,8k\nrw=read\n[b]\nbs=4k,16k\nrw=randread\n',
    '[a]\nloops=3\n[b]\nloops=0\n[c]\nio_size=8k\n[d]\nio_size=130k\n',
    '[a]\nfilename=shared\noffset_increment=64k\nnumjobs=3\n',
    '[a]\nrw=randrw\nrwmixread=100\n[b]\nrw=rw\nrwmixwrite=100\n',
  ])("%j: names, groups, bytes and operations are fio's", (text) => {
    const file = defaults + text;
    const { stdout } = askFio(file, ['--output-format=json']);
    const json = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { readonly jobs: readonly JsonJob[] };
    const theirs = json.jobs.map((job) => {
      const [bytes, ios] = [job.read.io_bytes + job.write.io_bytes, job.read.total_ios + job.write.total_ios];
      return [job.jobname, job.groupid, job.read.io_bytes / bytes, bytes, ios];
    });
    const ours = jobsOf(file).map((job) => {
      const bytes = (job.ioSizeBytes ?? job.sizeBytes) * job.loops;
      return [job.name, job.reportGroup, job.readPercent / 100, bytes, bytes / job.blockBytes];
    });
    expect(ours).toEqual(theirs);
  });

  it.each([
    '[a]\nnope=1\n',
    '[a]\nBS=4k\n',
    '[a]\ndirect\n',
    '[a]\nrw = write\n',
    '[a]\nverify=0x1234567890abcdef\n',
    '[a]\nrwmixread=101\n',
    '[a]\niodepth=0\n',
    '[a]\nbs=4k\nsize=1k\n',
    'bs=4k\n[a]\n',
  ])('%j is refused by both', (text) => {
    expect(errorsOf(text).length).toBeGreaterThan(0);
    const theirs = askFio(text, []);
    // fio prints what is wrong with a line before the first section, and ends well.
    const complains = (theirs.stdout + theirs.stderr).includes('outside of [] job section');
    expect(theirs.accepted && !complains).toBe(false);
  });
});
