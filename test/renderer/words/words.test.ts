import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { figureGroups } from '../../../src/renderer/words/figure-rows.ts';
import { ADDRESS_SPACE_GLOSSARY } from '../../../src/renderer/words/address-space-glossary.ts';
import { PERCPU_GLOSSARY } from '../../../src/renderer/words/percpu-glossary.ts';
import { THIS_CPU_GLOSSARY } from '../../../src/renderer/words/this-cpu-glossary.ts';
import { GLOSSARY } from '../../../src/renderer/words/glossary.ts';
import { MEMORY_COLUMNS, MEMORY_KINDS, otherBytes } from '../../../src/renderer/words/memory-kinds.ts';
import { messagePosition, positionToIndex, withoutPosition } from '../../../src/renderer/words/message-position.ts';
import { verdictSentences } from '../../../src/renderer/words/verdict-sentence.ts';
import type { MemoryFigures, RunRecord } from '../../../src/shared/run-record.ts';
import { samplePercpuProfile, samplePercpuSummaries } from '../sample-percpu.ts';
import { sampleProfile } from '../sample-profile.ts';
import { sampleThisCpuRecord } from '../sample-this-cpu.ts';
import { finishedRecord } from '../scripted-run.ts';

const record = finishedRecord('run-1', sampleProfile());

describe('the verdict', () => {
  test('names design and baseline, and says each direction with ratio, interval and confidence', () => {
    expect(verdictSentences(record)).toEqual([
      expect.stringMatching(
        /^per-CPU, global against single mutex: writes 1\.\d\d × as fast \[1\.\d\d, 1\.\d\d\], 96\.9 % interval; reads same \(.+ × \[.+\], 96\.9 % interval\)$/,
      ),
    ]);
  });

  test('of something slower says so by the ratio', () => {
    const comparisons: RunRecord['comparisons'] = [
      {
        direction: 'write',
        design: 'per-cpu-global',
        baseline: 'single-mutex',
        blocks: 8,
        ratio: 0.84,
        interval: { low: 0.8, high: 0.88, confidence: 0.95 },
        verdict: 'slower',
        reason: '',
      },
    ];
    expect(verdictSentences({ ...record, comparisons })).toEqual([
      'per-CPU, global against single mutex: writes 0.84 × as fast [0.80, 0.88], 95 % interval',
    ]);
  });

  test('of a design that loses updates says that first, and never that it is fast', () => {
    const wrong = { design: 'unprotected', issued: 4096, lost: 12, extra: 0 } as const;
    const comparisons: RunRecord['comparisons'] = [
      {
        direction: 'access',
        design: 'unprotected',
        baseline: 'preempt-offset',
        blocks: 8,
        ratio: 1.4,
        interval: { low: 1.3, high: 1.5, confidence: 0.95 },
        verdict: 'wrong',
        reason: '',
        wrong,
      },
    ];
    expect(verdictSentences({ ...record, comparisons })).toEqual([
      '✕ wrong result: unprotected lost 12 of 4,096 additions; unprotected against preempt-off + offset: accesses 1.40 × ' +
        '[1.30, 1.50], 95 % interval, worth nothing',
    ]);
  });

  test('of one design alone that loses updates says so all the same', () => {
    const [, losing] = sampleThisCpuRecord().designs;
    const designs = losing === undefined ? [] : [losing];
    expect(verdictSentences({ ...record, comparisons: [], designs })).toEqual([
      '✕ wrong result: unprotected lost 40 of 2,000 additions; nothing else was measured',
    ]);
  });

  test('of too few repetitions is inconclusive and says why there is no interval', () => {
    const few = finishedRecord('run-1', sampleProfile({ experiment: { repetitions: 2, equivalencePercent: 2 } }));
    expect(verdictSentences(few)[0]).toContain('writes inconclusive (1.');
    expect(verdictSentences(few)[0]).toContain('too few repetitions for an interval');
  });

  test('of a run without a finished repetition says that there is nothing to compare', () => {
    const empty = { ...record, samples: [], designs: [], comparisons: [] };
    expect(verdictSentences(empty)).toEqual(['No repetition was finished, so there is nothing to compare']);
  });

  test('of one design alone that counted per-CPU objects says what it counted', () => {
    const designs = samplePercpuSummaries().slice(0, 1);
    const counted = { ...record, profile: samplePercpuProfile(), designs, comparisons: [] };
    expect(verdictSentences(counted)).toEqual([
      'embedded units: 400 objects of 15,200 bytes on each CPU, 84.2 % of the bytes: psi_cgroup_alloc',
    ]);
  });

  test('of one design alone names it', () => {
    const one = finishedRecord('run-1', sampleProfile({ designs: ['per-cpu-global'] }));
    expect(verdictSentences(one)).toEqual([
      'Only per-CPU, global was measured, so there is nothing to compare it with',
    ]);
  });
});

