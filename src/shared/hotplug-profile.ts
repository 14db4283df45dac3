/** CPUs that go down and come up again while the jobs run, as a profile asks for it. */
import * as v from 'valibot';
import { SEEDS, wholeNumber } from './whole-number.ts';

const MOST_MS = 60_000;
const everyMessage = `The time between two changes must be a whole number of milliseconds from 1 to ${MOST_MS}`;

export const hotplugSchema = v.strictObject({
  /** One random CPU, the first one never, changes so often: down if it is up, up if it is down. */
  everyMs: v.pipe(
    v.number(everyMessage),
    v.integer(everyMessage),
    v.minValue(1, everyMessage),
    v.maxValue(MOST_MS, everyMessage),
  ),
  /** Chooses the CPUs; 0 unless said. */
  seed: v.optional(wholeNumber(SEEDS, 'Seed of the hotplug')),
});

export type HotplugPlan = v.InferOutput<typeof hotplugSchema>;

/** What came of it. */
export interface HotplugCounts {
  readonly wentDown: number;
  readonly cameUp: number;
  readonly failedBringUps: number;
}
