/** Short words for closed sets of the contract, as the dashboard shows them. */
import type { RunPhase } from '../../shared/run-phase.ts';
import type { Direction, RunOutcome, Verdict } from '../../shared/run-record.ts';

/** What a run is doing, in the present tense. */
export const PHASE_WORDS: Readonly<Record<RunPhase, string>> = {
  prepare: 'preparing machine and data',
  layout: 'laying out files',
  write: 'writing',
  read: 'reading',
  mixed: 'writing and reading',
  create: 'creating',
  destroy: 'destroying',
  recompress: 'recompressing',
  access: 'accessing per-CPU data',
};

/** An outcome with a sign, so that it never depends on colour. */
export const OUTCOME_WORDS: Readonly<Record<RunOutcome, { readonly sign: string; readonly word: string }>> = {
  complete: { sign: '✓', word: 'complete' },
  cancelled: { sign: '◼', word: 'cancelled' },
  failed: { sign: '✕', word: 'failed' },
};

/** A verdict with a sign. */
export const VERDICT_WORDS: Readonly<Record<Verdict, { readonly sign: string; readonly word: string }>> = {
  faster: { sign: '▲', word: 'faster' },
  slower: { sign: '▼', word: 'slower' },
  same: { sign: '=', word: 'same' },
  inconclusive: { sign: '?', word: 'inconclusive' },
  wrong: { sign: '✕', word: 'wrong result' },
};

/** Plural of a direction for sentences. */
export const DIRECTION_WORDS: Readonly<Record<Direction, string>> = {
  write: 'writes',
  read: 'reads',
  create: 'creation',
  destroy: 'destruction',
  access: 'accesses',
};
