/**
 * One request against the chunks, under pcpu_lock and without any waiting: which chunk, which offset, and what a free sets
 * off. The allocator (allocator.ts) puts locks and pages around it; a replay uses it as it is.
 *
 *     search   lists from that of the size up to the fully free one, each from head to tail; first chunk that fits wins
 *     commit   hole fed back, object placed, chunk relocated, an isolated chunk put back into use, counters
 *     release  object removed, chunk relocated, counters; the chunk may be isolated, the balance work may be wanted
 */
import { ChunkFlag, ChunkW, RegionW, RESERVED_CHUNK } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { type CellRequest, findFit, type Fit } from './find-fit.ts';
import { CELL_BYTES, EMPTY_PAGES_HIGH, EMPTY_PAGES_LOW, PARKING_LISTS } from './percpu-geometry.ts';
import { feedBackHole, type ObjectCells, placeObject } from './place.ts';
import { releaseObject } from './release.ts';
import { computedSlot, firstOf, isolate, moveToHead, nextOf, reintegrate, relocate, slotOfBytes } from './slots.ts';

/** A request in cells, and whether it may be served from the reserved chunk alone. */
export interface ChunkRequest extends CellRequest {
  readonly reserved: boolean;
}

/** Where a request goes; filled in place. */
export interface Place extends Fit {
  chunk: number;
}

/** A place to be filled by `searchPlace`. */
export function blankPlace(): Place {
  return { chunk: -1, start: 0, holeStart: 0, holeCells: 0 };
}

/** Finds chunk and offset for a request; false when no chunk fits. Parks chunks of the low lists that do not fit. */
export function searchPlace(region: ChunkRegion, request: ChunkRequest, place: Place): boolean {
  if (request.reserved && region.exists(RESERVED_CHUNK)) {
    place.chunk = RESERVED_CHUNK;
    return findFit(region, RESERVED_CHUNK, request, place) === 'found';
  }
  const { fullyFree } = region.slots;
  for (let slot = slotOfBytes(region, request.cells * CELL_BYTES); slot <= fullyFree; slot++) {
    for (let chunk = firstOf(region, slot), next = -1; chunk >= 0; chunk = next) {
      next = nextOf(region, chunk);
      const outcome = findFit(region, chunk, request, place);
      place.chunk = chunk;
      if (outcome === 'found') return true;
      if (outcome === 'no-candidate' && slot < PARKING_LISTS) park(region, chunk);
    }
  }
  return false;
}

function park(region: ChunkRegion, chunk: number): void {
  if (!region.hasFlag(chunk, ChunkFlag.isolated | ChunkFlag.reserved)) moveToHead(region, chunk, 0);
}

/** Takes the place that `searchPlace` has found, with nothing changed in between. */
export function commitPlace(region: ChunkRegion, place: Place, cells: number): void {
  feedBackHole(region, place.chunk, place);
  takeCells(region, { chunk: place.chunk, start: place.start, cells });
}

/** Places an object where the caller says, which must be free, with all that an allocation sets off. */
export function takeCells(region: ChunkRegion, object: ObjectCells): void {
  const { chunk } = object;
  const before = computedSlot(region, chunk);
  placeObject(region, object);
  relocate(region, chunk, before);
  if (region.isIsolated(chunk)) reintegrate(region, chunk);
  countAllocation(region, object);
  if (region.header(RegionW.emptyPages) < EMPTY_PAGES_LOW) region.wantBalanceWork();
}

function countAllocation(region: ChunkRegion, { chunk, cells }: ObjectCells): void {
  const bytes = cells * CELL_BYTES;
  countUp(region, RegionW.allocatedLow);
  const live = region.header(RegionW.liveObjects) + 1;
  region.setHeader(RegionW.liveObjects, live);
  if (live > region.header(RegionW.liveObjectsPeak)) region.setHeader(RegionW.liveObjectsPeak, live);
  if (bytes < region.header(RegionW.smallestBytes)) region.setHeader(RegionW.smallestBytes, bytes);
  if (bytes > region.header(RegionW.largestBytes)) region.setHeader(RegionW.largestBytes, bytes);
  region.addChunkField(chunk, ChunkW.liveObjects, 1);
  if (bytes > region.chunkField(chunk, ChunkW.largestBytes)) region.setChunkField(chunk, ChunkW.largestBytes, bytes);
}

/** Adds one to a counter of two words. */
function countUp(region: ChunkRegion, low: number): void {
  const value = (region.header(low) + 1) | 0;
  region.setHeader(low, value);
  if (value === 0) region.addHeader(low + 1, 1);
}

/** Removes an object that `objectAt` has found, with all that a free sets off. */
export function releaseCells(region: ChunkRegion, object: ObjectCells): void {
  const { chunk } = object;
  const before = computedSlot(region, chunk);
  releaseObject(region, object);
  relocate(region, chunk, before);
  countUp(region, RegionW.freedLow);
  region.addHeader(RegionW.liveObjects, -1);
  region.addChunkField(chunk, ChunkW.liveObjects, -1);
  decideOnReclaim(region, chunk);
}

/** After a free: a spare wholly free chunk is worth the balance work, a chunk with many empty pages is isolated. */
function decideOnReclaim(region: ChunkRegion, chunk: number): void {
  if (!region.isIsolated(chunk) && region.isWhollyFree(chunk)) {
    const first = firstOf(region, region.slots.fullyFree);
    if (first >= 0 && (first !== chunk || nextOf(region, chunk) >= 0)) region.wantBalanceWork();
    return;
  }
  if (region.hasFlag(chunk, ChunkFlag.immutable)) return;
  if (shouldIsolate(region, chunk)) {
    isolate(region, chunk);
    region.wantBalanceWork();
  }
}

function shouldIsolate(region: ChunkRegion, chunk: number): boolean {
  const empty = region.chunkField(chunk, ChunkW.emptyPages);
  if (region.isIsolated(chunk)) return empty > 0;
  const pages = region.chunkField(chunk, ChunkW.pages);
  return region.header(RegionW.emptyPages) > EMPTY_PAGES_HIGH + empty && empty >= Math.floor(pages / 4);
}
