import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressFields } from '../../../src/renderer/picture/address-bits.ts';
import { columnAt, placeColumns } from '../../../src/renderer/picture/chunk-columns-layout.ts';
import { byteAtHeight, COLUMNS_HEIGHT } from '../../../src/renderer/picture/paint-chunk-columns.ts';
import { runsOfLetters } from '../../../src/renderer/picture/paint-entries.ts';
import {
  layOutTables,
  leafBands,
  neighbourOf,
  type TableBox,
} from '../../../src/renderer/picture/table-tree-layout.ts';
import type { ChunkColumns, TableNode } from '../../../src/shared/address-space-contract.ts';

function node(path: number[], children: TableNode[] = [], tables = 1): TableNode {
  const kind = path.length === 0 ? 'pgd' : 'shared';
  return { path, tables, kind, walkers: 1, start: 0, end: 1, region: 'chunks', entriesUsed: 4, children };
}

/** PGD over a lone PUD, and one over two PTE-level tables of which one stands for many. */
const TREE = node(
  [],
  [node([0], [node([0, 0])]), node([9], [node([9, 0], [node([9, 0, 0]), node([9, 0, 1], [], 50)])])],
);

describe('boxes of a tree', () => {
  test('fill their parent from the left, and no table is too narrow to be seen', () => {
    const boxes = layOutTables(TREE);
    expect(boxes.map(({ row }) => row)).toEqual([0, 1, 1, 2, 2, 3, 3]);
    for (const box of boxes) {
      const below = boxes.filter(
        ({ node: { path }, row }) =>
          row === box.row + 1 && path.slice(0, box.node.path.length).join('/') === box.node.path.join('/'),
      );
      if (below.length === 0) continue;
      expect(below[0]?.left).toBeCloseTo(box.left);
      expect(below.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(box.width);
    }
    const [, linear, units] = boxes;
    expect((linear?.width ?? 0) / (units?.width ?? 1)).toBeCloseTo(0.22);
  });

  test('are gone through by arrow keys, which stop at the edges', () => {
    const boxes = layOutTables(TREE);
    const at = (path: number[]): TableBox => {
      const found = boxes.find((box) => box.node.path.join('/') === path.join('/'));
      if (found === undefined) throw new Error(`no box ${path.join('/')}`);
      return found;
    };
    const way = (from: number[], ...keys: ('up' | 'down' | 'left' | 'right')[]) =>
      keys.reduce((box, key) => neighbourOf(boxes, box, key), at(from)).node.path;
    expect(way([], 'down', 'right', 'down', 'down', 'right')).toEqual([9, 0, 1]);
    expect(way([9, 0, 1], 'right')).toEqual([9, 0, 1]);
    expect(way([9, 0, 1], 'up', 'up', 'up', 'up')).toEqual([]);
    expect(way([0, 0], 'down')).toEqual([0, 0]);
    expect(way([9, 0], 'left')).toEqual([0, 0]);
  });

  test('end in frames at the last level and in blocks above it', () => {
    expect(leafBands(layOutTables(TREE), 4).map(({ kind }) => kind)).toEqual(['block', 'frame', 'frame']);
  });
});

test('letters of a strip are drawn in runs, empty entries not at all', () => {
  expect(runsOfLetters('..ss.spp')).toEqual([
    { letter: 's', first: 2, end: 4 },
    { letter: 's', first: 5, end: 6 },
    { letter: 'p', first: 6, end: 8 },
  ]);
  expect(runsOfLetters('....')).toEqual([]);
});

describe('columns of a chunk', () => {
  const column = (cpu: number) => ({ cpu, address: 0, frames: [], windowFrames: [], hasWindow: true });
  const chunk = (cpus: number[], localAddress?: number): ChunkColumns => ({
    chunk: 0,
    unitBytes: 65_536,
    unitDistance: 65_536,
    columns: cpus.map(column),
    localAddress,
  });

  test('stand in order with a gap for those that are left away, the local one last', () => {
    const { columns, gaps } = placeColumns(chunk([0, 1, 159], 5), 700);
    expect(columns.map(({ cpu }) => cpu)).toEqual([0, 1, 159, undefined]);
    expect(gaps.map(({ cpus }) => cpus)).toEqual([157, 0]);
    columns
      .slice(1)
      .forEach(({ x }, at) => expect(x).toBeGreaterThan((columns[at]?.x ?? 0) + (columns[at]?.width ?? 0)));
    expect(columnAt({ columns, gaps }, (columns[3]?.x ?? 0) + 1)?.cpu).toBeUndefined();
    expect(columnAt({ columns, gaps }, 1)?.cpu).toBe(0);
    expect(columnAt({ columns, gaps }, 699)).toBeUndefined();
  });

  test('fit whatever room a pane leaves, down to a few pixels each', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 1600 }),
        fc.uniqueArray(fc.nat(159), { minLength: 1, maxLength: 8 }),
        (width, cpus) => {
          const { columns } = placeColumns(
            chunk(
              cpus.toSorted((a, b) => a - b),
              5,
            ),
            width,
          );
          const last = columns.at(-1);
          expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  test('have a byte for every height, the first and the last at the ends', () => {
    expect(byteAtHeight(0, 65_536)).toBe(0);
    expect(byteAtHeight(COLUMNS_HEIGHT, 65_536)).toBe(65_535);
    expect(byteAtHeight(18 + 75, 65_536)).toBe(32_768);
  });
});

test('an address is cut into the fields of its levels, whose bits together are the address again', () => {
  const level = (name: string, entries: number, spanBytes: number) => ({
    name,
    entries,
    spanBytes,
    tableBytes: 65_536,
  });
  const overview = {
    pageSizeBytes: 65_536,
    levels: [level('PGD', 1024, 2 ** 42), level('PMD', 8192, 2 ** 29), level('PTE', 8192, 65_536)],
  } as const;
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }), (address) => {
      const fields = addressFields(overview, Number(address));
      expect(BigInt(`0b${fields.map(({ binary }) => binary).join('')}`)).toBe(address);
    }),
  );
  const fields = addressFields(overview, 2 ** 42 + 3);
  expect(fields.map(({ name, bits, value }) => [name, bits, value])).toEqual([
    ['PGD', '51:42', 1],
    ['PMD', '41:29', 0],
    ['PTE', '28:16', 0],
    ['offset', '15:0', 3],
  ]);
});
