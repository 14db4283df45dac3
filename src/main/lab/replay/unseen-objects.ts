/**
 * Objects whose allocation the trace lacks although it should have it: they are known by their frees alone.
 *
 *     … lost events …        free B1+4096      nobody allocated it: it was, somewhere in what was lost
 *
 * The survey collects them; the replay puts one back where its own prediction would otherwise use the place.
 */
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';

/** An object that is live at least until its free. In cells; lines of the text. */
export interface UnseenObject {
  readonly start: number;
  /** Its chunk exists from here on. */
  readonly bornLine: number;
  readonly freeLine: number;
}

/** Cells of an object whose size nothing limits: those of a memory cgroup's statistics, the largest that are common. */
export const LARGEST_UNSEEN_CELLS = 304;

/** Objects remembered; a trace that lacks more is followed without them. */
const MOST_UNSEEN = 200_000;

/** Which cells begin a live object, chunk by chunk, and the frees that find none. */
export class UnseenObjects {
  readonly #chunks = new Map<string, ChunkStarts>();
  readonly #byBase = new Map<string, Map<number, UnseenObject[]>>();
  #count = 0;

  /** A chunk begins, under a name that an earlier one may have had. */
  created(base: string, line: number): void {
    this.#chunks.set(base, new ChunkStarts(line));
  }

  allocated(base: string, offsetBytes: number): void {
    this.#starts(base).add(offsetBytes / CELL_BYTES);
  }

  /** False when no allocation of the object was seen; `mayBeOlder` says that it can be older than the trace. */
  freed(base: string, offsetBytes: number, line: number, mayBeOlder: boolean): boolean {
    const starts = this.#starts(base);
    const start = offsetBytes / CELL_BYTES;
    if (starts.take(start)) return true;
    if (!mayBeOlder && this.#count < MOST_UNSEEN) {
      this.#count += 1;
      const objects = this.#byBase.get(base) ?? new Map<number, UnseenObject[]>();
      this.#byBase.set(base, objects);
      objects.set(start, [...(objects.get(start) ?? []), { start, bornLine: starts.bornLine, freeLine: line }]);
    }
    return false;
  }

  /** The first object that begins in the cells [from, end) and may be live at a line. */
  within(
    base: string,
    { from, end }: { readonly from: number; readonly end: number },
    line: number,
  ): UnseenObject | undefined {
    const objects = this.#byBase.get(base);
    if (objects === undefined) return undefined;
    for (let start = from; start < end; start++) {
      const found = objects.get(start)?.find(({ bornLine, freeLine }) => bornLine < line && line < freeLine);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #starts(base: string): ChunkStarts {
    let starts = this.#chunks.get(base);
    if (starts === undefined) {
      starts = new ChunkStarts(0);
      this.#chunks.set(base, starts);
    }
    return starts;
  }
}

/** The cells of one chunk that begin a live object; grows with the furthest. */
class ChunkStarts {
  readonly bornLine: number;
  #cells = new Uint8Array(4096);

  constructor(bornLine: number) {
    this.bornLine = bornLine;
  }

  add(cell: number): void {
    while (cell >= this.#cells.length) {
      const longer = new Uint8Array(this.#cells.length * 2);
      longer.set(this.#cells);
      this.#cells = longer;
    }
    this.#cells[cell] = 1;
  }

  take(cell: number): boolean {
    const wasLive = this.#cells[cell] === 1;
    if (wasLive) this.#cells[cell] = 0;
    return wasLive;
  }
}
