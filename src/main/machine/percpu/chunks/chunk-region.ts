/**
 * One chunk region as a thread sees it: where each chunk's parts lie, and the counters that several steps share. Holds no
 * state of its own: two `ChunkRegion`s over the same words are the same allocator.
 *
 * Methods that write are called under pcpu_lock.
 */
import { nextClear, nextSet } from './bitmap.ts';
import { clearSummary, type Span, SUMMARY_WORDS } from './block-summary.ts';
import {
  ChunkFlag,
  ChunkW,
  FIRST_CHUNK,
  NO_LIST,
  type RegionCapacity,
  type RegionLayout,
  regionLayout,
  RegionW,
  RESERVED_CHUNK,
} from './chunk-layout.ts';
import {
  CELL_BYTES,
  checkGeometry,
  firstChunkParts,
  type PercpuGeometry,
  type SpecialSlots,
  specialSlots,
} from './percpu-geometry.ts';
import type { RegionWords } from './region-words.ts';

/** Pages [first, end) of a chunk. */
export interface PageRange {
  readonly first: number;
  readonly end: number;
}

export class ChunkRegion {
  readonly words: RegionWords;
  /** Word index of the region's first word in the buffer. */
  readonly base: number;
  readonly geometry: PercpuGeometry;
  readonly capacity: RegionCapacity;
  readonly layout: RegionLayout;
  readonly slots: SpecialSlots;
  /** Pages from the start of the unit to the first page of the dynamic and of the reserved part of the first chunk. */
  readonly #partBasePages: readonly [number, number];