describe('the place in a message', () => {
  test.each([
    ["line 3, column 6: 'size' needs a value", { line: 3, column: 6 }],
    ['Line 12 is neither a section nor an option', { line: 12, column: 1 }],
    ['job.fio:4:2: unknown option', { line: 4, column: 2 }],
  ])('is found in “%s”', (message, position) => {
    expect(messagePosition(message)).toEqual(position);
  });

  test.each(['Job file must not be empty', 'line 0, column 1: none', 'the baseline 3 is wrong'])(
    'is not made up for “%s”',
    (message) => {
      expect(messagePosition(message)).toBeUndefined();
    },
  );

  test('is taken off the front of the sentence only', () => {
    expect(withoutPosition("line 3, column 6: 'size' needs a value")).toBe("'size' needs a value");
    expect(withoutPosition('the option of line 3, column 6: no')).toBe('the option of line 3, column 6: no');
  });

  test('is turned into an index of the text, at most the end of its line', () => {
    const text = '[a]\nrw=write\n\nsize=1g';
    expect(text.slice(positionToIndex(text, { line: 2, column: 4 }))).toMatch(/^write/);
    expect(text[positionToIndex(text, { line: 1, column: 99 })]).toBe('\n');
    expect(positionToIndex(text, { line: 99, column: 1 })).toBe(text.length);
  });
});

describe('memory', () => {
  test('kinds add up to what is in use', () => {
    for (const { memoryAtEnd } of record.designs) {
      const sum = MEMORY_KINDS.reduce((bytes, kind) => bytes + kind.bytes(memoryAtEnd), 0);
      expect(sum).toBe(memoryAtEnd.usedBytes);
    }
  });

  test('of a peak whose columns peaked at different times has no negative kind', () => {
    const [first] = record.designs;
    expect(first).toBeDefined();
    if (first === undefined) return;
    const memory = { ...first.memoryAtPeak, usedBytes: first.memoryAtPeak.poolBytes };
    expect(MEMORY_KINDS.map((kind) => kind.bytes(memory)).every((bytes) => bytes >= 0)).toBe(true);
  });

  test('columns of the table are all that a machine counts, but its size', () => {
    const counted = Object.keys(record.designs[0]?.memoryAtEnd ?? {}).filter((key) => key !== 'totalBytes');
    expect(MEMORY_COLUMNS.map((column) => column.key).sort()).toEqual(counted.sort());
  });
});

describe('the table of figures', () => {
  test('has a group per direction and two for memory, with a value per design', () => {
    const groups = figureGroups(record);
    expect(groups.map((group) => group.title)).toEqual(['write', 'read', 'memory at end', 'memory at peak']);
    expect(groups.flatMap((group) => group.rows).every((row) => row.values.length === 2)).toBe(true);
  });

  test('leaves out a direction that nobody measured, and marks one that a design lacks', () => {
    const [first, second] = record.designs;
    expect(first !== undefined && second !== undefined).toBe(true);
    if (first === undefined || second === undefined) return;
    const groups = figureGroups({
      profile: record.profile,
      designs: [
        { ...first, read: undefined },
        { ...second, read: undefined, write: undefined },
      ],
    });
    expect(groups.map((group) => group.title)).toEqual(['write', 'memory at end', 'memory at peak']);
    expect(groups[0]?.rows.every((row) => row.values[1] === '–')).toBe(true);
  });
});

