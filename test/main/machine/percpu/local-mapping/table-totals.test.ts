/**
 * Tables of machines that are really built, against the figures of the 2026 proposal and the arithmetic that follows from it:
 *
 *     bytes = (N − 1) × PGD + N × G × (n_pte + n_pmd + n_pud)        N CPUs, pages of G bytes, units of 192 KiB
 *
 * n_x is the number of tables of a level that the window's chunks touch. The expected numbers were worked out from that formula
 * by hand and by a page-by-page construction elsewhere, not by this program.
 */
import { describe, expect, it } from 'vitest';
import { tableFigures, type TableFigures } from '../../../../../src/main/machine/percpu/local-mapping/table-figures.ts';
import { addChunk, bootMapped } from './mapped-machines.ts';
import type { Translation, WindowLayout } from '../../../../../src/shared/address-space.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const UNIT_BYTES = 192 * KIB;

/** The figures after each wanted number of chunks. */
function build(
  machine: { cpus: number; translation: Translation; window: WindowLayout; pgdTakesPage?: boolean },
  chunkCounts: readonly number[],
): readonly TableFigures[] {
  const most = Math.max(...chunkCounts);
  const built = bootMapped({
    possibleCpus: machine.cpus,
    onlineCpus: machine.cpus,
    translation: machine.translation,
    memoryBytes: most * machine.cpus * UNIT_BYTES + 64 * MIB,
    pgdTakesPage: machine.pgdTakesPage ?? false,
    mapping: { window: machine.window, unitBytes: UNIT_BYTES, maxChunks: most },
  });
  return chunkCounts.map((count) => {
    while (built.mapping.chunks().length < count) addChunk(built);
    return tableFigures(built.space, built.mapping);
  });
}

/** Whole KiB, as the published table rounds. */
function kib(bytes: number): number {
  return Math.round(bytes / KIB);
}

/** PGDs alone and, for both layouts, the total with 5 chunks and what 11 more add; KiB, 160 CPUs. */
const TOTALS: readonly (readonly [Translation, number, { packed: [number, number]; sameOffset: [number, number] }])[] =
  [
    ['4k-48', 636, { packed: [2556, 640], sameOffset: [5116, 7040] }],
    ['4k-39', 636, { packed: [1916, 640], sameOffset: [4476, 7040] }],
    ['4k-52', 20, { packed: [2580, 640], sameOffset: [5140, 7040] }],
    ['16k-47', 2544, { packed: [7664, 0], sameOffset: [15344, 28160] }],
    ['64k-48', 79.5, { packed: [20559.5, 0], sameOffset: [20559.5, 0] }],
    ['64k-52', 1272, { packed: [21752, 0], sameOffset: [21752, 0] }],
  ];

describe('tables of 160 CPUs', () => {
  for (const [translation, pgds, { packed, sameOffset }] of TOTALS) {
    for (const [window, [five, elevenMore]] of [
      ['packed', packed],
      ['same-offset', sameOffset],
    ] as const) {
      it(`take ${five} KiB for 5 chunks and ${elevenMore} KiB for 11 more with ${translation}, ${window}`, () => {
        const [few, many] = build({ cpus: 160, translation, window }, [5, 16]);
        expect(kib(few?.pgdBytes ?? 0)).toBe(Math.round(pgds));
        expect(kib(few?.localBytes ?? 0)).toBe(Math.round(five));
        expect(kib((many?.localBytes ?? 0) - (few?.localBytes ?? 0))).toBe(elevenMore);
        expect(many?.pgdBytes).toBe(few?.pgdBytes);
      });
    }
  }

  it('take 10176 KiB of top-level tables where pages of 64 KiB hold one each', () => {
    for (const translation of ['64k-48', '64k-52'] as const) {
      const [figures] = build({ cpus: 160, translation, window: 'packed', pgdTakesPage: true }, [1]);
      expect(kib(figures?.pgdBytes ?? 0)).toBe(10176);
      expect(figures?.pgdFrameBytes).toBe(figures?.pgdBytes);
    }
  });

  it('share frames where top-level tables are smaller than a page', () => {
    const [figures] = build({ cpus: 160, translation: '64k-48', window: 'packed' }, [1]);
    // 159 × 512 bytes, 128 to a page.
    expect(figures?.pgdFrameBytes).toBe(2 * 64 * KIB);
  });
});

describe('tables by number of CPUs, 4K pages and 48 bits, 5 chunks', () => {
  for (const [cpus, packed, sameOffset] of [
    [8, 124, 220],
    [64, 1020, 2044],
    [256, 4092, 8188],
    [512, 8188, 16380],
  ] as const) {
    it(`take ${packed} KiB packed and ${sameOffset} KiB same-offset on ${cpus} CPUs`, () => {
      const [dense] = build({ cpus, translation: '4k-48', window: 'packed' }, [5]);
      const [spread] = build({ cpus, translation: '4k-48', window: 'same-offset' }, [5]);
      expect([kib(dense?.localBytes ?? 0), kib(spread?.localBytes ?? 0)]).toEqual([packed, sameOffset]);
    });
  }
});

describe('the figures that the 2026 proposal states for 160 CPUs', () => {
  it('come out of a machine with 5 chunks, and with the 11 that 10,000 cgroups need', () => {
    const [few, many] = build({ cpus: 160, translation: '4k-48', window: 'same-offset' }, [5, 16]);
    expect(few?.pgdBytes).toBe(636 * KIB);
    expect(few?.windowSpaceBytes).toBe(960 * KIB);
    expect((many?.windowSpaceBytes ?? 0) - (few?.windowSpaceBytes ?? 0)).toBe(2112 * KIB);
    // Each CPU's share is the same but for CPU 0, which keeps the machine's own top-level table.
    expect(new Set(few?.bytesByCpu.slice(1))).toEqual(new Set([32 * KIB]));
    expect(few?.bytesByCpu[0]).toBe(28 * KIB);
  });

  it('are no cost of a machine without a window', () => {
    const [figures] = build({ cpus: 160, translation: '4k-48', window: 'none' }, [5]);
    expect(figures?.localBytes).toBe(0);
    expect(figures?.windowSpaceBytes).toBe(0);
    expect(figures?.globalSpaceBytes).toBe(150 * MIB);
  });
});
