/**
 * The allocator once more, written from the rules in words and from nothing else: lists are arrays, maps are arrays of
 * booleans, every search goes cell by cell. Slow, and meant to be read beside the rules. What the allocator under test does
 * must be what this one does, request by request.
 */
import { PAGE, PlainChunk } from './plain-chunk.ts';

const LOW = 2;
const HIGH = 4;
const PARKING = 3;

/** Sizes in bytes. Pages are of 4096 bytes. */
export interface PlainGeometry {
  readonly unitBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  readonly dynBytes: number;
}

export interface PlainRequest {
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly atomic: boolean;
  readonly reserved: boolean;
}

export interface PlainPlace {
  readonly chunk: PlainChunk;
  readonly start: number;
}

export class PlainAllocator {
  readonly lists: PlainChunk[][];
  readonly reserved: PlainChunk | undefined;
  globalEmpty = 0;
  isWorkerWanted = false;
  readonly #pages: number;
  readonly #sidelined: number;
  readonly #fullyFree: number;
  readonly #toDepopulate: number;
  readonly #maxChunks: number;
  #atomicFailed = false;
  /** Numbers of chunks that are no more, the last one first. */
  readonly #freed: number[] = [];
  #fresh = 2;

  constructor({ unitBytes, staticBytes, reservedBytes, dynBytes }: PlainGeometry, maxChunks: number) {
    this.#pages = unitBytes / 4096;
    this.#maxChunks = maxChunks;
    this.#sidelined = plainSlot(unitBytes) + 1;
    this.#fullyFree = this.#sidelined + 1;
    this.#toDepopulate = this.#fullyFree + 1;
    this.lists = Array.from({ length: this.#toDepopulate + 1 }, () => []);
    const staticEnd = Math.ceil(staticBytes / 4) * 4;
    const dynStart = staticEnd + reservedBytes;
    if (reservedBytes > 0) this.reserved = partOfFirst(1, staticEnd, dynStart, 'reserved');
    const first = partOfFirst(0, dynStart, staticBytes + reservedBytes + dynBytes, 'first');
    this.globalEmpty = first.emptyPages;
    this.#moveToHead(first, this.#slotOf(first));
  }

  /** All chunks but the reserved one, list by list. */
  chunks(): PlainChunk[] {
    return this.lists.flat();
  }

  allocate({ sizeBytes, alignBytes, atomic, reserved }: PlainRequest): PlainPlace | undefined {
    const cells = Math.ceil(sizeBytes / 4);
    const align = Math.max(alignBytes / 4, 1);
    const isFromReserved = reserved && this.reserved !== undefined;
    const search = (): PlainPlace | undefined =>
      isFromReserved ? this.#searchReserved(cells, align, atomic) : this.#search(cells, align, atomic);
    let place = search();
    if (place === undefined && !atomic && !isFromReserved && this.#hasSpare()) place = search();
    if (place === undefined) {
      if (atomic) this.#failAtomic();
      return undefined;
    }
    if (this.globalEmpty < LOW) this.isWorkerWanted = true;
    if (!atomic) this.#populate(place.chunk, place.start, cells);
    return place;
  }

  free({ chunk, start }: PlainPlace): void {
    const cells = chunk.sizeAt(start);
    if (cells === undefined) throw new Error(`no object at ${start}`);
    const before = this.#slotOf(chunk);
    this.#addEmpty(chunk, chunk.release(start, cells));
    chunk.objects -= 1;
    this.#relocate(chunk, before);
    if (!chunk.isIsolated && chunk.freeCells === this.#pages * PAGE) {
      if ((this.lists[this.#fullyFree] ?? []).some((other) => other !== chunk)) this.isWorkerWanted = true;
      return;
    }
    if (chunk.isFirst || chunk.isReserved) return;
    const isRich = this.globalEmpty > HIGH + chunk.emptyPages && chunk.emptyPages >= Math.floor(chunk.pages / 4);
    if (chunk.isIsolated ? chunk.emptyPages > 0 : isRich) {
      if (!chunk.isIsolated) this.globalEmpty -= chunk.emptyPages;
      chunk.isIsolated = true;
      this.#moveToHead(chunk, this.#toDepopulate);
      this.isWorkerWanted = true;
    }
  }

  /** The worker's four passes. */
  balance(): void {
    this.isWorkerWanted = false;
    this.#trim(() => true);
    this.#reclaim();
    this.#grow();
    this.#trim((chunk) => chunk.emptyPages === 0);
  }

  #searchReserved(cells: number, align: number, atomic: boolean): PlainPlace | undefined {
    const chunk = this.reserved;
    const fit = chunk?.find(cells, align, atomic);
    if (chunk === undefined || fit === undefined || typeof fit === 'string') return undefined;
    chunk.feedBack(fit.hole);
    this.#take(chunk, fit.start, cells);
    return { chunk, start: fit.start };
  }

  #search(cells: number, align: number, atomic: boolean): PlainPlace | undefined {
    for (let slot = this.#slotOfCells(cells); slot <= this.#fullyFree; slot++) {
      for (const chunk of [...(this.lists[slot] ?? [])]) {
        const fit = chunk.find(cells, align, atomic);
        if (typeof fit !== 'string') {
          chunk.feedBack(fit.hole);
          this.#take(chunk, fit.start, cells);
          return { chunk, start: fit.start };
        }
        if (fit === 'none' && slot < PARKING && !chunk.isIsolated) this.#moveToHead(chunk, 0);
      }
    }
    return undefined;
  }

  #take(chunk: PlainChunk, start: number, cells: number): void {
    const before = this.#slotOf(chunk);
    this.#addEmpty(chunk, -chunk.place(start, cells));
    chunk.objects += 1;
    this.#relocate(chunk, before);
    if (chunk.isIsolated) this.#reintegrate(chunk);
  }

  #failAtomic(): void {
    this.#atomicFailed = true;
    this.isWorkerWanted = true;
  }

  #hasSpare(): boolean {
    return (this.lists[this.#fullyFree] ?? []).length > 0 || this.#create() !== undefined;
  }

  #create(): PlainChunk | undefined {
    let number = this.#freed.shift();
    if (number === undefined) {
      if (this.#fresh === this.#maxChunks) return undefined;
      number = this.#fresh;
      this.#fresh += 1;
    }
    const chunk = new PlainChunk(number, this.#pages, 'later');
    this.#moveToHead(chunk, this.#fullyFree);
    return chunk;
  }

  #populate(chunk: PlainChunk, start: number, cells: number): void {
    for (let page = Math.floor(start / PAGE); page * PAGE < start + cells; page++) this.#populatePage(chunk, page);
  }

  #populatePage(chunk: PlainChunk, page: number): void {
    if (chunk.populated[page] === true) return;
    chunk.populated[page] = true;
    this.#addEmpty(chunk, 1);
  }

  #addEmpty(chunk: PlainChunk, pages: number): void {
    chunk.emptyPages += pages;
    if (!chunk.isIsolated && !chunk.isReserved) this.globalEmpty += pages;
  }

  #trim(isDoomed: (chunk: PlainChunk) => boolean): void {
    const [, ...spare] = this.lists[this.#fullyFree] ?? [];
    for (const chunk of spare.filter(isDoomed).toReversed()) {
      this.#addEmpty(chunk, -chunk.emptyPages);
      this.#takeOff(chunk);
      this.#freed.unshift(chunk.number);
    }
  }

  #reclaim(): void {
    for (;;) {
      const chunk = (this.lists[this.#toDepopulate] ?? [])[0];
      if (chunk === undefined) return;
      if (this.#giveBackPages(chunk) || chunk.freeCells === chunk.cells) this.#reintegrate(chunk);
      else this.#moveToTail(chunk, this.#sidelined);
    }
  }

  /** Whether the other chunks need the pages instead. A streak of pages that is broken off is kept. */
  #giveBackPages(chunk: PlainChunk): boolean {
    let streak: number[] = [];
    for (let page = chunk.pages - 1; page >= 0; page--) {
      if (chunk.emptyPages === 0) return false;
      if (this.globalEmpty < HIGH) return true;
      const isEmpty = chunk.populated[page] === true && chunk.isFree(page * PAGE, (page + 1) * PAGE);
      if (isEmpty) streak.push(page);
      if (isEmpty && page > 0) continue;
      for (const each of streak) {
        chunk.populated[each] = false;
        this.#addEmpty(chunk, -1);
      }
      streak = [];
    }
    return false;
  }

  #grow(): void {
    for (;;) {
      let wanted = Math.min(Math.max(HIGH - this.globalEmpty, 0), HIGH);
      if (this.#atomicFailed) wanted = HIGH;
      this.#atomicFailed = false;
      if (wanted === 0) return;
      for (let slot = plainSlot(4096); slot <= this.#fullyFree && wanted > 0; slot++) {
        const chunk = (this.lists[slot] ?? []).find(({ populated }) => populated.includes(false));
        for (let page = 0; chunk !== undefined && page < chunk.pages && wanted > 0; page++) {
          if (chunk.populated[page] === true) continue;
          this.#populatePage(chunk, page);
          wanted -= 1;
        }
      }
      if (wanted === 0 || this.#create() === undefined) return;
    }
  }

  #reintegrate(chunk: PlainChunk): void {
    chunk.isIsolated = false;
    this.globalEmpty += chunk.emptyPages;
    this.#moveToHead(chunk, this.#slotOf(chunk));
  }

  #slotOf(chunk: PlainChunk): number {
    if (chunk.freeCells === 0 || chunk.whole.contig === 0) return 0;
    return this.#slotOfCells(chunk.whole.contig);
  }

  #slotOfCells(cells: number): number {
    return cells === this.#pages * PAGE ? this.#fullyFree : plainSlot(cells * 4);
  }

