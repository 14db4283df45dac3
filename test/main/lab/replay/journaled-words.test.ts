import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournaledWords } from '../../../../src/main/lab/replay/journaled-words.ts';

const WORDS = 16;
const change = fc.record({ index: fc.nat(WORDS - 1), value: fc.integer() });

function make(): JournaledWords {
  return new JournaledWords(new SharedArrayBuffer(WORDS * 4));
}

describe('words that remember', () => {
  it('go back to a mark, and forth again, whatever was changed and what is final', () => {
    fc.assert(
      fc.property(fc.array(change), fc.array(change), fc.boolean(), (before, after, isFinal) => {
        const words = make();
        for (const { index, value } of before) words.set(index, value);
        if (isFinal) words.forgetBefore(words.mark());
        const mark = words.mark();
        const old = [...words.view];
        for (const { index, value } of after) words.set(index, value);
        const present = [...words.view];
        const undone = words.takeBack(mark);
        expect([...words.view]).toEqual(old);
        words.redo(undone);
        expect([...words.view]).toEqual(present);
        words.rollBack(mark);
        expect([...words.view]).toEqual(old);
      }),
    );
  });

  it('undo a fill as well', () => {
    const words = make();
    words.set(3, 7);
    const mark = words.mark();
    words.fill(1, 2, 6);
    expect([...words.view.subarray(0, 7)]).toEqual([0, 0, 1, 1, 1, 1, 0]);
    words.rollBack(mark);
    expect([...words.view.subarray(0, 7)]).toEqual([0, 0, 0, 7, 0, 0, 0]);
  });

  it('make a beginning final and keep the rest', () => {
    const words = make();
    words.set(0, 1);
    const final = words.mark();
    words.set(0, 2);
    words.forgetBefore(final);
    words.rollBack(0);
    expect(words.get(0)).toBe(1);
  });
});
