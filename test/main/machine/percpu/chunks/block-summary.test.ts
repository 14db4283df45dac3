/** The cases of the written rules, one by one and drawn; then at random against the plain ones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absorb,
  clearSummary,
  entryCell,
  runMeets,
  SUMMARY_WORDS,
  SummaryW,
} from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';
import { absorbRun, entryOf, freshSummary, type PlainSummary, shares } from './plain-summary.ts';

const SPAN = 64;
const AT = 8;

/** Words with a summary of these hints: `C=4@8 S=2@0`. */
function summaryOf(hints: string): RegionWords {
  const words = new RegionWords(new SharedArrayBuffer(4 * (AT + 2 * SUMMARY_WORDS)));
  words.set(AT + SummaryW.firstFree, SPAN);
  for (const [, name, length, start] of hints.matchAll(/([CS])=(\d+)@(\d+)/g)) {
    const [lengthW, startW] =
      name === 'C' ? [SummaryW.contig, SummaryW.contigStart] : [SummaryW.scan, SummaryW.scanStart];
    words.set(AT + lengthW, Number(length));
    words.set(AT + startW, Number(start));
  }
  return words;
}

function hintsOf(words: RegionWords): string {
  const field = (name: keyof typeof SummaryW): number => words.get(AT + SummaryW[name]);
  const scan = field('scan') === 0 ? '' : ` S=${field('scan')}@${field('scanStart')}`;
  return `C=${field('contig')}@${field('contigStart')}${scan}`;
}

/** `start+length` is taken in. */
function absorbed(hints: string, run: string): string {
  const [start = 0, length = 0] = run.split('+').map(Number);
  const words = summaryOf(hints);
  absorb(words, { summary: AT, cells: SPAN }, start, start + length);
  return hintsOf(words);
}

describe('a run that is taken in', () => {
  it.each([
    ['longer, behind, old one beats the scan hint', 'C=4@8 S=2@0', '20+6', 'C=6@20 S=4@8'],
    ['longer, behind, old one equals the scan hint', 'C=4@8 S=4@20', '30+6', 'C=6@30 S=4@20'],
    ['longer, behind, but before the scan hint', 'C=4@8 S=4@40', '20+6', 'C=6@20'],
    ['longer, in front', 'C=4@30 S=2@0', '8+6', 'C=6@8'],
    ['longer, in the same place', 'C=4@8 S=2@0', '8+6', 'C=6@8'],
    ['equal, better aligned', 'C=4@6', '16+4', 'C=4@16'],
    ['equal, better aligned, before the scan hint', 'C=4@6 S=2@40', '16+4', 'C=4@16'],
    ['equal, better aligned, behind the scan hint', 'C=4@6 S=2@0', '16+4', 'C=4@16 S=2@0'],
    ['equal, at the very start', 'C=4@32', '0+4', 'C=4@0'],
    ['equal, kept at the very start', 'C=4@0', '32+4', 'C=4@0 S=4@32'],
    ['equal, worse aligned, further than the scan hint', 'C=4@8 S=2@0', '12+4', 'C=4@8 S=4@12'],
    ['equal, worse aligned, scan hint as long and further', 'C=4@8 S=4@40', '12+4', 'C=4@8 S=4@40'],
    ['shorter, before the contig run, longer than the scan hint', 'C=8@32 S=2@0', '10+4', 'C=8@32 S=4@10'],
    ['shorter, before the contig run, as long as the scan hint, later', 'C=8@32 S=4@0', '10+4', 'C=8@32 S=4@10'],
    ['shorter, before the contig run, as long, earlier', 'C=8@32 S=4@10', '2+4', 'C=8@32 S=4@10'],
    ['shorter, behind the contig run', 'C=8@32 S=2@0', '50+4', 'C=8@32 S=2@0'],
  ])('%s', (_name, before, run, after) => {
    expect(absorbed(before, run)).toBe(after);
  });

  it('lowers firstFree, and is left and right where it touches the edges', () => {
    const words = summaryOf('C=0@0');
    const fields = (): number[] =>
      [SummaryW.firstFree, SummaryW.left, SummaryW.right].map((field) => words.get(AT + field));
    absorb(words, { summary: AT, cells: SPAN }, 20, 24);
    expect(fields()).toEqual([20, 0, 0]);
    absorb(words, { summary: AT, cells: SPAN }, 60, 64);
    expect(fields()).toEqual([20, 0, 4]);
    absorb(words, { summary: AT, cells: SPAN }, 0, 3);
    expect(fields()).toEqual([0, 3, 4]);
  });

  it('of negative length lowers firstFree and nothing else', () => {
    const words = summaryOf('C=4@8 S=2@0');
    absorb(words, { summary: AT, cells: SPAN }, 40, 12);
    expect(hintsOf(words)).toBe('C=4@8 S=2@0');
    expect(words.get(AT + SummaryW.firstFree)).toBe(40);
  });

  it('writes its own summary only', () => {
    const words = summaryOf('C=4@8');
    const around = (): number[] => [...words.view.subarray(0, AT), ...words.view.subarray(AT + SUMMARY_WORDS)];
    const before = around();
    absorb(words, { summary: AT, cells: SPAN }, 0, 64);
    clearSummary(words, { summary: AT, cells: SPAN });
    expect(around()).toEqual(before);
    expect(hintsOf(words)).toBe('C=64@0');
  });

  it('does as the plain rules say, whatever came before', () => {
    const runs = fc.array(
      fc.tuple(fc.nat(SPAN - 1), fc.integer({ min: -4, max: 20 })).map(([start, length]) => ({
        start,
        end: Math.min(start + length, SPAN),
      })),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(runs, fc.boolean(), fc.integer({ min: 1, max: 30 }), (all, isFresh, cells) => {
        const words = summaryOf('C=0@0');
        const plain: PlainSummary = { ...freshSummary(SPAN), firstFree: SPAN, contig: 0, left: 0, right: 0 };
        if (isFresh) {
          clearSummary(words, { summary: AT, cells: SPAN });
          Object.assign(plain, freshSummary(SPAN));
        }
        for (const { start, end } of all) {
          absorb(words, { summary: AT, cells: SPAN }, start, end);
          absorbRun(plain, start, end);
          const { span: _span, ...fields } = plain;
          for (const name of Object.keys(fields) as (keyof typeof fields)[]) {
            expect([name, words.get(AT + SummaryW[name])]).toEqual([name, fields[name]]);
          }
          expect(entryCell(words, AT, cells)).toBe(entryOf(plain, cells));
        }
      }),
    );
  });
});

describe('a search', () => {
  it.each([
    ['begins at the first free cell', 'C=8@30', 4, 2],
    ['skips what a scan hint has ruled out', 'C=8@30 S=4@10', 5, 14],
    ['does not skip what may fit', 'C=8@30 S=4@10', 4, 2],
    ['does not go by a scan hint behind the contig run', 'C=8@6 S=8@30', 9, 2],
  ])('%s', (_name, hints, cells, entry) => {
    const words = summaryOf(hints);
    words.set(AT + SummaryW.firstFree, 2);
    expect(entryCell(words, AT, cells)).toBe(entry);
  });

  it('knows whether a run meets a range as plain intervals do', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(20), fc.nat(40), fc.integer({ min: 1, max: 20 }), (start, length, from, cells) => {
        expect(runMeets(start, length, from, from + cells)).toBe(shares(start, length, from, from + cells));
      }),
    );
  });
});
