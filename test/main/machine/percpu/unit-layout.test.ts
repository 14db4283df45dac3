import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupMapLines } from '../../../../src/main/evidence/boot-log/print-boot-lines.ts';
import {
  addressSpaceBytes,
  keptBytes,
  layOutUniprocessor,
  layOutUnits,
  pagesPerCpu,
  sizeSumBytes,
  type UnitLayout,
  type UnitLayoutRequest,
} from '../../../../src/main/machine/percpu/unit-layout.ts';
import { type CpuId, cpuId } from '../../../../src/main/machine/units.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** `0-11 24-35 | 12-23`: CPUs of two groups. */
function groups(drawing: string): readonly (readonly CpuId[])[] {
  return drawing.split('|').map((group) =>
    group
      .trim()
      .split(' ')
      .flatMap((range) => {
        const [from = 0, to = from] = range.split('-').map(Number);
        return Array.from({ length: to - from + 1 }, (_, index) => cpuId(from + index));
      }),
  );
}

/** x86-64 as it was in 4.x; what a test is about is changed. */
function layOut(changes: Partial<Omit<UnitLayoutRequest, 'groups'>> & { readonly cpus: string }): UnitLayout {
  const { cpus, ...others } = changes;
  return layOutUnits({
    pageSizeBytes: 4096,
    staticBytes: 144_408,
    reservedBytes: 8192,
    dynamicRequestBytes: 28 * KIB,
    earlyDynamicBytes: 12 * KIB,
    minUnitBytes: 32 * KIB,
    atomBytes: 2 * MIB,
    groups: groups(cpus),
    ...others,
  });
}

/** The map without what is the printer's. */
function draw(layout: UnitLayout): string {
  return groupMapLines(layout.groups, layout.unitsPerAlloc)
    .map((line) => line.replace('pcpu-alloc: ', '').trimEnd())
    .join(' ');
}

describe('sizes', () => {
  it('give the rest of the last page to the dynamic part', () => {
    // 144408 + 8192 + 28672 = 181272 = 44.3 pages, as Linux 4.19.0-6-amd64 printed it: d31720, 45 pages.
    const layout = layOut({ cpus: '0-3' });
    expect(layout).toMatchObject({ dynamicBytes: 31_720, staticBytes: 144_408, reservedBytes: 8192 });
    expect([pagesPerCpu(layout), sizeSumBytes(layout)]).toEqual([45, 45 * 4096]);
  });

  it('have at least the early size', () => {
    const layout = layOut({ cpus: '0', staticBytes: 4096, reservedBytes: 0, dynamicRequestBytes: 0 });
    expect(layout.dynamicBytes).toBe(12 * KIB);
  });

  it.each([
    ['the sum where that is larger', 44 * KIB, 32 * KIB, 44 * KIB],
    ['the minimum where the sum is smaller', 5792, 64 * KIB, 64 * KIB],
    ['whole pages of the minimum', 4096, 30_000, 32 * KIB],
  ])('make a unit of %s', (_, staticBytes, minUnitBytes, unitBytes) => {
    const small = { reservedBytes: 0, dynamicRequestBytes: 0, earlyDynamicBytes: 0, atomBytes: 4096 };
    expect(layOut({ cpus: '0-1', staticBytes, minUnitBytes, ...small }).unitBytes).toBe(unitBytes);
  });

  it('round a large unit up to whole atoms, one unit each', () => {
    const layout = layOut({ cpus: '0-1', staticBytes: 2_314_240 });
    expect(layout).toMatchObject({ allocBytes: 4 * MIB, unitBytes: 4 * MIB, unitsPerAlloc: 1 });
  });

  it('keep the size sum of every possible CPU, and take address space for every unit', () => {
    const layout = layOut({ cpus: '0-5' });
    expect(keptBytes(layout)).toBe(6 * 45 * 4096);
    expect(addressSpaceBytes(layout)).toBe(8 * 256 * KIB);
  });
});

