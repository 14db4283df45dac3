/**
 * Pages of real files, in the order picked or spread out. Each file starts a page of its own; its last page is filled up with
 * zeros. Bytes come in pieces and go to their pages' places from there, so that an order needs no second copy of the set.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { counted } from '../../../shared/counted.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { WideBuffer } from '../wide-buffer.ts';
import { cancelled, fileProblem, listDataFiles, type DataFile } from './data-files.ts';
import { allocatePages, type PageSet } from './page-set.ts';
import { spreadOrder } from './spread-order.ts';

/** Between two looks at the signal. */
const READ_BYTES = 1024 * 1024;
const SPREAD_WORDS = 'taken in steps spread evenly over them instead of in order';

export interface FilePages {
  readonly pageSizeBytes: number;
  /** Upper limit of the set; at least one page. */
  readonly maxBytes: number;
  /** Given, the pages come in an order of which every stretch is like the whole, so many together; absent, as picked. */
  readonly spreadPiecePages?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every piece read. */
  readonly onProgress?: ((progress: { readonly bytesRead: number; readonly bytesTotal: number }) => void) | undefined;
}

/** Where one file's bytes go. */
interface Placement {
  readonly file: DataFile;
  readonly firstPage: number;
  /** How much of the file is taken. */
  readonly bytes: number;
}

function placeFiles(files: readonly DataFile[], pageSizeBytes: number, maxPages: number): readonly Placement[] {
  const placements: Placement[] = [];
  let nextPage = 0;
  for (const file of files) {
    const room = (maxPages - nextPage) * pageSizeBytes;
    if (room === 0) break;
    const bytes = Math.min(file.sizeBytes, room);
    placements.push({ file, firstPage: nextPage, bytes });
    nextPage += Math.ceil(bytes / pageSizeBytes);
  }
  return placements;
}

/** False when the file ended before its `bytes` bytes; else `onPiece` has had them all, each piece with where it starts. */
async function readWhole(
  handle: FileHandle,
  bytes: number,
  onPiece: (piece: Buffer, at: number) => Result<void>,
): Promise<Result<boolean>> {
  const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes));
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, bytes - at), at);
    if (bytesRead === 0) return ok(false);
    const taken = onPiece(piece.subarray(0, bytesRead), at);
    if (!taken.ok) return taken;
    at += bytesRead;
  }
  return ok(true);
}

async function readFile(
  path: string,
  bytes: number,
  onPiece: (piece: Buffer, at: number) => Result<void>,
): Promise<Result<void>> {
  try {
    await using handle = await open(path, 'r');
    const whole = await readWhole(handle, bytes, onPiece);
    if (!whole.ok) return whole;
    return whole.value ? ok(undefined) : fail('bad-input', `'${path}' became shorter while it was read`, path);
  } catch (error) {
    return fileProblem(path, error);
  }
}

/** Brings bytes that lie together from byte `start` of the pages on, as picked, to the places of these pages in `set`. */
function bringPiece(piece: Buffer, start: number, set: WideBuffer, { pageSizeBytes, placeOf }: PagePlaces): void {
  for (let done = 0; done < piece.length;) {
    const within = (start + done) % pageSizeBytes;
    const bytes = Math.min(pageSizeBytes - within, piece.length - done);
    const place = placeOf((start + done - within) / pageSizeBytes);
    set.bring(piece.subarray(done, done + bytes), 0, place * pageSizeBytes + within);
    done += bytes;
  }
}

interface PagePlaces {
  readonly pageSizeBytes: number;
  /** From the page as picked to its place in the set. */
  readonly placeOf: (page: number) => number;
}

function describe(placements: readonly Placement[], files: readonly DataFile[]): string {
  const used = placements.reduce((sum, placement) => sum + placement.bytes, 0);
  const available = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (used === available) return `${counted(files.length, 'file')}, all ${available} bytes`;
  return `${counted(placements.length, 'file')} of ${files.length}, the first ${used} of ${available} bytes`;
}

function asPicked(page: number): number {
  return page;
}

/**
 * Reads the pages of `paths`. What goes beyond `maxBytes` is left out and `description` says so. Errors, each naming
 * the path: 'not-found', 'bad-input' (unreadable, empty, neither file nor folder); also 'cancelled', 'out-of-memory'.
 */
export async function pageSetFromFiles(paths: readonly string[], wanted: FilePages): Promise<Result<PageSet>> {
  const { pageSizeBytes, spreadPiecePages, signal, onProgress } = wanted;
  const maxPages = Math.floor(wanted.maxBytes / pageSizeBytes);
  if (maxPages < 1) throw new RangeError(`${wanted.maxBytes} bytes are less than a page of ${pageSizeBytes}`);
  const files = await listDataFiles(paths, signal);
  if (!files.ok) return files;

  const placements = placeFiles(files.value, pageSizeBytes, maxPages);
  const count = placements.reduce((sum, { bytes }) => sum + Math.ceil(bytes / pageSizeBytes), 0);
  const allocated = allocatePages(pageSizeBytes, count);
  if (!allocated.ok) return allocated;

  const bytesTotal = placements.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytesRead = 0;
  const set = new WideBuffer(allocated.value);
  const placeOf = spreadPiecePages === undefined ? asPicked : spreadOrder({ count, piecePages: spreadPiecePages });
  for (const { file, firstPage, bytes } of placements) {
    const read = await readFile(file.path, bytes, (piece, at) => {
      bringPiece(piece, firstPage * pageSizeBytes + at, set, { pageSizeBytes, placeOf });
      bytesRead += piece.length;
      onProgress?.({ bytesRead, bytesTotal });
      return signal?.aborted ? cancelled() : ok(undefined);
    });
    if (!read.ok) return read;
  }
  const taken = describe(placements, files.value);
  const description = spreadPiecePages === undefined ? taken : `${taken}, ${SPREAD_WORDS}`;
  return ok({ pageSizeBytes, count, bytes: allocated.value, description });
}
