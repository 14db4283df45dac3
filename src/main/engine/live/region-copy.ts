/**
 * A copy of a running machine's chunk region, for whoever wants to look at it: taken under pcpu_lock, so that it is one moment.
 *
 *     main thread:  pcpu_lock ─▶ copy some MiB, a millisecond or two ─▶ unlock          CPUs that want the lock wait so long
 *
 * Where the lock is not to be had in time (its holder died, or the host gives the main thread no turn) the copy is made without
 * it and may be of two moments.
 */
import type { Arena } from '../../machine/memory/arena.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';
import { announceWaiter, tryLockAsWaiter, unlock } from '../../machine/sync/lock.ts';
import { lockWord } from '../../machine/units.ts';

/** Longer than a CPU holds the lock, shorter than a person notices. */
const PATIENCE_MS = 20;

/** The region, in a buffer of its own: lock words in it mean nothing. Main thread, between other work. */
export function copyChunkRegion(arena: Arena): ChunkRegion {
  const start = arena.geometry.chunkRegion;
  const copy = new SharedArrayBuffer(ChunkRegion.bytesFor(arena.percpu.geometry, arena.percpu.capacity));
  const lock = lockWord(start / 4 + RegionW.lock);
  const isLocked = lockWithin(arena.words, lock, PATIENCE_MS);
  new Uint8Array(copy).set(arena.bytes.subarray(start, start + usedBytes(arena)));
  if (isLocked && unlock(arena.words, lock)) Atomics.notify(arena.words, lock, 1);
  return ChunkRegion.attach(new RegionWords(copy), 0);
}

/** Up to the end of the last chunk that there ever was; what follows is zero, as in a fresh buffer. */
function usedBytes({ buffer, geometry }: Arena): number {
  const region = ChunkRegion.attach(new RegionWords(buffer), geometry.chunkRegion);
  const chunks = Math.min(region.header(RegionW.freshChunk), region.capacity.maxChunks);
  return (region.layout.firstChunk + chunks * region.layout.chunkStride) * 4;
}

function lockWithin(words: Int32Array, lock: ReturnType<typeof lockWord>, patienceMs: number): boolean {
  const deadlineMs = performance.now() + patienceMs;
  while (!tryLockAsWaiter(words, lock)) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) return false;
    const seen = announceWaiter(words, lock);
    if (seen !== undefined) Atomics.wait(words, lock, seen, leftMs);
  }
  return true;
}
