import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageSetFromGenerator, type PageMixture } from '../../../../src/main/workload/data/page-set-from-generator.ts';
import { built, bytesOf, lz4Bytes, meanLz4Bytes, pagesOf } from './page-measures.ts';

const onlyCompressible = { zeroPercent: 0, samePercent: 0, randomPercent: 0 };
const wanted = { pageSizeBytes: 4096, count: 100, seed: 1 };

function pages(mixture: PageMixture, overrides: Partial<typeof wanted> = {}): readonly Uint8Array[] {
  return pagesOf(bytesOf(built(pageSetFromGenerator(mixture, { ...wanted, ...overrides }))));
}

function kindOf(page: Uint8Array): 'zero' | 'same' | 'random' | 'compressible' {
  if (page.every((byte) => byte === 0)) return 'zero';
  if (page.every((byte, at) => byte === page[at % 8])) return 'same';
  return lz4Bytes(page) > 4096 ? 'random' : 'compressible';
}

function countKinds(set: readonly Uint8Array[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const page of set) counts[kindOf(page)] = (counts[kindOf(page)] ?? 0) + 1;
  return counts;
}

describe('pageSetFromGenerator', () => {
  it('gives each kind exactly its share', () => {
    const mixture = { zeroPercent: 10, samePercent: 20, randomPercent: 30, compressPercent: 50 };
    expect(countKinds(pages(mixture))).toEqual({ zero: 10, same: 20, random: 30, compressible: 40 });
  });

  it('stays within a page of each share and uses up the count for any mixture', () => {
    const mixtures = fc
      .tuple(fc.nat(100), fc.nat(100), fc.nat(100))
      .map((cuts) => cuts.toSorted((a, b) => a - b))
      .map(([a = 0, b = 0, c = 0]) => ({
        zeroPercent: a,
        samePercent: b - a,
        randomPercent: c - b,
        compressPercent: 50,
      }));
    fc.assert(
      fc.property(mixtures, fc.integer({ min: 1, max: 40 }), (mixture, count) => {
        const counts = countKinds(pages(mixture, { count }));
        const shares = { zero: mixture.zeroPercent, same: mixture.samePercent, random: mixture.randomPercent };
        for (const [kind, percent] of Object.entries(shares))
          expect(Math.abs((counts[kind] ?? 0) - (count * percent) / 100)).toBeLessThanOrEqual(1);
        expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(count);
      }),
      { numRuns: 50 },
    );
  });

  it('gives the same bytes for the same seed and another order for another', () => {
    const mixture = { zeroPercent: 50, samePercent: 0, randomPercent: 50, compressPercent: 0 };
    const kinds = (seed: number) => pages(mixture, { seed }).map(kindOf).join();
    expect(pages(mixture)).toEqual(pages(mixture));
    expect(kinds(1)).not.toBe(kinds(2));
  });

  // Sizes that the kernel's LZ4 gave for pages that fio wrote.
  it.each([
    [25, 3148],
    [50, 2115],
    [75, 1097],
  ])(
    'pages that are %i percent compressible come to %i bytes with LZ4, within two percent',
    (compressPercent, expected) => {
      const mean = meanLz4Bytes(pages({ ...onlyCompressible, compressPercent }));
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.02);
    },
  );

  it('makes random pages that LZ4 cannot shrink', () => {
    const random = pages({ ...onlyCompressible, randomPercent: 100, compressPercent: 0 });
    expect(Math.min(...random.map(lz4Bytes))).toBeGreaterThan(4096);
  });

  it('makes same-filled pages that differ from each other', () => {
    const same = pages({ ...onlyCompressible, samePercent: 100, compressPercent: 0 });
    expect(new Set(same.map((page) => page.subarray(0, 8).join())).size).toBe(same.length);
  });

  it('describes what it made', () => {
    const mixture = { zeroPercent: 10, samePercent: 20, randomPercent: 30, compressPercent: 50 };
    expect(built(pageSetFromGenerator(mixture, wanted)).description).toBe(
      '100 generated pages: 10 zero, 20 same-filled, 30 random, 40 with 50 % compressible',
    );
  });

  it('throws on percentages that are no shares', () => {
    const mixture = { zeroPercent: 60, samePercent: 60, randomPercent: 0, compressPercent: 0 };
    expect(() => pageSetFromGenerator(mixture, wanted)).toThrow(RangeError);
  });

  it('says so when this host cannot hold the pages', () => {
    const result = pageSetFromGenerator({ ...onlyCompressible, compressPercent: 0 }, { ...wanted, count: 2 ** 45 });
    expect(result.ok ? '' : `${result.error.code}: ${result.error.message}`).toBe(
      'out-of-memory: This host cannot hold 35184372088832 pages of 4096 bytes of page data',
    );
  });
});
