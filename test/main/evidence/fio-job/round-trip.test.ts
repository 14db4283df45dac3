import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FioBuffer, FioJob } from '../../../../src/main/evidence/fio-job/fio-job.ts';
import { parseFioJobFile } from '../../../../src/main/evidence/fio-job/parse-fio-job-file.ts';
import { CONTEXT, jobsOf, variable } from './contexts.ts';

const BLOCK = 4096;
const pattern = fc.array(fc.nat(255), { minLength: 1, maxLength: 12 });
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const buffers: fc.Arbitrary<FioBuffer> = fc.record({
  zero: fc.boolean(),
  pattern: optional(pattern),
  refill: fc.boolean(),
  scramble: fc.boolean(),
  compressPercent: fc.nat(100),
  compressChunkBytes: fc.integer({ min: 1, max: 65536 }),
  dedupePercent: fc.nat(100),
});

/** What a section can say, in whole blocks and milliseconds. */
const sections = fc.record({
  name: fc.stringMatching(/^[a-fh-z][a-z0-9 \]_-]{0,10}$/),
  rw: fc.constantFrom('write', 'read', 'randwrite', 'randread', 'readwrite', 'randrw'),
  mixedPercent: fc.nat(100),
  blockBlocks: fc.integer({ min: 1, max: 64 }),
  sizeBlocks: fc.integer({ min: 1, max: 1000 }),
  offsetBlocks: fc.nat(100),
  incrementBlocks: fc.nat(100),
  runtimeMs: optional(fc.integer({ min: 1, max: 100_000_000 })),
  timeBased: fc.boolean(),
  loops: fc.integer({ min: 1, max: 9 }),
  ioDepth: fc.integer({ min: 1, max: 256 }),
  clones: fc.integer({ min: 1, max: 4 }),
  newPhase: fc.boolean(),
  newGroup: fc.boolean(),
  randSeed: optional(fc.nat()),
  device: optional(fc.nat(15)),
  verify: fc.constantFrom('none', 'null', 'meta', 'pattern', 'crc32c'),
  verifyPattern: pattern,
  doVerify: fc.boolean(),
  buffer: buffers,
});
type Section = typeof sections extends fc.Arbitrary<infer T> ? T : never;

/** Different ways of writing the same number of bytes. */
function sizeText(bytes: number, choice: number): string {
  const ways = [String(bytes), `0x${bytes.toString(16)}`, `+${bytes}b`];
  if (bytes % 1024 === 0) ways.push(`${bytes / 1024}k`, `${bytes / 1024}KB`, `${bytes / 1024}Ki`);
  if (bytes % 1000 === 0) ways.push(`${bytes / 1000}kib`);
  if (bytes % 2 ** 20 === 0) ways.push(`${bytes / 2 ** 20}M`);
  return ways[choice % ways.length] ?? '';
}

