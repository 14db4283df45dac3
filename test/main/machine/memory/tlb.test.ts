import { describe, expect, it } from 'vitest';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { SpaceCpuF64, SpaceW } from '../../../../src/main/machine/memory/address-space-layout.ts';
import type { TlbConfig } from '../../../../src/main/machine/memory/address-space-layout.ts';
import { invalidate, PageFault, Tlb } from '../../../../src/main/machine/memory/tlb.ts';
import { auditMapping } from '../../../../src/main/machine/percpu/local-mapping/audit-mapping.ts';
import type { MappedMachine } from '../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { cpuId, type VirtualAddress, virtualAddress } from '../../../../src/main/machine/units.ts';
import { addChunk, bootCpu, bootMapped } from '../percpu/local-mapping/mapped-machines.ts';

const PAGE = 4096;

function machineWith(tlb: Partial<TlbConfig> = {}): MappedMachine {
  return bootMapped({ tlb: { entries: 8, ways: 2, cpusPerTlb: 1, isTagged: false, ...tlb } });
}

function tlbOf(machine: MappedMachine, cpu: number): Tlb {
  return new Tlb(machine.space, machine.tables, cpuId(cpu));
}

function counters({ space, arena }: MappedMachine, cpu: number): readonly number[] {
  const block = space.cpuWord(cpuId(cpu)) / 2;
  return [SpaceCpuF64.tlbHits, SpaceCpuF64.tlbMisses, SpaceCpuF64.walkSteps].map((field) =>
    arena.double(block + field),
  );
}

function mapPages(machine: MappedMachine, pages: number): VirtualAddress {
  const start = complete(machine.mappings.vmalloc(bootCpu, pages));
  if (start === undefined) throw new Error('no room');
  return start;
}

describe('the TLB', () => {
  it('walks at the first access to a page and answers by itself from then on', () => {
    const machine = machineWith();
    const start = mapPages(machine, 1);
    const tlb = tlbOf(machine, 0);
    const first = tlb.translate(virtualAddress(start + 8));
    expect(tlb.translate(virtualAddress(start + 12)) - first).toBe(4);
    expect(tlb.translate(start)).toBe(first - 8);
    // Four levels of tables.
    expect(counters(machine, 0)).toEqual([2, 1, 4]);
    expect(counters(machine, 1)).toEqual([0, 0, 0]);
  });

  it('translates as the tables do, from any thread’s own view of it', () => {
    const machine = machineWith();
    const start = mapPages(machine, 3);
    for (let page = 0; page < 3; page++) {
      const address = virtualAddress(start + page * PAGE + 100);
      const walked = machine.tables.walk(machine.space.rootOf(cpuId(2)), address);
      const expected = machine.arena.frameAddress(walked?.frame ?? (0 as never)) + 100;
      expect(tlbOf(machine, 2).translate(address)).toBe(expected);
      expect(tlbOf(machine, 2).translate(address)).toBe(expected);
    }
    expect(counters(machine, 2).slice(0, 2)).toEqual([3, 3]);
  });

  it('holds as many pages as it has entries, and drops one for one more of a set', () => {
    const machine = machineWith();
    const start = mapPages(machine, 12);
    const tlb = tlbOf(machine, 0);
    const touch = (page: number) => tlb.translate(virtualAddress(start + page * PAGE));
    for (let page = 0; page < 8; page++) touch(page);
    for (let page = 0; page < 8; page++) touch(page);
    expect(counters(machine, 0).slice(0, 2)).toEqual([8, 8]);
    // Pages 0, 4 and 8 belong to one set of two ways.
    touch(8);
    touch(0);
    touch(4);
    expect(counters(machine, 0)[1]).toBeGreaterThan(9);
  });

  it('faults where nothing is mapped', () => {
    const machine = machineWith();
    expect(() => tlbOf(machine, 1).translate(machine.space.regions.vmalloc.start)).toThrow(PageFault);
  });

  it('forgets the pages of an invalidated range on all CPUs, and no others', () => {
    const machine = machineWith();
    const start = mapPages(machine, 3);
    for (const cpu of [0, 3]) {
      for (let page = 0; page < 3; page++) tlbOf(machine, cpu).translate(virtualAddress(start + page * PAGE));
    }
    const flushes = machine.space.header(SpaceW.flushes);
    invalidate(machine.space, { first: start / PAGE, end: start / PAGE + 2 });
    expect(machine.space.header(SpaceW.flushes)).toBe(flushes + 1);
    for (const cpu of [0, 3]) {
      for (let page = 0; page < 3; page++) tlbOf(machine, cpu).translate(virtualAddress(start + page * PAGE));
      expect(counters(machine, cpu).slice(0, 2)).toEqual([1, 5]);
    }
  });

  it('keeps no translation of freed memory', () => {
    const machine = machineWith();
    const start = mapPages(machine, 1);
    tlbOf(machine, 1).translate(start);
    complete(machine.mappings.vfree(bootCpu, start));
    expect(() => tlbOf(machine, 1).translate(start)).toThrow(PageFault);
  });

  it('takes a fill back that an invalidation overtook', () => {
    const machine = machineWith();
    const start = mapPages(machine, 1);
    // An invalidation while the walk is under way.
    const slow = {
      walk: (...args: Parameters<typeof machine.tables.walk>) => {
        const found = machine.tables.walk(...args);
        invalidate(machine.space, { first: start / PAGE, end: start / PAGE + 1 });
        return found;
      },
    };
    const tables = Object.assign(Object.create(machine.tables) as typeof machine.tables, slow);
    new Tlb(machine.space, tables, cpuId(0)).translate(start);
    tlbOf(machine, 0).translate(start);
    expect(counters(machine, 0).slice(0, 2)).toEqual([0, 2]);
  });
});

describe('a TLB that two CPUs share', () => {
  /** Each CPU writes its number into its own copy, through its global address; then CPU 0, then CPU 1 read through the window. */
  function readThroughWindow(isTagged: boolean): { read: readonly number[]; audit: readonly string[] } {
    const machine = machineWith({ cpusPerTlb: 2, isTagged });
    const pointer = machine.mapping.pointer(addChunk(machine), 64);
    const { words } = machine.arena;
    const tlbs = [0, 1].map((cpu) => tlbOf(machine, cpu));
    for (const [cpu, tlb] of tlbs.entries()) {
      words[tlb.translate(machine.mapping.perCpuPtr(pointer, cpuId(cpu))) / 4] = 100 + cpu;
    }
    const read = tlbs.map((tlb) => words[tlb.translate(machine.mapping.windowPtr(pointer)) / 4] ?? -1);
    return { read, audit: auditMapping(machine) };
  }

  it('shows one CPU the other’s data when its entries do not say whose they are', () => {
    const { read, audit } = readThroughWindow(false);
    expect(read).toEqual([100, 100]);
    expect(audit).toEqual([expect.stringContaining('the TLB of CPU 1 leads address')]);
  });

  it('is right when they do', () => {
    expect(readThroughWindow(true)).toEqual({ read: [100, 101], audit: [] });
  });
});
