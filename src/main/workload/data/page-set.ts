/**
 * The bytes that the machine's CPUs write: pages laid end to end in one shared buffer, built before a run, only read
 * during it. All designs of an experiment get the same set, so a difference between them is never the data's.
 *
 *   bytes   [ page 0 | page 1 | … | page count-1 ]      page i = [i × pageSizeBytes, (i + 1) × pageSizeBytes)
 */
import { fail, ok, type Result } from '../../../shared/result.ts';

export interface PageSet {
  readonly pageSizeBytes: number;
  readonly count: number;
  /** Exactly pageSizeBytes × count bytes; any thread may read them, none may write them. */
  readonly bytes: SharedArrayBuffer;
  /** What the pages are, for a person: source and share, no unit left to guess. */
  readonly description: string;
}

/** The shared buffer for `count` zeroed pages; 'out-of-memory' when this host cannot give so much in one piece. */
export function allocatePages(pageSizeBytes: number, count: number): Result<SharedArrayBuffer> {
  try {
    return ok(new SharedArrayBuffer(pageSizeBytes * count));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail('out-of-memory', `This host cannot hold ${count} pages of ${pageSizeBytes} bytes of page data`);
  }
}
