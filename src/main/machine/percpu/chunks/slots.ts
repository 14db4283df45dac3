/**
 * The lists of chunks. A chunk's list follows from its contig hint, not from its free bytes.
 *
 *     list   0            1     2      3     …   sidelined    fully free    to depopulate
 *            full or      < 16  16–31  32–63     isolated,    no object     isolated,
 *            parked       bytes                  reclaimed                  to be reclaimed
 *
 * After a change a chunk moves only when its *computed* list changed, never because of the list that it happens to be on:
 * up to the head of the new one, down to the tail. Under pcpu_lock.
 */
import { ChunkFlag, ChunkSummaryW, ChunkW, NO_LIST, RegionW } from './chunk-layout.ts';
import type { ChunkRegion } from './chunk-region.ts';
import { CELL_BYTES, plainSlot } from './percpu-geometry.ts';

/** List on which a search for `bytes` begins. */
export function slotOfBytes(region: ChunkRegion, bytes: number): number {
  return bytes === region.geometry.unitBytes ? region.slots.fullyFree : plainSlot(bytes);
}

/** List that a chunk belongs to by what it holds. */
export function computedSlot(region: ChunkRegion, chunk: number): number {
  const contig = region.chunkField(chunk, ChunkSummaryW.contig);
  if (region.chunkField(chunk, ChunkW.freeBytes) < CELL_BYTES || contig === 0) return 0;
  return slotOfBytes(region, contig * CELL_BYTES);
}

/** Number of the first chunk of a list, or −1. */
export function firstOf(region: ChunkRegion, slot: number): number {
  return region.header(RegionW.lists + 2 * slot) - 1;
}

/** Number of the chunk behind `chunk` on its list, or −1. */
export function nextOf(region: ChunkRegion, chunk: number): number {
  return region.chunkField(chunk, ChunkW.next) - 1;
}

/** The chunks of a list from head to tail, as they are now. */
export function chunksOf(region: ChunkRegion, slot: number): number[] {
  const chunks: number[] = [];
  for (let chunk = firstOf(region, slot); chunk >= 0; chunk = nextOf(region, chunk)) chunks.push(chunk);
  return chunks;
}

/** Takes a chunk off its list, if it is on one. */
export function takeOffList(region: ChunkRegion, chunk: number): void {
  const slot = region.chunkField(chunk, ChunkW.list);
  if (slot === NO_LIST) return;
  const head = RegionW.lists + 2 * slot;
  const previous = region.chunkField(chunk, ChunkW.previous);
  const next = region.chunkField(chunk, ChunkW.next);
  if (previous === 0) region.setHeader(head, next);
  else region.setChunkField(previous - 1, ChunkW.next, next);
  if (next === 0) region.setHeader(head + 1, previous);
  else region.setChunkField(next - 1, ChunkW.previous, previous);
  region.setChunkField(chunk, ChunkW.list, NO_LIST);
}

/** Moves a chunk to the head of a list, whatever it was on. */
export function moveToHead(region: ChunkRegion, chunk: number, slot: number): void {
  takeOffList(region, chunk);
  const head = RegionW.lists + 2 * slot;
  const first = region.header(head);
  region.setChunkField(chunk, ChunkW.previous, 0);
  region.setChunkField(chunk, ChunkW.next, first);
  if (first === 0) region.setHeader(head + 1, chunk + 1);
  else region.setChunkField(first - 1, ChunkW.previous, chunk + 1);
  region.setHeader(head, chunk + 1);
  region.setChunkField(chunk, ChunkW.list, slot);
}

/** Moves a chunk to the tail of a list, whatever it was on. */
export function moveToTail(region: ChunkRegion, chunk: number, slot: number): void {
  takeOffList(region, chunk);
  const head = RegionW.lists + 2 * slot;
  const last = region.header(head + 1);
  region.setChunkField(chunk, ChunkW.previous, last);
  region.setChunkField(chunk, ChunkW.next, 0);
  if (last === 0) region.setHeader(head, chunk + 1);
  else region.setChunkField(last - 1, ChunkW.next, chunk + 1);
  region.setHeader(head + 1, chunk + 1);
  region.setChunkField(chunk, ChunkW.list, slot);
}

/** After a change: `before` is the computed list before it. Isolated chunks and the reserved one stay where they are. */
export function relocate(region: ChunkRegion, chunk: number, before: number): void {
  if (region.hasFlag(chunk, ChunkFlag.isolated | ChunkFlag.reserved)) return;
  const after = computedSlot(region, chunk);
  if (after > before) moveToHead(region, chunk, after);
  else if (after < before) moveToTail(region, chunk, after);
}

/** Takes a chunk out of ordinary use, to have its empty pages given back. */
export function isolate(region: ChunkRegion, chunk: number): void {
  if (!region.isIsolated(chunk)) {
    region.addHeader(RegionW.emptyPages, -region.chunkField(chunk, ChunkW.emptyPages));
    region.setFlag(chunk, ChunkFlag.isolated, true);
  }
  moveToHead(region, chunk, region.slots.toDepopulate);
}

/** Puts an isolated chunk back into ordinary use. */
export function reintegrate(region: ChunkRegion, chunk: number): void {
  region.setFlag(chunk, ChunkFlag.isolated, false);
  region.addHeader(RegionW.emptyPages, region.chunkField(chunk, ChunkW.emptyPages));
  moveToHead(region, chunk, computedSlot(region, chunk));
}
