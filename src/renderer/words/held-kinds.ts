/** What zram devices hold, as lines over time. */
import type { Design } from '../../shared/design.ts';
import type { RunPhase } from '../../shared/run-phase.ts';
import type { MemoryFigures } from '../../shared/run-record.ts';
import type { GlossaryTerm } from './glossary.ts';

/** One line: what the devices of a design held of a kind, in bytes over seconds; NaN ends a stretch. */
export interface HeldLine {
  readonly design: Design;
  readonly kind: HeldKind;
  readonly points: readonly (readonly [seconds: number, bytes: number])[];
}

/** Where a phase begins. */
export interface PhaseMark {
  readonly phase: RunPhase;
  readonly seconds: number;
}

export type HeldKind = 'original' | 'compressed' | 'pool';

interface HeldWords {
  readonly title: string;
  readonly term: GlossaryTerm;
  /** Lengths of strokes and gaps in pixels; empty is a solid line. */
  readonly dash: readonly number[];
  readonly bytes: (memory: MemoryFigures) => number;
}

/** In the order of legends. */
export const HELD_KINDS: Readonly<Record<HeldKind, HeldWords>> = {
  original: { title: 'original', term: 'original', dash: [2, 3], bytes: ({ originalBytes }) => originalBytes },
  compressed: {
    title: 'compressed',
    term: 'compressed',
    dash: [7, 4],
    bytes: ({ compressedBytes }) => compressedBytes,
  },
  pool: { title: 'pool', term: 'pool', dash: [], bytes: ({ poolBytes }) => poolBytes },
};

/** The names alone, in the same order. */
export const HELD_KIND_NAMES: readonly HeldKind[] = ['original', 'compressed', 'pool'];
