/**
 * A chunk's units side by side in the order of their addresses, CPUs that are left away as a gap, the local column last:
 *
 *     │ CPU 0 │ CPU 1 │ … │ CPU 159 │ … ┃ local ┃
 */
import type { ChunkColumns } from '../../shared/address-space-contract.ts';

/** Pixels. */
export interface PlacedColumn {
  /** Undefined: the local column. */
  readonly cpu: number | undefined;
  readonly x: number;
  readonly width: number;
}

export interface PlacedColumns {
  readonly columns: readonly PlacedColumn[];
  /** Where "…" stands: left edge and CPUs that are left away; 0 before the local column. */
  readonly gaps: readonly { readonly x: number; readonly cpus: number }[];
}

export const GAP = 22;
const BETWEEN = 6;
const MAX_WIDTH = 96;

/** Columns of equal width in `width` pixels. */
export function placeColumns({ columns, localAddress }: ChunkColumns, width: number): PlacedColumns {
  const shown = columns.length + (localAddress === undefined ? 0 : 1);
  const skips = columns.map(({ cpu }, at) => cpu - (columns[at - 1]?.cpu ?? -1) - 1);
  const gapCount = skips.filter((skipped) => skipped > 0).length + (localAddress === undefined ? 0 : 1);
  const room = width - gapCount * (GAP + BETWEEN) - (shown - 1) * BETWEEN;
  const columnWidth = Math.min(MAX_WIDTH, Math.max(8, Math.floor(room / Math.max(shown, 1))));
  const placed: PlacedColumn[] = [];
  const gaps: { x: number; cpus: number }[] = [];
  let x = 0;
  for (const [at, { cpu }] of columns.entries()) {
    const skipped = skips[at] ?? 0;
    if (skipped > 0) {
      gaps.push({ x, cpus: skipped });
      x += GAP + BETWEEN;
    }
    placed.push({ cpu, x, width: columnWidth });
    x += columnWidth + BETWEEN;
  }
  if (localAddress !== undefined) {
    gaps.push({ x, cpus: 0 });
    placed.push({ cpu: undefined, x: x + GAP + BETWEEN, width: columnWidth });
  }
  return { columns: placed, gaps };
}

/** The column under a point. */
export function columnAt({ columns }: PlacedColumns, x: number): PlacedColumn | undefined {
  return columns.find((column) => x >= column.x && x < column.x + column.width);
}
