/**
 * The two mappings of per-CPU chunks: the global one, in which every CPU's copy has an address of its own, and the local one,
 * a window at one address that shows each CPU its own copy through its own tables (the 2026 proposal).
 *
 *     CPU 0's PGD ─┬─▶ shared tables ─▶ |CPU0|CPU1|…|CPUn|     CPU n's PGD ─┬─▶ the same shared tables
 *                  └─▶ window of CPU 0 ─▶ its unit                          └─▶ window of CPU n ─▶ its unit
 *
 * Invariants (audit-mapping.ts checks them): both addresses of one's own unit reach the same frame; a window address never
 * reaches another CPU's unit; outside the window all CPUs' tables agree; every table frame hangs below exactly one owner.
 * A CPU without tables of its own walks CPU 0's and must not use the window.
 *
 * Chunks are mapped page by page, never by blocks. Frames belong to the caller. Pages are `[first, end)` of a unit. Every call
 * takes the address-space lock; callers hold the allocation mutex of the chunks, so that a chunk has one caller at a time.
 */
import { FIRST_CHUNKS, TABLES_FOR, WINDOW_LAYOUTS } from '../../../../shared/address-space.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import type { KernelMappings } from '../../memory/kernel-mappings.ts';
import type { PageTables, TableRoot } from '../../memory/page-tables.ts';
import { invalidate } from '../../memory/tlb.ts';
import {
  type CpuId,
  cpuId,
  type FrameNumber,
  frameNumber,
  type PercpuPtr,
  percpuPtr,
  type VirtualAddress,
} from '../../units.ts';
import type { PageRange } from '../chunks/chunk-region.ts';
import {
  type LocalMappingConfig,
  mappingBytes,
  type MappingShape,
  mappingShape,
  MappingW,
  plus,
} from './mapping-layout.ts';
import { type MappingParts, TopLevelTables } from './top-level-tables.ts';

export class LocalMapping {
  readonly config: LocalMappingConfig;
  readonly shape: MappingShape;
  readonly #space: AddressSpace;
  readonly #tables: PageTables;
  readonly #mappings: KernelMappings;
  readonly #topLevels: TopLevelTables;
  readonly #base: number;
  readonly #globalBase: VirtualAddress;
  readonly #windowBase: VirtualAddress;
  readonly #pages: number;

