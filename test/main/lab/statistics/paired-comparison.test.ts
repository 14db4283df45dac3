import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaired, type Block } from '../../../../src/main/lab/statistics/paired-comparison.ts';
import type { Judgement } from '../../../../src/shared/run-record.ts';

const QUESTION = {
  direction: 'write',
  design: 'per-cpu-global',
  baseline: 'single-mutex',
  equivalencePercent: 5,
} as const;

/** So much of the time of each design's CPUs, none of which wait for locks. */
function withheldFrom(design: number, baseline: number) {
  return { host: { design: { withheld: design, lockWait: 0 }, baseline: { withheld: baseline, lockWait: 0 } } };
}

function withheldFromBoth(share: number) {
  return withheldFrom(share, share);
}

/** Blocks with these ratios over baselines that drift, as a host's clock does. */
function blocksWith(ratios: readonly number[]): readonly Block[] {
  return ratios.map((ratio, index) => ({ baseline: 500 + 10 * index, design: (500 + 10 * index) * ratio }));
}

describe('the verdict', () => {
  it('is faster when the whole interval lies above 1', () => {
    const compared = comparePaired(blocksWith([1.18, 1.21, 1.19, 1.22, 1.2, 1.25]), QUESTION);
    expect(compared.verdict).toBe('faster');
    expect(compared.blocks).toBe(6);
    expect(compared.interval?.low).toBeCloseTo(1.18, 10);
    expect(compared.interval?.high).toBeCloseTo(1.25, 10);
    expect(compared.reason).toBe(
      'Write throughput is +20.5 % against single mutex, and the interval +18 % to +25 % (96.9 %, 6 blocks) lies entirely above 0 %; of two equal designs such an interval would by chance leave out 0 % once in 32 runs.',
    );
  });

  it('is slower when the whole interval lies below 1', () => {
    const compared = comparePaired(blocksWith([0.8, 0.82, 0.79, 0.81, 0.8, 0.83]), QUESTION);
    expect(compared.verdict).toBe('slower');
    expect(compared.reason).toContain('-21 % to -17 %');
    expect(compared.reason).toContain('lies entirely below 0 %');
  });

  it('is the same when the whole interval lies within the margin, even if it excludes 1', () => {
    const compared = comparePaired(blocksWith([1.01, 1.02, 1.03, 1.01, 1.02, 1.03]), QUESTION);
    expect(compared.verdict).toBe('same');
    expect(compared.reason).toContain('lies within ±5 %, which counts as the same');
  });

  it.each([
    [[1.012, 1.04, 1.03, 1.045, 1.035, 1.09], 'above'],
    [[0.9, 0.96, 0.97, 0.98, 0.975, 0.999], 'below'],
  ] as const)(
    'of ratios %s, whose interval lies %s 0 % but whose middle is within the margin, is none',
    (ratios, side) => {
      const compared = comparePaired(blocksWith(ratios), QUESTION);
      expect(compared.verdict).toBe('inconclusive');
      expect(compared.reason).toContain(`lies entirely ${side} 0 %, but the change itself lies within ±5 %.`);
      const strict = comparePaired(blocksWith(ratios), { ...QUESTION, equivalencePercent: 0 });
      expect(strict.verdict).toBe(side === 'above' ? 'faster' : 'slower');
    },
  );

  it('is not the same where the CPUs had no core for a notable part of their time, and the reason says so', () => {
    const blocks = blocksWith([1.01, 1.02, 1.03, 1.01, 1.02, 1.03]);
    const quiet = comparePaired(blocks, { ...QUESTION, ...withheldFromBoth(0.049) });
    expect(quiet).toEqual(comparePaired(blocks, QUESTION));
    const busy = comparePaired(blocks, { ...QUESTION, ...withheldFromBoth(0.476) });
    expect(busy.verdict).toBe('inconclusive');
    expect(busy.reason).toContain('lies within ±5 %, which on a busy host proves nothing.');
    expect(busy.reason).toContain('no core of this host for up to 48 % of their time');
    const faster = comparePaired(blocksWith([1.28, 1.31, 1.29, 1.32, 1.3, 1.35]), {
      ...QUESTION,
      ...withheldFromBoth(0.2),
    });
    expect(faster.verdict).toBe('faster');
    expect(faster.reason).toContain('for up to 20 % of their time');
  });

  it.each([
    // 1 / (1 - 0.15) = 1.176, 1 - 0.15 = 0.85
    [[1.18, 1.21, 1.19, 1.22, 1.2, 1.25], 0.15, 'faster'],
    [[1.17, 1.21, 1.19, 1.22, 1.2, 1.25], 0.15, 'inconclusive'],
    [[1.051, 1.07, 1.08, 1.06, 1.07, 1.08], 0.05, 'inconclusive'],
    [[1.051, 1.07, 1.08, 1.06, 1.07, 1.08], 0.049, 'faster'],
    [[0.8, 0.82, 0.79, 0.81, 0.8, 0.84], 0.15, 'slower'],
    [[0.8, 0.82, 0.79, 0.81, 0.8, 0.86], 0.15, 'inconclusive'],
  ] as const)('of ratios %s, when the CPUs had no core for %d of their time, is %s', (ratios, share, verdict) => {
    const compared = comparePaired(blocksWith(ratios), { ...QUESTION, ...withheldFromBoth(share) });
    expect(compared.verdict).toBe(verdict);
    expect(compared.reason.includes('but no further than the host may account for by itself')).toBe(
      verdict === 'inconclusive',
    );
    // Half of that of two CPUs is as much of one.
    const two = comparePaired(blocksWith(ratios), { ...QUESTION, ...withheldFromBoth(share), cpus: 2 });
    expect(two.verdict).toBe(share < 0.05 ? verdict : 'inconclusive');
    const own = comparePaired(blocksWith(ratios), { ...QUESTION, ...withheldFromBoth(share), oversubscribed: true });
    expect(own.verdict).not.toBe('inconclusive');
  });

  it.each([
    // What the host withholds from the faster design only hides how much faster it is.
    [[1.58, 1.61, 1.59, 1.62, 1.6, 1.65], [0.23, 0], 'faster'],
    [[1.58, 1.61, 1.59, 1.62, 1.6, 1.65], [0, 0.23], 'inconclusive'],
    [[0.58, 0.61, 0.59, 0.62, 0.6, 0.61], [0, 0.23], 'slower'],
    [[0.58, 0.61, 0.59, 0.62, 0.6, 0.61], [0.23, 0], 'inconclusive'],
  ] as const)(
    'of ratios %s of two CPUs, with %o of their time without a core, is %s',
    (ratios, [design, baseline], verdict) => {
      const compared = comparePaired(blocksWith(ratios), { ...QUESTION, ...withheldFrom(design, baseline), cpus: 2 });
      expect(compared.verdict).toBe(verdict);
    },
  );

  it('is none where the faster one’s CPUs wait for each other and the host took cores from them', () => {
    const verdict = (withheld: number, lockWait: number) => {
      const host = { design: { withheld, lockWait }, baseline: { withheld: 0, lockWait: 0.4 } };
      return comparePaired(blocksWith([1.58, 1.61, 1.59, 1.62, 1.6, 1.65]), { ...QUESTION, host, cpus: 2 }).verdict;
    };
    expect([verdict(0.06, 0.3), verdict(0.06, 0.04), verdict(0.04, 0.3)]).toEqual(['inconclusive', 'faster', 'faster']);
  });

  it.each([
    [[1.38, 1.41, 1.39, 1.42, 1.4, 1.45], 'faster', 'lies entirely above 0 %'],
    [[0.7, 0.72, 0.69, 0.71, 0.7, 0.73], 'slower', 'lies entirely below 0 %'],
  ] as const)(
    'of ratios %s is %s no more where the CPUs had no core for a quarter of their time',
    (ratios, verdict, where) => {
      const asked = (more: object) => comparePaired(blocksWith([...ratios]), { ...QUESTION, ...more });
      expect(asked({ ...withheldFromBoth(0.249) }).verdict).toBe(verdict);
      const starved = asked({ ...withheldFromBoth(0.25) });
      expect(starved.verdict).toBe('inconclusive');
      expect(starved.reason).toContain(`${where}, which on so busy a host proves nothing.`);
      // Who has more CPUs than the host has cores knows why they wait for one.
      expect(asked({ ...withheldFromBoth(0.5), oversubscribed: true }).verdict).toBe(verdict);
    },
  );

  it('is inconclusive when the interval holds 1 and reaches beyond the margin', () => {
    const compared = comparePaired(blocksWith([0.9, 1.1, 0.95, 1.2, 1.02, 1]), QUESTION);
    expect(compared.verdict).toBe('inconclusive');
    expect(compared.reason).toContain(
      'includes 0 % and reaches beyond ±5 %; more repetitions narrow it, in the same time if each is shorter.',
    );
  });

  it('is inconclusive with fewer than six blocks, and says that six are needed', () => {
    const compared = comparePaired(blocksWith([1.5, 1.5, 1.5, 1.5, 1.5]), QUESTION);
    expect(compared.verdict).toBe('inconclusive');
    expect(compared.interval).toBeUndefined();
    expect(compared.ratio).toBeCloseTo(1.5, 12);
    expect(compared.reason).toBe(
      'Write throughput is +50 % against single mutex, but 5 blocks allow no 95 % interval (it takes at least 6).',
    );
    expect(comparePaired(blocksWith([1.5]), QUESTION).reason).toContain('1 block allows');
  });

  it('is wrong, however fast, when a design gave wrong results, and the reason says which and by how much', () => {
    const wrong = { design: 'unprotected', issued: 4096, lost: 12, extra: 0 } as const;
    const question = { ...QUESTION, direction: 'access', design: 'unprotected', baseline: 'preempt-offset' } as const;
    const compared = comparePaired(blocksWith([1.18, 1.21, 1.19, 1.22, 1.2, 1.25]), { ...question, wrong });
    expect(compared).toMatchObject({ verdict: 'wrong', wrong });
    expect(compared.reason).toBe(
      'The result of unprotected is wrong: it lost 12 of 4096 additions, so its speed counts for nothing.',
    );
    expect('wrong' in comparePaired(blocksWith([1.2]), QUESTION)).toBe(false);
    // @ts-expect-error: a wrong result says which design is wrong.
    const incomplete: Judgement = { verdict: 'wrong' };
    // @ts-expect-error: and a judged speed is of two right ones.
    const contradicting: Judgement = { verdict: 'faster', wrong };
    expect([incomplete, contradicting]).toHaveLength(2);
  });

  it('is the same for equal figures, even with a margin of zero', () => {
    const compared = comparePaired(blocksWith([1, 1, 1, 1, 1, 1]), { ...QUESTION, equivalencePercent: 0 });
    expect(compared.verdict).toBe('same');
    expect(compared.ratio).toBe(1);
  });

  it('prints small differences without rounding them away', () => {
    const compared = comparePaired(blocksWith(Array.from({ length: 6 }, () => 1.000_213)), {
      ...QUESTION,
      equivalencePercent: 0,
    });
    expect(compared.verdict).toBe('faster');
    expect(compared.reason).toContain('+0.0213 %');
  });
});

