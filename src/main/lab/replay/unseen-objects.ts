/**
 * Objects whose allocation the trace lacks although it should have it: they are known by their frees alone.
 *
 *     … lost events …        free B1+4096      nobody allocated it: it was, somewhere in what was lost
 *
 * The survey collects them; the replay puts one back where its own prediction would otherwise use the place.
 */
import type { Gap } from './chunk-life.ts';

/** An object that is live at least until its free. In cells; lines of the text. */
export interface UnseenObject {
  readonly start: number;
  /** It began after this line, and ended at `freeLine`. */
  readonly afterLine: number;
  readonly freeLine: number;
}

/** Cells of an object whose size nothing limits: those of a memory cgroup's statistics, the largest that are common. */
export const LARGEST_UNSEEN_CELLS = 304;

/** Objects remembered; a trace that lacks more is followed without them. */
const MOST_UNSEEN = 200_000;

export class UnseenObjects {
  readonly #byBase = new Map<string, Map<number, UnseenObject[]>>();
  #count = 0;

  /** The free that ends the gap is of an object at cell `start`. */
  add(base: string, start: number, { after, before }: Gap): void {
    if (this.#count >= MOST_UNSEEN) return;
    this.#count += 1;
    const objects = this.#byBase.get(base) ?? new Map<number, UnseenObject[]>();
    this.#byBase.set(base, objects);
    const object = { start, afterLine: after, freeLine: before };
    const known = objects.get(start);
    if (known === undefined) objects.set(start, [object]);
    else known.push(object);
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
      const found = objects.get(start)?.find(({ afterLine, freeLine }) => afterLine < line && line < freeLine);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
