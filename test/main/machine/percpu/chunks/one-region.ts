/** A chunk region of its own on which a test makes requests by hand and sees chunks drawn. */
import { nextSet } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { SummaryW } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { createFirstChunk, createChunk } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { FIRST_CHUNK } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { PercpuGeometry } from '../../../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';
import { objectAt } from '../../../../../src/main/machine/percpu/chunks/release.ts';
import {
  blankPlace,
  commitPlace,
  releaseCells,
  searchPlace,
  takeCells,
} from '../../../../../src/main/machine/percpu/chunks/requests.ts';

/** Two CPUs, 1 MiB units: the machine of the recordings. */
export const RECORDED_GEOMETRY: PercpuGeometry = {
  pageSizeBytes: 4096,
  unitBytes: 1048576,
  staticBytes: 185560,
  reservedBytes: 0,
  dynBytes: 31528,
  atomBytes: 2097152,
  allocBytes: 2097152,
  possibleCpus: 2,
  units: 2,
};

export const PAGE_CELLS = 1024;

/** A region with its first chunk as boot makes it. */
export function makeRegion(geometry = RECORDED_GEOMETRY, maxChunks = 16): ChunkRegion {
  const capacity = { maxChunks, mappedUnits: 0 };
  const words = new RegionWords(new SharedArrayBuffer(ChunkRegion.bytesFor(geometry, capacity)));
  const region = ChunkRegion.format(words, 0, geometry, capacity);
  createFirstChunk(region);
  return region;
}

/** A region whose first chunk has no room left. */
export function makeRegionWithFullFirstChunk(): ChunkRegion {
  const region = makeRegion();
  const start = 1240 / 4;
  takeCells(region, { chunk: FIRST_CHUNK, start, cells: 8 * PAGE_CELLS - start });
  return region;
}

/** A summary in the notation of the drawings: `C=992@32 S=11@5`. */
function hints(region: ChunkRegion, summary: number): string {
  const field = (name: keyof typeof SummaryW): number => region.words.get(summary + SummaryW[name]);
  const scan = field('scan') > 0 ? ` S=${field('scan')}@${field('scanStart')}` : '';
  return `C=${field('contig')}@${field('contigStart')}${scan}`;
}

/** One chunk alone: requests never see another. */
export class DrawnChunk {
  readonly region: ChunkRegion;
  readonly chunk: number;

  constructor(region = makeRegionWithFullFirstChunk()) {
    this.region = region;
    this.chunk = createChunk(region);
  }

  /** Takes place for `size/align` in bytes; answers with the cell, or undefined when the chunk does not fit. */
  allocate(sizeBytes: number, alignBytes: number): number | undefined {
    const place = blankPlace();
    const cells = sizeBytes / 4;
    const request = { cells, alignCells: alignBytes / 4, atomic: false, reserved: false };
    if (!searchPlace(this.region, request, place)) return undefined;
    commitPlace(this.region, place, cells);
    if (place.chunk !== this.chunk) throw new Error(`chunk ${place.chunk} was chosen`);
    return place.start;
  }

  free(cell: number): void {
    const object = objectAt(this.region, this.chunk, cell);
    if (object === undefined) throw new Error(`no object at cell ${cell}`);
    releaseCells(this.region, object);
  }

  /** `#` used, `.` free: the cells [from, to). */
  draw(from: number, to: number): string {
    const map = this.region.allocMap(this.chunk);
    const { words } = this.region;
    return Array.from({ length: to - from }, (_, index) =>
      nextSet(words, map, from + index, from + index + 1) === from + index ? '#' : '.',
    ).join('');
  }

  /** Hints of a block. */
  hints(block: number): string {
    return hints(this.region, this.region.blockSummary(this.chunk, block));
  }

  chunkHints(): string {
    return hints(this.region, this.region.chunkWord(this.chunk) + ChunkW.summary);
  }

  list(): number {
    return this.region.chunkField(this.chunk, ChunkW.list);
  }
}
