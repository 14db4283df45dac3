/**
 * What a picture of a per-CPU area is drawn from: plain data, the same for a running machine, a moment of a replay and the
 * first chunk of a boot log. Whoever draws it need not know which.
 *
 *     units          CPU 0        CPU 1        –            one block of memory per group, unused units at its end
 *                 ┌──────────┐ ┌──────────┐ ┌──────────┐
 *     chunk       │ pages    │ │ same     │ │ same     │   an object has one offset, and a copy in every unit
 *                 └──────────┘ └──────────┘ └──────────┘
 *
 * Sizes, offsets and addresses in bytes. Objects are columns: number i is at startBytes[i], sizeBytes[i], callSite[i].
 */
import type { ChunkHeading, PercpuStatsInfo } from './percpu-stats.ts';

export interface PercpuPicture {
  readonly geometry: PercpuStatsInfo & { readonly pageSizeBytes: number };
  /** In the order of their addresses. */
  readonly units: readonly PictureUnit[];
  /** In the order of percpu_stats: the reserved part, then list by list. */
  readonly chunks: readonly PictureChunk[];
  /** Numbers of the lists that are not for a size; absent where no list is known. */
  readonly lists?:
    { readonly sidelined: number; readonly fullyFree: number; readonly toDepopulate: number } | undefined;
  /** Names that `callSite` columns point into. The order is the source's and does not change while it lives: colours follow it. */
  readonly callSites: readonly string[];
}

export interface PictureUnit {
  /** Undefined: no CPU has this unit. */
  readonly cpu?: number | undefined;
  readonly group: number;
  /** From the first unit of the lowest group, the same in every chunk; absent where the source does not tell. */
  readonly offsetBytes?: number | undefined;
}

/** In a `callSite` column: the source does not know who allocated it. */
export const NO_CALL_SITE = 0xffff;

/** A free run that a hint promises. */
export interface PictureHint {
  readonly startBytes: number;
  readonly sizeBytes: number;
}

export interface PictureChunk {
  /** Unique among the chunks of a moment; the same chunk has the same key at other moments. */
  readonly key: string;
  readonly heading: ChunkHeading;
  /** List that it is on; absent for the reserved chunk and where no list is known. */
  readonly slot?: number | undefined;
  /** Isolated chunks have their pages given back. */
  readonly isolated: boolean;
  /** What the source calls its base address, e.g. as a trace prints it. */
  readonly baseName?: string | undefined;
  /** Address of byte 0 of the first unit, where addresses are known. */
  readonly baseAddress?: number | undefined;
  /** Where in the unit the chunk's own offset 0 lies: 0 but for the parts of the first chunk. */
  readonly unitStartBytes: number;
  /** Bytes of the unit that the chunk manages. */
  readonly sizeBytes: number;
  readonly freeBytes: number;
  readonly liveObjects: number;
  readonly emptyPages: number;
  /** Chunk offset of the first free byte; `sizeBytes` when full. */
  readonly firstFreeBytes: number;
  /** May be stale: a lower bound. */
  readonly contigHint?: PictureHint | undefined;
  readonly scanHint?: PictureHint | undefined;
  /** One byte per page: 1 where it is backed by a page frame on every unit. */
  readonly populated: Uint8Array;
  /** One byte per page: how much of it is in use, 0 … 255. */
  readonly fill: Uint8Array;
  /** Only in the chunks that were asked for; the others are drawn by `fill`. */
  readonly objects?: PictureObjects | undefined;
}

export interface PictureObjects {
  /** From the chunk's offset 0, ascending. */
  readonly startBytes: Int32Array;
  readonly sizeBytes: Int32Array;
  /** Index into `callSites`, or NO_CALL_SITE. */
  readonly callSite: Uint16Array;
  /** Frame number behind page × units + unit, −1 where there is none; absent where frames are not known. */
  readonly frames?: Int32Array | undefined;
}
