/** Reads a trace from a file, plain or gzip, piece by piece. */
import { createReadStream, openSync, readSync, closeSync, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { TraceEvent, TraceSummary } from './trace-event.ts';
import { TraceParser } from './trace-parser.ts';

/** Bytes per piece: big enough that the cost per piece does not count. */
const PIECE_BYTES = 256 * 1024;

/** Lets a reading be watched and ended. */
export interface ReadingWatch {
  readonly signal: AbortSignal;
  /** Part of the file that has been read, 0 … 1. */
  readonly onShare: (share: number) => void;
}

/**
 * Reads the whole file; events are told in the order of the text. A file that is damaged (gzip cut short, a disk that fails)
 * is read as far as it goes, which the summary says. Errors: 'not-found' when it cannot be opened,
 * 'cancelled' when the watch's signal is.
 */
export async function readTraceFile(
  path: string,
  onEvent: (event: TraceEvent) => void,
  watch?: ReadingWatch,
): Promise<Result<TraceSummary>> {
  let isGzip: boolean;
  try {
    isGzip = startsLikeGzip(path);
  } catch (error) {
    return fail('not-found', `cannot read ${path}: ${messageOf(error)}`, path);
  }
  const parser = new TraceParser(onEvent);
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    const pieces: AsyncIterable<Uint8Array> = isGzip ? file.pipe(createGunzip({ chunkSize: PIECE_BYTES })) : file;
    const sizeBytes = statSync(path).size;
    for await (const piece of pieces) {
      if (watch?.signal.aborted === true) return fail('cancelled', `the reading of ${path} was cancelled`);
      parser.push(piece);
      watch?.onShare(file.bytesRead / sizeBytes);
    }
  } catch (error) {
    return ok({ ...parser.end(), cutShort: messageOf(error) });
  } finally {
    file.destroy();
  }
  return ok(parser.end());
}

function startsLikeGzip(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(2);
    return readSync(file, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
