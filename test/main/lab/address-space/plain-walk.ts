/** A page-table walk written down a second time, with shifts and masks on plain bytes, to hold the lab's answers against. */
import type { Translation } from '../../../../src/shared/address-space.ts';

/** Bits of the page offset, then of each table index from the last level up; the top level takes what is left. */
const BITS: Readonly<Record<Translation, { offset: bigint; table: bigint; levels: number }>> = {
  '4k-48': { offset: 12n, table: 9n, levels: 4 },
  '4k-39': { offset: 12n, table: 9n, levels: 3 },
  '4k-52': { offset: 12n, table: 9n, levels: 5 },
  '16k-47': { offset: 14n, table: 11n, levels: 3 },
  '64k-48': { offset: 16n, table: 13n, levels: 3 },
  '64k-52': { offset: 16n, table: 13n, levels: 3 },
};

export interface PlainMemory {
  readonly bytes: SharedArrayBuffer;
  /** Byte at which frame 0 begins, and at which the top-level table does. */
  readonly frames: number;
  readonly top: number;
  readonly translation: Translation;
}

/** Indices from the top level down, and the frame; undefined where an entry is empty. */
export function plainWalk(memory: PlainMemory, address: number): { indices: number[]; frame: number | undefined } {
  const { offset, table, levels } = BITS[memory.translation];
  const view = new DataView(memory.bytes);
  const indices: number[] = [];
  let at = memory.top;
  for (let level = levels - 1; level >= 0; level--) {
    const above = BigInt(address) >> (offset + BigInt(level) * table);
    const index = Number(above & ((1n << table) - 1n));
    indices.push(index);
    const [stored, kind] = [view.getInt32(at + 8 * index, true), view.getInt32(at + 8 * index + 4, true)];
    if (stored === 0) return { indices, frame: undefined };
    if (kind !== 1) {
      const inBlock = (BigInt(address) >> offset) & ((1n << (BigInt(level) * table)) - 1n);
      return { indices, frame: stored - 1 + Number(inBlock) };
    }
    at = memory.frames + (stored - 1) * 2 ** Number(offset);
  }
  throw new Error('a table below the last level');
}
