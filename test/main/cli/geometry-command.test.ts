import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../src/main/cli/cli.ts';
import { temporaryFolder } from '../lab/temporary-folder.ts';

const GOOD = [
  '[    0.000000] percpu: Embedded 64 pages/cpu s225280 r8192 d28672 u1048576',
  '[    0.000000] pcpu-alloc: s225280 r8192 d28672 u1048576 alloc=1*2097152',
  '[    0.000000] pcpu-alloc: [0] 0 1 ',
  '',
].join('\n');
const WRONG = GOOD.replaceAll('u1048576', 'u524288');
const HALF = GOOD.split('\n').slice(0, 2).join('\n');

/** `lab geometry ARGS` in a folder with files of these texts; opening the lab is an error. */
async function geometry(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  let [out, err] = ['', ''];
  const paths = args.map((arg) => (arg.startsWith('-') ? arg : join(folder, arg)));
  const code = await runCli(['geometry', ...paths], {
    openLab: () => Promise.reject(new Error('the lab was opened')),
    dashboardFolder: '/nowhere',
    version: '1',
    terminal: {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      isInteractive: false,
      interrupted: new AbortController().signal,
    },
  });
  expect(readdirSync(folder)).toEqual(Object.keys(files).sort());
  return { code, out: out.replaceAll(`${folder}/`, ''), err: err.replaceAll(`${folder}/`, '') };
}

describe('lab geometry --check', () => {
  it('prints a row per file, and 0 when all match', async () => {
    const { code, out, err } = await geometry(['--check', 'a', 'b'], { a: GOOD, b: GOOD });
    expect([code, err]).toEqual([0, '']);
    const [head, first, second, ...rest] = out.split('\n');
    expect(head).toMatch(/^file +verdict +CPUs +groups +pages\/cpu +static +reserved +dynamic +unit +alloc$/);
    expect(first).toMatch(/^a +match +2 +1 +64 +225280 +8192 +28672 +1048576 +1\*2097152$/);
    expect(second).toMatch(/^b +match /);
    expect(rest.at(-2)).toBe('2 of 2 files match');
  });

  it('says where a log differs, and ends with 1', async () => {
    const { code, out } = await geometry(['--check', 'good', 'wrong'], { good: GOOD, wrong: WRONG });
    expect(code).toBe(1);
    expect(out).toContain('\nwrong:2: unit: computed 1048576, printed 524288\n');
    expect(out).toMatch(/\n1 of 2 files match\n$/);
  });

  it('says what a log lacks, and ends with 4', async () => {
    const { code, out } = await geometry(['--check', 'half', 'none'], { half: HALF, none: 'hello' });
    expect(code).toBe(4);
    expect(out).toMatch(/^half +incomplete +- +- +64 /m);
    expect(out).toContain('\nhalf: incomplete: the group map (pcpu-alloc: [0] …) is not in the log\n');
    expect(out).toContain('\nnone: the file has no line about the per-CPU area\n');
    expect((await geometry(['--check', 'half', 'wrong'], { half: HALF, wrong: WRONG })).code).toBe(1);
  });

  it('names the boots of one file by their lines, notes and what could not be read', async () => {
    const text = `Linux version 3.2.0 (x)\n${GOOD}Linux version 6.8.0 (x)\n${GOOD}pcpu-alloc: what\n`;
    const { code, out } = await geometry(['--check', 'two'], { two: text });
    expect(code).toBe(0);
    expect(out).toMatch(/^two:1 +match /m);
    expect(out).toMatch(/^two:5 +match /m);
    expect(out).toContain('two:1: note: no build of Linux 3.2.0 that is known here asks for what became 28672 bytes\n');
    expect(out).toContain(
      "two:9: unreadable: 'pcpu-alloc: what' has neither the sizes s r d u alloc=N*M nor a group map\n",
    );
    expect(out).toMatch(/\n1 of 1 file matches; 2 of 2 boots match\n$/);
  });

  it('says a sentence once that holds for many boots, with their number', async () => {
    const many = Array.from({ length: 7 }, (_, index) => `Linux version 6.8.${index} (x)\n${HALF}\n`).join('');
    const { out } = await geometry(['--check', 'many'], { many });
    const sentence = 'the group map (pcpu-alloc: [0] …) is not in the log (7 boots: lines 1, 4, 7, 10, 13, …)';
    expect(out.match(/^many.*incomplete: .*$/gm)).toEqual([`many: incomplete: ${sentence}`]);
    expect(out).toMatch(/\n0 of 1 file matches; 0 of 7 boots match\n$/);
  });

  it('says when the dynamic part was taken from the log, in words and in JSON', async () => {
    const named = `Linux version 6.8.0 (x)\n${GOOD}`;
    expect((await geometry(['--check', 'named'], { named })).out).not.toContain('taken from the log');
    expect((await geometry(['--check', 'good'], { good: GOOD })).out).toContain(
      '\nthe dynamic part is taken from the log, not computed, as',
    );
    const json: unknown = JSON.parse((await geometry(['--check', 'good', '--json'], { good: GOOD })).out);
    expect(json).toMatchObject({ files: [{ boots: [{ takenFromLog: expect.arrayContaining(['dynamicBytes']) }] }] });
  });

  it('--json prints one document', async () => {
    const { code, out, err } = await geometry(['--check', 'good', 'wrong', '--json'], { good: GOOD, wrong: WRONG });
    expect([code, err]).toEqual([1, '']);
    const figures = {
      staticBytes: 225_280,
      reservedBytes: 8192,
      dynamicBytes: 28_672,
      pagesPerCpu: 64,
      unitBytes: 1_048_576,
      atoms: 1,
      atomBytes: 2_097_152,
      groupMap: [[0, 1]],
      mapLines: ['[0] 0 1'],
    };
    expect(JSON.parse(out)).toMatchObject({
      files: [
        { file: 'good', verdict: 'match', computed: figures, printed: figures, malformed: [] },
        { file: 'wrong', verdict: 'differs', computed: figures, printed: { ...figures, unitBytes: 524_288 } },
      ],
    });
  });

  it('checks the other files when one cannot be read, and ends with 2', async () => {
    const { code, out, err } = await geometry(['--check', 'none', 'good'], { good: GOOD });
    expect([code, err]).toEqual([2, 'none does not exist\n']);
    expect(out).toMatch(/^good +match /m);
    const json = await geometry(['--check', 'none', '--json']);
    expect([json.code, JSON.parse(json.out)]).toEqual([2, { files: [] }]);
    expect(await geometry(['--check', 'none'])).toEqual({ code: 2, out: '', err: 'none does not exist\n' });
  });

  it.each([
    [['a'], 'geometry needs --check\n'],
    [['--check'], 'geometry needs a file; see lab geometry --help\n'],
    [['--check=yes', 'a'], '--check takes no value; see lab geometry --help\n'],
  ])('%j is wrong usage: %s', async (args, sentence) => {
    expect(await geometry(args, { a: GOOD })).toEqual({ code: 2, out: '', err: sentence });
  });

  it('is in the help', async () => {
    expect((await geometry(['--help'])).out).toMatch(/^Usage: lab geometry FILE… \[options\]\n/);
  });
});
