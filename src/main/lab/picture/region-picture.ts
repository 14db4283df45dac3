/**
 * A picture of a chunk region as it is: of the running machine's arena, or of a replay's model. Reads words and nothing else,
 * takes no lock: a region that changes meanwhile gives a picture that is a moment old in places, never an endless walk.
 */
import type { ChunkHeading } from '../../../shared/percpu-stats.ts';
import type {
  PercpuPicture,
  PictureChunk,
  PictureHint,
  PictureObjects,
  PictureUnit,
} from '../../../shared/percpu-picture.ts';
import { bitIsSet, countSet } from '../../machine/percpu/chunks/bitmap.ts';
import { SummaryW } from '../../machine/percpu/chunks/block-summary.ts';
import {
  ChunkFlag,
  ChunkSummaryW,
  ChunkW,
  FIRST_CHUNK,
  RegionW,
  RESERVED_CHUNK,
} from '../../machine/percpu/chunks/chunk-layout.ts';
import type { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { objectCells } from '../../machine/percpu/chunks/live-objects.ts';
import { CELL_BYTES, firstChunkParts } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { firstOf, nextOf } from '../../machine/percpu/chunks/slots.ts';

/** A region, and what its words do not say. */
export interface PictureSource {
  readonly region: ChunkRegion;
  readonly units: readonly PictureUnit[];
  /** In a fixed order: a picture's colours follow it. */
  readonly callSites: readonly string[];
  /** Index into `callSites` of who allocated the object that begins at a cell, or NO_CALL_SITE. */
  readonly callSiteOf: (chunk: number, cell: number) => number;
  /** What is known of a chunk's address. */
  readonly baseOf: (chunk: number) => {
    readonly baseName?: string | undefined;
    readonly baseAddress?: number | undefined;
  };
  /** Chunks whose objects are wanted, by their key; absent: all. */
  readonly withObjects?: ReadonlySet<string> | undefined;
}

/** The region's picture. Any thread. */
export function regionPicture(source: PictureSource): PercpuPicture {
  const { region, units, callSites } = source;
  const { pageSizeBytes, unitBytes, staticBytes, reservedBytes, dynBytes, atomBytes, allocBytes } = region.geometry;
  const { sidelined, fullyFree, toDepopulate } = region.slots;
  return {
    geometry: { pageSizeBytes, unitBytes, staticBytes, reservedBytes, dynBytes, atomBytes, allocBytes },
    units,
    chunks: chunkNumbers(region).map((chunk) => chunkPicture(source, chunk)),
    lists: { sidelined, fullyFree, toDepopulate },
    callSites,
  };
}

/** Names a chunk for as long as it lives. */
export function chunkKey(region: ChunkRegion, chunk: number): string {
  return `${chunk}.${region.chunkField(chunk, ChunkW.generation)}`;
}

/** As percpu_stats orders them; a chunk that is between two lists comes last. */
function chunkNumbers(region: ChunkRegion): readonly number[] {
  const { maxChunks } = region.capacity;
  const isThere = (chunk: number): boolean => chunk >= 0 && chunk < maxChunks && region.exists(chunk);
  const found = new Set<number>();
  if (isThere(RESERVED_CHUNK)) found.add(RESERVED_CHUNK);
  for (let slot = 0; slot < region.slots.count; slot++) {
    let steps = 0;
    for (let chunk = firstOf(region, slot); isThere(chunk) && steps < maxChunks; chunk = nextOf(region, chunk)) {
      found.add(chunk);
      steps += 1;
    }
  }
  const used = Math.min(region.header(RegionW.freshChunk), maxChunks);
  for (let chunk = 0; chunk < used; chunk++) if (isThere(chunk)) found.add(chunk);
  return [...found];
}

function chunkPicture(source: PictureSource, chunk: number): PictureChunk {
  const { region } = source;
  const key = chunkKey(region, chunk);
  const pages = region.chunkField(chunk, ChunkW.pages);
  const list = region.chunkField(chunk, ChunkW.list);
  const isWanted = source.withObjects?.has(key) !== false;
  return {
    key,
    heading: headingOf(region, chunk, list),
    slot: list < 0 ? undefined : list,
    isolated: region.hasFlag(chunk, ChunkFlag.isolated),
    ...source.baseOf(chunk),
    unitStartBytes: unitStart(region, chunk),
    sizeBytes: pages * region.geometry.pageSizeBytes,
    freeBytes: region.chunkField(chunk, ChunkW.freeBytes),
    liveObjects: region.chunkField(chunk, ChunkW.liveObjects),
    emptyPages: region.chunkField(chunk, ChunkW.emptyPages),
    firstFreeBytes: region.chunkField(chunk, ChunkSummaryW.firstFree) * CELL_BYTES,
    contigHint: hint(region, chunk, SummaryW.contig),
    scanHint: hint(region, chunk, SummaryW.scan),
    populated: populatedPages(region, chunk, pages),
    fill: pageFill(region, chunk, pages),
    objects: isWanted ? chunkObjects(source, chunk, pages) : undefined,
  };
}

function headingOf(region: ChunkRegion, chunk: number, list: number): ChunkHeading {
  if (chunk === RESERVED_CHUNK) return 'reserved';
  if (chunk === FIRST_CHUNK) return 'first';
  if (list === region.slots.toDepopulate) return 'to-depopulate';
  return list === region.slots.sidelined ? 'sidelined' : 'ordinary';
}

/** The parts of the first chunk do not begin where the unit does. */
function unitStart(region: ChunkRegion, chunk: number): number {
  const { dynamic, reserved } = firstChunkParts(region.geometry);
  if (chunk === FIRST_CHUNK) return dynamic.baseBytes;
  return chunk === RESERVED_CHUNK ? (reserved?.baseBytes ?? 0) : 0;
}

/** The start of a summary's run stands behind its length; a length of 0 is no hint. */
function hint(region: ChunkRegion, chunk: number, field: number): PictureHint | undefined {
  const cells = region.chunkField(chunk, ChunkW.summary + field);
  const start = region.chunkField(chunk, ChunkW.summary + field + 1);
  return cells <= 0 ? undefined : { startBytes: start * CELL_BYTES, sizeBytes: cells * CELL_BYTES };
}

function populatedPages(region: ChunkRegion, chunk: number, pages: number): Uint8Array {
  const map = region.populatedMap(chunk);
  return Uint8Array.from({ length: pages }, (_, page) => Number(bitIsSet(region.words, map, page)));
}

function pageFill(region: ChunkRegion, chunk: number, pages: number): Uint8Array {
  const map = region.allocMap(chunk);
  const { cellsPerPage } = region.layout;
  return Uint8Array.from({ length: pages }, (_, page) => {
    const used = countSet(region.words, map, page * cellsPerPage, (page + 1) * cellsPerPage);
    // Something that is not nothing never looks like nothing.
    return Math.ceil((used * 255) / cellsPerPage);
  });
}

/** Live objects by their offsets. */
function chunkObjects(source: PictureSource, chunk: number, pages: number): PictureObjects {
  const { region, callSiteOf } = source;
  const starts: number[] = [];
  const sizes: number[] = [];
  for (const { start, end } of objectCells(region, chunk)) {
    starts.push(start * CELL_BYTES);
    sizes.push((end - start) * CELL_BYTES);
  }
  return {
    startBytes: Int32Array.from(starts),
    sizeBytes: Int32Array.from(sizes),
    callSite: Uint16Array.from(starts, (startBytes) => callSiteOf(chunk, startBytes / CELL_BYTES)),
    frames: frameColumn(region, chunk, pages),
  };
}

/** Undefined where the region only counts pages. */
function frameColumn(region: ChunkRegion, chunk: number, pages: number): Int32Array | undefined {
  const units = region.capacity.mappedUnits;
  if (units === 0) return undefined;
  return Int32Array.from(
    { length: pages * units },
    (_, at) => region.words.get(region.frameWord(chunk, Math.floor(at / units), at % units)) - 1,
  );
}
