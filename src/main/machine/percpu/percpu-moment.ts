/**
 * The per-CPU allocator of a machine at one moment, counted from its bookkeeping, and who has allocated what of it.
 *
 * At rest, or under pcpu_lock, or on a copy of the region that was taken under it.
 */
import type { CallSiteTotal, PercpuMoment } from '../../../shared/run-record.ts';
import type { BigObject } from './big-objects.ts';
import { nextSet } from './chunks/bitmap.ts';
import { ChunkW, FIRST_CHUNK, RegionW, RESERVED_CHUNK } from './chunks/chunk-layout.ts';
import { chunkMetadata } from './chunks/chunk-metadata.ts';
import { chunksInOrder } from './chunks/chunk-figures.ts';
import type { ChunkRegion } from './chunks/chunk-region.ts';
import { CELL_BYTES } from './chunks/percpu-geometry.ts';

/** A live object of a chunk; bytes from the start of the chunk. */
export interface LiveObject {
  readonly chunk: number;
  readonly startBytes: number;
  readonly sizeBytes: number;
  readonly callSite: number;
}

/** All live objects, chunk by chunk in the order of percpu_stats, ascending within one. */
export function* liveObjects(region: ChunkRegion): Generator<LiveObject, void, void> {
  for (const chunk of chunksInOrder(region)) yield* objectsOfChunk(region, chunk);
}

function* objectsOfChunk(region: ChunkRegion, chunk: number): Generator<LiveObject, void, void> {
  const { words } = region;
  const map = region.allocMap(chunk);
  // The bytes at the ends of the first chunk's parts are marked, but nobody's.
  const first = Math.ceil(region.chunkField(chunk, ChunkW.startOffsetBytes) / CELL_BYTES);
  const cells = region.chunkField(chunk, ChunkW.cells);
  const end = cells - Math.floor(region.chunkField(chunk, ChunkW.endOffsetBytes) / CELL_BYTES);
  for (let cell = nextSet(words, map, first, end); cell < end;) {
    const next = nextSet(words, region.boundMap(chunk), cell + 1, end);
    yield {
      chunk,
      startBytes: cell * CELL_BYTES,
      sizeBytes: (next - cell) * CELL_BYTES,
      callSite: region.callSiteOf(chunk, cell),
    };
    cell = nextSet(words, map, next, end);
  }
}

/** `firstChunkFrames` is what the first chunk keeps, all CPUs. */
export function percpuMoment(region: ChunkRegion, firstChunkFrames: number): PercpuMoment {
  const { pageSizeBytes, units } = region.geometry;
  const chunks = region.header(RegionW.chunks);
  const later = chunksInOrder(region).filter((chunk) => chunk !== FIRST_CHUNK && chunk !== RESERVED_CHUNK).length;
  const metadata = chunkMetadata(region.geometry);
  let liveBytes = 0;
  for (const { sizeBytes } of liveObjects(region)) liveBytes += sizeBytes;
  return {
    liveObjects: region.header(RegionW.liveObjects),
    liveBytes,
    chunks,
    populatedBytes: (firstChunkFrames + region.header(RegionW.populatedPages) * units) * pageSizeBytes,
    addressSpaceBytes: chunks * region.spanBytes,
    metadataBytes: later * metadata.mapsBytes,
  };
}

/** The table of who allocates what, largest total first, equal ones by name; `names` by the number of the call site. */
export function callSiteTotals(
  region: ChunkRegion,
  big: readonly BigObject[],
  names: readonly string[],
): readonly CallSiteTotal[] {
  const sites = new Map<number, { number: number; totalBytes: number; sizes: Set<number> }>();
  const count = (callSite: number, sizeBytes: number): void => {
    const site = sites.get(callSite) ?? { number: 0, totalBytes: 0, sizes: new Set<number>() };
    site.number += 1;
    site.totalBytes += sizeBytes;
    site.sizes.add(sizeBytes);
    sites.set(callSite, site);
  };
  for (const object of liveObjects(region)) count(object.callSite, object.sizeBytes);
  for (const object of big) count(object.callSite, object.sizeBytes);
  const all = [...sites.values()].reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  return [...sites]
    .map(([callSite, { number, totalBytes, sizes }]) => {
      const [size] = sizes;
      return {
        callSite: names[callSite] ?? `call site ${callSite}`,
        number,
        ...(sizes.size === 1 ? { sizeBytes: size } : {}),
        totalBytes,
        share: totalBytes / all,
      };
    })
    .sort((a, b) => b.totalBytes - a.totalBytes || (a.callSite < b.callSite ? -1 : 1));
}
