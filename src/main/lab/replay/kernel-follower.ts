/**
 * The lab's allocator in step with a recorded kernel: which of its chunks is which of the kernel's, where it would put an
 * allocation, and how it is made to agree when the kernel did otherwise.
 *
 *     kernel   create B1 ─────── alloc B1+0 … destroy B1 … create B1 (another chunk)
 *     model    chunk 3 ═ B1 ──── alloc 3+0  … destroyed  … chunk 3 or another ═ B1
 *
 * A base is only a name: it is used again. Chunks that the model makes by itself wait without a name for the kernel's
 * create event; those that it destroys by itself are remembered until the kernel's destroy event.
 */
import { bitIsSet, nextSet, setBit } from '../../machine/percpu/chunks/bitmap.ts';
import { BalanceWork } from '../../machine/percpu/chunks/balance-work.ts';
import { ChunkFlag, ChunkW, RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import {
  createChunk,
  destroyChunk,
  markDepopulated,
  markPopulated,
} from '../../machine/percpu/chunks/chunk-lifecycle.ts';
import type { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CountedPages } from '../../machine/percpu/chunks/page-source.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { ObjectCells } from '../../machine/percpu/chunks/place.ts';
import { objectAt } from '../../machine/percpu/chunks/release.ts';
import {
  blankPlace,
  type ChunkRequest,
  commitPlace,
  type Place,
  releaseCells,
  searchPlace,
  takeCells,
} from '../../machine/percpu/chunks/requests.ts';
import { moveToTail } from '../../machine/percpu/chunks/slots.ts';
import { cpuId } from '../../machine/units.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';
import { type DoubtableChunk, raiseDoubt } from './chunk-doubt.ts';

/** What is known of a chunk besides its words. */
export interface FollowedChunk extends DoubtableChunk {
  readonly chunk: number;
  base: string | undefined;
  /** Its create event is in the trace. */
  bornInTrace: boolean;
  /** Allocations of the trace that went into it. */
  allocations: number;
  /** Per cell: 1 + number of the call site whose object begins there; 0: none of the trace's. */
  readonly sites: Uint16Array;
}

/** In `sites`: an object of the trace's time whose allocation the trace lacks. */
export const UNSEEN_SITE = 0xffff;

/** What the kernel must have done that the trace does not show. */
export interface Repairs {
  /** Objects that were in the way of an allocation: their frees are missing. */
  missingFrees: number;
  /** Frees of objects that are not there: their allocations are missing. */
  missingAllocations: number;
  /** Chunks that the trace uses, or ends, without their create event, or the reverse. */
  missingChunkEvents: number;
}

export class KernelFollower {
  readonly region: ChunkRegion;
  readonly repairs: Repairs = { missingFrees: 0, missingAllocations: 0, missingChunkEvents: 0 };
  /** Whether the trace has freed an object that is older than it. */
  hasFreedOlder = false;
  readonly #byBase = new Map<string, FollowedChunk>();
  readonly #byNumber: (FollowedChunk | undefined)[] = [];
  readonly #unnamed: FollowedChunk[] = [];
  /** Bases of chunks that the model has destroyed and the kernel not yet. */
  readonly #gone = new Set<string>();
  readonly #balance: BalanceWork;
  readonly #cpu = new LoneCpu(cpuId(0));
  readonly #place: Place = blankPlace();
  #structureVersion = 0;

  /** `older` are the chunks that exist when the trace begins, by base, with the line that names them first. */
  constructor(region: ChunkRegion, older: ReadonlyMap<string, { readonly chunk: number; readonly firstLine: number }>) {
    this.region = region;
    for (const [base, { chunk, firstLine }] of older) {
      const followed = this.#adopt(chunk, base);
      followed.olderSince = firstLine;
      followed.settled = false;
      raiseDoubt(followed, { class: 'starting-state', lines: [firstLine] });
    }
    this.#balance = new BalanceWork(region, new CountedPages(), {
      created: (chunk) => void this.#unnamed.push(this.#adopt(chunk, undefined)),
      destroyed: (chunk) => this.#forget(chunk),
    });
  }

  /** Changes whenever chunks come or go: what lies before cannot be rolled back. */
  get structureVersion(): number {
    return this.#structureVersion;
  }

  chunkOf(base: string): FollowedChunk | undefined {
    return this.#byBase.get(base);
  }

  followed(chunk: number): FollowedChunk | undefined {
    return this.#byNumber[chunk];
  }

  allFollowed(): FollowedChunk[] {
    return this.#byNumber.filter((followed) => followed !== undefined);
  }

  /** Where the model would put a request; undefined when no chunk fits. Valid until the next change. May park chunks. */
  predict(request: ChunkRequest): Place | undefined {
    return searchPlace(this.region, request, this.#place) ? this.#place : undefined;
  }

  /** Takes what `predict` has answered, and backs it with pages unless the request was atomic. */
  accept(place: Place, request: ChunkRequest): void {
    commitPlace(this.region, place, request.cells);
    if (!request.atomic) this.#populate(place.chunk, place.start, request.cells);
  }

  /** Puts an object where the kernel did, whatever is there in the model. */
  force(object: ObjectCells, request: ChunkRequest): void {
    this.clear(object);
    takeCells(this.region, object);
    if (!request.atomic) this.#populate(object.chunk, object.start, object.cells);
  }

  /** Frees what lies in the way. Of what is older than the trace, just the cells that are in the way. Answers with how many of each. */
  clear({ chunk, start, cells }: ObjectCells): { readonly traced: number; readonly older: number } {
    const { words } = this.region;
    const map = this.region.allocMap(chunk);
    const bounds = this.region.boundMap(chunk);
    const end = start + cells;
    const freed = { traced: 0, older: 0 };
    for (let used = nextSet(words, map, start, end); used < end; used = nextSet(words, map, used, end)) {
      const owner = this.#ownerOf(chunk, used);
      if (owner === undefined) {
        setBit(words, bounds, used);
        setBit(words, bounds, Math.min(nextSet(words, bounds, used + 1, end), end));
      }
      const object = objectAt(this.region, chunk, owner ?? used);
      if (object === undefined) throw new Error(`cell ${used} of chunk ${chunk} is used by no object`);
      releaseCells(this.region, object);
      if (owner === undefined) freed.older += 1;
      else freed.traced += 1;
    }
    this.repairs.missingFrees += freed.traced;
    return freed;
  }

  /** Puts an object into the free cells from `start` on, `end` at most: its allocation is missing in the trace. */
  putBack(followed: FollowedChunk, cells: { readonly start: number; readonly end: number }): void {
    this.takeAsUsed(followed, cells);
    this.noteUnseen(followed, cells.start);
  }

  /** An object that lies at a cell has no allocation in the trace. */
  noteUnseen(followed: FollowedChunk, start: number): void {
    followed.sites[start] = UNSEEN_SITE;
    this.repairs.missingAllocations += 1;
  }

  /** Takes the free cells from `start` on, `end` at most, for an object that was there when the trace began. */
  takeAsUsed({ chunk }: FollowedChunk, { start, end }: { readonly start: number; readonly end: number }): void {
    const limit = Math.min(end, this.region.chunkField(chunk, ChunkW.cells));
    const stop = nextSet(this.region.words, this.region.allocMap(chunk), start, limit);
    takeCells(this.region, { chunk, start, cells: stop - start });
    this.#populate(chunk, start, stop - start);
  }

  /** The object that begins at a byte of a chunk, or undefined. */
  objectAt(chunk: number, offsetBytes: number): ObjectCells | undefined {
    return objectAt(this.region, chunk, offsetBytes / CELL_BYTES);
  }

  free(object: ObjectCells): void {
    releaseCells(this.region, object);
  }

  isWhollyFree({ chunk }: FollowedChunk): boolean {
    return this.region.isWhollyFree(chunk);
  }

  balanceWanted(): boolean {
    return this.region.header(RegionW.balanceWanted) !== 0;
  }

  runBalanceWork(): void {
    for (const step = this.#balance.run(this.#cpu); step.next().done !== true;);
  }

  /** The chunk of a base that an allocation or a free names; made anew where the model has none. */
  needChunk(base: string): FollowedChunk {
    const known = this.#byBase.get(base);
    if (known !== undefined) return known;
    if (!this.#gone.delete(base)) this.repairs.missingChunkEvents += 1;
    return this.#nameOne(base);
  }

  /** The kernel says that it made a chunk. */
  create(base: string): void {
    const old = this.#byBase.get(base);
    if (old !== undefined) {
      this.repairs.missingChunkEvents += 1;
      this.#destroy(old);
    }
    this.#gone.delete(base);
    if (this.#unnamed.length === 0 && this.balanceWanted()) this.runBalanceWork();
    this.#nameOne(base).bornInTrace = true;
  }

  /** The kernel says that it destroyed a chunk. */
  destroy(base: string): void {
    if (this.#gone.delete(base)) return;
    if (this.balanceWanted()) this.runBalanceWork();
    if (this.#gone.delete(base)) return;
    const chunk = this.#byBase.get(base);
    if (chunk === undefined) this.repairs.missingChunkEvents += 1;
    else this.#destroy(chunk);
    this.#gone.delete(base);
  }

  /** Takes a chunk that nothing has been put into yet for one that the kernel had sidelined before the trace began. */
  takeAsSidelined({ chunk }: FollowedChunk): void {
    const { region } = this;
    region.addHeader(RegionW.emptyPages, -region.chunkField(chunk, ChunkW.emptyPages));
    region.setFlag(chunk, ChunkFlag.isolated, true);
    moveToTail(region, chunk, region.slots.sidelined);
    this.#structureVersion += 1;
  }

  /** Names the chunk that the model made first, or makes one. */
  #nameOne(base: string): FollowedChunk {
    const waiting = this.#unnamed.shift();
    if (waiting !== undefined) {
      waiting.base = base;
      this.#byBase.set(base, waiting);
      return waiting;
    }
    const chunk = createChunk(this.region);
    if (chunk < 0)
      throw new Error(`the replay's region has no room for one more chunk than ${this.region.header(RegionW.chunks)}`);
    return this.#adopt(chunk, base);
  }

  #adopt(chunk: number, base: string | undefined): FollowedChunk {
    const sites = new Uint16Array(this.region.chunkField(chunk, ChunkW.cells));
    const followed: FollowedChunk = {
      chunk,
      base,
      bornInTrace: false,
      allocations: 0,
      doubt: undefined,
      olderSince: undefined,
      lostSince: undefined,
      settled: true,
      sites,
    };
    this.#byNumber[chunk] = followed;
    if (base !== undefined) this.#byBase.set(base, followed);
    this.#structureVersion += 1;
    return followed;
  }

  #forget(chunk: number): void {
    const followed = this.#byNumber[chunk];
    this.#byNumber[chunk] = undefined;
    this.#structureVersion += 1;
    if (followed?.base === undefined) {
      const waiting = this.#unnamed.findIndex((each) => each.chunk === chunk);
      if (waiting >= 0) this.#unnamed.splice(waiting, 1);
      return;
    }
    this.#byBase.delete(followed.base);
    this.#gone.add(followed.base);
  }

  /** Empties a chunk, whatever is in it, and destroys it. */
  #destroy({ chunk }: FollowedChunk): void {
    const { region } = this;
    this.clear({ chunk, start: 0, cells: region.chunkField(chunk, ChunkW.cells) });
    const end = region.chunkField(chunk, ChunkW.pages);
    for (let first = 0; ;) {
      const pages = region.populatedRun(chunk, { first, end });
      if (pages === undefined) break;
      markDepopulated(region, chunk, pages);
      first = pages.end;
    }
    if (region.isWhollyFree(chunk)) destroyChunk(region, chunk);
    this.#forget(chunk);
  }

  /** First cell of the traced object that a used cell belongs to. */
  #ownerOf(chunk: number, cell: number): number | undefined {
    const { words } = this.region;
    const bounds = this.region.boundMap(chunk);
    let start = cell;
    while (start > 0 && !bitIsSet(words, bounds, start)) start -= 1;
    return (this.#byNumber[chunk]?.sites[start] ?? 0) > 0 ? start : undefined;
  }

  #populate(chunk: number, start: number, cells: number): void {
    const perPage = this.region.layout.cellsPerPage;
    const end = Math.ceil((start + cells) / perPage);
    for (let first = Math.floor(start / perPage); ;) {
      const pages = this.region.unpopulatedRun(chunk, { first, end });
      if (pages === undefined) return;
      markPopulated(this.region, chunk, pages);
      first = pages.end;
    }
  }
}
