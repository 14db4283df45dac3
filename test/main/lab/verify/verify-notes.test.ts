import { describe, expect, it } from 'vitest';
import { verifyNotes, verifyWarnings } from '../../../../src/main/lab/verify/verify-notes.ts';
import type { VerifyCodec, VerifyComparison, VerifyReport, VerifySide } from '../../../../src/shared/verify-report.ts';
import { compareOf, kernelOf } from './fixtures.ts';

/** Shares of the jobs' time without a core; undefined: not told. */
interface Shares {
  readonly write?: number;
  readonly read?: number;
}

function withShares<S extends VerifySide>(side: S, { write, read }: Shares): S {
  return { ...side, write: { ...side.write, withheldShare: write }, read: { ...side.read, withheldShare: read } };
}

function lab(codec: VerifyCodec, shares: Shares): VerifyComparison {
  const comparison = compareOf([400], codec);
  return { ...comparison, lab: withShares(comparison.lab, shares) };
}

/** A pass of the data takes long enough, and each job has a core. */
function facts(kernel: Shares, labs: readonly VerifyComparison[], rounds = 7) {
  const side = kernelOf([400]);
  const mm_stat = { ...side.mm_stat, orig_data_size: 100e6 };
  const outcome: VerifyReport['outcome'] = 'complete';
  return { kernel: { ...withShares(side, kernel), mm_stat }, codecs: labs, jobs: 1, rounds, outcome, hostCores: 2 };
}

describe('warnings of a busy host', () => {
  it('are none below a twentieth of the time, nor where it could not be told', () => {
    expect(verifyWarnings(facts({ write: 0.049, read: 0.03 }, [lab('lz4', { write: 0.04 })]))).toEqual([]);
    expect(verifyWarnings(facts({}, [lab('lz4', {})]))).toEqual([]);
  });

  it("name the kernel's and the lab's jobs apart, with the share of each direction that has one", () => {
    const labs = [lab('lz4-kernel', { write: 0.05, read: 0.02 }), lab('lz4', { write: 0.31, read: 0.02 })];
    expect(verifyWarnings(facts({ write: 0.1, read: 0.462 }, labs))).toEqual([
      "Kernel: the jobs' threads did not run for a notable part of their time: others had their cores, or they waited " +
        'within the kernel (medians): write 10 %; read 46 %. Throughput, latency and ratios are those of a busy host.',
      'Lab: the CPUs were without a core of this host for a notable part of their time, in which they neither ran nor slept ' +
        'on a lock of the machine (medians): write 5 % (lz4-kernel), 31 % (lz4). Throughput, latency and ratios are those ' +
        'of a busy host.',
    ]);
  });
});

describe('warnings of few rounds', () => {
  const warningsOf = (rounds: number): readonly string[] => verifyWarnings(facts({}, [lab('lz4', {})], rounds));

  it('say of one round that it has no spread', () => {
    expect(warningsOf(1)).toEqual([
      'Only 1 round was measured: low and high are the median, so they say nothing of the spread; give more rounds.',
    ]);
  });

  it('end where as many were measured as when nobody says how many', () => {
    expect(warningsOf(6)).toEqual([
      'Only 6 rounds were measured, fewer than the 7 of a verification that is not told how many: low and high say little of ' +
        'the spread; give more rounds.',
    ]);
    expect(warningsOf(7)).toEqual([]);
  });

  it('ask nobody for more rounds who cancelled before those that were to come', () => {
    const cancelled = (rounds: number) =>
      verifyWarnings({ ...facts({}, [lab('lz4', {})], rounds), outcome: 'cancelled' }).join();
    expect(cancelled(1)).toMatch(/^Only 1 round was measured: .*; let it go on for longer\.$/);
    expect(cancelled(3)).toMatch(/^Only 3 rounds were measured.*; let it go on for longer\.$/);
    expect(cancelled(7)).toBe('');
  });

  it('come before the other notes, like all warnings', () => {
    const few = facts({ write: 0.2 }, [lab('lz4', {})], 2);
    expect(verifyWarnings(few)).toHaveLength(2);
    expect(verifyNotes(few).slice(0, 2)).toEqual(verifyWarnings(few));
  });
});
