import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteAt, layOutUnit, rectsOf } from '../../../src/renderer/picture/unit-map.ts';

const KIB = 1024;
const sizes = fc.record({
  pageBytes: fc.constantFrom(4 * KIB, 16 * KIB, 64 * KIB),
  pages: fc.integer({ min: 1, max: 1024 }),
  width: fc.integer({ min: 200, max: 1600 }),
});

describe('the map of a unit', () => {
  test('of 1 MiB has sixteen rows of sixteen pages', () => {
    const map = layOutUnit({ unitBytes: 1024 * KIB, pageBytes: 4 * KIB, width: 862 });
    expect([map.pagesPerRow, map.rows]).toEqual([16, 16]);
    expect(rectsOf(map, 0, 4 * KIB)).toEqual([{ x: 62, y: 0, width: 50, height: map.rowHeight }]);
    expect(rectsOf(map, 17 * 4 * KIB, 18 * 4 * KIB)).toMatchObject([{ x: 112, y: map.rowHeight, width: 50 }]);
  });

  test('breaks what goes over the end of a row', () => {
    const map = layOutUnit({ unitBytes: 64 * KIB, pageBytes: 4 * KIB, width: 462 });
    expect(rectsOf(map, 12 * KIB, 20 * KIB)).toMatchObject([
      { x: 362, y: 0, width: 100 },
      { x: 62, y: map.rowHeight, width: 100 },
    ]);
  });

  test('finds every byte again where it was drawn', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        ({ pageBytes, pages, width }, at) => {
          const map = layOutUnit({ unitBytes: pages * pageBytes, pageBytes, width });
          const byte = Math.floor(at * pages * pageBytes);
          const [rect] = rectsOf(map, byte, byte + 1);
          if (rect === undefined) throw new Error('a byte has no place');
          const found = byteAt(map, rect.x + rect.width / 2, rect.y + rect.height / 2);
          expect(Math.abs((found ?? -1) - byte)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('draws a range in as many pixels as its bytes take, whatever rows it goes over', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), ({ pageBytes, pages, width }, one, other) => {
        const unitBytes = pages * pageBytes;
        const [start, end] = [one % unitBytes, other % unitBytes].sort((a, b) => a - b);
        const map = layOutUnit({ unitBytes, pageBytes, width });
        const drawn = rectsOf(map, start ?? 0, end ?? 0).reduce((sum, rect) => sum + rect.width, 0);
        const whole = (map.width - map.gutter) / (map.pagesPerRow * pageBytes);
        expect(drawn).toBeCloseTo(((end ?? 0) - (start ?? 0)) * whole, 3);
      }),
    );
  });

  test.each([
    [10, 5],
    [300, -1],
    [300, 10_000],
    [900, 5],
  ])('has no byte at %d, %d', (x, y) => {
    expect(byteAt(layOutUnit({ unitBytes: 64 * KIB, pageBytes: 4 * KIB, width: 862 }), x, y)).toBeUndefined();
  });

  test('has no byte behind the end of a unit that does not fill its last row', () => {
    const map = layOutUnit({ unitBytes: 3 * 4 * KIB, pageBytes: 4 * KIB, width: 262 });
    expect(byteAt(map, 70, map.rowHeight + 1)).toBe(8 * KIB + Math.floor((8 * 8 * KIB) / 200));
    expect(byteAt(map, 200, map.rowHeight + 1)).toBeUndefined();
  });
});
