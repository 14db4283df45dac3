/**
 * A copy of a running machine's chunk region, for whoever wants to look at it: taken under pcpu_lock, so that it is one moment.
 *
 *     main thread:  pcpu_lock ─▶ copy what there is, a millisecond or two ─▶ unlock     CPUs that want the lock wait so long
 *
 * Tags of objects are most of a chunk's words, and only those of the chunk that is looked into are copied.
 *
 * Where the lock is not to be had in time (its holder died, or the host gives its holder no turn) the copy is made without it,
 * may be of two moments, and says so.
 */
import type { Arena } from '../../machine/memory/arena.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';
import { SLEEP_VALUE, tryLockAsWaiter, unlock } from '../../machine/sync/lock.ts';
import { lockWord } from '../../machine/units.ts';

/** Longer than a CPU holds the lock, shorter than a person notices. */
const PATIENCE_MS = 100;

export interface RegionCopy {
  readonly region: ChunkRegion;
  /** False: it was made without the lock, and its parts need not fit each other. */
  readonly isOneMoment: boolean;
}

/**
 * The region, in a buffer of its own: lock words in it mean nothing. `chooseTagged` is asked under the lock for the chunk whose
 * objects keep their call sites; those of all others have 0. Main thread, between other work.
 */
export function copyChunkRegion(arena: Arena, chooseTagged?: (region: ChunkRegion) => number): RegionCopy {
  const start = arena.geometry.chunkRegion;
  const source = ChunkRegion.attach(new RegionWords(arena.buffer), start);
  const copy = new SharedArrayBuffer(ChunkRegion.bytesFor(arena.percpu.geometry, arena.percpu.capacity));
  const lock = lockWord(start / 4 + RegionW.lock);
  const isLocked = lockWithin(arena.words, lock, PATIENCE_MS);
  const words = new Int32Array(copy);
  try {
    for (const { first, end } of usedParts(source, chooseTagged?.(source))) {
      words.set(arena.words.subarray(start / 4 + first, start / 4 + end), first);
    }
  } finally {
    if (isLocked && unlock(arena.words, lock)) Atomics.notify(arena.words, lock, 1);
  }
  return { region: ChunkRegion.attach(new RegionWords(copy), 0), isOneMoment: isLocked };
}

/** Words [first, end) from the region's start that say something; all others are zero, as in a fresh buffer. */
function usedParts(region: ChunkRegion, tagged: number | undefined): readonly { first: number; end: number }[] {
  const { firstChunk, chunkStride, allocMap, tags } = region.layout;
  const chunks = Math.min(region.header(RegionW.freshChunk), region.capacity.maxChunks);
  const parts = [{ first: 0, end: firstChunk }];
  for (let chunk = 0; chunk < chunks; chunk++) {
    const first = firstChunk + chunk * chunkStride;
    const existing = chunk === tagged ? chunkStride : tags;
    // Of a chunk that is gone, its fields say so.
    parts.push({ first, end: first + (region.exists(chunk) ? existing : allocMap) });
  }
  return parts;
}

function lockWithin(words: Int32Array, lock: ReturnType<typeof lockWord>, patienceMs: number): boolean {
  const deadlineMs = performance.now() + patienceMs;
  while (!tryLockAsWaiter(words, lock)) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) return false;
    Atomics.wait(words, lock, SLEEP_VALUE, leftMs);
  }
  return true;
}