  private constructor(parts: MappingParts, byteOffset: number, config: LocalMappingConfig) {
    const { space } = parts;
    this.config = config;
    this.shape = mappingShape(space.geometry, space.arena.config.possibleCpus, config);
    this.#space = space;
    this.#tables = parts.tables;
    this.#mappings = parts.mappings;
    this.#topLevels = new TopLevelTables(parts);
    this.#base = byteOffset / 4;
    this.#globalBase = space.regions.chunks.start;
    this.#windowBase = plus(space.regions.window.start, this.shape.firstWindowBytes);
    this.#pages = config.unitBytes / space.geometry.pageSizeBytes;
    const { chunkBytes, windowBytes } = this.shape.ranges;
    if (space.config.chunkBytes < chunkBytes || space.config.windowBytes < windowBytes) {
      throw new Error(`the address space has no room for ${chunkBytes} bytes of chunks and a window of ${windowBytes}`);
    }
    if (!Number.isInteger(this.#pages)) throw new Error(`a unit of ${config.unitBytes} bytes is no number of pages`);
  }

  /** A new mapping without chunks at `byteOffset`, a multiple of 256; `boot` makes the tables. */
  static format(parts: MappingParts, byteOffset: number, config: LocalMappingConfig): LocalMapping {
    const mapping = new LocalMapping(parts, byteOffset, config);
    const { words } = parts.space.arena;
    const base = byteOffset / 4;
    words.fill(0, base, base + mappingBytes(config.maxChunks) / 4);
    words[base + MappingW.window] = WINDOW_LAYOUTS.indexOf(config.window);
    words[base + MappingW.firstChunk] = FIRST_CHUNKS.indexOf(config.firstChunk);
    words[base + MappingW.tablesFor] = TABLES_FOR.indexOf(config.tablesFor);
    words[base + MappingW.unitBytes] = config.unitBytes;
    words[base + MappingW.maxChunks] = config.maxChunks;
    return mapping;
  }

  /** The mapping that another thread has formatted at `byteOffset`. */
  static attach(parts: MappingParts, byteOffset: number): LocalMapping {
    const word = (field: number): number => parts.space.arena.word(byteOffset / 4 + field);
    const window = WINDOW_LAYOUTS[word(MappingW.window)];
    const firstChunk = FIRST_CHUNKS[word(MappingW.firstChunk)];
    const tablesFor = TABLES_FOR[word(MappingW.tablesFor)];
    if (window === undefined || firstChunk === undefined || tablesFor === undefined) {
      throw new Error('the region holds no mapping');
    }
    const unitBytes = word(MappingW.unitBytes);
    return new LocalMapping(parts, byteOffset, {
      window,
      firstChunk,
      tablesFor,
      unitBytes,
      maxChunks: word(MappingW.maxChunks),
    });
  }

  /** Tables for the CPUs that are to have them from the start; false when memory does not suffice. */
  *boot(cpu: Cpu): Suspending<boolean> {
    const { possibleCpus, onlineCpus } = this.#space.arena.config;
    if (this.config.window === 'packed') this.#takeAreas(this.shape.ranges.chunkBytes);
    const cpus = this.config.tablesFor === 'possible' ? possibleCpus : onlineCpus;
    for (let target = 1; target < cpus; target++) {
      if (!(yield* this.bringUp(cpu, cpuId(target)))) return false;
    }
    return true;
  }

  /** Numbers of the chunks in use, lowest first. */
  chunks(): readonly number[] {
    return Array.from({ length: this.config.maxChunks }, (_, chunk) => chunk).filter((chunk) => this.#isInUse(chunk));
  }

  /** Address space for one more chunk, nothing mapped; its number, or undefined where there is no room. */
  *createChunk(cpu: Cpu): Suspending<number | undefined> {
    yield* this.#lock(cpu);
    const chunk = this.#takeChunk();
    if (chunk !== undefined) this.#setInUse(chunk, true);
    cpu.unlock(this.#space.lock);
    return chunk;
  }

  /** The chunk's pages are unmapped. Throws for one that is not in use. */
  *destroyChunk(cpu: Cpu, chunk: number): Suspending<void> {
    yield* this.#lock(cpu);
    if (!this.#isInUse(chunk)) throw new Error(`chunk ${chunk} is not in use`);
    if (this.config.window !== 'packed') this.#mappings.areas.give(plus(this.#globalBase, chunk * this.shape.stride));
    this.#setInUse(chunk, false);
    cpu.unlock(this.#space.lock);
  }

  /**
   * Maps a page of a chunk in all units, globally and in the windows of the CPUs that have tables. False, with nothing
   * changed, when memory runs out.
   */
  *mapPage(cpu: Cpu, place: ChunkPage, frameOf: (unit: number) => FrameNumber): Suspending<boolean> {
    yield* this.#lock(cpu);
    const units = this.#space.arena.config.possibleCpus;
    let done = 0;
    while (done < units && (yield* this.#mapUnit(cpu, place, cpuId(done), frameOf(done)))) done += 1;
    if (done < units) {
      const freed = Array.from({ length: done }, (_, unit) => this.#unmapUnit(place, cpuId(unit))).flat();
      this.#invalidate(place.chunk, { first: place.page, end: place.page + 1 });
      yield* this.#tables.giveTables(cpu, freed);
    }
    cpu.unlock(this.#space.lock);
    return done === units;
  }

  /** Unmaps pages of a chunk in all units and in all windows, and invalidates them on all CPUs: once for either mapping. */
  *unmapPages(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    yield* this.#lock(cpu);
    const freed: FrameNumber[] = [];
    for (let page = pages.first; page < pages.end; page++) {
      for (let unit = 0; unit < this.#space.arena.config.possibleCpus; unit++) {
        freed.push(...this.#unmapUnit({ chunk, page }, cpuId(unit)));
      }
    }
    this.#invalidate(chunk, pages);
    yield* this.#tables.giveTables(cpu, freed);
    cpu.unlock(this.#space.lock);
  }

  /**
   * The first chunk as an embedded one: its units lie one after another from `first` on and are reached by the linear map.
   * Once, before any other chunk. False when memory for the windows' tables runs out; such a machine is good for nothing.
   */
  *adoptFirstChunk(cpu: Cpu, first: FrameNumber): Suspending<boolean> {
    if (this.config.firstChunk !== 'second-window') throw new Error('the first chunk is mapped page by page');
    const chunk = yield* this.createChunk(cpu);
    if (chunk !== 0) throw new Error(`the first chunk would be chunk ${chunk}`);
    this.#space.arena.words[this.#base + MappingW.firstChunkFrame] = first + 1;
    yield* this.#lock(cpu);
    let isMapped = true;
    for (let target = 0; target < this.#space.arena.config.possibleCpus && isMapped; target++) {
      if (this.hasWindow(cpuId(target))) isMapped = yield* this.#mapWindowOf(cpu, cpuId(target));
    }
    cpu.unlock(this.#space.lock);
    return isMapped;
  }

  /** Gives a CPU tables of its own, with all that is mapped; true also where it has them. False, with nothing taken, when memory runs out. */
  *bringUp(cpu: Cpu, target: CpuId): Suspending<boolean> {
    if (this.config.window === 'none' || this.#space.hasOwnTables(target)) return true;
    yield* this.#lock(cpu);
    const isMade = (yield* this.#topLevels.make(cpu, target)) && (yield* this.#mapWindowOf(cpu, target));
    if (!isMade) yield* this.#takeApart(cpu, target);
    // What it has translated by CPU 0's tables so far.
    this.#invalidateWindow();
    cpu.unlock(this.#space.lock);
    return isMade;
  }

  /** Takes a CPU's own tables away; it walks CPU 0's from then on. CPU 0 keeps the machine's. */
  *tearDown(cpu: Cpu, target: CpuId): Suspending<void> {
    if (target === 0) throw new Error("CPU 0's tables are the machine's own");
    yield* this.#lock(cpu);
    yield* this.#takeApart(cpu, target);
    cpu.unlock(this.#space.lock);
  }

  /** Whether a CPU may use the window. */
  hasWindow(cpu: CpuId): boolean {
    return this.config.window !== 'none' && this.#space.hasOwnTables(cpu);
  }

  /** The pointer to a byte of a chunk. */
  pointer(chunk: number, offsetBytes: number): PercpuPtr {
    return percpuPtr(chunk * this.shape.stride + offsetBytes);
  }

  /** The address of a CPU's copy, for every CPU the same. */
  perCpuPtr(pointer: PercpuPtr, cpu: CpuId): VirtualAddress {
    const first = this.#space.arena.word(this.#base + MappingW.firstChunkFrame);
    if (first !== 0 && pointer < this.config.unitBytes) {
      return plus(this.#space.linearAddress(frameNumber(first - 1 + cpu * this.#pages)), pointer);
    }
    return plus(this.#globalBase, pointer + cpu * this.shape.unitDistance);
  }

  /** What has to be added to a pointer to reach the running CPU's copy through the window. Not for a first chunk in the linear map. */
  get windowOffset(): number {
    return this.#windowBase;
  }

  /** The address at which every CPU sees its own copy. The machine has a window. */
  windowPtr(pointer: PercpuPtr): VirtualAddress {
    const isFirst = this.config.firstChunk === 'second-window' && pointer < this.config.unitBytes;
    return plus(isFirst ? this.#space.regions.window.start : this.#windowBase, pointer);
  }

  *#lock(cpu: Cpu): Suspending<void> {
    if (!cpu.tryLock(this.#space.lock)) yield* cpu.lock(this.#space.lock, LockClass.addressSpace);
  }

  #takeAreas(bytes: number): VirtualAddress | undefined {
    const { geometry, regions } = this.#space;
    return this.#mappings.areas.take({ bytes, alignBytes: geometry.pageSizeBytes, within: regions.chunks });
  }

  /** Chunks of one size in a range of their own: the lowest hole that fits is a whole number of strides away. */
  #takeChunk(): number | undefined {
    if (this.config.window !== 'packed') {
      if (this.chunks().length === this.config.maxChunks) return undefined;
      const start = this.#takeAreas(this.shape.stride);
      return start === undefined ? undefined : (start - this.#globalBase) / this.shape.stride;
    }
    for (let chunk = 0; chunk < this.config.maxChunks; chunk++) if (!this.#isInUse(chunk)) return chunk;
    return undefined;
  }

  #isInUse(chunk: number): boolean {
    return this.#space.arena.word(this.#base + MappingW.chunks + chunk) !== 0;
  }

  #setInUse(chunk: number, isInUse: boolean): void {
    this.#space.arena.words[this.#base + MappingW.chunks + chunk] = isInUse ? 1 : 0;
  }

  *#mapUnit(cpu: Cpu, place: ChunkPage, unit: CpuId, frame: FrameNumber): Suspending<boolean> {
    const pointer = this.#pagePointer(place);
    if (!(yield* this.#mappings.map(cpu, this.perCpuPtr(pointer, unit), frame))) return false;
    if (!this.hasWindow(unit) || (yield* this.#mapWindowPage(cpu, unit, pointer, frame))) return true;
    yield* this.#tables.giveTables(cpu, this.#mappings.unmap(this.perCpuPtr(pointer, unit)));
    return false;
  }

  #unmapUnit(place: ChunkPage, unit: CpuId): readonly FrameNumber[] {
    const pointer = this.#pagePointer(place);
    const freed = this.#mappings.unmap(this.perCpuPtr(pointer, unit));
    if (!this.hasWindow(unit)) return freed;
    return [...freed, ...this.#tables.unmap(this.#rootOf(unit), this.windowPtr(pointer)).freed];
  }

  *#mapWindowPage(cpu: Cpu, target: CpuId, pointer: PercpuPtr, frame: FrameNumber): Suspending<boolean> {
    const leaf = { frame, level: this.#space.geometry.levels.length - 1 };
    const mapped = yield* this.#tables.map(cpu, this.#rootOf(target), this.windowPtr(pointer), leaf);
    return mapped !== 'out-of-memory';
  }

  /** Enters all pages that are mapped globally in a CPU's unit into its window. */
  *#mapWindowOf(cpu: Cpu, target: CpuId): Suspending<boolean> {
    for (const { pointer, frame } of this.#mappedPages(target)) {
      if (!(yield* this.#mapWindowPage(cpu, target, pointer, frame))) return false;
    }
    return true;
  }

  /** The pages of a CPU's units that are mapped globally. */
  #mappedPages(unit: CpuId): readonly { readonly pointer: PercpuPtr; readonly frame: FrameNumber }[] {
    const root = this.#space.rootOf(cpuId(0));
    return this.chunks().flatMap((chunk) =>
      Array.from({ length: this.#pages }, (_, page) => this.#pagePointer({ chunk, page })).flatMap((pointer) => {
        const found = this.#tables.walk(root, this.perCpuPtr(pointer, unit));
        return found === undefined ? [] : [{ pointer, frame: found.frame }];
      }),
    );
  }

  /** Window, top-level table and all; also of tables that are half made. */
  *#takeApart(cpu: Cpu, target: CpuId): Suspending<void> {
    if (!this.#space.hasOwnTables(target)) return;
    const freed: FrameNumber[] = [];
    const root = this.#rootOf(target);
    for (const { pointer } of this.#mappedPages(target)) {
      const address = this.windowPtr(pointer);
      if (this.#tables.walk(root.word, address) === undefined) continue;
      freed.push(...this.#tables.unmap(root, address).freed);
    }
    freed.push(...this.#topLevels.drop(target));
    this.#invalidateWindow();
    yield* this.#tables.giveTables(cpu, freed);
  }

  #rootOf(owner: CpuId): TableRoot {
    return { word: this.#space.rootOf(owner), owner };
  }

  #pagePointer({ chunk, page }: ChunkPage): PercpuPtr {
    return this.pointer(chunk, page * this.#space.geometry.pageSizeBytes);
  }

  /** Two broadcasts: the global addresses, and those of the window, which are the same on every CPU. */
  #invalidate(chunk: number, pages: PageRange): void {
    const { pageSizeBytes } = this.#space.geometry;
    const units = this.#space.arena.config.possibleCpus;
    const first = this.#pagePointer({ chunk, page: pages.first });
    const count = pages.end - pages.first;
    const lowest = this.perCpuPtr(first, cpuId(0)) / pageSizeBytes;
    const highest = this.perCpuPtr(first, cpuId(units - 1)) / pageSizeBytes;
    invalidate(this.#space, { first: lowest, end: highest + count });
    if (this.config.window === 'none') return;
    const inWindow = this.windowPtr(first) / pageSizeBytes;
    invalidate(this.#space, { first: inWindow, end: inWindow + count });
  }

  #invalidateWindow(): void {
    const { geometry, regions } = this.#space;
    const { start, end } = regions.window;
    invalidate(this.#space, { first: start / geometry.pageSizeBytes, end: end / geometry.pageSizeBytes });
  }
}

/** A page of a chunk, in all its units. */
interface ChunkPage {
  readonly chunk: number;
  readonly page: number;
}
