import { describe, expect, test } from 'vitest';
import type { EvidenceItem, EvidenceState } from '../../../src/renderer/stores/evidence-store.ts';
import type { TraceReplay } from '../../../src/renderer/stores/replay-store.ts';
import { evidenceStatus } from '../../../src/renderer/words/evidence-status.ts';
import { geometryRows, geometrySentence, groupsOf } from '../../../src/renderer/words/geometry-rows.ts';
import {
  agreementPercent,
  lostFigures,
  replaySentence,
  replayVerdict,
} from '../../../src/renderer/words/replay-words.ts';
import { sampleBoot, sampleCheck, sampleReport } from '../sample-evidence.ts';

describe('the rows of a geometry', () => {
  test('say of each figure whether it is an input, equal or different', () => {
    const { printed, takenFromLog } = sampleBoot();
    const odd = { ...printed, pagesPerCpu: 54, atoms: undefined };
    const rows = geometryRows({ printed: odd, computed: printed, takenFromLog });
    expect(rows.map(({ title, relation }) => [title, relation])).toEqual([
      ['static part', 'given'],
      ['reserved part', 'given'],
      ['dynamic part', 'equal'],
      ['pages per CPU', 'differs'],
      ['unit', 'equal'],
      ['atoms per alloc', 'one-sided'],
      ['atom', 'given'],
    ]);
    expect(rows[0]?.printed).toBe('185,560 (181 KiB)');
  });

  test('never show a dynamic part as equal that was taken from the log', () => {
    const takenFromLog = ['dynamicBytes'] as const;
    const relationOf = (printed: number) =>
      geometryRows({ computed: { dynamicBytes: 31528 }, printed: { dynamicBytes: printed }, takenFromLog })[0]
        ?.relation;
    expect([relationOf(31528), relationOf(31000)]).toEqual(['given', 'differs']);
  });

  test('leave out what neither side says', () => {
    expect(
      geometryRows({ computed: {}, printed: { staticBytes: 100 }, takenFromLog: [] }).map(({ printed }) => printed),
    ).toEqual(['100']);
  });

  test('read an unused unit the same whether it came as undefined or as null', () => {
    const overWire: typeof SENT = JSON.parse(JSON.stringify(SENT));
    expect(groupsOf(overWire)).toEqual([[0, undefined]]);
  });
});

const SENT = { groupMap: [[0, undefined]] };

test.each([
  ['match', /^2 CPUs in 1 group: every computed figure/],
  ['differs', /1 figure is not what/],
  ['incomplete', /not everything that could be compared/],
] as const)('the sentence of %s says what it means', (verdict, sentence) => {
  const differences = [{ figure: 'unit', computed: '1', printed: '2' }];
  expect(geometrySentence(sampleBoot({ verdict, differences }))).toMatch(sentence);
});