const rate = fc.integer({ min: 1, max: 5000 });
const arbitraryBlocks = fc.array(fc.record({ baseline: rate, design: rate }), { minLength: 6, maxLength: 15 });

describe('the ratio, whatever the blocks', () => {
  it('turns into its reciprocal when the designs change places', () => {
    fc.assert(
      fc.property(arbitraryBlocks, (blocks) => {
        const there = comparePaired(blocks, QUESTION);
        const back = comparePaired(
          blocks.map(({ baseline, design }) => ({ baseline: design, design: baseline })),
          QUESTION,
        );
        expect(back.ratio * there.ratio).toBeCloseTo(1, 9);
        expect((back.interval?.low ?? NaN) * (there.interval?.high ?? NaN)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('does not change when a whole block runs slower', () => {
    fc.assert(
      fc.property(arbitraryBlocks, fc.integer({ min: 2, max: 9 }), (blocks, factor) => {
        const slowed = blocks.map(({ baseline, design }, index) =>
          index % 2 === 0 ? { baseline: baseline / factor, design: design / factor } : { baseline, design },
        );
        expect(comparePaired(slowed, QUESTION).ratio).toBeCloseTo(comparePaired(blocks, QUESTION).ratio, 6);
      }),
    );
  });

  it('refuses a throughput that has no ratio', () => {
    expect(() => comparePaired([{ baseline: 0, design: 1 }], QUESTION)).toThrow('1 to 0 MB/s');
    expect(() => comparePaired([], QUESTION)).toThrow('no differences');
  });
});
