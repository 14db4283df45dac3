/** Finding objects in the columns of a chunk. */
import type { PictureObjects } from '../../shared/percpu-picture.ts';

/** Index of the first object that ends behind `byte`; the number of objects when there is none. */
export function firstObjectFrom({ startBytes, sizeBytes }: PictureObjects, byte: number): number {
  let low = 0;
  let high = startBytes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((startBytes[middle] ?? 0) + (sizeBytes[middle] ?? 0) <= byte) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the object that holds `byte` of the chunk; undefined where it is free. */
export function objectIndexAt(objects: PictureObjects, byte: number): number | undefined {
  const index = firstObjectFrom(objects, byte);
  const start = objects.startBytes[index];
  return start !== undefined && start <= byte ? index : undefined;
}

/** One object out of the columns. */
export interface PictureObject {
  readonly index: number;
  readonly startBytes: number;
  readonly sizeBytes: number;
  readonly callSite: number;
}

/** Undefined for an index that has none. */
export function objectOf(objects: PictureObjects | undefined, index: number | undefined): PictureObject | undefined {
  if (objects === undefined || index === undefined) return undefined;
  const startBytes = objects.startBytes[index];
  const sizeBytes = objects.sizeBytes[index];
  const callSite = objects.callSite[index];
  if (startBytes === undefined || sizeBytes === undefined || callSite === undefined) return undefined;
  return { index, startBytes, sizeBytes, callSite };
}

/** The largest power of two that divides an offset: how it happens to be aligned, at most a page. */
export function alignmentOf(offsetBytes: number, mostBytes: number): number {
  if (offsetBytes === 0) return mostBytes;
  return Math.min(mostBytes, 2 ** (31 - Math.clz32(offsetBytes & -offsetBytes)));
}