  #relocate(chunk: PlainChunk, before: number): void {
    if (chunk.isIsolated || chunk.isReserved) return;
    const after = this.#slotOf(chunk);
    if (after > before) this.#moveToHead(chunk, after);
    else if (after < before) this.#moveToTail(chunk, after);
  }

  #takeOff(chunk: PlainChunk): void {
    for (const list of this.lists) if (list.includes(chunk)) list.splice(list.indexOf(chunk), 1);
  }

  #moveToHead(chunk: PlainChunk, slot: number): void {
    this.#takeOff(chunk);
    this.lists[slot]?.unshift(chunk);
  }

  #moveToTail(chunk: PlainChunk, slot: number): void {
    this.#takeOff(chunk);
    this.lists[slot]?.push(chunk);
  }
}

/** By the length in binary digits of a size. */
function plainSlot(bytes: number): number {
  return Math.max(bytes.toString(2).length - 3, 1);
}

/** The part [start, end) of the first unit, in whole pages; what lies around it within them is in use for good. */
function partOfFirst(number: number, start: number, end: number, part: 'first' | 'reserved'): PlainChunk {
  const base = Math.floor(start / 4096) * 4096;
  const pages = Math.ceil((end - base) / 4096);
  const chunk = new PlainChunk(number, pages, part);
  const before = (start - base) / 4;
  const behind = Math.floor((base + pages * 4096 - end) / 4);
  if (before > 0) chunk.emptyPages -= chunk.place(0, before);
  if (behind > 0) chunk.emptyPages -= chunk.place(chunk.cells - behind, behind);
  return chunk;
}