describe('a replay in words', () => {
  const none = { 'event-order': 0, 'lost-events': 0, 'starting-state': 0, unexplained: 0 } as const;

  test.each([
    [{}, 'exact', /^All 3 allocations lie where the kernel put them/],
    [
      { overall: { matched: 2, total: 3 }, mismatchCounts: { ...none, 'event-order': 1 } },
      'explained',
      /^2 of 3 .* in chunks born within the trace all of them; the others are explained/,
    ],
    [
      { overall: { matched: 2, total: 3 }, mismatchCounts: { ...none, unexplained: 1 } },
      'differs',
      /; 1 is unexplained$/,
    ],
    [{ repaired: 2, reordered: 1 }, 'exact', /offset; 2 of them once events that the trace lacks .*, 1 once events/],
    [{ overall: { matched: 0, total: 0 } }, 'exact', /no allocation to compare/],
    [
      {
        overall: { matched: 2, total: 3 },
        mismatchCounts: { ...none, 'lost-events': 1 },
        lostEvents: { ...sampleReport().lostEvents, missingFrees: 1, allOfHeader: 9 },
      },
      'not proven',
      /; nothing shows why the others differ$/,
    ],
    [
      {
        overall: { matched: 2, total: 3 },
        mismatchCounts: { ...none, 'lost-events': 1 },
        lostEvents: { ...sampleReport().lostEvents, notInText: 2 },
      },
      'not proven',
      /; the header’s count alone speaks for lost events$/,
    ],
    [
      {
        overall: { matched: 2, total: 3 },
        mismatchCounts: { ...none, 'lost-events': 1 },
        lostEvents: { ...sampleReport().lostEvents, notInText: 2, proofCount: 1 },
      },
      'explained',
      /; the others are explained$/,
    ],
    [{ malformedCount: 1 }, 'lines not read', /^All 3 allocations lie/],
    [
      { repaired: 1, lostEvents: { ...sampleReport().lostEvents, missingFrees: 1 } },
      'not proven',
      /1 of them once events/,
    ],
    [
      { repaired: 1, lostEvents: { ...sampleReport().lostEvents, missingFrees: 1, markers: 1 } },
      'exact',
      /1 of them once/,
    ],
  ] as const)('%j is %s', (changes, word, sentence) => {
    const report = sampleReport(changes);
    expect(replayVerdict(report).word).toBe(word);
    expect(replaySentence(report)).toMatch(sentence);
  });

  test('never reads as all when one is missing', () => {
    expect(agreementPercent({ matched: 9_999_999, total: 10_000_000 })).toBe('99.999 %');
    expect(agreementPercent({ matched: 3, total: 3 })).toBe('100 %');
    expect(agreementPercent({ matched: 0, total: 0 })).toBe('–');
  });

  test('tells what was lost only where something was', () => {
    expect(lostFigures(sampleReport())).toEqual([]);
    const lostEvents = { ...sampleReport().lostEvents, markers: 2, missingFrees: 7 };
    const figures = lostFigures(sampleReport({ lostEvents, reordered: 1 }));
    expect(figures.map(({ value }) => value)).toEqual(['2', '7', '1']);
  });
});

describe('a file in the list', () => {
  const words = (state: EvidenceState, replays: ReadonlyMap<string, TraceReplay> = new Map()): string => {
    const item: EvidenceItem = { id: 1, name: 'file', sizeBytes: 2 ** 20, state };
    return evidenceStatus(item, replays).words;
  };
  const file = { fileId: 'f', name: 'file', sizeBytes: 1 } as const;
  const wish = { traceId: 'f' };
  const trace = { kind: 'ready', file: { ...file, kind: 'trace' } } as const;
  const replay = (progress: TraceReplay['progress']) => new Map([['f', { wish, progress }]]);

  test('says how much of it is sent, and what it is then', () => {
    expect(words({ kind: 'sending', sentBytes: 2 ** 19 })).toBe('sending 50 % of 1 MiB');
    expect(words({ kind: 'ready', file: { ...file, kind: 'boot-log' } })).toBe('boot log · being checked');
    expect(words({ kind: 'ready', file: { ...file, kind: 'boot-log' }, check: sampleCheck() })).toBe(
      '✓ boot log · match',
    );
    expect(words({ kind: 'ready', file: { ...file, kind: 'percpu-stats' } })).toBe('percpu_stats');
    expect(words({ kind: 'refused', error: { code: 'bad-input', message: '' } })).toBe('✕ cannot be used');
  });

  test('says where its replay stands', () => {
    expect(words(trace)).toBe('trace');
    expect(words(trace, replay({ kind: 'replaying', fraction: 0.5 }))).toBe('trace · replaying 50 %');
    expect(words(trace, replay({ kind: 'cancelling' }))).toBe('trace · cancelling…');
    const cancelled = { code: 'cancelled', message: '' } as const;
    expect(words(trace, replay({ kind: 'failed', error: cancelled }))).toBe('◼ trace · cancelled');
    const finished = { replayId: 'r', wish, report: sampleReport(), moments: [] };
    expect(words(trace, new Map([['f', { wish, progress: { kind: 'done' }, finished }]]))).toBe('✓ trace · exact');
  });
});

describe('the verdict on a replay', () => {
  test('is not that all is exact when the file was cut, or percpu_stats contradicts it', () => {
    const cutShort = { reason: 'unexpected end of file', line: 9, timeUs: 1000 };
    expect(replayVerdict(sampleReport()).kind).toBe('good');
    expect(replayVerdict(sampleReport({ cutShort }))).toMatchObject({ kind: 'partly', word: 'cut short' });
    expect(replayVerdict(sampleReport({ statsContradiction: 'no' }))).toMatchObject({ kind: 'bad' });
  });
});
