import { describe, expect, it } from 'vitest';
import { summarise } from '../../../../src/main/lab/statistics/summarise.ts';
import type { AccessMode } from '../../../../src/shared/design.ts';
import type { Sample } from '../../../../src/shared/run-record.ts';
import { ACCESS_COUNTERS, type AccessCounts, type MixFigures } from '../../../../src/shared/this-cpu-report.ts';
import { figuresAt, sampleOf } from '../run-record-fixtures.ts';

const OPTIONS = { designs: ['preempt-offset', 'local-mapping'], equivalencePercent: 5 } as const;

function counts(operations: number): AccessCounts {
  return Object.fromEntries(
    ACCESS_COUNTERS.map((name) => [name, name === 'operations' ? operations : 0]),
  ) as AccessCounts;
}

/** 1000 operations at so many nanoseconds of processor time. */
function mix(name: string, nanoseconds: number, counted = 1000): MixFigures {
  return {
    name,
    units: 1000,
    operations: 1000,
    issued: 1000,
    counted,
    durationNs: nanoseconds * 500,
    processorNs: nanoseconds * 1000,
    counts: counts(1000),
  };
}

/** The first mix loses or gains what `counted` differs from 1000. */
function sample(design: AccessMode, repetition: number, nanoseconds: number, counted = 1000): Sample {
  return {
    ...sampleOf(design, repetition, 1),
    write: undefined,
    access: { ...figuresAt(0), operationsPerSecond: 1e9 / nanoseconds },
    thisCpu: {
      mixes: [mix('storm', nanoseconds, counted), mix('fault', 2 * nanoseconds)],
      cpus: [counts(1500), counts(500)],
    },
  };
}

function withLosses(each: Sample, counted: number): Sample {
  return sample(each.design as AccessMode, each.repetition, 1e9 / (each.access?.operationsPerSecond ?? 0), counted);
}

const COMPLETE = [20, 21, 19, 20, 22, 20].flatMap((nanoseconds, index) => [
  sample('preempt-offset', index + 1, nanoseconds),
  sample('local-mapping', index + 1, nanoseconds / 1.25),
]);

describe('summarise, of a this-cpu workload', () => {
  const { designs, comparisons } = summarise(COMPLETE, OPTIONS);
  const [preempt, local] = designs;

  it('has processor time per operation of each mix, with its spread', () => {
    expect(preempt?.thisCpu?.mixes.map(({ name, nsPerOperation }) => [name, nsPerOperation.median])).toEqual([
      ['storm', 20],
      ['fault', 40],
    ]);
    expect(preempt?.thisCpu?.mixes[0]?.nsPerOperation).toMatchObject({ low: 19, high: 22 });
    // 1000 operations in 10 µs by the clock.
    expect(preempt?.thisCpu?.mixes[0]?.operationsPerSecond.median).toBe(1e8);
  });

  it('compares each mix with that of the first design, block by block', () => {
    expect(preempt?.thisCpu?.mixes[0]?.comparison).toBeUndefined();
    expect(local?.thisCpu?.mixes.map(({ comparison }) => comparison?.verdict)).toEqual(['faster', 'faster']);
    expect(local?.thisCpu?.mixes[0]?.comparison?.ratio).toBeCloseTo(1.25, 10);
    expect(comparisons.map(({ direction, verdict }) => [direction, verdict])).toEqual([['access', 'faster']]);
  });

  it('adds up what was issued, found and counted, mix by mix and CPU by CPU', () => {
    expect(preempt?.thisCpu?.mixes[0]).toMatchObject({ operations: 6000, issued: 6000, counted: 6000 });
    expect(preempt?.thisCpu?.mixes[0]?.counts.operations).toBe(6000);
    expect(preempt?.thisCpu?.cpus.map(({ operations }) => operations)).toEqual([9000, 3000]);
  });

  it('compares only blocks in which both were measured', () => {
    const cut = summarise(COMPLETE.slice(0, -1), OPTIONS).designs[1]?.thisCpu?.mixes[0]?.comparison;
    expect(cut).toMatchObject({ blocks: 5, verdict: 'inconclusive' });
    const alone = summarise([sample('local-mapping', 1, 20)], OPTIONS).designs[0];
    expect(alone?.thisCpu?.mixes[0]?.comparison).toBeUndefined();
  });

  describe('where totals are wrong', () => {
    const losing = COMPLETE.map((each) => (each.design === 'local-mapping' ? withLosses(each, 990) : each));

    it('calls the design wrong and not faster, and says how many of its additions were lost', () => {
      const found = summarise(losing, OPTIONS);
      const wrong = { design: 'local-mapping', issued: 12_000, lost: 60, extra: 0 };
      expect(found.comparisons).toMatchObject([{ verdict: 'wrong', wrong }]);
      expect(found.designs.map(({ thisCpu }) => thisCpu?.wrong)).toEqual([undefined, wrong]);
    });

    it('calls only those mixes wrong that are', () => {
      const mixes = summarise(losing, OPTIONS).designs[1]?.thisCpu?.mixes;
      expect(mixes?.map(({ comparison }) => comparison?.verdict)).toEqual(['wrong', 'faster']);
      expect(mixes?.[0]?.comparison).toMatchObject({ wrong: { issued: 6000, lost: 60 } });
    });

    it('compares nothing with a first design that is wrong', () => {
      const first = COMPLETE.map((each) => (each.design === 'preempt-offset' ? withLosses(each, 1007) : each));
      const { comparisons: compared, designs: summaries } = summarise(first, OPTIONS);
      expect(compared).toMatchObject([{ verdict: 'wrong', wrong: { design: 'preempt-offset', lost: 0, extra: 42 } }]);
      expect(summaries[1]?.thisCpu?.mixes[0]?.comparison?.verdict).toBe('wrong');
    });

    it('does not take losses of one sample and gains of another for an exact total', () => {
      const both = summarise([sample('unprotected', 1, 20, 990), sample('unprotected', 2, 20, 1010)], {
        ...OPTIONS,
        designs: ['unprotected'],
      });
      expect(both.designs[0]?.thisCpu?.wrong).toMatchObject({ issued: 4000, lost: 10, extra: 10 });
    });
  });

  it('is nothing of other workloads', () => {
    const other = summarise([sampleOf('single-mutex', 1, 600)], { designs: ['single-mutex'], equivalencePercent: 5 });
    expect('thisCpu' in (other.designs[0] ?? {})).toBe(false);
  });
});
