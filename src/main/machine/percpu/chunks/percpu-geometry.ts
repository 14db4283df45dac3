/**
 * The sizes that the allocator of per-CPU chunks works with: what the boot lines of a kernel print, and what follows.
 *
 *     chunk = one unit-sized space of offsets, the same in every unit
 *
 *     unit   ├─ page 0 ─┼─ page 1 ─┼─ … ─┤      page = block: one block summary each
 *     page   ├┼┼┼┼┼┼┼┼┼┼┤                       cell = 4 bytes: one bit of the maps
 */

/** Bytes of a cell, the smallest allocation (PCPU_MIN_ALLOC_SIZE). */
export const CELL_BYTES = 4;
/** Bytes of the largest object (PCPU_MIN_UNIT_SIZE). */
export const LARGEST_OBJECT_BYTES = 32768;
/** Below this many empty populated pages the balance work is asked for (PCPU_EMPTY_POP_PAGES_LOW). */
export const EMPTY_PAGES_LOW = 2;
/** Empty populated pages that the balance work keeps ready (PCPU_EMPTY_POP_PAGES_HIGH). */
export const EMPTY_PAGES_HIGH = 4;
/** A chunk that fails a search on one of the first so many lists is parked on list 0 (PCPU_SLOT_FAIL_THRESHOLD). */
export const PARKING_LISTS = 3;

/** As the boot lines print it (`percpu: Embedded …`, `pcpu-alloc: …`). Sizes in bytes. */
export interface PercpuGeometry {
  readonly pageSizeBytes: number;
  readonly unitBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynBytes: number;
  readonly atomBytes: number;
  readonly allocBytes: number;
  readonly possibleCpus: number;
  /** Units of a chunk, padding units included: what a populated page is multiplied by. */
  readonly units: number;
}

/** Throws when the numbers cannot be a kernel's. */
export function checkGeometry(geometry: PercpuGeometry): void {
  const { pageSizeBytes, unitBytes, staticBytes, reservedBytes, dynBytes } = geometry;
  if (unitBytes % pageSizeBytes !== 0 || unitBytes < LARGEST_OBJECT_BYTES) {
    throw new Error(`unit of ${unitBytes} bytes is no number of ${pageSizeBytes}-byte pages that holds an object`);
  }
  const sum = staticBytes + reservedBytes + dynBytes;
  if (sum > unitBytes)
    throw new Error(`static, reserved and dynamic part of ${sum} bytes exceed the unit of ${unitBytes}`);
  if (geometry.units < geometry.possibleCpus) {
    throw new Error(`${geometry.units} units do not serve ${geometry.possibleCpus} CPUs`);
  }
}

/** List of a run of so many bytes, without the exception for a whole unit. */
export function plainSlot(bytes: number): number {
  return Math.max(32 - Math.clz32(bytes) - 3, 1);
}

/** Numbers of the lists that are not for a size. */
export interface SpecialSlots {
  /** Isolated chunks, reclaimed as far as possible; searched last but one. */
  readonly sidelined: number;
  /** Chunks without any object; searched last. */
  readonly fullyFree: number;
  /** Isolated chunks whose empty pages are to be given back; never searched. */
  readonly toDepopulate: number;
  /** Lists in all. */
  readonly count: number;
}

/** The lists of an allocator with units of so many bytes. */
export function specialSlots(unitBytes: number): SpecialSlots {
  const sidelined = plainSlot(unitBytes) + 1;
  return { sidelined, fullyFree: sidelined + 1, toDepopulate: sidelined + 2, count: sidelined + 3 };
}

/** The part of the first chunk that one bookkeeping chunk manages: whole pages, with what is not to be given out at the ends. */
export interface FirstChunkPart {
  /** Bytes from the start of the unit to the part's first page. */
  readonly baseBytes: number;
  readonly pages: number;
  /** Bytes of the first page that belong to what lies before; a whole number of cells. */
  readonly startOffsetBytes: number;
  /** Bytes of the last page that belong to what lies behind. */
  readonly endOffsetBytes: number;
}

/** Where the dynamic and, if there is one, the reserved part of the first chunk lie. The static size is rounded up to a cell. */
export function firstChunkParts(geometry: PercpuGeometry): {
  readonly dynamic: FirstChunkPart;
  readonly reserved: FirstChunkPart | undefined;
} {
  const { pageSizeBytes, reservedBytes } = geometry;
  const staticBytes = Math.ceil(geometry.staticBytes / CELL_BYTES) * CELL_BYTES;
  const dynamicStart = staticBytes + reservedBytes;
  const dynamicEnd = dynamicStart + geometry.dynBytes - (staticBytes - geometry.staticBytes);
  return {
    dynamic: partOf(dynamicStart, dynamicEnd, pageSizeBytes),
    reserved: reservedBytes === 0 ? undefined : partOf(staticBytes, dynamicStart, pageSizeBytes),
  };
}

function partOf(start: number, end: number, pageSizeBytes: number): FirstChunkPart {
  const baseBytes = Math.floor(start / pageSizeBytes) * pageSizeBytes;
  const pages = Math.ceil((end - baseBytes) / pageSizeBytes);
  return {
    baseBytes,
    pages,
    startOffsetBytes: start - baseBytes,
    endOffsetBytes: baseBytes + pages * pageSizeBytes - end,
  };
}
