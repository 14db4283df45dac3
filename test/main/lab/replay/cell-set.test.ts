import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CellSet } from '../../../../src/main/lab/replay/cell-set.ts';

const range = fc.record({ from: fc.nat(9000), cells: fc.integer({ min: 1, max: 300 }) });
const steps = fc.array(fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const), range }), {
  maxLength: 60,
});

/** Cells [from, from + cells). */
function cellsOf({ from, cells }: { from: number; cells: number }): number[] {
  return Array.from({ length: cells }, (_, index) => from + index);
}

describe('a set of cells', () => {
  it('holds what was put in and not taken out, wherever it is', () => {
    fc.assert(
      fc.property(steps, range, fc.nat(10_000), (all, asked, cell) => {
        const set = new CellSet();
        const model = new Set<number>();
        let furthest = 0;
        for (const { kind, range: change } of all) {
          const end = change.from + change.cells;
          if (kind === 'add') {
            set.addRange(change.from, end);
            for (const each of cellsOf(change)) model.add(each);
            furthest = Math.max(furthest, end);
          } else {
            set.removeRange(change.from, end);
            for (const each of cellsOf(change)) model.delete(each);
          }
        }
        expect(set.end).toBe(furthest);
        expect(set.has(cell)).toBe(model.has(cell));
        expect(set.meets(asked.from, asked.from + asked.cells)).toBe(cellsOf(asked).some((each) => model.has(each)));
        const within = [...model].filter((each) => each >= asked.from && each < asked.from + asked.cells);
        expect(set.countIn(asked.from, asked.from + asked.cells)).toBe(within.length);
        expect(set.countIn(0, Infinity)).toBe(model.size);
        const later = [...model].filter((each) => each >= cell);
        expect(set.next(cell)).toBe(Math.min(...later, Infinity));
      }),
    );
  });
});
