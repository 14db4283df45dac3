/**
 * Ways of doing the same work, timed in turn chunk by chunk, so that all meet the host in the same mood; in an order drawn anew each
 * time, so that none always follows the same other one, whose traces in caches and branch predictors it would pay for. The first
 * quarter of a turn is not timed: it brings back what the other ways have pushed out. Of each chunk the lower
 * quartile over the rounds counts: on a host that others use as well, half of the rounds may have met their work.
 */
import { setImmediate } from 'node:timers/promises';
import { Random } from '../../src/main/workload/random.ts';
import { CHUNK, PAGE } from './page-data.ts';

const ROUNDS = 9;
const GROUPS = 5;
/** Pages of a turn. */
const UNTIMED = CHUNK / 4;
const TIMED = CHUNK - UNTIMED;

/** What the figures are. */
export const HOW_TIMED =
  `median [low, high] of ${GROUPS} groups of ${ROUNDS} rounds; of a group the lower quartile of each ${TIMED} pages, ` +
  `after ${UNTIMED} that are not timed`;

/** Does the pages from `first` to before `end`. */
export type Way = (first: number, end: number) => void;

/** Milliseconds by chunk. */
type ChunkTimes = readonly Float64Array[];

/** Times of every way in all groups of rounds. */
export class Timings {
  readonly #groups: readonly (readonly ChunkTimes[])[];
  readonly #chunks: number;

  constructor(groups: readonly (readonly ChunkTimes[])[], chunks: number) {
    this.#groups = groups;
    this.#chunks = chunks;
  }

  /** Speed of way `of` over that of way `to`: median [low, high] over the groups of rounds. */
  ratio(of: number, to: number): string {
    const values = this.#groups.map((rounds) => this.#typicalMs(rounds, to) / this.#typicalMs(rounds, of));
    return spread(values, 3);
  }

  /** Microseconds that a page takes longer by way `of` than by way `to`: median [low, high] over the groups of rounds. */
  addedMicroseconds(of: number, to: number): string {
    const pages = this.#chunks * TIMED;
    const values = this.#groups.map((rounds) => {
      return ((this.#typicalMs(rounds, of) - this.#typicalMs(rounds, to)) * 1000) / pages;
    });
    return spread(values, 2);
  }

  /** Megabytes (10^6 bytes of pages) per second. */
  megabytesPerSecond(way: number): string {
    const bytes = this.#chunks * TIMED * PAGE;
    return spread(
      this.#groups.map((rounds) => bytes / 1000 / this.#typicalMs(rounds, way)),
      0,
    );
  }

  #typicalMs(rounds: readonly ChunkTimes[], way: number): number {
    let sum = 0;
    for (let chunk = 0; chunk < this.#chunks; chunk++) {
      sum += quantile(
        rounds.map((times) => times[way]?.[chunk] ?? NaN),
        0.25,
      );
    }
    return sum;
  }
}

/** Times the ways over `pages` pages; `ways` makes them afresh for every round. */
export async function timeInterleaved(pages: number, ways: () => readonly Way[]): Promise<Timings> {
  const chunks = pages / CHUNK;
  const random = new Random(1);
  for (let warmUp = 0; warmUp < 3; warmUp++) await round(chunks, ways(), random);
  const groups: ChunkTimes[][] = [];
  for (let group = 0; group < GROUPS; group++) {
    const rounds: ChunkTimes[] = [];
    for (let each = 0; each < ROUNDS; each++) rounds.push(await round(chunks, ways(), random));
    groups.push(rounds);
  }
  return new Timings(groups, chunks);
}

/** Between turns the event loop has one, in which lz4-napi gives back what it has allocated. */
async function round(chunks: number, ways: readonly Way[], random: Random): Promise<ChunkTimes> {
  const times = ways.map(() => new Float64Array(chunks));
  const order = [...ways.keys()];
  for (let chunk = 0; chunk < chunks; chunk++) {
    random.shuffle(order);
    for (const index of order) {
      const timed = chunk * CHUNK + UNTIMED;
      await setImmediate();
      ways[index]?.(chunk * CHUNK, timed);
      const start = performance.now();
      ways[index]?.(timed, (chunk + 1) * CHUNK);
      const column = times[index];
      if (column !== undefined) column[chunk] = performance.now() - start;
    }
  }
  return times;
}

/** `median [low, high]`. */
export function spread(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${quantile(values, 0.5).toFixed(digits)} [${low.toFixed(digits)}, ${high.toFixed(digits)}]`;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? NaN;
}
