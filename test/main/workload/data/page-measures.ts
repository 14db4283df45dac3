/** What the tests measure on pages. */
import { compressSync } from 'lz4-napi';
import type { Result } from '../../../../src/shared/result.ts';
import type { PageSet } from '../../../../src/main/workload/data/page-set.ts';

/** lz4-napi puts the input's size in front of the block. */
const SIZE_PREFIX_BYTES = 4;

export function pagesOf(bytes: Uint8Array, pageSizeBytes = 4096): readonly Uint8Array[] {
  const count = bytes.length / pageSizeBytes;
  return Array.from({ length: count }, (_, page) => bytes.slice(page * pageSizeBytes, (page + 1) * pageSizeBytes));
}

export function lz4Bytes(page: Uint8Array): number {
  return compressSync(Buffer.from(page)).length - SIZE_PREFIX_BYTES;
}

export function meanLz4Bytes(pages: readonly Uint8Array[]): number {
  return pages.reduce((sum, page) => sum + lz4Bytes(page), 0) / pages.length;
}

export function zeroBytes(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
}

/** The set, or the failure as an exception. */
export function built(result: Result<PageSet>): PageSet {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

export function bytesOf(set: PageSet): Uint8Array {
  return new Uint8Array(set.bytes);
}