test('shares of the original and of the CPUs’ time have rows where a run knows them, and none in runs of before', () => {
  const spread = { median: 0.4, low: 0.3, high: 0.5, samples: [0.3, 0.4, 0.5] };
  const designs = record.designs.map((design) => ({
    ...design,
    ...(design.write === undefined ? {} : { write: { ...design.write, requestShare: 0.6, withheldShare: 0.25 } }),
    storedShares: { compressed: spread, pool: { ...spread, median: 0.5 } },
  }));
  const rowsOf = (shown: typeof designs | typeof record.designs) =>
    figureGroups({ designs: shown, profile: record.profile }).flatMap(({ title: group, rows }) =>
      rows
        .filter(({ title }) => ['in requests', 'no core'].includes(title) || title.endsWith('of original'))
        .map(({ title, values }) => `${group}: ${title} ${values.join()}`),
    );
  expect(rowsOf(designs)).toEqual([
    'write: in requests 60.0 %,60.0 %',
    'write: no core 25.0 %,25.0 %',
    'memory at end: compressed, of original 40.0 %,40.0 %',
    'memory at end: pool, of original 50.0 %,50.0 %',
  ]);
  expect(rowsOf(record.designs)).toEqual([]);
});

test('the memory of a percpu workload has no rows about zram, which it leaves idle', () => {
  const rowsOf = (profile: RunRecord['profile']) =>
    figureGroups({ designs: record.designs, profile })
      .find(({ title }) => title === 'memory at end')
      ?.rows.map(({ title }) => title);
  expect(rowsOf(samplePercpuProfile())).toEqual(['per-CPU area', 'all in use']);
  expect(rowsOf(record.profile)).toHaveLength(MEMORY_COLUMNS.length);
});

test('no word of the glossary is explained twice, by which one explanation would be lost', () => {
  const parts = [ADDRESS_SPACE_GLOSSARY, PERCPU_GLOSSARY, THIS_CPU_GLOSSARY];
  const words = parts.flatMap((part) => Object.keys(part));
  expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  for (const part of parts)
    for (const [word, text] of Object.entries(part)) expect(GLOSSARY).toHaveProperty(word, text);
});

test('every word of the glossary is explained in whole sentences', () => {
  for (const [term, explanation] of Object.entries(GLOSSARY)) expect(explanation, term).toMatch(/^[A-Z].*[.]$/s);
});

test('every word of the glossary is shown with its hover somewhere', () => {
  const folder = join(import.meta.dirname, '../../../src/renderer');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(vue|ts)$/.test(path) && !path.endsWith('glossary.ts'),
  );
  const text = sources.map((path) => readFileSync(join(folder, path), 'utf8')).join('\n');
  const shown = (term: string) => new RegExp(`['"]${term}['"]|GLOSSARY\\.${term}\\b`).test(text);
  expect(Object.keys(GLOSSARY).filter((term) => !shown(term))).toEqual([]);
});

describe('what the words say of percpu workloads', () => {
  test('and of this-cpu workloads, where they stand in tables and charts of every workload, is said too', () => {
    for (const term of ['design', 'throughput', 'latency', 'percentile'] as const) {
      expect(GLOSSARY[term], term).toMatch(/per-CPU|percpu|allocat/);
      expect(GLOSSARY[term], term).toMatch(/this.cpu/);
    }
  });

  test('does not put compression buffers into the per-CPU area, whose frames are of another kind', () => {
    expect(GLOSSARY.percpuArea).toMatch(/Compression buffers are not among them/);
    const [{ memoryAtEnd } = { memoryAtEnd: undefined }] = record.designs;
    if (memoryAtEnd === undefined) throw new Error('the script has no design');
    const [bufferBytes, workMemoryBytes] = [8192, 20_480];
    const only: MemoryFigures = { ...memoryAtEnd, poolBytes: 0, slotTableBytes: 0, percpuAreaBytes: 0 };
    const usedBytes = bufferBytes + workMemoryBytes;
    expect(otherBytes({ ...only, bufferBytes, workMemoryBytes, usedBytes })).toBe(usedBytes);
  });
});
