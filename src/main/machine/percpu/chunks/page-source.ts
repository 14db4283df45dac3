/** Where the pages behind a chunk come from: page frames on a machine, mere numbers in a replay. */
import type { Cpu, Suspending } from '../../cpu.ts';
import type { PageRange } from './chunk-region.ts';

/** All calls under the allocation mutex and without pcpu_lock, except `clear`, whose caller owns the object. */
export interface PageSource {
  /** Address space for a new chunk, which has no pages yet; false, with nothing taken, when there is none. */
  createChunk(cpu: Cpu, chunk: number): Suspending<boolean>;
  /** Gives it back; the chunk's pages have been depopulated. */
  destroyChunk(cpu: Cpu, chunk: number): Suspending<void>;
  /** Backs pages of a chunk on every CPU's unit; false, with nothing taken, when memory does not suffice. */
  populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean>;
  /** Gives back pages that `populate` has backed. */
  depopulate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void>;
  /** Zeroes an object in every unit that has memory; bytes from the start of the chunk. */
  clear(chunk: number, offsetBytes: number, sizeBytes: number): void;
}

/** Pages that exist in the counters only, and never run out. */
export class CountedPages implements PageSource {
  *createChunk(): Suspending<boolean> {
    return true;
  }

  *destroyChunk(): Suspending<void> {
    // Nothing was taken.
  }

  *populate(): Suspending<boolean> {
    return true;
  }

  *depopulate(): Suspending<void> {
    // Nothing was taken.
  }

  clear(): void {
    // There is nothing to be cleared.
  }
}
