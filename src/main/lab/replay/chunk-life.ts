/**
 * One chunk as the first reading of a trace sees it: which cells are in use, and what cannot be unless events are missing.
 *
 *     cells     ..AAAA......BB......      used: in use by an object whose allocation was seen
 *     lines       17        23            of the allocation, where an object begins; −line of its free, once it is free
 *
 *     alloc over A      A's free is missing, somewhere after line 17
 *     free at another   its allocation is missing, somewhere after the last thing that is known of its first cell
 *     destroy           the frees of all that is left are missing
 *
 * Memory grows with the furthest cell that is used, not with the number of events.
 */
import { CellSet } from './cell-set.ts';

/** Something that the trace lacks: between two of its lines, not included. */
export interface Gap {
  /** older: an object of unknown size, allocated before the trace or by an event that it lacks. */
  readonly what: 'alloc' | 'free' | 'chunk event' | 'older';
  readonly after: number;
  /** The line that shows it. */
  readonly before: number;
}

const FIRST_CELLS = 4096;

export class ChunkLife {
  /** 0: older than the trace. */
  readonly bornLine: number;
  readonly #used = new CellSet();
  /** Two words per cell: a line as above, and how many cells the object has that begins there. */
  #objects = new Int32Array(2 * FIRST_CELLS);

  constructor(bornLine: number) {
    this.bornLine = bornLine;
  }

  /** An object begins; answers with the objects in its way, whose frees are missing. */
  allocate(start: number, cells: number, line: number): readonly Gap[] {
    const end = start + cells;
    this.#reach(start);
    const gaps = this.#used.meets(start, end) ? this.#clear(start, end, line) : NO_GAPS;
    this.#used.addRange(start, end);
    this.#objects[2 * start] = line;
    this.#objects[2 * start + 1] = cells;
    return gaps;
  }

  /** An object ends; undefined when it was there, else since when it may have been. */
  free(start: number, line: number): Gap | undefined {
    this.#reach(start);
    const since = this.#objects[2 * start] ?? 0;
    if (since <= 0) {
      this.#objects[2 * start] = -line;
      return { what: 'alloc', after: Math.max(this.bornLine, -since), before: line };
    }
    this.#remove(start, line);
    return undefined;
  }

  /** What is still in use although the chunk ends. */
  end(line: number): readonly Gap[] {
    return this.#clear(0, this.#used.end, line);
  }

  /** Removes every object that meets the cells [start, end). */
  #clear(start: number, end: number, line: number): readonly Gap[] {
    const gaps: Gap[] = [];
    for (let cell = this.#used.next(start); cell < end; cell = this.#used.next(cell)) {
      let owner = cell;
      while ((this.#objects[2 * owner] ?? 0) <= 0) owner -= 1;
      gaps.push({ what: 'free', after: this.#objects[2 * owner] ?? 0, before: line });
      this.#remove(owner, line);
    }
    return gaps;
  }

  #remove(start: number, line: number): void {
    this.#objects[2 * start] = -line;
    this.#used.removeRange(start, start + (this.#objects[2 * start + 1] ?? 0));
  }

  #reach(cell: number): void {
    let length = this.#objects.length;
    if (2 * cell < length) return;
    while (length <= 2 * cell) length *= 2;
    const longer = new Int32Array(length);
    longer.set(this.#objects);
    this.#objects = longer;
  }
}

const NO_GAPS: readonly Gap[] = [];
