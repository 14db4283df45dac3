/**
 * Size classes of the compressed-object pool, as zsmalloc makes them (facts: measured on Linux 6.18, x86-64).
 *
 *     class sizes 32, 32 + P/256, 32 + 2·P/256, … P            an object carries an 8-byte handle in front of its data
 *     a zspage is 1 … 8 pages, cut into objects of one size      the number of pages with the least waste wins
 *                 (or up to 4 … 16: a build option)
 *     sizes that give the same (pages, objects) share one class  the larger size stands for all
 *
 * For P = 4096 and chains of 8: 255 sizes, 119 classes, and objects of 3625 bytes or more take a page of their own.
 */

/** Bytes in front of each object that hold its handle; a class of one object per page ("huge") has none. */
export const HANDLE_BYTES = 8;
const MIN_OBJECT_BYTES = 32;

export interface SizeClasses {
  /** Real classes, numbered from the smallest object up. */
  readonly count: number;
  /** By class: the number under which the kernel lists it, that of the largest size that it serves. */
  readonly kernelIndex: Int32Array;
  /** By class: bytes of an object, handle included. */
  readonly objectBytes: Int32Array;
  /** By class: pages of a zspage. */
  readonly pages: Int32Array;
  /** By class: objects of a zspage. */
  readonly objects: Int32Array;
  /** By data size in 8-byte steps, rounded up: the class. */
  readonly classOfStep: Uint16Array;
  /** Data of this many bytes and more is stored as a whole page. */
  readonly hugeThresholdBytes: number;
}

/** Class of an object with `dataBytes` of data, 1 … page size. */
export function classOf(classes: SizeClasses, dataBytes: number): number {
  const found = classes.classOfStep[(dataBytes + 7) >> 3];
  if (found === undefined) throw new Error(`no size class for ${dataBytes} bytes`);
  return found;
}

interface ZspageShape {
  readonly kernelIndex: number;
  readonly size: number;
  readonly pages: number;
  readonly objects: number;
}

/** Smallest number of pages with the least waste in bytes. */
function zspageShape(kernelIndex: number, pageSizeBytes: number, maxPages: number): ZspageShape {
  const size = Math.min(MIN_OBJECT_BYTES + kernelIndex * sizeStep(pageSizeBytes), pageSizeBytes);
  let pages = 1;
  for (let tried = 2; tried <= maxPages; tried++) {
    if ((tried * pageSizeBytes) % size < (pages * pageSizeBytes) % size) pages = tried;
  }
  return { kernelIndex, size, pages, objects: Math.floor((pages * pageSizeBytes) / size) };
}

/** Bytes from one size to the next. */
function sizeStep(pageSizeBytes: number): number {
  return pageSizeBytes / 256;
}

/** The classes of a page size (bytes) with zspages of at most `maxPages`. Pure and cheap: under 5000 divisions. */
export function sizeClassesFor(pageSizeBytes: number, maxPages: number): SizeClasses {
  const delta = sizeStep(pageSizeBytes);
  const indices = Math.ceil((pageSizeBytes - MIN_OBJECT_BYTES) / delta) + 1;
  const shapes: ZspageShape[] = [];
  const shapeOfIndex: number[] = [];
  for (let index = indices - 1; index >= 0; index--) {
    const shape = zspageShape(index, pageSizeBytes, maxPages);
    const larger = shapes.at(-1);
    if (larger?.pages !== shape.pages || larger.objects !== shape.objects) shapes.push(shape);
    shapeOfIndex[index] = shapes.length - 1;
  }
  const count = shapes.length;
  const largestShared = shapes.find((shape) => shape.pages !== 1 && shape.objects !== 1);
  if (largestShared === undefined) throw new Error(`no shared class for pages of ${pageSizeBytes} bytes`);
  const ascending = shapes.toReversed();
  const classOfStep = new Uint16Array(pageSizeBytes / 8 + 1);
  for (let step = 0; step < classOfStep.length; step++) {
    const total = step * 8 + HANDLE_BYTES;
    const index = total <= MIN_OBJECT_BYTES ? 0 : Math.min(Math.ceil((total - MIN_OBJECT_BYTES) / delta), indices - 1);
    classOfStep[step] = count - 1 - (shapeOfIndex[index] ?? 0);
  }
  return {
    count,
    kernelIndex: Int32Array.from(ascending, (shape) => shape.kernelIndex),
    objectBytes: Int32Array.from(ascending, (shape) => shape.size),
    pages: Int32Array.from(ascending, (shape) => shape.pages),
    objects: Int32Array.from(ascending, (shape) => shape.objects),
    classOfStep,
    hugeThresholdBytes: largestShared.size - (HANDLE_BYTES - 1),
  };
}

/** Bits of a handle that number the object in its zspage: enough for the largest class. */
export function objectBitsOf(classes: SizeClasses): number {
  return Math.ceil(Math.log2(Math.max(...classes.objects)));
}
