/** One chunk of the plain allocator: arrays of booleans, searched cell by cell. */
import { absorbRun, beginRescan, entryOf, freshSummary, pad, type PlainSummary, shares } from './plain-summary.ts';

export const PAGE = 1024;

interface Hole {
  readonly start: number;
  readonly cells: number;
}

interface Candidate {
  readonly start: number;
  readonly proofEnd: number;
}

/** Where a request goes; the hole is what alignment skipped. */
export interface PlainFit {
  readonly start: number;
  readonly hole: Hole;
}

export class PlainChunk {
  readonly number: number;
  readonly pages: number;
  readonly cells: number;
  readonly isFirst: boolean;
  readonly isReserved: boolean;
  readonly used: boolean[];
  readonly bounds: boolean[];
  readonly populated: boolean[];
  readonly blocks: PlainSummary[];
  readonly whole: PlainSummary;
  freeCells: number;
  emptyPages = 0;
  isIsolated = false;
  objects = 0;

  constructor(number: number, pages: number, part: 'first' | 'reserved' | 'later') {
    this.number = number;
    this.pages = pages;
    this.cells = pages * PAGE;
    this.isFirst = part === 'first';
    this.isReserved = part === 'reserved';
    this.used = Array.from({ length: this.cells }, () => false);
    this.bounds = Array.from({ length: this.cells + 1 }, () => false);
    this.populated = Array.from({ length: pages }, () => part !== 'later');
    this.blocks = Array.from({ length: pages }, () => freshSummary(PAGE));
    this.whole = freshSummary(this.cells);
    this.freeCells = this.cells;
    this.emptyPages = part === 'later' ? 0 : pages;
  }

  isFree(from: number, end: number): boolean {
    for (let cell = from; cell < end; cell++) if (this.used[cell] === true) return false;
    return true;
  }

  /** 'none': no candidate, which parks; 'failed': the hints promised what alignment does not allow. */
  find(cells: number, align: number, atomic: boolean): PlainFit | 'none' | 'failed' {
    if (pad(this.whole.contigStart, align) + cells > this.whole.contig) return 'none';
    for (let from = entryOf(this.whole, cells); ;) {
      const candidate = this.#walk(from, cells, align);
      if (candidate === undefined) return 'none';
      const again = atomic ? this.#restart(candidate) : undefined;
      if (again === undefined) return this.#scan(candidate.start, cells, align) ?? 'failed';
      from = again;
    }
  }

