/**
 * A tree of tables as rows of boxes, each level below its parent and as wide as what is below it:
 *
 *     ┌────────────────── PGD ──────────────────┐
 *     ├── PUD linear ──┬─ PUD units ─┬─ window ─┤
 *     ├──── PMD ───────┼──── PMD ────┼── PMD ───┤
 *     └──── PTE ───────┴── PTE×240 ──┴ P│P│P│P ─┘
 */
import type { TableNode } from '../../shared/address-space-contract.ts';

/** Widths are parts of 1. */
export interface TableBox {
  readonly node: TableNode;
  readonly row: number;
  readonly left: number;
  readonly width: number;
}

/** What several tables drawn as one are wide, in tables. */
const RUN_WEIGHT = 10;
/** A table is not narrower than this part of its widest neighbour below the same table. */
const LEAST_SHARE = 0.22;

/** Boxes row by row, from the left. */
export function layOutTables(root: TableNode): readonly TableBox[] {
  const boxes: TableBox[] = [];
  place(root, { row: 0, left: 0, width: 1 }, boxes);
  return boxes.toSorted((one, other) => one.row - other.row || one.left - other.left);
}

function place(node: TableNode, at: Omit<TableBox, 'node'>, boxes: TableBox[]): void {
  boxes.push({ node, ...at });
  const weights = node.children.map(weightOf);
  const least = Math.max(...weights, 0) * LEAST_SHARE;
  const shares = weights.map((weight) => Math.max(weight, least));
  const all = shares.reduce((sum, share) => sum + share, 0);
  let { left } = at;
  for (const [index, child] of node.children.entries()) {
    const width = ((shares[index] ?? 0) / all) * at.width;
    place(child, { row: at.row + 1, left, width }, boxes);
    left += width;
  }
}

function weightOf({ children, tables }: TableNode): number {
  if (children.length > 0) return children.reduce((sum, child) => sum + weightOf(child), 0);
  return tables > 1 ? RUN_WEIGHT : 1;
}

/** What the entries of tables without tables below lead to, a row below each of them. */
export interface LeafBand {
  readonly box: TableBox;
  readonly kind: 'frame' | 'block';
}

/** `levels`: of the translation; above the last one, entries that lead to no table are blocks. */
export function leafBands(boxes: readonly TableBox[], levels: number): readonly LeafBand[] {
  return boxes
    .filter(({ node }) => node.children.length === 0 && node.entriesUsed > 0)
    .map((box) => ({ box, kind: box.row === levels - 1 ? 'frame' : 'block' }));
}

export type Direction = 'up' | 'down' | 'left' | 'right';

/** The box that an arrow key leads to from another; the same one at an edge. */
export function neighbourOf(boxes: readonly TableBox[], from: TableBox, direction: Direction): TableBox {
  const middle = from.left + from.width / 2;
  const inRow = (row: number): readonly TableBox[] => boxes.filter((box) => box.row === row);
  if (direction === 'left' || direction === 'right') {
    const row = inRow(from.row);
    return row[row.indexOf(from) + (direction === 'left' ? -1 : 1)] ?? from;
  }
  if (direction === 'up') {
    return inRow(from.row - 1).find(({ left, width }) => left <= middle && middle <= left + width) ?? from;
  }
  // Not every table has tables below it.
  const isBelow = ({ left, width }: TableBox): boolean =>
    left >= from.left - 1e-9 && left + width <= from.left + from.width + 1e-9;
  return inRow(from.row + 1).find(isBelow) ?? from;
}
