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
  #used = new Uint8Array(FIRST_CELLS);
  #lines = new Int32Array(FIRST_CELLS);

  constructor(bornLine: number) {
    this.bornLine = bornLine;
  }

  /** An object begins; answers with the objects in its way, whose frees are missing. */
  allocate(start: number, cells: number, line: number): readonly Gap[] {
    const end = start + cells;
    this.#reach(end);
    const gaps = this.#isFree(start, end) ? NO_GAPS : this.#clear(start, end, line);
    for (let cell = start; cell < end; cell++) this.#used[cell] = 1;
    this.#lines[start] = line;
    return gaps;
  }

  /** An object ends; undefined when it was there, else since when it may have been. */
  free(start: number, line: number): Gap | undefined {
    this.#reach(start + 1);
    const since = this.#lines[start] ?? 0;
    if (since <= 0) {
      this.#lines[start] = -line;
      return { what: 'alloc', after: Math.max(this.bornLine, -since), before: line };
    }
    this.#remove(start, line);
    return undefined;
  }

  /** What is still in use although the chunk ends. */
  end(line: number): readonly Gap[] {
    return this.#clear(0, this.#used.length, line);
  }

  #isFree(start: number, end: number): boolean {
    for (let cell = start; cell < end; cell++) if (this.#used[cell] === 1) return false;
    return true;
  }

  /** Removes every object that meets the cells [start, end). */
  #clear(start: number, end: number, line: number): readonly Gap[] {
    const gaps: Gap[] = [];
    for (let cell = start; cell < end; cell++) {
      if (this.#used[cell] !== 1) continue;
      let owner = cell;
      while ((this.#lines[owner] ?? 0) <= 0) owner -= 1;
      gaps.push({ what: 'free', after: this.#lines[owner] ?? 0, before: line });
      this.#remove(owner, line);
    }
    return gaps;
  }

  #remove(start: number, line: number): void {
    this.#lines[start] = -line;
    let cell = start;
    do {
      this.#used[cell] = 0;
      cell += 1;
    } while (this.#used[cell] === 1 && (this.#lines[cell] ?? 0) <= 0);
  }

  #reach(end: number): void {
    let length = this.#used.length;
    if (end <= length) return;
    while (length < end) length *= 2;
    const used = new Uint8Array(length);
    used.set(this.#used);
    this.#used = used;
    const lines = new Int32Array(length);
    lines.set(this.#lines);
    this.#lines = lines;
  }
}

const NO_GAPS: readonly Gap[] = [];
