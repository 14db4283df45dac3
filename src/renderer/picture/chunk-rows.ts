/** The table of chunks: every figure as it is shown. */
import type { PercpuPicture, PictureChunk, PictureHint } from '../../shared/percpu-picture.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatCount } from '../format/number.ts';
import { formatShare } from '../format/percent.ts';
import { hex } from '../format/hex.ts';
import { chunkName, listWords } from './chunk-words.ts';

export interface ChunkRow {
  readonly key: string;
  readonly name: string;
  readonly list: string;
  /** 0 … 1. */
  readonly usedShare: number;
  readonly used: string;
  readonly free: string;
  readonly objects: string;
  readonly pages: string;
  readonly empty: string;
  readonly contigHint: string;
  readonly scanHint: string;
  readonly firstFree: string;
}

/** One row per chunk, in the picture's order. */
export function chunkRows(picture: PercpuPicture): readonly ChunkRow[] {
  return picture.chunks.map((chunk, index) => chunkRow(picture, chunk, index));
}

function chunkRow(picture: PercpuPicture, chunk: PictureChunk, index: number): ChunkRow {
  const usedShare = chunk.sizeBytes === 0 ? 0 : Math.min(1, Math.max(0, 1 - chunk.freeBytes / chunk.sizeBytes));
  const populated = chunk.populated.reduce((sum, page) => sum + page, 0);
  return {
    key: chunk.key,
    name: chunkName(chunk, index),
    list: listWords(chunk, picture),
    usedShare,
    used: usedShare > 0.9995 && chunk.freeBytes > 0 ? '> 99.9 %' : formatShare(usedShare),
    free: formatBytes(chunk.freeBytes),
    objects: formatCount(chunk.liveObjects),
    pages: `${formatCount(populated)} / ${formatCount(chunk.populated.length)}`,
    empty: formatCount(chunk.emptyPages),
    contigHint: hintWords(chunk.contigHint),
    scanHint: hintWords(chunk.scanHint),
    firstFree: chunk.firstFreeBytes >= chunk.sizeBytes ? 'full' : hex(chunk.firstFreeBytes),
  };
}

function hintWords(hint: PictureHint | undefined): string {
  return hint === undefined ? '–' : `${formatBytes(hint.sizeBytes)} @ ${hex(hint.startBytes)}`;
}
