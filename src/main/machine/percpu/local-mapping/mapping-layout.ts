/**
 * Where per-CPU chunks lie in the address space, and their words in the arena.
 *
 *     same-offset                                              packed
 *     chunk range   |CPU0|CPU1|…|CPUn| |CPU0|CPU1|…|CPUn|      |c0 c1 c2 …| |c0 c1 c2 …| …
 *                   └──── chunk 0 ───┘ └──── chunk 1 ───┘      └── CPU 0 ─┘ └── CPU 1 ─┘
 *     window        |own |…………………………… |own |……………………………      |c0 c1 c2 …|
 *
 *     pointer = chunk × stride + offset in the unit        a PercpuPtr, the same on all CPUs and in both views
 *     global  = chunk range + pointer + unit × distance    per_cpu_ptr, this_cpu_ptr
 *     window  = window + pointer                           this_cpu operations
 *
 * Same-offset is what the 2026 proposal draws; packed is a CPU-major layout. The stride between chunks decides how many tables
 * the window takes. With the first chunk in the linear map (`second-window`), its pointers have a window of their own.
 */
import type { FirstChunk, TablesFor, WindowLayout } from '../../../../shared/address-space.ts';
import { roundUp, type VirtualAddress, virtualAddress } from '../../units.ts';
import { type AddressRegions, contains, type RegionSizes } from '../../memory/address-regions.ts';
import { levelOf, type PageGeometry } from '../../memory/page-geometry.ts';

export interface LocalMappingConfig {
  readonly window: WindowLayout;
  readonly firstChunk: FirstChunk;
  readonly tablesFor: TablesFor;
  /** Whole pages. */
  readonly unitBytes: number;
  /** Most chunks at a time, the first one included. */
  readonly maxChunks: number;
}

/** Words of a mapping's region. Written under the address-space lock; the first block once by `format`. */
export const MappingW = {
  window: 0,
  firstChunk: 1,
  tablesFor: 2,
  unitBytes: 3,
  maxChunks: 4,
  /** Frame number + 1 of unit 0 of the first chunk where that lies in the linear map. */
  firstChunkFrame: 5,
  /** From here on a word per chunk: 1 in use. */
  chunks: 16,
} as const;

/** Bytes of a mapping's region, a multiple of 256. */
export function mappingBytes(maxChunks: number): number {
  return roundUp((MappingW.chunks + maxChunks) * 4, 256);
}

/** Distances in bytes; pure. */
export interface MappingShape {
  /** From a pointer into one chunk to the same place in the next. */
  readonly stride: number;
  /** From one CPU's copy to the next one's. */
  readonly unitDistance: number;
  /** Of the first chunk's own window, in front of the other; 0: none. */
  readonly firstWindowBytes: number;
  /** What the address space must set aside. */
  readonly ranges: RegionSizes;
}

/** The shape that follows from a configuration, on `cpus` possible CPUs. Pure. */
export function mappingShape(geometry: PageGeometry, cpus: number, config: LocalMappingConfig): MappingShape {
  const { unitBytes, maxChunks } = config;
  const isPacked = config.window === 'packed';
  const stride = isPacked ? unitBytes : unitBytes * cpus;
  const coverage = levelOf(geometry, geometry.levels.length - 2).spanBytes;
  const firstWindowBytes = config.firstChunk === 'second-window' ? roundUp(unitBytes, coverage) : 0;
  return {
    stride,
    unitDistance: isPacked ? unitBytes * maxChunks : unitBytes,
    firstWindowBytes,
    ranges: {
      chunkBytes: unitBytes * cpus * maxChunks,
      windowBytes: config.window === 'none' ? 0 : firstWindowBytes + stride * maxChunks,
    },
  };
}

/** Whether an address is one of the window's. */
export function isWindowAddress(regions: AddressRegions, address: VirtualAddress): boolean {
  return contains(regions.window, address);
}

/** An address and so many bytes. */
export function plus(address: VirtualAddress, bytes: number): VirtualAddress {
  return virtualAddress(address + bytes);
}
