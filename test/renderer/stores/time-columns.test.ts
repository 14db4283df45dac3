import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTimeColumns } from '../../../src/renderer/stores/time-columns.ts';

describe('time columns', () => {
  test('keep what was pushed while there is room', () => {
    const columns = createTimeColumns({ columns: 2, capacity: 8, slotMs: 100 });
    columns.push(0, [1, 10]);
    columns.push(100, [2, undefined]);
    columns.push(200, [3, 30]);
    expect(columns.points(0)).toEqual([
      [0, 1],
      [0.1, 2],
      [0.2, 3],
    ]);
    expect(columns.points(1)).toEqual([
      [0, 10],
      [0.2, 30],
    ]);
  });

  test('break a line where values do not follow each other', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 16, slotMs: 100 });
    columns.push(0, [1]);
    columns.push(600, [2]);
    expect(columns.points(0)).toEqual([
      [0, 1],
      [0.1, NaN],
      [0.6, 2],
    ]);
  });

  test('break all lines where they are told to', () => {
    const columns = createTimeColumns({ columns: 2, capacity: 8, slotMs: 100 });
    columns.push(0, [1, 10]);
    columns.push(100, [2, undefined]);
    columns.breakLines();
    columns.push(200, [3, 30]);
    columns.push(300, [4, 40]);
    expect(columns.points(0).map(([, value]) => value)).toEqual([1, 2, NaN, 3, 4]);
    expect(columns.points(1).map(([, value]) => value)).toEqual([10, NaN, 30, 40]);
  });

  test('put nothing of before and after a break into one slot, however close they are', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 8, slotMs: 100 });
    columns.breakLines();
    columns.push(0, [100]);
    columns.push(130, [200]);
    columns.breakLines();
    columns.breakLines();
    columns.push(150, [1]);
    columns.push(260, [3]);
    expect(columns.points(0).map(([, value]) => value)).toEqual([100, 200, NaN, 2]);
  });

  test('do not run ahead of the time where breaks are closer than slots, nor out of their room', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 8, slotMs: 100 });
    for (let atMs = 0; atMs < 800; atMs += 20) {
      columns.push(atMs, [atMs]);
      columns.breakLines();
    }
    const values = columns.points(0).filter(([, value]) => !Number.isNaN(value));
    for (const [seconds, atMs] of values)
      expect(Math.abs(seconds * 1000 - atMs)).toBeLessThanOrEqual(2 * columns.slotMs());
    expect(values.length).toBeGreaterThan(2);
  });

  test.each([
    { before: [1, 2], after: [10, 20, 30], seen: [1.5, NaN, 15, 30] },
    // Slots 2 and 3 become one, which is of the second stretch alone.
    { before: [1, 2, 3], after: [10, 20, 30], seen: [1.5, NaN, 10, 25] },
  ])('keep the break of $before and $after at half the resolution', ({ before, after, seen }) => {
    const columns = createTimeColumns({ columns: 1, capacity: 6, slotMs: 100 });
    before.forEach((value, index) => columns.push(index * 100, [value]));
    columns.breakLines();
    after.forEach((value, index) => columns.push((before.length + index) * 100, [value]));
    columns.push(600, [NaN]);
    expect(columns.slotMs()).toBe(200);
    expect(
      columns
        .points(0)
        .map(([, value]) => value)
        .slice(0, seen.length),
    ).toEqual(seen);
  });

  test('lose no stretch as a whole at half the resolution, not the first either', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 6, slotMs: 100 });
    columns.push(0, [1]);
    columns.breakLines();
    [10, 20, 30, 40, 50].forEach((value, index) => columns.push((1 + index) * 100, [value]));
    columns.push(600, [60]);
    expect(columns.points(0).map(([, value]) => value)).toEqual([5.5, 25, 45, 60]);
  });

  test('do not break a line for one event that came late', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 16, slotMs: 100 });
    columns.push(0, [1]);
    columns.push(230, [2]);
    expect(columns.points(0).map(([, value]) => value)).toEqual([1, 2]);
  });

  test('halve the resolution when the time grows beyond the room, and keep means', () => {
    const columns = createTimeColumns({ columns: 1, capacity: 4, slotMs: 100 });
    [1, 3, 5, 7, 9, 11].forEach((value, index) => columns.push(index * 100, [value]));
    expect(columns.slotMs()).toBe(200);
    expect(columns.points(0)).toEqual([
      [0, 2],
      [0.2, 6],
      [0.4, 10],
    ]);
  });

  test('hold any run in bounded room, in time order, within the values that were pushed', () => {
    const capacity = 16;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 0, max: 1000 })), { maxLength: 200 }), (steps) => {
        const columns = createTimeColumns({ columns: 1, capacity, slotMs: 100 });
        let atMs = 0;
        for (const [gapMs, value] of steps) {
          atMs += gapMs;
          columns.push(atMs, [value]);
        }
        const points = columns.points(0);
        const values = points.map(([, value]) => value).filter((value) => !Number.isNaN(value));
        expect(values.length).toBeLessThanOrEqual(capacity);
        expect(points.every(([seconds], index) => index === 0 || seconds > (points[index - 1]?.[0] ?? NaN))).toBe(true);
        const pushed = steps.map(([, value]) => value);
        expect(values.every((value) => value >= Math.min(...pushed) && value <= Math.max(...pushed))).toBe(true);
      }),
    );
  });

  test('refuse a row of another width', () => {
    const columns = createTimeColumns({ columns: 2, capacity: 4, slotMs: 100 });
    expect(() => columns.push(0, [1])).toThrow('expected 2 values, got 1');
  });
});
