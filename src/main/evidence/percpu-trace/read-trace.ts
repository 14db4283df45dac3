/** Reads a trace from a file, plain or gzip, piece by piece. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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
  const opened = await openTrace(path);
  if (!opened.ok) return opened;
  const { file, sizeBytes, isGzip } = opened.value;
  const parser = new TraceParser(onEvent);
  try {
    for await (const { bytes, read } of isGzip ? unzipped(path) : plain(file)) {
      if (watch?.signal.aborted === true) return fail('cancelled', `the reading of ${path} was cancelled`);
      parser.push(bytes);
      watch?.onShare(read / sizeBytes);
    }
  } catch (error) {
    return ok({ ...parser.end(), cutShort: messageOf(error) });
  } finally {
    await file.close();
  }
  return ok(parser.end());
}

interface Piece {
  /** Void after the next piece. */
  readonly bytes: Uint8Array;
  /** Bytes of the file that were read so far. */
  readonly read: number;
}

/**
 * The next piece is read while the one before is parsed. The pieces lie in two buffers, by turns: new ones for each would be
 * most of what the garbage collector has to do.
 */
async function* plain(file: FileHandle): AsyncGenerator<Piece, void> {
  const buffers = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)] as const;
  let next = file.read(buffers[0], 0, PIECE_BYTES, 0);
  try {
    for (let read = 0, turn = 1; ; turn = 1 - turn) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      read += bytesRead;
      next = file.read(turn === 0 ? buffers[0] : buffers[1], 0, PIECE_BYTES, read);
      yield { bytes: buffer.subarray(0, bytesRead), read };
    }
  } finally {
    // Nobody waits for it where the reading ends early; what went wrong with it no longer matters then.
    await next.catch(() => undefined);
  }
}

async function* unzipped(path: string): AsyncGenerator<Piece, void> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    const pieces: AsyncIterable<Uint8Array> = file.pipe(createGunzip({ chunkSize: PIECE_BYTES }));
    for await (const bytes of pieces) yield { bytes, read: file.bytesRead };
  } finally {
    file.destroy();
  }
}

interface TraceFile {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  readonly isGzip: boolean;
}

async function openTrace(path: string): Promise<Result<TraceFile>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const head = Buffer.alloc(2);
    const { bytesRead } = await file.read(head, 0, 2, 0);
    const { size } = await file.stat();
    return ok({ file, sizeBytes: size, isGzip: bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b });
  } catch (error) {
    await file?.close();
    return fail('not-found', `cannot read ${path}: ${messageOf(error)}`, path);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