function patternText(bytes: readonly number[]): string {
  return `0x${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function bit(value: boolean): string {
  return value ? '1' : '0';
}

function optionLines(section: Section, choice: number): readonly string[] {
  const { buffer, runtimeMs, randSeed, device } = section;
  const size = (blocks: number) => sizeText(blocks * BLOCK, choice);
  return [
    `rw=${section.rw === 'readwrite' && choice % 2 === 0 ? 'rw' : section.rw}`,
    choice % 2 === 0 ? `rwmixread=${section.mixedPercent}` : `rwmixwrite=${100 - section.mixedPercent}`,
    `${choice % 3 === 0 ? 'blocksize' : 'bs'}=${size(section.blockBlocks)}`,
    `size=${sizeText(section.sizeBlocks * section.blockBlocks * BLOCK, choice)}`,
    `offset=${size(section.offsetBlocks)}`,
    `offset_increment=${size(section.incrementBlocks)}`,
    ...(runtimeMs === undefined ? [] : [choice % 2 === 0 ? `runtime=${runtimeMs}ms` : `timeout=${runtimeMs * 1000}us`]),
    `time_based=${bit(section.timeBased && runtimeMs !== undefined)}`,
    `loops=${section.loops}`,
    'ioengine=io_uring',
    `iodepth=${section.ioDepth}`,
    `numjobs=${section.clones}`,
    `stonewall=${bit(section.newPhase)}`,
    `new_group=${bit(section.newGroup)}`,
    ...(randSeed === undefined ? [] : [`randseed=${randSeed}`]),
    ...(device === undefined ? [] : [`filename=/dev/zram${device}`]),
    `verify=${section.verify === 'none' ? '0' : section.verify}`,
    `verify_pattern=${patternText(section.verifyPattern)}`,
    `do_verify=${bit(section.doVerify)}`,
    `zero_buffers=${bit(buffer.zero)}`,
    ...(buffer.pattern === undefined ? [] : [`buffer_pattern=${patternText(buffer.pattern)}`]),
    buffer.refill ? 'refill_buffers' : 'refill_buffers=0',
    `scramble_buffers=${bit(buffer.scramble)}`,
    `buffer_compress_percentage=${buffer.compressPercent}`,
    `buffer_compress_chunk=${buffer.compressChunkBytes}`,
    `dedupe_percentage=${buffer.dedupePercent}`,
  ];
}

function readPercent({ rw, mixedPercent }: Section): number {
  if (rw === 'readwrite' || rw === 'randrw') return mixedPercent;
  return rw === 'read' || rw === 'randread' ? 100 : 0;
}

/** The jobs that the sections mean, worked out without the parser; lines are left out. */
function expectedJobs(all: readonly Section[]): readonly Omit<FioJob, 'line'>[] {
  let phaseGroup = 0;
  let reportGroup = 0;
  return all.flatMap((section, index) => {
    if (index > 0 && section.newPhase) phaseGroup++;
    if (index > 0 && (section.newPhase || section.newGroup)) reportGroup++;
    const groups = { phaseGroup, reportGroup };
    return Array.from({ length: section.clones }, (_, cloneIndex) => ({
      name: section.name,
      cloneIndex,
      rw: section.rw,
      readPercent: readPercent(section),
      blockBytes: section.blockBlocks * BLOCK,
      sizeBytes: section.sizeBlocks * section.blockBlocks * BLOCK,
      offsetBytes: (section.offsetBlocks + section.incrementBlocks * cloneIndex) * BLOCK,
      runtimeMs: section.runtimeMs,
      timeBased: section.timeBased && section.runtimeMs !== undefined,
      loops: section.loops,
      ioDepth: section.ioDepth,
      ...groups,
      randSeed: section.randSeed,
      deviceIndex: section.device,
      fileName: section.device === undefined ? `${section.name}.${cloneIndex}.0` : `/dev/zram${section.device}`,
      verify: section.verify,
      verifyPattern: section.verifyPattern,
      doVerify: section.doVerify,
      buffer: section.buffer,
    }));
  });
}

/** The file, with blanks, comments and line ends to taste. */
function print(all: readonly Section[], choice: number): string {
  const ends = ['\n', '\r\n', ' ; note\n', '\t#[x]\r\n', '\n\n'];
  const end = (index: number) => ends[(index + choice) % ends.length] ?? '\n';
  return all
    .flatMap((section, index) => [`[${section.name}]`, ...optionLines(section, choice + index)])
    .map((line, index) => `${index % 3 === choice % 3 ? '  ' : ''}${line}${end(index)}`)
    .join('');
}

describe('a job file', () => {
  it('means what was put into it, however it is written', () => {
    fc.assert(
      fc.property(fc.array(sections, { minLength: 1, maxLength: 4 }), fc.nat(1000), (all, choice) => {
        const parsed = jobsOf(print(all, choice)).map(({ line, ...job }) => {
          expect(line).toBeGreaterThan(0);
          return job;
        });
        expect(parsed).toEqual(expectedJobs(all));
      }),
    );
  });

  it('means the same when options that sections share are moved into [global]', () => {
    fc.assert(
      fc.property(sections, fc.nat(1000), fc.nat(30), (section, choice, split) => {
        const lines = optionLines(section, choice);
        const whole = [`[global]`, '[a]', ...lines].join('\n');
        const moved = [`[global]`, ...lines.slice(0, split), '[a]', ...lines.slice(split)].join('\n');
        const meaning = (text: string) => jobsOf(text).map((job) => ({ ...job, line: 0 }));
        expect(meaning(moved)).toEqual(meaning(whole));
      }),
    );
  });

  it('never makes the parser throw, and errors lie inside the file', () => {
    const words = fc.constantFrom(
      '[',
      ']',
      'a',
      'bs',
      'size',
      '=',
      '4k',
      '-',
      ',',
      ':',
      '%',
      '$ncpus',
      variable('SIZE'),
      '*',
      ' ',
      '\n',
      '\r\n',
      '[a]\n',
      '#',
      'verify_pattern',
      '0x',
      '"',
      'global',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 30 }).map((all) => all.join('')),
        ),
        (text) => {
          const parsed = parseFioJobFile(text, CONTEXT);
          if (parsed.ok) return;
          const lines = text.split('\n');
          for (const { line, column, message } of parsed.errors) {
            expect(message).not.toBe('');
            expect(line).toBeLessThanOrEqual(lines.length);
            // One past the end is where a missing value would stand.
            expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
