/** What a unit is made of, from its first byte to its last. */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';

export type PartKind = 'static' | 'reserved' | 'dynamic' | 'given-back' | 'chunk';

/** Bytes [start, end) of a unit. */
export interface UnitPart {
  readonly kind: PartKind;
  readonly startBytes: number;
  readonly endBytes: number;
}

/** Parts of a chunk's units; empty ones are left out. Chunks made after boot are one part. */
export function unitParts(geometry: PercpuPicture['geometry'], chunk: PictureChunk): readonly UnitPart[] {
  const { unitBytes, staticBytes, reservedBytes, dynBytes } = geometry;
  if (!isFirstChunk(chunk)) return [{ kind: 'chunk', startBytes: 0, endBytes: unitBytes }];
  const ends: readonly (readonly [PartKind, number])[] = [
    ['static', staticBytes],
    ['reserved', staticBytes + reservedBytes],
    ['dynamic', staticBytes + reservedBytes + dynBytes],
    ['given-back', unitBytes],
  ];
  return ends
    .map(([kind, endBytes], index) => ({ kind, startBytes: ends[index - 1]?.[1] ?? 0, endBytes }))
    .filter(({ startBytes, endBytes }) => endBytes > startBytes);
}

/** Whether a chunk is a part of the one made at boot. */
export function isFirstChunk({ heading }: PictureChunk): boolean {
  return heading === 'first' || heading === 'reserved';
}
