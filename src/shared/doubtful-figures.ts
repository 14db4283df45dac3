/** What a run's own figures say against comparing them: short samples, a busy host, designs that stored different amounts. */
import { countedMedian } from './counted-median.ts';
import { type DesignSummary, type Direction, DIRECTIONS, type Engine, type Sample } from './run-record.ts';

/** Share of the CPUs' time that others may have had on a host that counts as quiet: as much as the usual margin of ±5 %. */
export const NOTABLE_SHARE = 0.05;

/** The least time of a phase whose throughput says something, nanoseconds: of less, starting the CPUs' threads is a good part. */
export const LEAST_PHASE_NS = 1e6;

/**
 * Share from which on throughputs are not compared any more: of two CPUs that others leave three quarters of the time each, both run
 * at once in (3/4)² = 56 % of it, and what they cost each other, which is what designs differ in, is mostly not there.
 */
export const STARVED_SHARE = 0.25;

/** What it means when they had at least NOTABLE_SHARE, by who played the CPUs; the shares follow. */
export const BUSY_WORDS: Readonly<Record<Engine, string>> = {
  live:
    'The CPUs were without a core of this host for a notable part of their time, in which they neither ran nor slept on a ' +
    'lock of the machine (medians)',
  kernel:
    "The jobs' threads did not run for a notable part of their time: others had their cores, or they waited within the " +
    'kernel (medians)',
};

/** The directions in which some design's phase took less than LEAST_PHASE_NS (median). */
export function shortDirections(samples: readonly Sample[]): readonly Direction[] {
  const designs = [...new Set(samples.map(({ design }) => design))];
  return DIRECTIONS.filter((direction) =>
    designs.some((design) => {
      const own = samples.flatMap((sample) => (sample.design === design ? (sample[direction]?.durationNs ?? []) : []));
      return own.length > 0 && countedMedian(own) < LEAST_PHASE_NS;
    }),
  );
}

/** The directions in which some design's CPUs were without a core for a notable part of their time (median). */
export function busyDirections(designs: readonly DesignSummary[]): readonly Direction[] {
  return DIRECTIONS.filter((direction) =>
    designs.some((design) => (design[direction]?.withheldShare ?? 0) >= NOTABLE_SHARE),
  );
}

/** Whether the medians of what designs stored differ: bytes of compressed data and pool then do not compare. */
export function storedDifferentAmounts(designs: readonly DesignSummary[]): boolean {
  return new Set(designs.map(({ memoryAtEnd }) => memoryAtEnd.originalBytes)).size > 1;
}
