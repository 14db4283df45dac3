/**
 * Pages of real files, in the order picked. Each file starts a page of its own; its last page is filled up with zeros.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { counted } from '../../../shared/counted.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { cancelled, fileProblem, listDataFiles, type DataFile } from './data-files.ts';
import { allocatePages, type PageSet } from './page-set.ts';

/** Between two looks at the signal. */
const READ_BYTES = 1024 * 1024;

export interface FilePages {
  readonly pageSizeBytes: number;
  /** Upper limit of the set; at least one page. */
  readonly maxBytes: number;
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

async function readWhole(
  handle: FileHandle,
  target: Uint8Array,
  onPiece: (bytes: number) => Result<void>,
): Promise<Result<boolean>> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await handle.read(target, at, Math.min(READ_BYTES, target.length - at), at);
    if (bytesRead === 0) return ok(false);
    at += bytesRead;
    const piece = onPiece(bytesRead);
    if (!piece.ok) return piece;
  }
  return ok(true);
}

async function readFileInto(
  path: string,
  target: Uint8Array,
  onPiece: (bytes: number) => Result<void>,
): Promise<Result<void>> {
  try {
    await using handle = await open(path, 'r');
    const whole = await readWhole(handle, target, onPiece);
    if (!whole.ok) return whole;
    return whole.value ? ok(undefined) : fail('bad-input', `'${path}' became shorter while it was read`, path);
  } catch (error) {
    return fileProblem(path, error);
  }
}

function describe(placements: readonly Placement[], files: readonly DataFile[]): string {
  const used = placements.reduce((sum, placement) => sum + placement.bytes, 0);
  const available = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (used === available) return `${counted(files.length, 'file')}, all ${available} bytes`;
  return `${counted(placements.length, 'file')} of ${files.length}, the first ${used} of ${available} bytes`;
}

/**
 * Reads the pages of `paths`. What goes beyond `maxBytes` is left out and `description` says so. Errors, each naming
 * the path: 'not-found', 'bad-input' (unreadable, empty, neither file nor folder); also 'cancelled', 'out-of-memory'.
 */
export async function pageSetFromFiles(paths: readonly string[], wanted: FilePages): Promise<Result<PageSet>> {
  const { pageSizeBytes, signal, onProgress } = wanted;
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
  const onPiece = (bytes: number): Result<void> => {
    bytesRead += bytes;
    onProgress?.({ bytesRead, bytesTotal });
    return signal?.aborted ? cancelled() : ok(undefined);
  };
  for (const { file, firstPage, bytes } of placements) {
    const target = new Uint8Array(allocated.value, firstPage * pageSizeBytes, bytes);
    const read = await readFileInto(file.path, target, onPiece);
    if (!read.ok) return read;
  }
  return ok({ pageSizeBytes, count, bytes: allocated.value, description: describe(placements, files.value) });
}
