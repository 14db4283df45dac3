/** What the kernel's own bookkeeping of one chunk takes in memory, beside its pages; `Percpu:` of /proc/meminfo omits it. */
import { CELL_BYTES, type PercpuGeometry } from './percpu-geometry.ts';

/** About what the chunk's structure takes without its maps. */
const FIXED_BYTES = 320;
const SUMMARY_BYTES = 32;
const SIDE_TABLE_ENTRY_BYTES = 8;

export interface ChunkMetadata {
  /** Alloc map, bound map (in 8-byte words), block summaries, structure. */
  readonly mapsBytes: number;
  /** One pointer per cell, where the kernel accounts kernel memory to cgroups. The first chunk has none. */
  readonly sideTableBytes: number;
}

/** Bytes of one chunk of that geometry. */
export function chunkMetadata({ unitBytes, pageSizeBytes }: PercpuGeometry): ChunkMetadata {
  const cells = unitBytes / CELL_BYTES;
  const boundMapBytes = Math.ceil((cells + 1) / 64) * 8;
  return {
    mapsBytes: cells / 8 + boundMapBytes + (unitBytes / pageSizeBytes) * SUMMARY_BYTES + FIXED_BYTES,
    sideTableBytes: cells * SIDE_TABLE_ENTRY_BYTES,
  };
}
