/** What a run's own figures say against comparing them: a host that was busy, designs that stored different amounts. */
import { type DesignSummary, type Direction, DIRECTIONS } from './run-record.ts';

/** Share of the CPUs' time that others may have had on a host that counts as quiet. */
export const NOTABLE_SHARE = 0.1;

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
