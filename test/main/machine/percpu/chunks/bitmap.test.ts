/** Every operation on bits against a string of `#` and `.`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterPreviousSet,
  bitIsSet,
  clearRange,
  countSet,
  nextClear,
  nextSet,
  setBit,
  setRange,
  trailingZeros,
} from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';

const BITS = 160;
/** The map does not begin at the buffer's first word, and does not end with it. */
const MAP = 3;

class DrawnBits {
  readonly words = new RegionWords(new SharedArrayBuffer(4 * (MAP + BITS / 32 + 3)));

  constructor(drawing: string) {
    this.words.fill(-1, 0, MAP);
    this.words.fill(-1, MAP + BITS / 32, this.words.view.length);
    for (const [bit, sign] of drawing.split('').entries()) if (sign === '#') setBit(this.words, MAP, bit);
  }

  draw(): string {
    return Array.from({ length: BITS }, (_, bit) => (bitIsSet(this.words, MAP, bit) ? '#' : '.')).join('');
  }

  /** What lies around the map must stay as it was. */
  isIntactAround(): boolean {
    const { view } = this.words;
    return [...view.subarray(0, MAP), ...view.subarray(MAP + BITS / 32)].every((word) => word === -1);
  }
}

const drawings = fc
  .array(fc.record({ sign: fc.constantFrom('#', '.'), length: fc.integer({ min: 1, max: 70 }) }), { minLength: 1 })
  .map((runs) => runs.map(({ sign, length }) => sign.repeat(length)).join(''))
  .map((drawing) => drawing.padEnd(BITS, '.').slice(0, BITS));
const ranges = fc.tuple(fc.nat(BITS), fc.nat(BITS)).map(([a, b]) => ({ from: Math.min(a, b), end: Math.max(a, b) }));

/** `sign` in place of the characters [from, end). */
const painted = (drawing: string, { from, end }: { from: number; end: number }, sign: string): string =>
  drawing.slice(0, from) + sign.repeat(end - from) + drawing.slice(end);

describe('a bitmap', () => {
  it('is what was drawn', () => {
    fc.assert(
      fc.property(drawings, (drawing) => {
        const bits = new DrawnBits(drawing);
        expect(bits.draw()).toBe(drawing);
        expect(bits.isIntactAround()).toBe(true);
      }),
    );
  });

  it('sets and clears ranges, and nothing else', () => {
    fc.assert(
      fc.property(drawings, ranges, fc.boolean(), (drawing, range, sets) => {
        const bits = new DrawnBits(drawing);
        if (sets) setRange(bits.words, MAP, range.from, range.end);
        else clearRange(bits.words, MAP, range.from, range.end);
        expect(bits.draw()).toBe(painted(drawing, range, sets ? '#' : '.'));
        expect(bits.isIntactAround()).toBe(true);
      }),
    );
  });

  it('finds the next set and the next clear bit, or the end', () => {
    fc.assert(
      fc.property(drawings, ranges, (drawing, { from, end }) => {
        const { words } = new DrawnBits(drawing);
        const find = (sign: string): number => {
          const at = drawing.slice(from, end).indexOf(sign);
          return at < 0 ? end : from + at;
        };
        expect(nextSet(words, MAP, from, end)).toBe(find('#'));
        expect(nextClear(words, MAP, from, end)).toBe(find('.'));
      }),
    );
  });

  it('finds what lies behind the last set bit before a place', () => {
    fc.assert(
      fc.property(drawings, ranges, (drawing, { from, end }) => {
        const { words } = new DrawnBits(drawing);
        const at = drawing.slice(from, end).lastIndexOf('#');
        expect(afterPreviousSet(words, MAP, from, end)).toBe(at < 0 ? from : from + at + 1);
      }),
    );
  });

  it('counts set bits', () => {
    fc.assert(
      fc.property(drawings, ranges, (drawing, { from, end }) => {
        const { words } = new DrawnBits(drawing);
        expect(countSet(words, MAP, from, end)).toBe(drawing.slice(from, end).replaceAll('.', '').length);
      }),
    );
  });
});

describe('zero bits at the end of a number', () => {
  it.each([
    [1, 0],
    [2, 1],
    [12, 2],
    [1024, 10],
    [2 ** 30, 30],
    [-(2 ** 31), 31],
  ])('of %i are %i', (value, zeros) => {
    expect(trailingZeros(value)).toBe(zeros);
  });
});
