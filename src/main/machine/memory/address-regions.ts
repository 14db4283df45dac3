/**
 * Where the regions of the kernel's half of the address space lie.
 *
 *     0                        half                                                                      2^vaBits
 *     ├── linear map: all memory ──┼ modules ┼── vmalloc ── … ──┼ chunk range ┼ window ┼ fixmap, vmemmap ──┤
 *                                    2 GiB                       whole PGD entries each   one PGD entry
 *
 * The window shows each CPU its own per-CPU units, so its PGD entries are private: it shares them with nothing. The chunk
 * range holds the global mapping of the same chunks and is taken out of vmalloc space. Where the 2026 series puts its window
 * is not known; that it is a dedicated range which vmalloc may not use is. All addresses are byte offsets into the half.
 */
import { roundUp, type VirtualAddress, virtualAddress } from '../units.ts';
import type { PageGeometry } from './page-geometry.ts';

/** [start, end). */
export interface AddressRange {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
}

export interface AddressRegions {
  readonly linear: AddressRange;
  readonly modules: AddressRange;
  readonly vmalloc: AddressRange;
  readonly chunks: AddressRange;
  readonly window: AddressRange;
}

/** As arm64 has it. */
const MODULES_BYTES = 2 ** 31;

/** What is asked for, in bytes; both are rounded up to whole PGD entries. 0: there is no such range. */
export interface RegionSizes {
  readonly chunkBytes: number;
  readonly windowBytes: number;
}

/** Pure. Throws when the ranges leave no vmalloc space: such a machine cannot be asked for. */
export function addressRegions(geometry: PageGeometry, sizes: RegionSizes): AddressRegions {
  const { pgdSpanBytes } = geometry;
  const end = 2 ** geometry.vaBits;
  const half = end / 2;
  const windowEnd = end - pgdSpanBytes;
  const windowStart = windowEnd - roundUp(sizes.windowBytes, pgdSpanBytes);
  const chunksStart = windowStart - roundUp(sizes.chunkBytes, pgdSpanBytes);
  const vmallocStart = half + MODULES_BYTES;
  if (chunksStart <= vmallocStart) {
    throw new Error(
      `${sizes.chunkBytes} bytes of chunks and a window of ${sizes.windowBytes} leave no vmalloc space in ${geometry.vaBits} bits`,
    );
  }
  return {
    linear: range(0, half),
    modules: range(half, vmallocStart),
    vmalloc: range(vmallocStart, chunksStart),
    chunks: range(chunksStart, windowStart),
    window: range(windowStart, windowEnd),
  };
}

/** Whether `address` lies in `within`. */
export function contains(within: AddressRange, address: VirtualAddress): boolean {
  return address >= within.start && address < within.end;
}

function range(start: number, end: number): AddressRange {
  return { start: virtualAddress(start), end: virtualAddress(end) };
}
