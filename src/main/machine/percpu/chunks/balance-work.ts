/**
 * The balance work: what the kernel leaves to a worker. The caller schedules it (`RegionW.balanceWanted` says when) and holds
 * the allocation mutex while it runs; pcpu_lock is taken for each step and dropped while pages are got or given back.
 *
 *     trim all        of the fully free chunks only the head stays
 *     reclaim         chunks on the to-depopulate list give their empty pages back and are sidelined, or go back into use
 *     grow            up to EMPTY_PAGES_HIGH empty populated pages are kept ready, in a new chunk if need be
 *     trim unbacked   of the fully free chunks without any page only the head stays
 */
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import { type LockWord, lockWord } from '../../units.ts';
import { ChunkW, RegionW } from './chunk-layout.ts';
import {
  createChunk,
  destroyChunk,
  isEmptyPopulatedPage,
  markDepopulated,
  markPopulated,
  nextChunkNumber,
} from './chunk-lifecycle.ts';
import type { ChunkRegion, PageRange } from './chunk-region.ts';
import type { PageSource } from './page-source.ts';
import { EMPTY_PAGES_HIGH } from './percpu-geometry.ts';
import { chunksOf, firstOf, moveToTail, nextOf, reintegrate, slotOfBytes, takeOffList } from './slots.ts';

/** Told of chunks that the balance work makes and destroys, while pcpu_lock is held. */
export interface ChunkObserver {
  readonly created: (chunk: number) => void;
  readonly destroyed: (chunk: number) => void;
}

export class BalanceWork {
  readonly #region: ChunkRegion;
  readonly #pages: PageSource;
  readonly #lock: LockWord;
  readonly #observer: ChunkObserver | undefined;

  constructor(region: ChunkRegion, pages: PageSource, observer?: ChunkObserver) {
    this.#region = region;
    this.#pages = pages;
    this.#lock = lockWord(region.base + RegionW.lock);
    this.#observer = observer;
  }

  /** All four passes. The caller holds the allocation mutex. */
  *run(cpu: Cpu): Suspending<void> {
    yield* this.#take(cpu);
    this.#region.setHeader(RegionW.balanceWanted, 0);
    yield* this.#trim(cpu, 'all');
    yield* this.#reclaim(cpu);
    yield* this.#grow(cpu);
    yield* this.#trim(cpu, 'unbacked');
    cpu.unlock(this.#lock);
  }

  /**
   * A chunk that is wholly free and has no page; −1 when the region or the address space has no room for one more. The caller
   * holds the allocation mutex and pcpu_lock, which is dropped meanwhile.
   */
  *createChunk(cpu: Cpu): Suspending<number> {
    const next = nextChunkNumber(this.#region);
    if (next < 0) return -1;
    cpu.unlock(this.#lock);
    const hasSpace = yield* this.#pages.createChunk(cpu, next);
    yield* this.#take(cpu);
    return hasSpace ? createChunk(this.#region) : -1;
  }

  *#take(cpu: Cpu): Suspending<void> {
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.percpuLock);
  }

  /** Each pass is entered and left with pcpu_lock held. */
  *#trim(cpu: Cpu, which: 'all' | 'unbacked'): Suspending<void> {
    const region = this.#region;
    const [, ...spare] = chunksOf(region, region.slots.fullyFree);
    const doomed = spare.filter((chunk) => which === 'all' || region.chunkField(chunk, ChunkW.emptyPages) === 0);
    for (const chunk of doomed) takeOffList(region, chunk);
    for (const chunk of doomed.toReversed()) {
      yield* this.#giveBackAll(cpu, chunk);
      destroyChunk(region, chunk);
      this.#observer?.destroyed(chunk);
      cpu.unlock(this.#lock);
      yield* this.#pages.destroyChunk(cpu, chunk);
      yield* this.#take(cpu);
    }
  }

  *#giveBackAll(cpu: Cpu, chunk: number): Suspending<void> {
    const end = this.#region.chunkField(chunk, ChunkW.pages);
    for (let first = 0; ;) {
      const pages = this.#region.populatedRun(chunk, { first, end });
      if (pages === undefined) return;
      yield* this.#giveBack(cpu, chunk, pages);
      first = pages.end;
    }
  }

  *#giveBack(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    markDepopulated(this.#region, chunk, pages);
    cpu.unlock(this.#lock);
    yield* this.#pages.depopulate(cpu, chunk, pages);
    yield* this.#take(cpu);
  }

  *#reclaim(cpu: Cpu): Suspending<void> {
    const region = this.#region;
    for (let chunk = firstOf(region, region.slots.toDepopulate); chunk >= 0;) {
      const goesBack = yield* this.#reclaimPages(cpu, chunk);
      if (goesBack || region.isWhollyFree(chunk)) reintegrate(region, chunk);
      else moveToTail(region, chunk, region.slots.sidelined);
      chunk = firstOf(region, region.slots.toDepopulate);
    }
  }

