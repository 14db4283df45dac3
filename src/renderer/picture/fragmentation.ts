/** How the free space of a chunk is cut up. */
import type { PictureChunk } from '../../shared/percpu-picture.ts';

export interface Fragmentation {
  readonly freeBytes: number;
  readonly largestBytes: number;
  readonly runs: number;
  /** Free bytes outside the largest run over all free bytes, 0 … 1. */
  readonly share: number;
}

/** Walks the objects; undefined where they are not known. The bytes at the ends of the first chunk's part count as used. */
export function fragmentationOf(
  chunk: PictureChunk,
  ends: { readonly startBytes: number; readonly endBytes: number },
): Fragmentation | undefined {
  const { objects } = chunk;
  if (objects === undefined) return undefined;
  const runs: number[] = [];
  let at = ends.startBytes;
  for (const [index, start] of objects.startBytes.entries()) {
    if (start > at) runs.push(start - at);
    at = Math.max(at, start + (objects.sizeBytes[index] ?? 0));
  }
  if (ends.endBytes > at) runs.push(ends.endBytes - at);
  const freeBytes = runs.reduce((sum, run) => sum + run, 0);
  const largestBytes = runs.reduce((largest, run) => Math.max(largest, run), 0);
  return { freeBytes, largestBytes, runs: runs.length, share: freeBytes === 0 ? 0 : 1 - largestBytes / freeBytes };
}
