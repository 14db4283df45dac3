/** The per-CPU memory of a machine whose CPUs run, as a picture: drawn from a copy. */
import { NO_CALL_SITE, type PercpuPicture, type PictureUnit } from '../../../shared/percpu-picture.ts';
import type { Profile } from '../../../shared/profile.ts';
import type { RunningMachine } from '../../engine/live/live-engine.ts';
import { copyChunkRegion } from '../../engine/live/region-copy.ts';
import { ChunkW, FIRST_CHUNK, RegionW, RESERVED_CHUNK } from '../../machine/percpu/chunks/chunk-layout.ts';
import type { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { PERCPU_SPACE_START } from '../../machine/percpu/percpu-area.ts';
import type { PercpuPlan } from '../../machine/percpu/percpu-plan.ts';
import { roundUp } from '../../machine/units.ts';
import { chunkKey, regionPicture } from './region-picture.ts';

export interface MachinePicture {
  readonly picture: PercpuPicture;
  /** See RegionCopy. */
  readonly isOneMoment: boolean;
}

/**
 * Objects are those of the chunk with that key, or of the one with the most. Call sites are in the order of the table of who
 * allocates what, so that colours and letters are the same there.
 */
export function runningMachinePicture(
  { arena, callSites }: RunningMachine,
  profile: Profile,
  wantedKey: string | undefined,
): MachinePicture {
  let key = '';
  const { region, isOneMoment } = copyChunkRegion(arena, (running) => {
    const chunk = chosenChunk(running, wantedKey);
    key = chunkKey(running, chunk);
    return chunk;
  });
  const ranking = callSitesByTotal(profile.workload);
  const rankOf = callSites.map((name) => ranking.indexOf(name));
  const picture = regionPicture({
    region,
    units: pictureUnits(arena.percpu),
    callSites: ranking,
    callSiteOf: (chunk, cell) => rankOf[region.callSiteOf(chunk, cell)] ?? NO_CALL_SITE,
    baseOf: (chunk) => ({ baseAddress: baseAddress(region, chunk) }),
    withObjects: new Set([key]),
  });
  return { picture, isOneMoment };
}

/** Names, the largest total first; equal totals by name. None for workloads that tag no objects. */
export function callSitesByTotal(workload: Profile['workload']): readonly string[] {
  if (workload.kind !== 'percpu') return [];
  const totals = new Map<string, number>();
  for (const { callSite, number, sizeBytes } of workload.objects) {
    totals.set(callSite, (totals.get(callSite) ?? 0) + number * roundUp(sizeBytes, CELL_BYTES));
  }
  return [...totals].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1)).map(([callSite]) => callSite);
}

function pictureUnits({ cpuOfUnit, layout, geometry }: PercpuPlan): readonly PictureUnit[] {
  const groups = layout.groups.flatMap((units, group) => units.map(() => group));
  return cpuOfUnit.map((cpu, unit) => ({ cpu, group: groups[unit] ?? 0, offsetBytes: unit * geometry.unitBytes }));
}

/** Both parts of the first chunk lie in the same units. */
function baseAddress(region: ChunkRegion, chunk: number): number {
  const span = chunk === FIRST_CHUNK || chunk === RESERVED_CHUNK ? 0 : chunk - 1;
  return PERCPU_SPACE_START + span * region.spanBytes;
}

/** The wanted one, or the one with the most objects. */
function chosenChunk(region: ChunkRegion, wantedKey: string | undefined): number {
  const used = Math.min(region.header(RegionW.freshChunk), region.capacity.maxChunks);
  let fullest = FIRST_CHUNK;
  for (let chunk = 0; chunk < used; chunk++) {
    if (!region.exists(chunk)) continue;
    if (chunkKey(region, chunk) === wantedKey) return chunk;
    const isFuller = region.chunkField(chunk, ChunkW.liveObjects) > region.chunkField(fullest, ChunkW.liveObjects);
    if (isFuller) fullest = chunk;
  }
  return fullest;
}
