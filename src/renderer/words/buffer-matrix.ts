/** Counted buffers as a matrix: a row per layout, a column per number of devices. */
import type { BufferCountRow } from '../../shared/buffer-count.ts';
import type { BufferLayout, StreamProtection } from '../../shared/design.ts';

export interface BufferMatrixRow {
  readonly layout: BufferLayout;
  readonly protection: StreamProtection;
  /** By column. */
  readonly bufferPages: readonly number[];
  /** Of the last column: work memory, local copies; and bytes of one CPU's stream records. */
  readonly workMemoryPages: number;
  readonly localCopyPages: number;
  readonly recordBytes: number;
}

export interface BufferMatrix {
  /** Ascending. */
  readonly devices: readonly number[];
  readonly rows: readonly BufferMatrixRow[];
}

/** Layouts in the order counted; what was not counted is 0. */
export function bufferMatrix(counted: readonly BufferCountRow[]): BufferMatrix {
  const devices = [...new Set(counted.map((row) => row.devices))].toSorted((a, b) => a - b);
  const rows = [...Map.groupBy(counted, (row) => row.layout)].flatMap(([layout, own]) => {
    const columns = devices.map((number) => own.find((row) => row.devices === number));
    const last = columns.findLast((row) => row !== undefined);
    if (last === undefined) return [];
    const { protection, workMemoryPages, localCopyPages, recordBytes } = last;
    const bufferPages = columns.map((row) => row?.bufferPages ?? 0);
    return [{ layout, protection, bufferPages, workMemoryPages, localCopyPages, recordBytes }];
  });
  return { devices, rows };
}
