/** The size classes of a device's pool as they are filled now, read without a lock: exact at rest. */
import type { Arena } from '../memory/arena.ts';
import { FrameW, FULLNESS_GROUPS, POOL_CLASS_BYTES, PoolClassW } from '../memory/arena-layout.ts';
import { frameNumber } from '../units.ts';

export interface PoolClass {
  /** The number under which the kernel lists the class. */
  readonly kernelIndex: number;
  /** Header included. */
  readonly objectBytes: number;
  readonly pagesPerZspage: number;
  readonly objectsPerZspage: number;
  /** Zspages in use below 10 %, 20 %, … 90 %, below 100 %, and full: eleven numbers. */
  readonly zspagesByTenth: readonly number[];
  /** Objects of all zspages, free ones included. */
  readonly allocatedObjects: number;
  readonly usedObjects: number;
  readonly pagesUsed: number;
  /** Pages that compaction would release. */
  readonly freeablePages: number;
}

/** All classes, from the smallest objects up. Any thread. */
export function readPoolClasses(arena: Arena, device: number): readonly PoolClass[] {
  const { sizeClasses } = arena;
  return Array.from(sizeClasses.objectBytes, (objectBytes, index) => {
    const block = arena.poolClassWord(device) + (index * POOL_CLASS_BYTES) / 4;
    const pagesPerZspage = sizeClasses.pages[index] ?? 0;
    const objectsPerZspage = sizeClasses.objects[index] ?? 1;
    const allocatedObjects = arena.word(block + PoolClassW.allocatedObjects);
    const usedObjects = arena.word(block + PoolClassW.usedObjects);
    return {
      kernelIndex: sizeClasses.kernelIndex[index] ?? 0,
      objectBytes,
      pagesPerZspage,
      objectsPerZspage,
      zspagesByTenth: groupLengths(arena, block, allocatedObjects / objectsPerZspage),
      allocatedObjects,
      usedObjects,
      pagesUsed: (allocatedObjects / objectsPerZspage) * pagesPerZspage,
      freeablePages: Math.floor((allocatedObjects - usedObjects) / objectsPerZspage) * pagesPerZspage,
    };
  });
}

/**
 * Lengths of the lists of the groups that are not empty ones. A list that changes meanwhile is left after `most` steps, or
 * where it leads to no frame.
 */
function groupLengths(arena: Arena, block: number, most: number): readonly number[] {
  return Array.from({ length: FULLNESS_GROUPS - 1 }, (_, group) => {
    let length = 0;
    let entry = arena.word(block + PoolClassW.groups + group + 1);
    while (entry > 0 && entry <= arena.frameCount && length < most) {
      length += 1;
      entry = arena.word(arena.descriptorWord(frameNumber(entry - 1)) + FrameW.listNext);
    }
    return length;
  });
}
