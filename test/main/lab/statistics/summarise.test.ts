import { describe, expect, it } from 'vitest';
import { summarise } from '../../../../src/main/lab/statistics/summarise.ts';
import type { Sample } from '../../../../src/shared/run-record.ts';
import { figuresAt, LATENCY, MEMORY, sampleOf } from '../run-record-fixtures.ts';

const OPTIONS = { designs: ['single-mutex', 'per-cpu-global'], equivalencePercent: 5 } as const;

const MUTEX_RATES = [600, 610, 590, 605, 595, 600];
const COMPLETE: readonly Sample[] = MUTEX_RATES.flatMap((rate, index) => [
  { ...sampleOf('single-mutex', index + 1, rate), read: figuresAt(2000) },
  { ...sampleOf('per-cpu-global', index + 1, rate * 1.2), read: figuresAt(2010) },
]);

describe('summarise', () => {
  it('gives each design its medians and spread, in the order of the profile', () => {
    const { designs } = summarise(COMPLETE, OPTIONS);
    expect(designs.map(({ design }) => design)).toEqual(OPTIONS.designs);
    expect(designs[0]?.write?.megabytesPerSecond).toEqual({ median: 600, low: 590, high: 610, samples: MUTEX_RATES });
    expect(designs[0]?.write?.latencyNs).toEqual(LATENCY);
    expect(designs[0]?.write?.lockWaitShare).toBe(0.125);
    expect(designs[0]?.memoryAtPeak).toEqual(MEMORY);
  });

  it('has what share of its bytes each sample compressed and pooled them to, and none where a sample stored nothing', () => {
    const stored = (repetition: number, originalBytes: number, poolBytes: number): Sample => ({
      ...sampleOf('single-mutex', repetition, 600),
      memoryAtEnd: { ...MEMORY, originalBytes, compressedBytes: originalBytes / 4, poolBytes },
    });
    const { designs } = summarise([stored(1, 1000, 500), stored(2, 4000, 1000), stored(3, 1500, 900)], OPTIONS);
    // The median of 0.5, 0.25 and 0.6; the ratio of the medians of bytes would be 900 / 1500.
    expect(designs[0]?.storedShares?.pool).toEqual({ median: 0.5, low: 0.25, high: 0.6, samples: [0.5, 0.25, 0.6] });
    expect(designs[0]?.storedShares?.compressed).toMatchObject({ median: 0.25, low: 0.25, high: 0.25 });
    expect(summarise([stored(1, 1000, 500), stored(2, 0, 0)], OPTIONS).designs[0]?.storedShares).toBeUndefined();
  });

  it('has bytes of memory that a repetition really came to, of an even number too', () => {
    const counted = (repetition: number, compressedBytes: number, poolBytes: number): Sample => ({
      ...sampleOf('single-mutex', repetition, 600),
      memoryAtEnd: { ...MEMORY, compressedBytes, poolBytes },
      memoryAtPeak: { ...MEMORY, compressedBytes: compressedBytes + 1, poolBytes },
    });
    const samples = [counted(1, 594, 8192), counted(2, 593, 4096)];
    const [design] = summarise(samples, OPTIONS).designs;
    expect(design?.memoryAtEnd).toMatchObject({ compressedBytes: 593, poolBytes: 4096 });
    expect(design?.memoryAtPeak).toMatchObject({ compressedBytes: 594, poolBytes: 4096 });
    const three = summarise([...samples, counted(3, 700, 12_288)], OPTIONS).designs[0];
    expect(three?.memoryAtEnd).toMatchObject({ compressedBytes: 594, poolBytes: 8192 });
  });

  it('says how long the CPUs were without a core only where every sample does', () => {
    const starved = (repetition: number, withheldShare?: number): Sample => ({
      ...sampleOf('single-mutex', repetition, 600),
      write: withheldShare === undefined ? figuresAt(600) : { ...figuresAt(600), withheldShare },
    });
    const withheldOf = (...samples: readonly Sample[]) => summarise(samples, OPTIONS).designs[0]?.write?.withheldShare;
    expect(withheldOf(starved(1, 0.5), starved(2, 0.1), starved(3, 0.2))).toBe(0.2);
    expect(withheldOf(starved(1, 0.5), starved(2))).toBeUndefined();
  });

  it('says what of the time operations took only where every sample does', () => {
    const told = (repetition: number, requestShare?: number): Sample => ({
      ...sampleOf('single-mutex', repetition, 600),
      write: requestShare === undefined ? figuresAt(600) : { ...figuresAt(600), requestShare },
    });
    const shareOf = (...samples: readonly Sample[]) => summarise(samples, OPTIONS).designs[0]?.write?.requestShare;
    expect(shareOf(told(1, 0.9), told(2, 0.6), told(3, 0.7))).toBe(0.7);
    expect(shareOf(told(1, 0.9), told(2))).toBeUndefined();
  });

  it('compares every later design with the first, in each direction', () => {
    const { comparisons } = summarise(COMPLETE, OPTIONS);
    expect(comparisons.map(({ direction, design, verdict }) => [direction, design, verdict])).toEqual([
      ['write', 'per-cpu-global', 'faster'],
      ['read', 'per-cpu-global', 'same'],
    ]);
    expect(comparisons[0]?.ratio).toBeCloseTo(1.2, 10);
    expect(comparisons[1]?.ratio).toBeCloseTo(1.005, 10);
  });

  it('calls nothing the same where the CPUs of either design had no core, unless CPUs go down on purpose', () => {
    const busy = COMPLETE.map((sample) =>
      sample.read === undefined ? sample : { ...sample, read: { ...sample.read, withheldShare: 0.3 } },
    );
    const readVerdict = (hasHotplug: boolean) => summarise(busy, { ...OPTIONS, hasHotplug }).comparisons[1]?.verdict;
    expect([readVerdict(false), readVerdict(true)]).toEqual(['inconclusive', 'same']);
  });

  it('takes a design of which nobody knows how it fared on the host for one that fared as the other', () => {
    const verdict = (ofBaseline: number | undefined) => {
      const samples = COMPLETE.map((sample) => {
        const withheldShare = sample.design === 'single-mutex' ? ofBaseline : 0.15;
        return { ...sample, write: sample.write && { ...sample.write, lockWaitShare: 0, withheldShare } };
      });
      return summarise(samples, { ...OPTIONS, cpus: 2 }).comparisons[0]?.verdict;
    };
    // 1.2 times as fast; 1 / (1 - 2 × 0.15) = 1.43.
    expect([verdict(0), verdict(undefined), verdict(0.15)]).toEqual(['faster', 'inconclusive', 'inconclusive']);
  });

  it('calls nothing faster where the CPUs had no core for a quarter of their time, unless they share the cores themselves', () => {
    const starved = COMPLETE.map((sample) =>
      sample.write === undefined ? sample : { ...sample, write: { ...sample.write, withheldShare: 0.3 } },
    );
    const verdict = (more: object) => summarise(starved, { ...OPTIONS, ...more }).comparisons[0]?.verdict;
    expect([verdict({}), verdict({ oversubscribed: true }), verdict({ hasHotplug: true })]).toEqual([
      'inconclusive',
      'faster',
      'faster',
    ]);
  });

  it('has the longest latency of all repetitions, and the medians of the others', () => {
    const slow = COMPLETE.map((sample) => {
      const latencyNs = { mean: 1, p50: 1, p90: 1, p99: 1, p999: sample.repetition, max: 1000 - sample.repetition };
      return sample.write === undefined ? sample : { ...sample, write: { ...sample.write, latencyNs } };
    });
    const repetitions = COMPLETE.map(({ repetition }) => repetition);
    const { max, p999 } = summarise(slow, OPTIONS).designs[0]?.write?.latencyNs ?? {};
    expect(max).toBe(1000 - Math.min(...repetitions));
    expect(p999).toBe((Math.min(...repetitions) + Math.max(...repetitions)) / 2);
  });

  it('pairs by repetition, not by the order in which the designs ran', () => {
    const turned = COMPLETE.toReversed();
    expect(summarise(turned, OPTIONS).comparisons[0]?.ratio).toBeCloseTo(1.2, 10);
  });

  it('keeps what a cancelled run has finished and compares only whole blocks', () => {
    // The last block's second design is missing.
    const { designs, comparisons } = summarise(COMPLETE.slice(0, -1), OPTIONS);
    expect(designs[1]?.write?.megabytesPerSecond.samples).toHaveLength(5);
    expect(comparisons[0]?.blocks).toBe(5);
    expect(comparisons[0]?.verdict).toBe('inconclusive');
  });

  it('leaves out designs and directions that were not measured', () => {
    const { designs, comparisons } = summarise([sampleOf('single-mutex', 1, 600)], OPTIONS);
    expect(designs.map(({ design }) => design)).toEqual(['single-mutex']);
    expect(designs[0]?.read).toBeUndefined();
    expect(comparisons).toEqual([]);
    expect(summarise([], OPTIONS)).toEqual({ designs: [], comparisons: [] });
  });

  it('does not make a block of a repetition that moved nothing', () => {
    const samples = COMPLETE.map((sample) =>
      sample.repetition === 6 && sample.design === 'per-cpu-global' ? { ...sample, write: figuresAt(0) } : sample,
    );
    const { designs, comparisons } = summarise(samples, OPTIONS);
    expect(comparisons[0]?.blocks).toBe(5);
    expect(designs[1]?.write?.megabytesPerSecond.low).toBe(0);
  });

  it('refuses two samples of one design in one repetition', () => {
    const twice = [sampleOf('single-mutex', 1, 600), sampleOf('single-mutex', 1, 601)];
    expect(() => summarise(twice, OPTIONS)).toThrow('repetition 1');
  });
});
