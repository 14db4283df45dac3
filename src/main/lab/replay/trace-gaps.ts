/**
 * What a trace lacks, as far as its other lines show it: gaps of one chunk, and stretches in which the tracer lost events of
 * any chunk. For a line of the trace it answers whether a chunk's state can have been touched by something unseen.
 */
import type { Gap } from './chunk-life.ts';

/** The tracer lost events of one CPU: after that CPU's line before, before its next one. */
export interface LostStretch {
  readonly after: number;
  /** Line of the mark. */
  readonly before: number;
}

/** Gaps remembered; a trace that has more is explained as far as these go. */
const MOST_GAPS = 200_000;

export class TraceGaps {
  readonly #byBase = new Map<string, Gap[]>();
  readonly #stretches: LostStretch[] = [];
  #count = 0;

  add(base: string, gaps: readonly Gap[]): void {
    if (gaps.length === 0 || this.#count >= MOST_GAPS) return;
    this.#count += gaps.length;
    const known = this.#byBase.get(base);
    if (known === undefined) this.#byBase.set(base, [...gaps]);
    else known.push(...gaps);
  }

  addStretch(stretch: LostStretch): void {
    if (this.#stretches.length < MOST_GAPS) this.#stretches.push(stretch);
  }

  /** A gap of the chunk of that name that lies around a line. */
  around(base: string, line: number): Gap | undefined {
    return this.#byBase.get(base)?.find(({ after, before }) => after < line && line <= before);
  }

  /** A stretch of lost events that lies around a line. */
  stretchAround(line: number): LostStretch | undefined {
    return this.#stretches.find(({ after, before }) => after < line && line <= before);
  }
}
