/** What `percpu_stats` of debugfs shows: the state of a per-CPU allocator, of a real kernel or of the lab's. Sizes in bytes. */

export interface PercpuStatsInfo {
  readonly unitBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynBytes: number;
  readonly atomBytes: number;
  readonly allocBytes: number;
}

export interface PercpuStatsTotals {
  /** Objects given out, and taken back, since boot. */
  readonly allocations: number;
  readonly frees: number;
  readonly liveObjects: number;
  readonly liveObjectsPeak: number;
  /** First and reserved chunk count as one. */
  readonly chunks: number;
  readonly chunksPeak: number;
  /** Of rounded sizes, ever. */
  readonly smallestBytes: number;
  readonly largestBytes: number;
  /** Empty populated pages of chunks in ordinary use. */
  readonly emptyPages: number;
}

export type ChunkHeading = 'reserved' | 'first' | 'to-depopulate' | 'sidelined' | 'ordinary';

export interface PercpuStatsChunk {
  readonly heading: ChunkHeading;
  readonly liveObjects: number;
  readonly largestBytes: number;
  readonly emptyPages: number;
  /** In 4-byte cells; the chunk's number of cells when it is full. */
  readonly firstFreeCell: number;
  readonly freeBytes: number;
  /** The hint, which may be stale. */
  readonly contigBytes: number;
  /** Free runs before the last used cell: their sum, and the largest. */
  readonly fragmentBytes: number;
  readonly largestFragmentBytes: number;
  /** Over live objects; 0 where there is none. The median is the lower middle one. */
  readonly smallestLiveBytes: number;
  readonly medianLiveBytes: number;
  readonly largestLiveBytes: number;
}

export interface PercpuStats {
  readonly info: PercpuStatsInfo;
  readonly totals: PercpuStatsTotals;
  /** The reserved chunk first, then list by list, each from head to tail. */
  readonly chunks: readonly PercpuStatsChunk[];
}
