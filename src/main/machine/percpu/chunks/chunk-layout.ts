/**
 * The map of a chunk region: every field, its unit, who writes it and under which lock.
 *
 *     ┌────────┬───────┬─────────────┬──────────────────────────── chunk 0 ───────────────────────────────────────┬─ chunk 1 …
 *     │ header │ lists │ first chunk │ words │ alloc map │ bound map │ populated map │ summaries │ frame map │ tags │
 *     └────────┴───────┴─────────────┴───────┴───────────┴───────────┴───────────────┴───────────┴───────────┴──────┘
 *      1280 B   8 B ×   frame map of   128 B   1 bit per   1 bit per   1 bit per page  32 B per    4 B per page  2 B per
 *               lists   all its pages          cell        cell, +1                    page        and unit      cell
 *
 * Chunk 0 is the dynamic part of the first chunk, chunk 1 its reserved part (unused where there is none); chunks made later
 * take the numbers from 2 on, and a number is used again after its chunk was destroyed. The pages of chunks 0 and 1 are found
 * through the first chunk's frame map, which has the static part's pages as well. A tag is the call site of the object that
 * begins at the cell; tags of cells at which no live object begins mean nothing.
 *
 * Fields are indices of 32-bit words within their block (W). Unless said otherwise everything is written under pcpu_lock by
 * any CPU, and read without it by nobody but statistics, which may then be a moment old.
 */
import { SUMMARY_WORDS, SummaryW } from './block-summary.ts';
import { CELL_BYTES, type PercpuGeometry, specialSlots } from './percpu-geometry.ts';

/** Words of the header. The locks lie on cache lines of their own. */
export const RegionW = {
  /** Written once by `ChunkRegion.format`: the geometry in bytes and counts, and the region's capacity. */
  pageSizeBytes: 0,
  unitBytes: 1,
  staticBytes: 2,
  reservedBytes: 3,
  dynBytes: 4,
  atomBytes: 5,
  allocBytes: 6,
  possibleCpus: 7,
  units: 8,
  maxChunks: 9,
  /** Units that the frame map has a column for: all, or 0 where pages are only counted. */
  mappedUnits: 10,
  /** Call sites that tags may name; 0 where objects are not tagged. */
  callSites: 11,
  /** Lock word, LockClass.percpuAllocMutex: population, creation and destruction of chunks, the balance work. */
  allocMutex: 64,
  /** Lock word, LockClass.percpuLock: maps, summaries, lists, counters. */
  lock: 128,
  /** Chunks that exist; the first and the reserved count as one. And the most there ever were. */
  chunks: 192,
  chunksPeak: 193,
  /** Numbers from here on were never used. */
  freshChunk: 195,
  /** Empty populated pages of chunks that are neither isolated nor reserved (pcpu_nr_empty_pop_pages). */
  emptyPages: 196,
  /** Populated pages per unit of chunks other than the first. */
  populatedPages: 197,
  /** 1: the balance work has something to do. */
  balanceWanted: 198,
  /** 1: an atomic request failed since the balance work last ran. */
  atomicFailed: 199,
  /** Live objects, and the most there ever were. */
  liveObjects: 200,
  liveObjectsPeak: 201,
  /** Smallest and largest rounded size ever given out, in bytes. */
  smallestBytes: 202,
  largestBytes: 203,
  /** Objects ever given out and taken back: low and high word. */
  allocatedLow: 204,
  allocatedHigh: 205,
  freedLow: 206,
  freedHigh: 207,
  /** Lists of chunks, two words each: number + 1 of the first and of the last chunk, 0 for an empty list. */
  lists: 320,
} as const;

