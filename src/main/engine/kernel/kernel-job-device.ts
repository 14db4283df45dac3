/**
 * A device of the kernel as a job sees it: each request is one system call at its place on the device.
 *
 *     one page     pwrite, pread
 *     several      pwritev, preadv over consecutive pages, which the block layer makes one request of
 *
 * The device is open with O_DIRECT: a call returns when zram has done the work, on the thread that called. Nothing here
 * yields. The fd is the main thread's; any thread may use it.
 */
import { readSync, readvSync, writeSync, writevSync } from 'node:fs';
import type { IoPage } from '../../machine/codec.ts';
import { IoStatus } from '../../machine/zram/io-status.ts';
import type { JobDevice } from '../../workload/job.ts';
import type { ControlBlock } from './control-block.ts';
import { errorCode } from './zram-control.ts';

export class KernelJobDevice implements JobDevice<undefined> {
  readonly #file: number;
  readonly #pageSizeBytes: number;
  readonly #control: ControlBlock;
  readonly #thread: number;

  /** `file` is a device's, open for direct I/O; bytes moved are counted in the part of `thread`. */
  constructor(file: number, parts: { pageSizeBytes: number; control: ControlBlock; thread: number }) {
    this.#file = file;
    this.#pageSizeBytes = parts.pageSizeBytes;
    this.#control = parts.control;
    this.#thread = parts.thread;
  }

  /** zram refuses a write (EIO) only for want of memory or at the device's limit. Throws any other error of the system. */
  write(_nobody: undefined, firstSlot: number, pages: readonly IoPage[]): IoStatus {
    const position = firstSlot * this.#pageSizeBytes;
    const [page] = pages;
    try {
      const written =
        pages.length === 1 && page !== undefined
          ? writeSync(this.#file, page.bytes, 0, this.#pageSizeBytes, position)
          : writevSync(this.#file, bytesOf(pages), position);
      this.#control.addWritten(this.#thread, written);
      return written === pages.length * this.#pageSizeBytes ? IoStatus.done : IoStatus.noMemory;
    } catch (error) {
      if (isIoError(error)) return IoStatus.noMemory;
      throw error;
    }
  }

  /** zram refuses a read (EIO) only when what it holds is damaged. Throws any other error of the system. */
  read(_nobody: undefined, firstSlot: number, pages: readonly IoPage[]): IoStatus {
    const position = firstSlot * this.#pageSizeBytes;
    const [page] = pages;
    try {
      const read =
        pages.length === 1 && page !== undefined
          ? readSync(this.#file, page.bytes, 0, this.#pageSizeBytes, position)
          : readvSync(this.#file, bytesOf(pages), position);
      this.#control.addRead(this.#thread, read);
      return read === pages.length * this.#pageSizeBytes ? IoStatus.done : IoStatus.corrupt;
    } catch (error) {
      if (isIoError(error)) return IoStatus.corrupt;
      throw error;
    }
  }
}

function bytesOf(pages: readonly IoPage[]): readonly Uint8Array[] {
  return pages.map((page) => page.bytes);
}

function isIoError(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EIO' || code === 'ENOMEM';
}
