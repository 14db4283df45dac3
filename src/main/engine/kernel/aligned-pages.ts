/**
 * Memory for direct I/O: the kernel takes requests of O_DIRECT only from memory that starts on a boundary of the device
 * (512 bytes for zram), and what crosses a page costs it a second piece. Node gives its buffers 16-byte boundaries; the
 * memory of WebAssembly starts on a page, always, because its protection is made of pages.
 */
import type { IoPage } from '../../machine/codec.ts';
import { physicalAddress } from '../../machine/units.ts';

/** WebAssembly counts its memory in pieces of 64 KiB. */
const WASM_PAGE_BYTES = 64 * 1024;

/** `count` pages of `pageSizeBytes`, consecutive, each on a boundary of the host's pages: the job's buffers, one call a job. Addresses count from the first. */
export function alignedPages(count: number, pageSizeBytes: number): readonly IoPage[] {
  const pieces = Math.ceil((count * pageSizeBytes) / WASM_PAGE_BYTES);
  const { buffer } = new WebAssembly.Memory({ initial: pieces, maximum: pieces, shared: true });
  return Array.from({ length: count }, (_, page) => ({
    address: physicalAddress(page * pageSizeBytes),
    bytes: Buffer.from(buffer, page * pageSizeBytes, pageSizeBytes),
    words: new Int32Array(buffer, page * pageSizeBytes, pageSizeBytes / Int32Array.BYTES_PER_ELEMENT),
  }));
}