  /** Gives back a chunk's empty pages from its end; true when the other chunks need its pages instead. */
  *#reclaimPages(cpu: Cpu, chunk: number): Suspending<boolean> {
    const region = this.#region;
    let streakEnd = -1;
    for (let page = region.chunkField(chunk, ChunkW.pages) - 1; page >= 0; page--) {
      if (region.chunkField(chunk, ChunkW.emptyPages) === 0) return false;
      if (region.header(RegionW.emptyPages) < EMPTY_PAGES_HIGH) return true;
      const isEmpty = isEmptyPopulatedPage(region, chunk, page);
      if (isEmpty && streakEnd < 0) streakEnd = page + 1;
      if (streakEnd < 0 || (isEmpty && page > 0)) continue;
      yield* this.#giveBack(cpu, chunk, { first: isEmpty ? page : page + 1, end: streakEnd });
      streakEnd = -1;
    }
    return false;
  }

  *#grow(cpu: Cpu): Suspending<void> {
    for (let wanted = this.#pagesWanted(); wanted > 0; wanted = this.#pagesWanted()) {
      const missing = yield* this.#populateLists(cpu, wanted);
      if (missing === 0) return;
      const chunk = yield* this.createChunk(cpu);
      if (chunk < 0) return;
      this.#observer?.created(chunk);
    }
  }

  #pagesWanted(): number {
    const region = this.#region;
    if (region.header(RegionW.atomicFailed) !== 0) {
      region.setHeader(RegionW.atomicFailed, 0);
      return EMPTY_PAGES_HIGH;
    }
    return Math.min(Math.max(EMPTY_PAGES_HIGH - region.header(RegionW.emptyPages), 0), EMPTY_PAGES_HIGH);
  }

  /** Populates up to `wanted` pages, in one chunk of each list; answers with how many are still wanted, 0 if memory ran out. */
  *#populateLists(cpu: Cpu, wanted: number): Suspending<number> {
    const region = this.#region;
    let missing = wanted;
    for (let slot = slotOfBytes(region, region.geometry.pageSizeBytes); slot <= region.slots.fullyFree; slot++) {
      const chunk = missing === 0 ? -1 : this.#firstWithRoom(slot);
      for (let first = 0; chunk >= 0 && missing > 0;) {
        const room = region.unpopulatedRun(chunk, { first, end: region.chunkField(chunk, ChunkW.pages) });
        if (room === undefined) break;
        const pages = { first: room.first, end: Math.min(room.end, room.first + missing) };
        if (!(yield* this.#populate(cpu, chunk, pages))) return 0;
        missing -= pages.end - pages.first;
        first = pages.end;
      }
    }
    return missing;
  }

  #firstWithRoom(slot: number): number {
    const region = this.#region;
    for (let chunk = firstOf(region, slot); chunk >= 0; chunk = nextOf(region, chunk)) {
      if (region.chunkField(chunk, ChunkW.populatedPages) < region.chunkField(chunk, ChunkW.pages)) return chunk;
    }
    return -1;
  }

  *#populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean> {
    cpu.unlock(this.#lock);
    const populated = yield* this.#pages.populate(cpu, chunk, pages);
    yield* this.#take(cpu);
    if (populated) markPopulated(this.#region, chunk, pages);
    return populated;
  }
}
