/** A zram device of this host's kernel as a scale: it says how many bytes it stores for a page. */
import { writeSync } from 'node:fs';
import { alignedPages } from '../../../../../src/main/engine/kernel/aligned-pages.ts';
import { KernelDevice } from '../../../../../src/main/engine/kernel/kernel-device.ts';
import { valueOf } from '../../../lab/small-lab.ts';

const PAGE = 4096;

export class HostZram implements Disposable {
  readonly #device: KernelDevice;
  readonly #file: number;
  readonly #page: Uint8Array;
  #compressedBytes = 0;

  constructor(pages: number) {
    const [page] = alignedPages(1, PAGE);
    if (page === undefined) throw new Error('no memory for a page');
    this.#page = page.bytes;
    this.#device = valueOf(KernelDevice.make());
    try {
      const setUp = { algorithm: 'lz4', diskSizeBytes: pages * PAGE, pageSizeBytes: PAGE };
      valueOf(this.#device.setUp(setUp));
      this.#file = valueOf(this.#device.open());
    } catch (error) {
      this.#device.dispose();
      throw error;
    }
  }

  /** Bytes that the device stores for a page written to a slot that was empty. */
  storedSize(slot: number, page: Buffer): number {
    this.#page.set(page);
    writeSync(this.#file, this.#page, 0, PAGE, slot * PAGE);
    const before = this.#compressedBytes;
    this.#compressedBytes = this.#device.mmStat().compr_data_size;
    return this.#compressedBytes - before;
  }

  [Symbol.dispose](): void {
    valueOf(this.#device.dispose());
  }
}
