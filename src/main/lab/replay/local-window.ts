/**
 * What a local mapping of the chunks takes beside their pages: tables and address space, counted from where chunks lie.
 *
 *     global   │CPU 0│CPU 1│ … │CPU n│local│CPU 0│CPU 1│ …      chunk after chunk; a chunk's local unit is one unit more
 *     tables   each CPU has a top-level table of its own (CPU 0 keeps the kernel's) and, under the window, all others
 *
 * Formula: (N − 1) × top-level table + N × page × (distinct tables of each lower level that the chunks' local units touch), with
 * the window alone in its top-level entry. Source: the memory arithmetic of the published local mapping proposal of 2026
 * ("Optimize this_cpu_*() ops for non-x86", RFC of 29 April 2026), worked out table by table for 48-bit addresses and 4 KiB
 * pages, chunks at the distance that their units have in the global mapping. Whole units are counted, populated or not.
 */
import { roundUp } from '../../machine/units.ts';

/** The only page size that is counted here. */
export const LOCAL_WINDOW_PAGE_BYTES = 4096;
const TOP_LEVEL_BYTES = 4096;
/** Bytes that one table of each lower level maps: last level, middle, and below the top. */
const COVERAGE_BYTES = [2 ** 21, 2 ** 30, 2 ** 39];

export interface LocalWindow {
  readonly possibleCpus: number;
  readonly unitBytes: number;
  /** From one chunk's local unit to the next one's. */
  readonly strideBytes: number;
}

/** The distance of chunks in the global mapping: all units of a chunk. */
export function windowOf(geometry: {
  readonly possibleCpus: number;
  readonly unitBytes: number;
  readonly units: number;
}): LocalWindow {
  const { possibleCpus, unitBytes, units } = geometry;
  return { possibleCpus, unitBytes, strideBytes: unitBytes * units };
}

/** Bytes of the private tables of all possible CPUs, for chunks at the given places (0, 1, 2 …) of the window. */
export function localTableBytes(window: LocalWindow, places: Iterable<number>): number {
  const { possibleCpus, unitBytes, strideBytes } = window;
  const tables = COVERAGE_BYTES.map(() => new Set<number>());
  for (const place of places) {
    const start = place * strideBytes;
    for (const [level, coverage] of COVERAGE_BYTES.entries()) {
      const end = roundUp(start + unitBytes, coverage) / coverage;
      for (let table = Math.floor(start / coverage); table < end; table++) tables[level]?.add(table);
    }
  }
  const perCpu = tables.reduce((sum, level) => sum + level.size, 0);
  return (possibleCpus - 1) * TOP_LEVEL_BYTES + possibleCpus * perCpu * LOCAL_WINDOW_PAGE_BYTES;
}
