/**
 * How much a sample's devices held over its time: points from the engine's ticks and the ends of its phases, thinned out so
 * that a record stays small.
 *
 *     points   0 1 2 3 4 5 6 7 …   full ─▶ every second one goes, and of what comes only every second is kept from then on
 */
import type { RunPhase } from '../../../shared/run-phase.ts';
import type { MemoryFigures } from '../../../shared/run-record.ts';
import type { ZramCourse } from '../../../shared/zram-report.ts';

/** Points at most; even. */
const MOST_POINTS = 240;

/** The figures of a point. */
type Held = Pick<MemoryFigures, 'originalBytes' | 'compressedBytes' | 'poolBytes'>;

interface Point extends Held {
  readonly atMs: number;
}

export class MemoryCourse {
  readonly #now: () => number;
  #startMs: number | undefined;
  #points: Point[] = [];
  readonly #phases: ZramCourse['phases'][number][] = [];
  /** Of the points noted, one in so many is kept. */
  #every = 1;
  #noted = 0;

  /** `now` in milliseconds since some moment. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a phase has begun. */
  get hasBegun(): boolean {
    return this.#startMs !== undefined;
  }

  /** A phase begins; the first one starts the time. `held` is what the devices hold now, where that can be told. */
  beginPhase(phase: RunPhase, held: Held | undefined): void {
    // One look at the clock: the phase begins with the point.
    const nowMs = this.#now();
    this.#startMs ??= nowMs;
    const fromMs = tenths(nowMs - this.#startMs);
    this.#phases.push({ phase, fromMs });
    if (held !== undefined) this.#keep(held, fromMs);
  }

  /** What the devices hold now. */
  note(held: Held): void {
    this.#noted += 1;
    if (this.#noted % this.#every === 0) this.#keep(held);
  }

  /** With what they hold in the end. */
  endWith(held: Held): ZramCourse {
    this.#keep(held);
    const column = (pick: (point: Point) => number): number[] => this.#points.map(pick);
    return {
      phases: [...this.#phases],
      atMs: column(({ atMs }) => atMs),
      originalBytes: column(({ originalBytes }) => originalBytes),
      compressedBytes: column(({ compressedBytes }) => compressedBytes),
      poolBytes: column(({ poolBytes }) => poolBytes),
    };
  }

  #keep({ originalBytes, compressedBytes, poolBytes }: Held, atMs = this.#elapsed()): void {
    if (this.#points.length === MOST_POINTS) {
      this.#points = this.#points.filter((_, place) => place % 2 === 0);
      this.#every *= 2;
    }
    this.#points.push({ atMs, originalBytes, compressedBytes, poolBytes });
  }

  #elapsed(): number {
    return this.#startMs === undefined ? 0 : tenths(this.#now() - this.#startMs);
  }
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
