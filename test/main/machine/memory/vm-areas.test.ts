import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AddressRange } from '../../../../src/main/machine/memory/address-regions.ts';
import { VmAreas } from '../../../../src/main/machine/memory/vm-areas.ts';
import { type VirtualAddress, virtualAddress } from '../../../../src/main/machine/units.ts';
import { bootMapped } from '../percpu/local-mapping/mapped-machines.ts';

const PAGE = 4096;

function areasOf(pages: number): { areas: VmAreas; within: AddressRange } {
  const { space } = bootMapped();
  const { start } = space.regions.vmalloc;
  return { areas: new VmAreas(space), within: { start, end: virtualAddress(start + pages * PAGE) } };
}

describe('vm areas', () => {
  it('take the lowest hole that fits', () => {
    const { areas, within } = areasOf(10);
    const take = (pages: number) => areas.take({ bytes: pages * PAGE, alignBytes: PAGE, within });
    const [a, b, c] = [take(2), take(3), take(2)];
    expect([a, b, c].map((start) => ((start ?? 0) - within.start) / PAGE)).toEqual([0, 2, 5]);
    areas.give(b ?? virtualAddress(0));
    expect(take(4)).toBeUndefined();
    // aa···cc···  ▶  aabb·cc···
    expect(take(2)).toBe(b);
    expect(take(3)).toBe(virtualAddress(within.start + 7 * PAGE));
    expect(take(1)).toBe(virtualAddress(within.start + 4 * PAGE));
    expect(take(1)).toBeUndefined();
  });

  it('align where they are asked to', () => {
    const { areas, within } = areasOf(64);
    areas.take({ bytes: PAGE, alignBytes: PAGE, within });
    const start = areas.take({ bytes: PAGE, alignBytes: 16 * PAGE, within }) ?? virtualAddress(1);
    expect(start % (16 * PAGE)).toBe(0);
    expect(start).toBeGreaterThan(within.start);
  });

  it('refuse an address that no area begins at, and an area of no pages', () => {
    const { areas, within } = areasOf(4);
    expect(() => areas.give(within.start)).toThrow('no area begins');
    expect(() => areas.rangeAt(within.start)).toThrow('no area begins');
    expect(() => areas.take({ bytes: 0, alignBytes: PAGE, within })).toThrow('no number of pages');
    expect(() => areas.take({ bytes: 5, alignBytes: PAGE, within })).toThrow('no number of pages');
  });

  it('say when their table is full', () => {
    const { space } = bootMapped();
    const areas = new VmAreas(space);
    const request = { bytes: PAGE, alignBytes: PAGE, within: space.regions.vmalloc };
    let taken = 0;
    while (areas.take(request) !== undefined) taken += 1;
    expect(taken).toBe(space.config.maxAreas);
    areas.give(space.regions.vmalloc.start);
    expect(areas.take(request)).toBe(space.regions.vmalloc.start);
  });

  it('never overlap, stay inside and are found again, whatever the order of taking and giving', () => {
    const step = fc.record({
      give: fc.boolean(),
      pages: fc.integer({ min: 1, max: 6 }),
      align: fc.constantFrom(1, 2, 4),
      which: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { areas, within } = areasOf(40);
        const model = new Map<VirtualAddress, number>();
        for (const { give, pages, align, which } of steps) {
          const held = [...model.keys()];
          const chosen = held[which % Math.max(1, held.length)];
          if (give && chosen !== undefined) {
            areas.give(chosen);
            model.delete(chosen);
          } else {
            const start = areas.take({ bytes: pages * PAGE, alignBytes: align * PAGE, within });
            if (start === undefined) expect(hasHole(model, within, { pages, align })).toBe(false);
            else model.set(start, pages * PAGE);
          }
          const expected = [...model].toSorted(([a], [b]) => a - b);
          expect(areas.list()).toEqual(expected.map(([start, bytes]) => ({ start, end: start + bytes })));
          let end: number = within.start;
          for (const [start, bytes] of expected) {
            expect(start).toBeGreaterThanOrEqual(end);
            end = start + bytes;
          }
          expect(end).toBeLessThanOrEqual(within.end);
        }
      }),
    );
  });
});

/** By trying every place. */
function hasHole(
  taken: ReadonlyMap<number, number>,
  within: AddressRange,
  { pages, align }: { pages: number; align: number },
): boolean {
  for (let start: number = within.start; start + pages * PAGE <= within.end; start += PAGE) {
    if (start % (align * PAGE) !== 0) continue;
    const isFree = [...taken].every(([other, bytes]) => other + bytes <= start || other >= start + pages * PAGE);
    if (isFree) return true;
  }
  return false;
}
