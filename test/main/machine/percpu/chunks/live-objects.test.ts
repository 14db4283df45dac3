import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_CHUNK } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { objectCells } from '../../../../../src/main/machine/percpu/chunks/live-objects.ts';
import { DrawnChunk } from './one-region.ts';

/** The objects of a chunk as letters, `.` where there is none: the cells [0, to). */
function drawn({ region, chunk }: DrawnChunk, to: number): string {
  const cells = Array.from({ length: to }, () => '.');
  for (const [index, { start, end }] of [...objectCells(region, chunk)].entries()) {
    cells.fill(String.fromCharCode(97 + index), start, end);
  }
  return cells.join('');
}

describe('the live objects of a chunk', () => {
  it('are told apart where they touch, and gone when they are freed', () => {
    const chunk = new DrawnChunk();
    const taken = [8, 4, 12, 4].map((sizeBytes) => chunk.allocate(sizeBytes, 4));
    expect(taken).toEqual([0, 2, 3, 6]);
    expect(drawn(chunk, 10)).toBe('aabcccd...');
    chunk.free(2);
    expect(drawn(chunk, 10)).toBe('aa.bbbc...');
    chunk.free(0);
    chunk.free(6);
    expect(drawn(chunk, 10)).toBe('...aaa....');
  });

  it('are those that were taken and not freed, whatever came before', () => {
    const step = fc.oneof(fc.record({ cells: fc.integer({ min: 1, max: 2000 }) }), fc.record({ free: fc.nat() }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const chunk = new DrawnChunk();
        const live = new Map<number, number>();
        for (const each of steps) {
          if ('cells' in each) {
            const start = chunk.allocate(each.cells * 4, 4);
            if (start !== undefined) live.set(start, start + each.cells);
          } else {
            const start = [...live.keys()][each.free % Math.max(live.size, 1)];
            if (start === undefined) continue;
            chunk.free(start);
            live.delete(start);
          }
        }
        const expected = [...live].map(([start, end]) => ({ start, end })).toSorted((a, b) => a.start - b.start);
        expect([...objectCells(chunk.region, chunk.chunk)]).toEqual(expected);
      }),
    );
  });

  it('are none at the ends of the first chunk, whose bytes are marked as used', () => {
    const { region } = new DrawnChunk();
    const [only, ...others] = [...objectCells(region, FIRST_CHUNK)];
    // 185560 static bytes end 1240 bytes into a page; what the fixture took fills all from there.
    expect(only).toEqual({ start: 1240 / 4, end: 8 * 1024 });
    expect(others).toEqual([]);
  });
});