/** Words of a chunk's block. */
export const ChunkW = {
  /** Bits of `ChunkFlag`. */
  flags: 0,
  /** Neighbours on its list: number + 1, 0 at the ends. */
  previous: 1,
  next: 2,
  /** List it is on, or NO_LIST. */
  list: 3,
  /** Written when the chunk is made: pages and cells that it manages. */
  pages: 4,
  cells: 5,
  freeBytes: 6,
  /** Populated pages per unit; and those of them that are wholly free, less pages taken but not populated yet. */
  populatedPages: 7,
  emptyPages: 8,
  /** Bytes at the ends that are never given out (first chunk only). */
  startOffsetBytes: 9,
  endOffsetBytes: 10,
  liveObjects: 11,
  /** Largest rounded size that the chunk ever served, in bytes. */
  largestBytes: 12,
  /** Counts the chunks that had this number. */
  generation: 13,
  /** The chunk's own summary, SUMMARY_WORDS words. */
  summary: 16,
} as const;
const CHUNK_WORDS = 32;

/** On no list: does not exist, or is the reserved chunk. */
export const NO_LIST = -1;

/** Bits of a chunk's flags. */
export const ChunkFlag = {
  exists: 1,
  /** Part of the first chunk: all its pages are populated for good. */
  immutable: 2,
  reserved: 4,
  /** Taken out of ordinary use to give pages back; its empty pages do not count in RegionW.emptyPages. */
  isolated: 8,
} as const;

/** Where the parts lie, in words from the region's start; parts of a chunk from the chunk's start. */
export interface RegionLayout {
  readonly pagesPerUnit: number;
  readonly cellsPerPage: number;
  readonly lists: number;
  readonly firstChunkFrames: number;
  readonly firstChunk: number;
  readonly chunkStride: number;
  readonly allocMap: number;
  readonly boundMap: number;
  readonly populatedMap: number;
  readonly summaries: number;
  readonly frameMap: number;
  readonly tags: number;
  readonly totalBytes: number;
}

/** What a region has room for. */
export interface RegionCapacity {
  /** Chunks at a time, the two parts of the first chunk included. */
  readonly maxChunks: number;
  /** Units with a frame map column; 0 where pages are only counted. */
  readonly mappedUnits: number;
  /** Call sites that objects can be tagged with, below 65536; absent or 0 where objects are not tagged. */
  readonly callSites?: number | undefined;
}

/** Number of the chunk that manages the dynamic part of the first chunk. */
export const FIRST_CHUNK = 0;
/** Number of the chunk that manages its reserved part, where there is one. */
export const RESERVED_CHUNK = 1;

/** Pure: every thread computes the same from the header. */
export function regionLayout(geometry: PercpuGeometry, capacity: RegionCapacity): RegionLayout {
  const { maxChunks, mappedUnits, callSites = 0 } = capacity;
  const pagesPerUnit = geometry.unitBytes / geometry.pageSizeBytes;
  const cells = geometry.unitBytes / CELL_BYTES;
  const lists = specialSlots(geometry.unitBytes).count;
  const firstChunkFrames = RegionW.lists + 2 * lists;
  const firstChunk = roundUpToLine(firstChunkFrames + pagesPerUnit * mappedUnits);
  const allocMap = CHUNK_WORDS;
  const boundMap = allocMap + Math.ceil(cells / 32);
  const populatedMap = boundMap + Math.ceil((cells + 1) / 32);
  const summaries = populatedMap + Math.ceil(pagesPerUnit / 32);
  const frameMap = summaries + pagesPerUnit * SUMMARY_WORDS;
  const tags = frameMap + pagesPerUnit * mappedUnits;
  const chunkStride = roundUpToLine(tags + (callSites === 0 ? 0 : cells / 2));
  return {
    pagesPerUnit,
    cellsPerPage: geometry.pageSizeBytes / CELL_BYTES,
    lists,
    firstChunkFrames,
    firstChunk,
    chunkStride,
    allocMap,
    boundMap,
    populatedMap,
    summaries,
    frameMap,
    tags,
    totalBytes: (firstChunk + maxChunks * chunkStride) * 4,
  };
}

/** Word index of a field of the chunk's own summary within its block. */
export const ChunkSummaryW = {
  firstFree: ChunkW.summary + SummaryW.firstFree,
  contig: ChunkW.summary + SummaryW.contig,
} as const;

function roundUpToLine(words: number): number {
  return Math.ceil(words / 64) * 64;
}
