/** Chunks in words: what they are called, and what their lists mean. */
import type { PercpuPicture, PictureChunk } from '../../shared/percpu-picture.ts';
import { formatBytes } from '../format/bytes.ts';

/** Short name of a chunk; `index` is its place in the picture. */
export function chunkName(chunk: PictureChunk, index: number): string {
  if (chunk.heading === 'first') return 'first chunk';
  if (chunk.heading === 'reserved') return 'reserved part';
  return chunk.baseName ?? `chunk ${index}`;
}

/** List of a chunk: its number, and which contig hints it is for. */
export function listWords({ slot, heading }: PictureChunk, { lists, geometry }: PercpuPicture): string {
  if (heading === 'reserved') return 'on no list';
  if (slot === undefined || lists === undefined) return '–';
  return `${slot} · ${listMeaning(slot, lists, geometry.unitBytes)}`;
}

/** After the kernel's rule: list n ≥ 2 is for runs from 2^(n+2) bytes to twice that. */
function listMeaning(slot: number, lists: NonNullable<PercpuPicture['lists']>, unitBytes: number): string {
  if (slot === lists.sidelined) return 'sidelined';
  if (slot === lists.fullyFree) return 'fully free';
  if (slot === lists.toDepopulate) return 'to depopulate';
  if (slot === 0) return 'full or parked';
  if (slot === 1) return '< 16 B';
  const low = 2 ** (slot + 2);
  return 2 * low > unitBytes ? `≥ ${formatBytes(low)}` : `${formatBytes(low)} – ${formatBytes(2 * low)}`;
}