describe('units', () => {
  it.each([
    ['0', 2 * MIB, '[0] 0'],
    ['0-1', MIB, '[0] 0 1'],
    ['0-2', 512 * KIB, '[0] 0 1 2 -'],
    ['0-3', 512 * KIB, '[0] 0 1 2 3'],
    ['0-5', 256 * KIB, '[0] 0 1 2 3 4 5 - -'],
    ['0-7', 256 * KIB, '[0] 0 1 2 3 4 5 6 7'],
    // Twelve slots of sixteen: four are a third of twelve, and no more is allowed.
    ['0-11', 256 * KIB, '[0] 00 01 02 03 04 05 06 07 [0] 08 09 10 11 -- -- -- --'],
    ['0-5 | 6-7', MIB, '[0] 0 1 [0] 2 3 [0] 4 5 [1] 6 7'],
    ['0 2 | 1 3', MIB, '[0] 0 2 [1] 1 3'],
    ['0 2 4 | 1', 2 * MIB, '[0] 0 [0] 2 [0] 4 [1] 1'],
  ])('of CPUs %s in atoms of 2 MiB have %i bytes: %s', (cpus, unitBytes, map) => {
    const layout = layOut({ cpus });
    expect([layout.unitBytes, draw(layout)]).toEqual([unitBytes, map]);
  });

  it.each([
    ['twelve CPUs of 27 pages share one atom', '0-11', 27, 128 * KIB],
    ['sixteen CPUs of 84 pages make four atoms', '0-15', 84, 512 * KIB],
    ['four groups of 36 CPUs of 27 pages', '0-35 | 36-71 | 72-107 | 108-143', 27, 128 * KIB],
  ])('%s', (_, cpus, pages, unitBytes) => {
    const exact = { staticBytes: pages * 4096, reservedBytes: 0, dynamicRequestBytes: 0, earlyDynamicBytes: 0 };
    expect(layOut({ cpus, ...exact }).unitBytes).toBe(unitBytes);
  });

  it('are as large as the sum, without gaps, where the atom is a page', () => {
    const layout = layOut({ cpus: '0-4', atomBytes: 4096 });
    expect(layout).toMatchObject({ unitBytes: 45 * 4096, unitsPerAlloc: 1, allocBytes: 45 * 4096 });
    expect(draw(layout)).toBe('[0] 0 [0] 1 [0] 2 [0] 3 [0] 4');
  });

  it('are whole pages even where the atom has an odd number of them', () => {
    const layout = layOut({ cpus: '0-5', atomBytes: 6 * 45 * 4096 });
    expect(layout).toMatchObject({ unitsPerAlloc: 6, unitBytes: 45 * 4096 });
    expect(layOut({ cpus: '0-6', atomBytes: 7 * 45 * 4096 + 4096 }).unitBytes % 4096).toBe(0);
  });
});

