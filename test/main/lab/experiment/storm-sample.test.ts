import { describe, expect, it } from 'vitest';
import type { MixOutcome, StormOutcome, StormPlan } from '../../../../src/main/engine/live/storm/storm-plan.ts';
import { stormFigures } from '../../../../src/main/lab/experiment/storm-sample.ts';
import { planProfile } from '../../../../src/main/lab/plan/plan-profile.ts';
import { sumOfCounts } from '../../../../src/shared/this-cpu-report.ts';
import { MEMORY } from '../run-record-fixtures.ts';
import { smallThisCpuProfile, valueOf } from '../small-lab.ts';
import { latenciesOf } from '../../engine/latencies.ts';

const HOST = { cores: 2, memoryBytes: 8 * 2 ** 30, environment: {} };

/** Of one mix, an addition a unit. */
function planOf(): StormPlan {
  const mixes = [{ name: 'storm', unit: 'one addition', operations: { add: 1 }, source: '' }];
  const plan = valueOf(planProfile(smallThisCpuProfile({ workload: { mixes } }), HOST)).storms.get('local-mapping');
  if (plan === undefined) throw new Error('the mode was not planned');
  return plan;
}

function outcomeOf(mix: Partial<MixOutcome>): StormOutcome {
  const figures = sumOfCounts([]);
  const none = { lockWaitNs: 0, lockContentions: 0, slices: [] };
  const [issued, counted] = [1000, 1000];
  const whole = { name: 'storm', units: 1000, issued, counted, durationNs: 4000, processorNs: 6000, figures };
  return { mixes: [{ ...whole, ...none, ...mix }], cpus: [figures], memoryAtEnd: MEMORY, memoryAtPeak: MEMORY };
}

describe('the figures of a storm', () => {
  it('are nanoseconds of an operation: processor time on average, percentiles from slices in picoseconds', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index + 1);
    const slices = [0, 1].map((rest) => latenciesOf(...values.filter((value) => value % 2 === rest)));
    const { access } = stormFigures(planOf(), outcomeOf({ slices }));
    expect(access?.latencyNs).toEqual({ mean: 6, p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, max: 1 });
    expect(access).toMatchObject({ operations: 1000, operationsPerSecond: 250e6, megabytesPerSecond: 0 });
  });

  it('are zeros where no slice was long enough to be timed, and nothing was done', () => {
    const { access } = stormFigures(planOf(), outcomeOf({ units: 0, slices: [latenciesOf()] }));
    expect(access?.latencyNs).toEqual({ mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});
