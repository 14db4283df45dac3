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

/** An event that is missing for certain. */
export interface Loss extends Gap {
  readonly what: Exclude<Gap['what'], 'older'>;
  readonly base: string;
}

/** Gaps remembered; a trace that has more is explained as far as these go. */
const MOST_GAPS = 200_000;

export class TraceGaps {
  readonly #byBase = new Map<string, Gap[]>();
  readonly #stretches: LostStretch[] = [];
  /** Events that are missing for certain, by the lines that show it. */
  readonly #losses: Loss[] = [];
  #count = 0;
  #notInText = 0;
  #unlocatedLine: number | undefined;

  add(base: string, gaps: readonly Gap[]): void {
    if (gaps.length === 0 || this.#count >= MOST_GAPS) return;
    this.#count += gaps.length;
    const known = this.#byBase.get(base);
    if (known === undefined) this.#byBase.set(base, [...gaps]);
    else known.push(...gaps);
    for (const { what, after, before } of gaps) {
      if (what !== 'older') this.#losses.push({ what, after, before, base });
    }
  }

  /** Of the events that the header counts `missing` are not in the text; where, the other lines show as far as they can. */
  noteMissing(missing: number, headerLine: number): void {
    this.#notInText = missing;
    if (missing > this.#losses.length) this.#unlocatedLine = headerLine;
  }

  /** Events that are missing for certain, in the order of the lines that show it. */
  get losses(): readonly Loss[] {
    return this.#losses;
  }

  /** Events that are missing at least. */
  get missingCount(): number {
    return Math.max(this.#losses.length, this.#notInText);
  }

  /** The last place before a line of which it is certain that events are missing there; else one that begins before it. */
  lossBefore(line: number): Pick<Gap, 'after' | 'before'> | undefined {
    let low = 0;
    for (let high = this.#losses.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#losses[middle]?.before ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    return (
      this.#losses[low - 1] ??
      this.#losses.find(({ after }) => after < line) ??
      this.#stretches.find(({ after }) => after < line)
    );
  }

  /** The line that counts more events than there are, where the others do not show all of the places. */
  get unlocatedLine(): number | undefined {
    return this.#unlocatedLine;
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
