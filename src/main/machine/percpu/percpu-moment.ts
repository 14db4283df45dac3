/**
 * The per-CPU allocator of a machine at one moment, counted from its bookkeeping, and who has allocated what of it.
 *
 * At rest, or under pcpu_lock, or on a copy of the region that was taken under it.
 */
import type { CallSiteTotal, PercpuMoment } from '../../../shared/run-record.ts';
import type { BigObject } from './big-objects.ts';
import { FIRST_CHUNK, RegionW, RESERVED_CHUNK } from './chunks/chunk-layout.ts';
import { chunkMetadata } from './chunks/chunk-metadata.ts';
import { chunksInOrder } from './chunks/chunk-figures.ts';
import type { ChunkRegion } from './chunks/chunk-region.ts';
import { liveObjects } from './chunks/live-objects.ts';

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