  private constructor(words: RegionWords, base: number, geometry: PercpuGeometry, capacity: RegionCapacity) {
    this.words = words;
    this.base = base;
    this.geometry = geometry;
    this.capacity = capacity;
    this.layout = regionLayout(geometry, capacity);
    this.slots = specialSlots(geometry.unitBytes);
    const { dynamic, reserved } = firstChunkParts(geometry);
    this.#partBasePages = [
      dynamic.baseBytes / geometry.pageSizeBytes,
      (reserved?.baseBytes ?? 0) / geometry.pageSizeBytes,
    ];
    const end = base * 4 + this.layout.totalBytes;
    if (words.view.byteLength < end) {
      throw new Error(`chunk region ends at byte ${end} of a buffer of ${words.view.byteLength}`);
    }
  }

  /** Bytes that such a region takes. */
  static bytesFor(geometry: PercpuGeometry, capacity: RegionCapacity): number {
    return regionLayout(geometry, capacity).totalBytes;
  }

  /** A new region at `byteOffset`, a multiple of 256, with no chunk in it; the first chunk is `createFirstChunk`'s to make. */
  static format(
    words: RegionWords,
    byteOffset: number,
    geometry: PercpuGeometry,
    capacity: RegionCapacity,
  ): ChunkRegion {
    checkGeometry(geometry);
    if (byteOffset % 256 !== 0) throw new Error(`chunk region at byte ${byteOffset}, which is no multiple of 256`);
    const region = new ChunkRegion(words, byteOffset / 4, geometry, capacity);
    words.fill(0, region.base, region.base + region.layout.firstChunk);
    const fields = { ...geometry, ...capacity, callSites: capacity.callSites ?? 0 };
    for (const name of GEOMETRY_FIELDS) region.setHeader(RegionW[name], fields[name]);
    region.setHeader(RegionW.freshChunk, 2);
    region.setHeader(RegionW.smallestBytes, geometry.unitBytes);
    return region;
  }

  /** The region that another thread has formatted at `byteOffset`. */
  static attach(words: RegionWords, byteOffset: number): ChunkRegion {
    const base = byteOffset / 4;
    const field = (name: (typeof GEOMETRY_FIELDS)[number]): number => words.get(base + RegionW[name]);
    const geometry = {
      pageSizeBytes: field('pageSizeBytes'),
      unitBytes: field('unitBytes'),
      staticBytes: field('staticBytes'),
      reservedBytes: field('reservedBytes'),
      dynBytes: field('dynBytes'),
      atomBytes: field('atomBytes'),
      allocBytes: field('allocBytes'),
      possibleCpus: field('possibleCpus'),
      units: field('units'),
    };
    checkGeometry(geometry);
    return new ChunkRegion(words, base, geometry, {
      maxChunks: field('maxChunks'),
      mappedUnits: field('mappedUnits'),
      callSites: field('callSites'),
    });
  }

  /** Bytes of address space that a chunk takes: all its units, the unused ones included. */
  get spanBytes(): number {
    return this.geometry.units * this.geometry.unitBytes;
  }

  /** PercpuPtr of the first byte of the first chunk. Not 0 where an object may begin there: a pointer of 0 is nothing. */
  get linkedStart(): number {
    return this.geometry.staticBytes === 0 ? this.spanBytes : 0;
  }

  header(field: number): number {
    return this.words.get(this.base + field);
  }

  setHeader(field: number, value: number): void {
    this.words.set(this.base + field, value);
  }

  addHeader(field: number, change: number): void {
    this.words.add(this.base + field, change);
  }

  /** Word index of a chunk's block. */
  chunkWord(chunk: number): number {
    return this.base + this.layout.firstChunk + chunk * this.layout.chunkStride;
  }

  chunkField(chunk: number, field: number): number {
    return this.words.get(this.chunkWord(chunk) + field);
  }

  setChunkField(chunk: number, field: number, value: number): void {
    this.words.set(this.chunkWord(chunk) + field, value);
  }

  addChunkField(chunk: number, field: number, change: number): void {
    this.words.add(this.chunkWord(chunk) + field, change);
  }

  hasFlag(chunk: number, flag: number): boolean {
    return (this.chunkField(chunk, ChunkW.flags) & flag) !== 0;
  }

  exists(chunk: number): boolean {
    return this.hasFlag(chunk, ChunkFlag.exists);
  }

  setFlag(chunk: number, flag: number, on: boolean): void {
    const flags = this.chunkField(chunk, ChunkW.flags);
    this.setChunkField(chunk, ChunkW.flags, on ? flags | flag : flags & ~flag);
  }

  /** Word index of the alloc map: 1 = cell in use. */
  allocMap(chunk: number): number {
    return this.chunkWord(chunk) + this.layout.allocMap;
  }

  /** Word index of the bound map: 1 where a live object begins or ends; not cleaned when objects are freed. */
  boundMap(chunk: number): number {
    return this.chunkWord(chunk) + this.layout.boundMap;
  }

  /** Word index of the populated map: 1 = page backed on every unit. */
  populatedMap(chunk: number): number {
    return this.chunkWord(chunk) + this.layout.populatedMap;
  }

  /** Word index of the summary of a block. */
  blockSummary(chunk: number, block: number): number {
    return this.chunkWord(chunk) + this.layout.summaries + block * SUMMARY_WORDS;
  }

  blockSpan(chunk: number, block: number): Span {
    return { summary: this.blockSummary(chunk, block), cells: this.layout.cellsPerPage };
  }

  chunkSpan(chunk: number): Span {
    return { summary: this.chunkWord(chunk) + ChunkW.summary, cells: this.chunkField(chunk, ChunkW.cells) };
  }

  /** Word index of frame number + 1 behind a page of a unit; 0: not populated. Written under the allocation mutex. */
  frameWord(chunk: number, page: number, unit: number): number {
    if (chunk === FIRST_CHUNK) return this.firstChunkFrameWord(this.#partBasePages[0] + page, unit);
    if (chunk === RESERVED_CHUNK) return this.firstChunkFrameWord(this.#partBasePages[1] + page, unit);
    this.#requireColumn(unit);
    return this.chunkWord(chunk) + this.layout.frameMap + page * this.capacity.mappedUnits + unit;
  }

  /** The same for a page of a unit of the first chunk, counted from the unit's start: static part included. */
  firstChunkFrameWord(page: number, unit: number): number {
    this.#requireColumn(unit);
    return this.base + this.layout.firstChunkFrames + page * this.capacity.mappedUnits + unit;
  }

  #requireColumn(unit: number): void {
    if (unit >= this.capacity.mappedUnits) throw new Error(`unit ${unit} has no frame map in this region`);
  }

  /** Notes who has asked for the object that begins at cell `start`; nothing where objects are not tagged. */
  tagObject(chunk: number, start: number, callSite: number): void {
    const { callSites = 0 } = this.capacity;
    if (callSites === 0) return;
    if (callSite < 0 || callSite >= callSites) throw new Error(`call site ${callSite} of ${callSites}`);
    const word = this.chunkWord(chunk) + this.layout.tags + (start >> 1);
    const shift = (start & 1) * 16;
    this.words.set(word, (this.words.get(word) & ~(0xffff << shift)) | (callSite << shift));
  }

  /** Call site of the live object that begins at cell `start`; 0 where objects are not tagged. */
  callSiteOf(chunk: number, start: number): number {
    if ((this.capacity.callSites ?? 0) === 0) return 0;
    const word = this.words.get(this.chunkWord(chunk) + this.layout.tags + (start >> 1));
    return (word >>> ((start & 1) * 16)) & 0xffff;
  }

  /** Whether the chunk holds no object at all; never true of a part of the first chunk. */
  isWhollyFree(chunk: number): boolean {
    return this.chunkField(chunk, ChunkW.freeBytes) === this.geometry.unitBytes;
  }

  isIsolated(chunk: number): boolean {
    return this.hasFlag(chunk, ChunkFlag.isolated);
  }

  /** Counts empty pages of a chunk, and in the global counter unless the chunk is isolated or reserved. */
  addEmptyPages(chunk: number, change: number): void {
    this.addChunkField(chunk, ChunkW.emptyPages, change);
    if (!this.hasFlag(chunk, ChunkFlag.isolated | ChunkFlag.reserved)) this.addHeader(RegionW.emptyPages, change);
  }

  wantBalanceWork(): void {
    this.setHeader(RegionW.balanceWanted, 1);
  }

  /** Makes chunk `chunk` one of `pages` wholly free, unpopulated pages, on no list. */
  initialiseChunk(chunk: number, pages: number, flags: number): void {
    const start = this.chunkWord(chunk);
    const generation = this.chunkField(chunk, ChunkW.generation);
    this.words.fill(0, start, start + this.layout.tags);
    const cells = pages * this.layout.cellsPerPage;
    this.setChunkField(chunk, ChunkW.generation, generation + 1);
    this.setChunkField(chunk, ChunkW.flags, flags | ChunkFlag.exists);
    this.setChunkField(chunk, ChunkW.list, NO_LIST);
    this.setChunkField(chunk, ChunkW.pages, pages);
    this.setChunkField(chunk, ChunkW.cells, cells);
    this.setChunkField(chunk, ChunkW.freeBytes, cells * CELL_BYTES);
    clearSummary(this.words, this.chunkSpan(chunk));
    for (let page = 0; page < pages; page++) clearSummary(this.words, this.blockSpan(chunk, page));
  }

  /** The first run of populated pages of a chunk within `range`, or undefined. */
  populatedRun(chunk: number, range: PageRange): PageRange | undefined {
    const map = this.populatedMap(chunk);
    const first = nextSet(this.words, map, range.first, range.end);
    return first === range.end ? undefined : { first, end: nextClear(this.words, map, first, range.end) };
  }

  /** The first run of pages of a chunk within `range` that are not populated, or undefined. */
  unpopulatedRun(chunk: number, range: PageRange): PageRange | undefined {
    const map = this.populatedMap(chunk);
    const first = nextClear(this.words, map, range.first, range.end);
    return first === range.end ? undefined : { first, end: nextSet(this.words, map, first, range.end) };
  }
}

const GEOMETRY_FIELDS = [
  'pageSizeBytes',
  'unitBytes',
  'staticBytes',
  'reservedBytes',
  'dynBytes',
  'atomBytes',
  'allocBytes',
  'possibleCpus',
  'units',
  'maxChunks',
  'mappedUnits',
  'callSites',
] as const;