  #walk(from: number, cells: number, align: number): Candidate | undefined {
    let limit = from % PAGE;
    let tailStart = 0;
    let tail = 0;
    for (let block = Math.floor(from / PAGE); block < this.pages; block++) {
      const summary = this.#block(block);
      const base = block * PAGE;
      if (tail > 0) {
        tail += summary.left;
        if (tail >= cells) return { start: tailStart, proofEnd: tailStart + tail };
        if (summary.left === PAGE) continue;
      }
      const need = pad(summary.contigStart, align) + cells;
      if (summary.contig > 0 && summary.contigStart >= limit && need <= summary.contig) {
        return { start: base + entryOf(summary, cells), proofEnd: base + summary.contigStart + need };
      }
      limit = 0;
      const run = PAGE - summary.right;
      tailStart = base + run + pad(run, align);
      tail = base + PAGE - tailStart;
      if (tail >= cells) return { start: tailStart, proofEnd: tailStart + tail };
    }
    return undefined;
  }

  /** Where an atomic request looks on when a page of the candidate is not populated. */
  #restart({ start, proofEnd }: Candidate): number | undefined {
    const end = Math.ceil(proofEnd / PAGE);
    let page = Math.floor(start / PAGE);
    while (page < end && this.populated[page] === true) page += 1;
    if (page === end) return undefined;
    while (page < end && this.populated[page] !== true) page += 1;
    return page * PAGE;
  }

  #scan(candidate: number, cells: number, align: number): PlainFit | undefined {
    const end = Math.min(candidate + cells + PAGE, this.cells);
    let hole: Hole = { start: 0, cells: 0 };
    for (let cursor = candidate; ;) {
      while (cursor < end && this.used[cursor] === true) cursor += 1;
      const start = cursor + pad(cursor, align);
      if (start + cells > end) return undefined;
      let stop = start;
      while (stop < start + cells && this.used[stop] !== true) stop += 1;
      if (stop === start + cells) return { start, hole };
      hole = betterHole(hole, { start, cells: stop - start });
      cursor = stop + 1;
    }
  }

  /** Before the object is placed: what alignment skipped is given to its block. */
  feedBack({ start, cells }: Hole): void {
    const block = Math.floor(start / PAGE);
    if (cells === 0 || start + cells > (block + 1) * PAGE) return;
    let from = start;
    while (from > block * PAGE && this.used[from - 1] !== true) from -= 1;
    absorbRun(this.#block(block), from - block * PAGE, start + cells - block * PAGE);
  }

  /** Marks an object; answers with the empty pages that are lost. */
  place(start: number, cells: number): number {
    const end = start + cells;
    this.used.fill(true, start, end);
    this.bounds.fill(false, start + 1, end);
    this.bounds[start] = true;
    this.bounds[end] = true;
    this.freeCells -= cells;
    if (start === this.whole.firstFree) this.whole.firstFree = this.#nextFree(end, this.cells);
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    let lost = 0;
    for (let block = first; block <= last; block++) {
      if (this.#block(block).contig === PAGE || (block > first && block < last)) lost += 1;
      if (block === first) this.#placeInFirst(block, start - block * PAGE, Math.min(end - block * PAGE, PAGE));
      else if (block === last) this.#placeInLast(block, end - block * PAGE);
      else this.#cover(block);
    }
    if (shares(this.whole.scanStart, this.whole.scan, start, end)) this.whole.scan = 0;
    if (shares(this.whole.contigStart, this.whole.contig, start, end)) this.#rescan(true);
    return lost;
  }

  #placeInFirst(block: number, from: number, end: number): void {
    const summary = this.#block(block);
    if (from === summary.firstFree) summary.firstFree = this.#nextFreeInBlock(block, end);
    if (shares(summary.scanStart, summary.scan, from, end)) summary.scan = 0;
    if (shares(summary.contigStart, summary.contig, from, end)) {
      if (from === 0) summary.left = 0;
      this.#rescanBlock(block);
    } else {
      summary.left = Math.min(summary.left, from);
      summary.right = Math.min(summary.right, PAGE - end);
    }
  }

  #placeInLast(block: number, end: number): void {
    const summary = this.#block(block);
    summary.firstFree = this.#nextFreeInBlock(block, end);
    if (end === PAGE) {
      this.#cover(block);
      return;
    }
    if (end > summary.scanStart) summary.scan = 0;
    summary.left = 0;
    if (end > summary.contigStart) this.#rescanBlock(block);
    else summary.right = Math.min(summary.right, PAGE - end);
  }

  #cover(block: number): void {
    Object.assign(this.#block(block), { scan: 0, contig: 0, left: 0, right: 0 });
  }

  /** Cells of the object that begins at `start`; undefined when none does. */
  sizeAt(start: number): number | undefined {
    if (this.used[start] !== true || this.bounds[start] !== true) return undefined;
    let end = start + 1;
    while (end < this.cells && this.bounds[end] !== true) end += 1;
    return end - start;
  }

  /** Unmarks an object; answers with the empty pages that are gained. */
  release(start: number, cells: number): number {
    const end = start + cells;
    this.used.fill(false, start, end);
    this.freeCells += cells;
    this.whole.firstFree = Math.min(this.whole.firstFree, start);
    const first = Math.floor(start / PAGE);
    const last = Math.floor((end - 1) / PAGE);
    const runStart = this.#runStart(first, start - first * PAGE);
    const runEnd = this.#runEnd(last, end - last * PAGE);
    if (first === last) return this.#releaseInBlock(first, runStart, runEnd);
    absorbRun(this.#block(first), runStart, PAGE);
    absorbRun(this.#block(last), 0, runEnd);
    for (let block = first + 1; block < last; block++) this.blocks[block] = freshSummary(PAGE);
    this.#rescan(false);
    return (runStart === 0 ? 1 : 0) + (runEnd === PAGE ? 1 : 0) + (last - first - 1);
  }

  #releaseInBlock(block: number, runStart: number, runEnd: number): number {
    absorbRun(this.#block(block), runStart, runEnd);
    if (runEnd - runStart === PAGE) {
      this.#rescan(false);
      return 1;
    }
    // As the kernel has it: a start in the chunk, an end in the block.
    absorbRun(this.whole, block * PAGE + runStart, runEnd);
    return 0;
  }

  #runStart(block: number, from: number): number {
    const { contigStart, contig } = this.#block(block);
    if (from === contigStart + contig) return contigStart;
    let start = from;
    while (start > 0 && this.used[block * PAGE + start - 1] !== true) start -= 1;
    return start;
  }

  #runEnd(block: number, end: number): number {
    const { contigStart, contig } = this.#block(block);
    if (end === contigStart) return contigStart + contig;
    let stop = end;
    while (stop < PAGE && this.used[block * PAGE + stop] !== true) stop += 1;
    return stop;
  }

  #rescanBlock(block: number): void {
    const summary = this.#block(block);
    const from = beginRescan(summary, true);
    summary.right = 0;
    for (let cell = from; cell < PAGE;) {
      let end = cell;
      while (end < PAGE && this.used[block * PAGE + end] !== true) end += 1;
      if (end > cell) absorbRun(summary, cell, end);
      cell = end + 1;
    }
  }

  #rescan(mayPromote: boolean): void {
    let from = beginRescan(this.whole, mayPromote);
    for (let run = this.#shownRun(from); run !== undefined; run = this.#shownRun(from)) {
      absorbRun(this.whole, run.start, run.start + run.cells);
      from = run.start + run.cells + 1;
    }
  }

  /** The next run that the blocks' summaries show. */
  #shownRun(from: number): Hole | undefined {
    let limit = from % PAGE;
    for (let block = Math.floor(from / PAGE); block < this.pages; block++) {
      const { contig, contigStart, right } = this.#block(block);
      if (contig > 0 && contigStart >= limit && contigStart + contig < PAGE) {
        return { start: block * PAGE + contigStart, cells: contig };
      }
      limit = 0;
      if (right === 0) continue;
      let cells = right;
      for (let next = block + 1; next < this.pages; next++) {
        cells += this.#block(next).left;
        if (this.#block(next).left !== PAGE) break;
      }
      return { start: (block + 1) * PAGE - right, cells };
    }
    return undefined;
  }

  #block(block: number): PlainSummary {
    const summary = this.blocks[block];
    if (summary === undefined) throw new Error(`chunk ${this.number} has no block ${block}`);
    return summary;
  }

  #nextFreeInBlock(block: number, from: number): number {
    return this.#nextFree(block * PAGE + from, (block + 1) * PAGE) - block * PAGE;
  }

  #nextFree(from: number, end: number): number {
    let cell = from;
    while (cell < end && this.used[cell] === true) cell += 1;
    return cell;
  }
}

/** The longer one; of equal ones the better aligned, unless the kept one begins the chunk. */
function betterHole(kept: Hole, found: Hole): Hole {
  if (found.cells > kept.cells) return found;
  if (found.cells < kept.cells || kept.start === 0) return kept;
  const lowestBit = (value: number): number => (value === 0 ? Infinity : value & -value);
  return lowestBit(found.start) > lowestBit(kept.start) ? found : kept;
}
