/** How the seconds of an experiment are shared out. */
import type { PlannedProfile } from '../plan/plan-profile.ts';

/** Length of each measured phase when the profile says how long to measure in all; the first block, which is thrown away, counts. */
export function phaseMilliseconds({ profile, designs, workload }: PlannedProfile): number | undefined {
  const { seconds, repetitions } = profile.experiment;
  if (seconds === undefined) return undefined;
  const measured = workload.phases.filter(
    ({ kind, measures, recompression }) =>
      measures.length > 0 || (kind === 'main' && (recompression === 'off' || recompression === 'beside')),
  ).length;
  return (seconds * 1000) / (measured * designs.length * (repetitions + 1));
}
