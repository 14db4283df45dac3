import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutUnits, type UnitLayout } from '../../../../src/main/machine/percpu/unit-layout.ts';
import { fitsVmalloc, groupBytes, placeUnits } from '../../../../src/main/machine/percpu/unit-offsets.ts';
import { type CpuId, cpuId } from '../../../../src/main/machine/units.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A layout of 64 KiB units, four to an alloc. */
function layoutOf(groups: readonly (readonly number[])[]): UnitLayout {
  return layOutUnits({
    pageSizeBytes: 4096,
    staticBytes: 60 * KIB,
    reservedBytes: 0,
    dynamicRequestBytes: 4 * KIB,
    earlyDynamicBytes: 0,
    minUnitBytes: 32 * KIB,
    atomBytes: 256 * KIB,
    groups: groups.map((cpus) => cpus.map(cpuId)),
  });
}

function inKib(offsets: ReadonlyMap<CpuId, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...offsets].map(([cpu, offset]) => [cpu, offset / KIB]));
}

describe('unit offsets', () => {
  it('of one group count up from its block', () => {
    const placement = placeUnits(layoutOf([[0, 1, 2, 3]]), [16 * MIB], 0);
    expect(placement).toMatchObject({ baseAddress: 16 * MIB, groupOffsets: [0], maxDistanceBytes: 256 * KIB });
    expect(inKib(placement.unitOffsets)).toEqual({ 0: 0, 1: 64, 2: 128, 3: 192 });
    expect(inKib(placement.perCpuOffsets)).toEqual({ 0: 16_384, 1: 16_448, 2: 16_512, 3: 16_576 });
  });

  it('count from the lowest block, whichever group has it', () => {
    const placement = placeUnits(
      layoutOf([
        [0, 2, 4, 6],
        [1, 3, 5, 7],
      ]),
      [3 * MIB, MIB],
      0,
    );
    expect(placement).toMatchObject({ baseAddress: MIB, groupOffsets: [2 * MIB, 0] });
    expect(inKib(placement.unitOffsets)).toEqual({ 0: 2048, 2: 2112, 4: 2176, 6: 2240, 1: 0, 3: 64, 5: 128, 7: 192 });
    expect(placement.maxDistanceBytes).toBe(2 * MIB + 256 * KIB);
  });

  it('leave unused units out, but not out of the block', () => {
    const layout = layoutOf([
      [0, 1, 2, 3],
      [4, 5, 6],
    ]);
    const placement = placeUnits(layout, [0, 256 * KIB], 0);
    expect(placement.unitOffsets.size).toBe(7);
    expect(layout.groups.map((group) => groupBytes(group, layout))).toEqual([256 * KIB, 256 * KIB]);
    expect(placement.maxDistanceBytes).toBe(512 * KIB);
  });

  it('are less by where the static variables were linked', () => {
    const placement = placeUnits(layoutOf([[0, 1]]), [16 * MIB], 20 * MIB);
    const [first = 0] = placement.perCpuOffsets.values();
    expect(first).toBe(-4 * MIB);
    expect(placement.unitOffsets.get(cpuId(0))).toBe(0);
  });

  it('need a block for every group', () => {
    expect(() => placeUnits(layoutOf([[0], [1]]), [0], 0)).toThrow('group 1 has no block: 1 were given');
  });

  it('never make two units overlap', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat(9)), (groupSizes, gaps) => {
        const layout = layoutOf(
          groupSizes.map((size, index) => Array.from({ length: size }, (_, cpu) => index * 12 + cpu)),
        );
        let end = 0;
        const blocks = layout.groups.map((group) => {
          const start = end + (gaps.next().value ?? 0) * layout.atomBytes;
          end = start + groupBytes(group, layout);
          return start;
        });
        const { unitOffsets, maxDistanceBytes, baseAddress } = placeUnits(layout, blocks, 0);
        const sorted = [...unitOffsets.values()].sort((a, b) => a - b);
        for (const [index, offset] of sorted.entries()) {
          expect(offset - (sorted[index - 1] ?? -layout.unitBytes)).toBeGreaterThanOrEqual(layout.unitBytes);
        }
        expect(maxDistanceBytes).toBe(end - baseAddress);
      }),
    );
  });
});

describe('the distance of blocks', () => {
  it('may be three quarters of vmalloc space', () => {
    const placement = placeUnits(
      layoutOf([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ]),
      [0, 512 * KIB],
      0,
    );
    expect(placement.maxDistanceBytes).toBe(768 * KIB);
    expect(fitsVmalloc(placement, MIB)).toBe(true);
    expect(fitsVmalloc(placement, MIB - 1)).toBe(false);
  });

  it.each([
    ['0x180ffe240000', '0x1fffffffffff'],
    ['0x1ffffef00000', '0x10000000000'],
  ])('%s did not fit real kernels whose vmalloc space had %s bytes', (distance, vmalloc) => {
    const placement = { ...placeUnits(layoutOf([[0]]), [0], 0), maxDistanceBytes: Number(distance) };
    expect(fitsVmalloc(placement, Number(vmalloc))).toBe(false);
  });
});