describe('any layout', () => {
  const request = fc.record({
    pageSizeBytes: fc.constantFrom(4 * KIB, 8 * KIB, 16 * KIB, 64 * KIB),
    staticBytes: fc.nat(3 * MIB),
    reservedBytes: fc.constantFrom(0, 8 * KIB, 64 * KIB),
    dynamicRequestBytes: fc.constantFrom(0, 20 * KIB, 28 * KIB, 112 * KIB),
    earlyDynamicBytes: fc.constantFrom(0, 12 * KIB, 20 * KIB),
    minUnitBytes: fc.constantFrom(32 * KIB, 64 * KIB),
    atomPages: fc.constantFrom(1, 3, 16, 256, 512, 1024),
    sizes: fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }),
  });
  const layouts = request.map(({ atomPages, sizes, ...others }) => {
    const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
    const cpuGroups = sizes.map((size, index) =>
      Array.from({ length: size }, (_, cpu) => cpuId((starts[index] ?? 0) + cpu)),
    );
    const asked = { ...others, atomBytes: atomPages * others.pageSizeBytes, groups: cpuGroups };
    return { asked, layout: layOutUnits(asked), possible: cpuGroups.flat() };
  });

  it('has every CPU in exactly one unit, in the group it was put', () => {
    fc.assert(
      fc.property(layouts, ({ asked, layout, possible }) => {
        expect(layout.groups.flat().filter((cpu) => cpu !== undefined)).toEqual(possible);
        for (const [index, group] of layout.groups.entries()) {
          expect(group.slice(0, asked.groups[index]?.length)).toEqual(asked.groups[index]);
          expect(group.length % layout.unitsPerAlloc).toBe(0);
          expect(group.length - (asked.groups[index]?.length ?? 0)).toBeLessThan(layout.unitsPerAlloc);
        }
      }),
    );
  });

  it('wastes a third of the possible CPUs at most', () => {
    fc.assert(
      fc.property(layouts, ({ layout, possible }) => {
        const unused = layout.groups.flat().length - possible.length;
        expect(unused).toBeLessThanOrEqual(Math.floor(possible.length / 3));
      }),
    );
  });

  it('has units of whole pages that divide the alloc, and allocs of whole atoms', () => {
    fc.assert(
      fc.property(layouts, ({ asked, layout }) => {
        expect(layout.unitBytes * layout.unitsPerAlloc).toBe(layout.allocBytes);
        expect(layout.unitBytes % asked.pageSizeBytes).toBe(0);
        expect(layout.allocBytes % asked.atomBytes).toBe(0);
        expect(layout.unitBytes).toBeGreaterThanOrEqual(sizeSumBytes(layout));
        expect(layout.unitBytes).toBeGreaterThanOrEqual(asked.minUnitBytes);
      }),
    );
  });

  it('has no more allocs than any smaller unit would need', () => {
    fc.assert(
      fc.property(layouts, ({ asked, layout, possible }) => {
        const allocs = (upa: number): number =>
          asked.groups.reduce((sum, cpus) => sum + Math.ceil(cpus.length / upa), 0);
        const allowed = (upa: number): boolean =>
          layout.allocBytes % upa === 0 &&
          (layout.allocBytes / upa) % asked.pageSizeBytes === 0 &&
          allocs(upa) * upa - possible.length <= Math.floor(possible.length / 3);
        const most = Math.floor(layout.allocBytes / Math.max(sizeSumBytes(layout), asked.minUnitBytes));
        const candidates = Array.from({ length: most }, (_, index) => index + 1).filter(allowed);
        const fewest = Math.min(...candidates.map(allocs));
        // Among those with the fewest allocs the largest unit.
        expect(layout.unitsPerAlloc).toBe(candidates.find((upa) => allocs(upa) === fewest));
      }),
    );
  });

  it('has a dynamic part from what was asked for to less than a page more', () => {
    fc.assert(
      fc.property(layouts, ({ asked, layout }) => {
        const atLeast = Math.max(asked.dynamicRequestBytes, asked.earlyDynamicBytes);
        expect(layout.dynamicBytes).toBeGreaterThanOrEqual(atLeast);
        expect(layout.dynamicBytes).toBeLessThan(atLeast + asked.pageSizeBytes);
        expect(Number.isInteger(pagesPerCpu(layout))).toBe(true);
      }),
    );
  });
});

describe('a uniprocessor layout', () => {
  it.each([
    [20 * KIB, 4096, 32 * KIB],
    [112 * KIB, 4096, 128 * KIB],
    [28 * KIB, 64 * KIB, 64 * KIB],
  ])('for %i bytes in pages of %i is one dynamic unit of %i', (dynamicRequestBytes, pageSizeBytes, unitBytes) => {
    const layout = layOutUniprocessor({ pageSizeBytes, dynamicRequestBytes, minUnitBytes: 32 * KIB, cpu: cpuId(0) });
    expect(layout).toEqual({
      pageSizeBytes,
      staticBytes: 0,
      reservedBytes: 0,
      dynamicBytes: unitBytes,
      unitBytes,
      atomBytes: unitBytes,
      allocBytes: unitBytes,
      unitsPerAlloc: 1,
      groups: [[0]],
    });
  });
});

describe('a request that makes no sense', () => {
  it.each([
    [{ pageSizeBytes: 5000 }, 'page size 5000 is no power of two'],
    [{ atomBytes: 6000 }, 'atom of 6000 bytes is not whole pages'],
    [{ atomBytes: 0 }, 'atom of 0 bytes is not whole pages'],
    [{ staticBytes: -1 }, 'sizes -1 and 8192 must not be negative'],
    [{ reservedBytes: -1 }, 'sizes 144408 and -1 must not be negative'],
  ])('%j throws: %s', (changes, sentence) => {
    expect(() => layOut({ cpus: '0', ...changes })).toThrow(sentence);
  });

  it('without CPUs throws', () => {
    const sound = layOut({ cpus: '0' });
    const request = { ...sound, dynamicRequestBytes: 0, earlyDynamicBytes: 0, minUnitBytes: 0 };
    expect(() => layOutUnits({ ...request, groups: [] })).toThrow('a group of CPUs is empty');
    expect(() => layOutUnits({ ...request, groups: [[cpuId(0)], []] })).toThrow('a group of CPUs is empty');
  });
});
