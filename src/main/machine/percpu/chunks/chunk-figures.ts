/**
 * What percpu_stats shows of a chunk region, computed as the kernel computes it: counters as they are, fragmentation and live
 * sizes by walking the maps, from behind what precedes the chunk's part of the first page to the last used cell before what
 * follows its part of the last page: all of these fields are 0 in a chunk without objects, the reserved one included. The last
 * used cell is looked for one cell short of the end, so that a chunk whose very last cell is used shows its last object 4 bytes
 * short. Take it under pcpu_lock, or at rest.
 */
import type { ChunkHeading, PercpuStats, PercpuStatsChunk } from '../../../../shared/percpu-stats.ts';
import { afterPreviousSet, bitIsSet, nextSet } from './bitmap.ts';
import { ChunkSummaryW, ChunkW, FIRST_CHUNK, RegionW, RESERVED_CHUNK } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { CELL_BYTES } from './percpu-geometry.ts';
import { chunksOf } from './slots.ts';

/** The whole of percpu_stats. */
export function percpuStats(region: ChunkRegion): PercpuStats {
  const { unitBytes, staticBytes, reservedBytes, dynBytes, atomBytes, allocBytes } = region.geometry;
  return {
    info: { unitBytes, staticBytes, reservedBytes, dynBytes, atomBytes, allocBytes },
    totals: {
      allocations: longCounter(region, RegionW.allocatedLow),
      frees: longCounter(region, RegionW.freedLow),
      liveObjects: region.header(RegionW.liveObjects),
      liveObjectsPeak: region.header(RegionW.liveObjectsPeak),
      chunks: region.header(RegionW.chunks),
      chunksPeak: region.header(RegionW.chunksPeak),
      smallestBytes: region.header(RegionW.smallestBytes),
      largestBytes: region.header(RegionW.largestBytes),
      emptyPages: region.header(RegionW.emptyPages),
    },
    chunks: chunksInOrder(region).map((chunk) => chunkFigures(region, chunk)),
  };
}

/** Chunk numbers in the order of percpu_stats: the reserved chunk, then list by list. */
export function chunksInOrder(region: ChunkRegion): number[] {
  const listed = Array.from({ length: region.slots.count }, (_, slot) => chunksOf(region, slot)).flat();
  return region.exists(RESERVED_CHUNK) ? [RESERVED_CHUNK, ...listed] : listed;
}

function longCounter(region: ChunkRegion, low: number): number {
  return (region.header(low) >>> 0) + region.header(low + 1) * 2 ** 32;
}

/** Of one chunk. */
function chunkFigures(region: ChunkRegion, chunk: number): PercpuStatsChunk {
  const walk = walkMaps(region, chunk);
  const sizes = walk.liveCells.toSorted((a, b) => a - b);
  const size = (index: number): number => (sizes[index] ?? 0) * CELL_BYTES;
  return {
    heading: headingOf(region, chunk),
    liveObjects: region.chunkField(chunk, ChunkW.liveObjects),
    largestBytes: region.chunkField(chunk, ChunkW.largestBytes),
    emptyPages: region.chunkField(chunk, ChunkW.emptyPages),
    firstFreeCell: region.chunkField(chunk, ChunkSummaryW.firstFree),
    freeBytes: region.chunkField(chunk, ChunkW.freeBytes),
    contigBytes: region.chunkField(chunk, ChunkSummaryW.contig) * CELL_BYTES,
    fragmentBytes: walk.fragmentCells * CELL_BYTES,
    largestFragmentBytes: walk.largestFragmentCells * CELL_BYTES,
    smallestLiveBytes: size(0),
    medianLiveBytes: size(Math.floor((sizes.length - 1) / 2)),
    largestLiveBytes: size(sizes.length - 1),
  };
}

function headingOf(region: ChunkRegion, chunk: number): ChunkHeading {
  if (chunk === RESERVED_CHUNK) return 'reserved';
  if (chunk === FIRST_CHUNK) return 'first';
  const list = region.chunkField(chunk, ChunkW.list);
  if (list === region.slots.toDepopulate) return 'to-depopulate';
  return list === region.slots.sidelined ? 'sidelined' : 'ordinary';
}

interface MapWalk {
  readonly liveCells: number[];
  fragmentCells: number;
  largestFragmentCells: number;
}

function walkMaps(region: ChunkRegion, chunk: number): MapWalk {
  const { words } = region;
  const map = region.allocMap(chunk);
  const bounds = region.boundMap(chunk);
  const walk: MapWalk = { liveCells: [], fragmentCells: 0, largestFragmentCells: 0 };
  const start = region.chunkField(chunk, ChunkW.startOffsetBytes) / CELL_BYTES;
  const foreignCells = Math.floor(region.chunkField(chunk, ChunkW.endOffsetBytes) / CELL_BYTES);
  const lastUsed = afterPreviousSet(words, map, 0, region.chunkField(chunk, ChunkW.cells) - foreignCells - 1);
  for (let cell = start; cell < lastUsed;) {
    const isUsed = bitIsSet(words, map, cell);
    const end = nextSet(words, isUsed ? bounds : map, cell + 1, lastUsed);
    if (isUsed) {
      walk.liveCells.push(end - cell);
    } else {
      walk.fragmentCells += end - cell;
      walk.largestFragmentCells = Math.max(walk.largestFragmentCells, end - cell);
    }
    cell = end;
  }
  return walk;
}
