/** Which bytes of a chunk can hold objects. */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';

/** Chunk offsets [start, end): all, but for the ends of the first chunk's parts, which belong to their neighbours. */
export function objectSpan(
  { staticBytes, reservedBytes, dynBytes }: PercpuPicture['geometry'],
  { heading, unitStartBytes, sizeBytes }: PictureChunk,
): { readonly startBytes: number; readonly endBytes: number } {
  const dynamicStart = staticBytes + reservedBytes;
  if (heading === 'first') {
    return { startBytes: dynamicStart - unitStartBytes, endBytes: dynamicStart + dynBytes - unitStartBytes };
  }
  if (heading === 'reserved')
    return { startBytes: staticBytes - unitStartBytes, endBytes: dynamicStart - unitStartBytes };
  return { startBytes: 0, endBytes: sizeBytes };
}
