/**
 * The parts of a unit in the first chunk, and the regions that the allocator keeps books on.
 *
 *     byte 0             static end          + reserved           + dynamic = size sum
 *     ├── static ────────────┼─── reserved ──────┼─── dynamic ────────┤
 *     │ page │ page │ page │ page │ page │ page │ page │ page │ page │
 *                          ◀─────── reserved region ──▶                  whole pages; they overlap where a part
 *                                         ◀──────── dynamic region ───▶  ends in the middle of a page
 *                          ◀▶ start offset: bytes before the part, in its region, never to be handed out
 *
 * The static part needs no books. Bytes of a region before and after its part are marked allocated once and for all; they
 * are what `start offset` and `end offset` count. All figures are bytes.
 */
import { roundUp } from '../units.ts';
import type { UnitLayout } from './unit-layout.ts';

/** The allocator counts in pieces of 4 bytes, so the static part is stretched to whole ones, at the dynamic part's cost. */
const ALLOC_UNIT_BYTES = 4;

/** A part of the unit and the whole pages around it. Half-open ranges of bytes from the unit's start. */
export interface BookedRegion {
  readonly startBytes: number;
  readonly endBytes: number;
  /** First byte of the region's first page: what the offsets that the kernel traces count from. */
  readonly baseBytes: number;
  readonly pages: number;
  /** startBytes − baseBytes. */
  readonly startOffsetBytes: number;
  /** From endBytes to the end of the region's last page. */
  readonly endOffsetBytes: number;
}

export interface FirstChunkParts {
  /** Half-open [0, staticEndBytes); a multiple of 4. */
  readonly staticEndBytes: number;
  /** Absent when nothing is reserved: module variables then come from the dynamic part. */
  readonly reserved: BookedRegion | undefined;
  readonly dynamic: BookedRegion;
}

/** Cuts a unit of the first chunk into its parts. Pure. */
export function firstChunkParts(layout: UnitLayout): FirstChunkParts {
  const staticEndBytes = roundUp(layout.staticBytes, ALLOC_UNIT_BYTES);
  const dynamicStart = staticEndBytes + layout.reservedBytes;
  const unitEnd = layout.staticBytes + layout.reservedBytes + layout.dynamicBytes;
  return {
    staticEndBytes,
    reserved: layout.reservedBytes === 0 ? undefined : bookedRegion(staticEndBytes, dynamicStart, layout.pageSizeBytes),
    dynamic: bookedRegion(dynamicStart, unitEnd, layout.pageSizeBytes),
  };
}

function bookedRegion(startBytes: number, endBytes: number, pageSizeBytes: number): BookedRegion {
  const baseBytes = Math.floor(startBytes / pageSizeBytes) * pageSizeBytes;
  const regionEnd = roundUp(endBytes, pageSizeBytes);
  return {
    startBytes,
    endBytes,
    baseBytes,
    pages: (regionEnd - baseBytes) / pageSizeBytes,
    startOffsetBytes: startBytes - baseBytes,
    endOffsetBytes: regionEnd - endBytes,
  };
}
