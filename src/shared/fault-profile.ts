/**
 * What a profile may make go wrong on purpose: requests of the machine that are refused although there was nothing in their
 * way. Which one is refused is counted or drawn from the seed, never from a clock.
 */
import * as v from 'valibot';
import { SEEDS, wholeNumber } from './whole-number.ts';

/**
 * Where it may be: page frames wanted by whoever may sleep; frames and per-CPU objects wanted by whoever may not; pages given to
 * a codec, either way; CPUs on their way up, after all else has been prepared for them.
 */
export const FAULT_SITES = ['frames', 'atomic', 'codec', 'bringUps'] as const;
export type FaultSite = (typeof FAULT_SITES)[number];

const MOST_EVERY = 1_000_000_000;
const rateMessage = 'A fault comes either every so many times, {"every": 100}, or with a chance, {"percent": 0.5}';
const percentMessage = 'percent must be a number above 0 and up to 100';

const rateSchema = v.union(
  [
    v.strictObject({
      every: wholeNumber({ min: 1, max: MOST_EVERY }, 'every'),
    }),
    v.strictObject({
      percent: v.pipe(v.number(percentMessage), v.gtValue(0, percentMessage), v.maxValue(100, percentMessage)),
    }),
  ],
  rateMessage,
);

export const faultSchema = v.strictObject({
  /** Draws those with a chance; 0 unless said. */
  seed: v.optional(wholeNumber(SEEDS, 'Seed of the faults')),
  frames: v.optional(rateSchema),
  atomic: v.optional(rateSchema),
  codec: v.optional(rateSchema),
  bringUps: v.optional(rateSchema),
});

/** Every nth, or a share of all; a site that is absent never fails. */
export type FaultPlan = v.InferOutput<typeof faultSchema>;

/** What came of it at one site. */
export interface FaultCount {
  readonly site: FaultSite;
  /** Requests that passed the site while faults were on. */
  readonly attempts: number;
  /** Of these, the ones that were refused. */
  readonly injected: number;
}
