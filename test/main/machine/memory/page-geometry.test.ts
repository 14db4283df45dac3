import { describe, expect, it } from 'vitest';
import { entryIndex, levelOf, pageGeometry } from '../../../../src/main/machine/memory/page-geometry.ts';
import { virtualAddress } from '../../../../src/main/machine/units.ts';
import { TRANSLATIONS } from '../../../../src/shared/address-space.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

describe('page geometry', () => {
  // Source: Documentation/arch/arm64/memory.rst, translation table lookup; 2^(bits of the index) entries of 8 bytes.
  it.each([
    ['4k-48', 4, 2 * MIB, 512 * GIB, 4 * KIB],
    ['4k-39', 3, 2 * MIB, GIB, 4 * KIB],
    ['4k-52', 5, 2 * MIB, 256 * TIB, 128],
    ['16k-47', 3, 32 * MIB, 64 * GIB, 16 * KIB],
    ['64k-48', 3, 512 * MIB, 4 * TIB, 512],
    ['64k-52', 3, 512 * MIB, 4 * TIB, 8 * KIB],
  ] as const)('%s has %i levels, PTE tables of %i bytes, PGD entries of %i and a PGD of %i', (name, ...expected) => {
    const { levels, pgdSpanBytes, pgdBytes } = pageGeometry(name);
    expect([levels.length, levels.at(-2)?.spanBytes, pgdSpanBytes, pgdBytes]).toEqual(expected);
  });

  it('covers the whole address space by its top-level table', () => {
    for (const name of TRANSLATIONS) {
      const geometry = pageGeometry(name);
      expect(levelOf(geometry, 0).entries * geometry.pgdSpanBytes).toBe(2 ** geometry.vaBits);
    }
  });

  it('cuts an address into the indices that its bits give', () => {
    const geometry = pageGeometry('4k-48');
    const bits = 0b100000001_000000010_111111111_000000100_000000000101n;
    const address = virtualAddress(Number(bits));
    expect(geometry.levels.map((_, level) => entryIndex(geometry, level, address))).toEqual([257, 2, 511, 4]);
  });

  it('has no level below the last', () => {
    expect(() => levelOf(pageGeometry('4k-39'), 3)).toThrow('4k-39 has no level 3');
  });
});
