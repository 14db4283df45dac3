import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { invalidate, Tlb } from '../../../../src/main/machine/memory/tlb.ts';
import { tlbEntries, tlbSetOf } from '../../../../src/main/machine/memory/tlb-entries.ts';
import { cpuId, virtualAddress } from '../../../../src/main/machine/units.ts';
import { addChunk, bootMapped } from '../percpu/local-mapping/mapped-machines.ts';

const PAGE = 4096;
const linear = (page: number) => virtualAddress(page * PAGE + 100);

describe('entries of a TLB', () => {
  it('are those of the pages that were touched, in the set of their page number', () => {
    const { space, tables } = bootMapped();
    const tlb = new Tlb(space, tables, cpuId(1));
    for (const page of [5, 6, 9, 5]) tlb.translate(linear(page));
    // 16 entries of 4 ways: 4 sets.
    expect(tlbEntries(space, cpuId(1))).toEqual([
      { set: 1, way: 0, address: 5 * PAGE, frame: 5, cpu: 1 },
      { set: 1, way: 1, address: 9 * PAGE, frame: 9, cpu: 1 },
      { set: 2, way: 0, address: 6 * PAGE, frame: 6, cpu: 1 },
    ]);
    expect([5, 6, 9].map((page) => tlbSetOf(space, linear(page)))).toEqual([1, 2, 1]);
    expect(tlbEntries(space, cpuId(0))).toEqual([]);
  });

  it('lead where the tables do, as many as fit, whatever is touched', () => {
    const { space, tables } = bootMapped();
    const tlb = new Tlb(space, tables, cpuId(0));
    fc.assert(
      fc.property(fc.array(fc.nat(1023), { maxLength: 40 }), (pages) => {
        for (const page of pages) tlb.translate(linear(page));
        const held = tlbEntries(space, cpuId(0));
        expect(held.length).toBeLessThanOrEqual(16);
        for (const { set, way, address, frame } of held) {
          expect([set, way < 4]).toEqual([tlbSetOf(space, address), true]);
          expect(tables.walk(space.rootOf(cpuId(0)), address)?.frame).toBe(frame);
        }
        const last = pages.at(-1);
        if (last !== undefined) expect(held.some(({ address }) => address === last * PAGE)).toBe(true);
      }),
    );
  });

  it('are forgotten by an invalidation of their page, on all CPUs', () => {
    const { space, tables } = bootMapped();
    for (const cpu of [0, 3]) {
      const tlb = new Tlb(space, tables, cpuId(cpu));
      for (const page of [7, 8]) tlb.translate(linear(page));
    }
    invalidate(space, { first: 7, end: 8 });
    for (const cpu of [0, 3]) {
      expect(tlbEntries(space, cpuId(cpu)).map(({ address }) => address)).toEqual([8 * PAGE]);
    }
  });

  it('are one list for two CPUs that share a TLB, each saying who filled it', () => {
    const machine = bootMapped({ tlb: { entries: 16, ways: 4, cpusPerTlb: 2, isTagged: true } });
    const { space, tables, mapping } = machine;
    const chunk = addChunk(machine);
    const address = mapping.windowPtr(mapping.pointer(chunk, 0));
    for (const cpu of [2, 3]) new Tlb(space, tables, cpuId(cpu)).translate(address);
    const held = tlbEntries(space, cpuId(2));
    expect(held).toEqual(tlbEntries(space, cpuId(3)));
    expect(held.map(({ cpu }) => cpu)).toEqual([2, 3]);
    expect(new Set(held.map(({ frame }) => frame)).size).toBe(2);
    expect(tlbEntries(space, cpuId(1))).toEqual([]);
  });
});
