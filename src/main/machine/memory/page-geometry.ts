/**
 * How a kernel address is cut into table indices: page size and width of the address space decide everything.
 *
 *     4K, 48-bit    [ PGD 9 ][ PUD 9 ][ PMD 9 ][ PTE 9 ][ offset 12 ]
 *     64K, 52-bit   [   PGD 10   ][   PMD 13   ][   PTE 13   ][ offset 16 ]
 *
 * A table is a page of 8-byte entries; the top-level one (PGD) takes what bits are left and may be smaller than a page.
 * Source of the fields: Documentation/arch/arm64/memory.rst. Addresses reach 2^52, so they are cut by division, not by shifts.
 */
import type { Translation } from '../../../shared/address-space.ts';
import type { VirtualAddress } from '../units.ts';

/** Bytes of a table entry. */
const ENTRY_BYTES = 8;

/** Tables of one level. Level 0 is the PGD. */
export interface LevelGeometry {
  readonly entries: number;
  /** Bytes of address space behind one entry. */
  readonly spanBytes: number;
}

export interface PageGeometry {
  readonly translation: Translation;
  readonly pageSizeBytes: number;
  readonly vaBits: number;
  /** From the PGD down to the PTE level. */
  readonly levels: readonly LevelGeometry[];
  readonly pgdBytes: number;
  /** Bytes of address space behind one PGD entry. */
  readonly pgdSpanBytes: number;
}

const SHAPES: Readonly<Record<Translation, { readonly pageShift: number; readonly vaBits: number }>> = {
  '4k-48': { pageShift: 12, vaBits: 48 },
  '4k-39': { pageShift: 12, vaBits: 39 },
  '4k-52': { pageShift: 12, vaBits: 52 },
  '16k-47': { pageShift: 14, vaBits: 47 },
  '64k-48': { pageShift: 16, vaBits: 48 },
  '64k-52': { pageShift: 16, vaBits: 52 },
};

/** Pure; every thread computes the same. */
export function pageGeometry(translation: Translation): PageGeometry {
  const { pageShift, vaBits } = SHAPES[translation];
  const tableBits = pageShift - Math.log2(ENTRY_BYTES);
  const levelCount = Math.ceil((vaBits - pageShift) / tableBits);
  const levels = Array.from({ length: levelCount }, (_, level) => {
    const spanBits = pageShift + (levelCount - 1 - level) * tableBits;
    return { entries: 2 ** Math.min(tableBits, vaBits - spanBits), spanBytes: 2 ** spanBits };
  });
  const [top] = levels;
  if (top === undefined) throw new Error(`translation ${translation} has no levels`);
  return {
    translation,
    pageSizeBytes: 2 ** pageShift,
    vaBits,
    levels,
    pgdBytes: top.entries * ENTRY_BYTES,
    pgdSpanBytes: top.spanBytes,
  };
}

/** Which entry of its table of `level` leads to `address`. */
export function entryIndex(geometry: PageGeometry, level: number, address: VirtualAddress): number {
  const { entries, spanBytes } = levelOf(geometry, level);
  return Math.floor(address / spanBytes) % entries;
}

/** Throws for a level that the translation does not have. */
export function levelOf(geometry: PageGeometry, level: number): LevelGeometry {
  const found = geometry.levels[level];
  if (found === undefined) throw new Error(`translation ${geometry.translation} has no level ${level}`);
  return found;
}
