import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { SpaceW } from '../../../../../src/main/machine/memory/address-space-layout.ts';
import { FrameKind, TableFrameW } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { pageGeometry } from '../../../../../src/main/machine/memory/page-geometry.ts';
import { PageFault, Tlb } from '../../../../../src/main/machine/memory/tlb.ts';
import { auditMapping } from '../../../../../src/main/machine/percpu/local-mapping/audit-mapping.ts';
import { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { isWindowAddress } from '../../../../../src/main/machine/percpu/local-mapping/mapping-layout.ts';
import { tableFigures } from '../../../../../src/main/machine/percpu/local-mapping/table-figures.ts';
import { cpuId, frameNumber, type VirtualAddress } from '../../../../../src/main/machine/units.ts';
import { addChunk, bootCpu, bootMapped, mappedConfig, removeChunk } from './mapped-machines.ts';
import { TRANSLATIONS, WINDOW_LAYOUTS } from '../../../../../src/shared/address-space.ts';

/** Accesses a word as code of a CPU does. */
function memoryOf(machine: MappedMachine, cpu: number) {
  const tlb = new Tlb(machine.space, machine.tables, cpuId(cpu));
  const { words } = machine.arena;
  return {
    read: (address: VirtualAddress): number => words[tlb.translate(address) / 4] ?? -1,
    write: (address: VirtualAddress, value: number): void => {
      words[tlb.translate(address) / 4] = value;
    },
  };
}

const WINDOWS = WINDOW_LAYOUTS.filter((window) => window !== 'none');

describe('a CPU’s own copy', () => {
  for (const window of WINDOWS) {
    it(`is written by either address and read by the other, ${window}`, () => {
      const machine = bootMapped({ mapping: { window } });
      const pointer = machine.mapping.pointer(addChunk(machine) + 0, 4100);
      for (let cpu = 0; cpu < 4; cpu++) {
        const { read, write } = memoryOf(machine, cpu);
        write(machine.mapping.windowPtr(pointer), 10 + cpu);
        expect(read(machine.mapping.perCpuPtr(pointer, cpuId(cpu)))).toBe(10 + cpu);
        write(machine.mapping.perCpuPtr(pointer, cpuId(cpu)), 20 + cpu);
        expect(read(machine.mapping.windowPtr(pointer))).toBe(20 + cpu);
      }
      // Anybody reads anybody's copy by its global address.
      const { read } = memoryOf(machine, 3);
      expect([0, 1, 2, 3].map((cpu) => read(machine.mapping.perCpuPtr(pointer, cpuId(cpu))))).toEqual([20, 21, 22, 23]);
    });
  }

  it('is another CPU’s to whoever kept a window address and moved', () => {
    const machine = bootMapped();
    const kept = machine.mapping.windowPtr(machine.mapping.pointer(addChunk(machine), 0));
    memoryOf(machine, 0).write(kept, 1);
    memoryOf(machine, 1).write(kept, 2);
    expect(memoryOf(machine, 0).read(kept)).toBe(1);
    expect(memoryOf(machine, 1).read(kept)).toBe(2);
  });

  it('has a global address outside the window, so that it may be handed to others', () => {
    const machine = bootMapped();
    const { mapping, space } = machine;
    const pointer = mapping.pointer(addChunk(machine), 8);
    expect(isWindowAddress(space.regions, mapping.windowPtr(pointer))).toBe(true);
    const global = [0, 1, 2, 3].map((cpu) => mapping.perCpuPtr(pointer, cpuId(cpu)));
    expect(global.some((address) => isWindowAddress(space.regions, address))).toBe(false);
    expect(new Set(global).size).toBe(4);
  });
});

describe('window layouts', () => {
  it('place chunks a stride apart: the units of all CPUs, or one unit', () => {
    const distances = WINDOWS.map((window) => {
      const machine = bootMapped({ mapping: { window } });
      const [a, b] = [addChunk(machine), addChunk(machine)];
      const { mapping } = machine;
      return mapping.windowPtr(mapping.pointer(b, 0)) - mapping.windowPtr(mapping.pointer(a, 0));
    });
    expect(distances).toEqual([4 * 8192, 8192]);
  });

  it('give a first chunk of the linear map a window of its own, a table’s coverage in front', () => {
    const machine = bootMapped({ mapping: { firstChunk: 'second-window' } });
    const { mapping, frames, space } = machine;
    const first = complete(frames.take(bootCpu, 8, FrameKind.percpu)) ?? frameNumber(0);
    expect(complete(mapping.adoptFirstChunk(bootCpu, first))).toBe(true);
    const later = addChunk(machine);
    expect(mapping.windowPtr(mapping.pointer(0, 16))).toBe(space.regions.window.start + 16);
    expect(mapping.windowPtr(mapping.pointer(later, 0))).toBe(
      space.regions.window.start + 2 ** 21 + mapping.shape.stride,
    );
    expect(mapping.perCpuPtr(mapping.pointer(0, 16), cpuId(2))).toBe(space.linearAddress(frameNumber(first + 4)) + 16);
    expect(auditMapping(machine)).toEqual([]);
    const { read, write } = memoryOf(machine, 2);
    write(mapping.windowPtr(mapping.pointer(0, 16)), 5);
    expect(read(mapping.perCpuPtr(mapping.pointer(0, 16), cpuId(2)))).toBe(5);
  });
});

describe('a chunk', () => {
  it('costs tables, invalidations and top-level copies once, however much is populated later', () => {
    const machine = bootMapped({ mapping: { unitBytes: 64 * 1024, maxChunks: 8 } });
    addChunk(machine);
    const figures = () => tableFigures(machine.space, machine.mapping);
    const chunk = complete(machine.addChunk(bootCpu, 1)) ?? -1;
    const created = figures();
    for (let page = 1; page < 16; page++) {
      expect(complete(machine.pages.populate(bootCpu, chunk, { first: page, end: page + 1 }))).toBe(true);
    }
    expect(figures().tablesMade).toBe(created.tablesMade);
    expect(figures().pgdCopies).toBe(created.pgdCopies);
    expect(figures().flushes).toBe(created.flushes);
  });

  it('is taken away with one invalidation of the global and one of the window addresses', () => {
    const machine = bootMapped();
    addChunk(machine);
    const chunk = addChunk(machine);
    const before = machine.space.header(SpaceW.flushes);
    removeChunk(machine, chunk);
    expect(machine.space.header(SpaceW.flushes) - before).toBe(2);
    const plain = bootMapped({ mapping: { window: 'none' } });
    const other = addChunk(plain);
    const without = plain.space.header(SpaceW.flushes);
    removeChunk(plain, other);
    expect(plain.space.header(SpaceW.flushes) - without).toBe(1);
  });

  it('takes the lowest place that is free', () => {
    for (const window of WINDOW_LAYOUTS) {
      const machine = bootMapped({ mapping: { window } });
      expect([addChunk(machine), addChunk(machine), addChunk(machine)]).toEqual([0, 1, 2]);
      removeChunk(machine, 1);
      expect(addChunk(machine)).toBe(1);
      addChunk(machine);
      expect(() => addChunk(machine)).toThrow('no room');
    }
  });

  it('that is destroyed twice is a bug', () => {
    const machine = bootMapped();
    const chunk = addChunk(machine);
    removeChunk(machine, chunk);
    expect(() => complete(machine.mapping.destroyChunk(bootCpu, chunk))).toThrow('is not in use');
  });

  it('reads as zero on every CPU after it was cleared', () => {
    const machine = bootMapped();
    const chunk = addChunk(machine);
    const pointer = machine.mapping.pointer(chunk, 4092);
    for (let cpu = 0; cpu < 4; cpu++) memoryOf(machine, cpu).write(machine.mapping.windowPtr(pointer), 7);
    machine.pages.clear(chunk, 4000, 200);
    for (let cpu = 0; cpu < 4; cpu++) expect(memoryOf(machine, cpu).read(machine.mapping.windowPtr(pointer))).toBe(0);
  });
});

describe('hotplug', () => {
  it('gives a CPU tables when it comes up and takes them when it goes, all of them', () => {
    const machine = bootMapped({ onlineCpus: 1, mapping: { tablesFor: 'online' } });
    addChunk(machine);
    addChunk(machine);
    const { mapping } = machine;
    const before = countFrames(machine.arena);
    expect([0, 1].map((cpu) => mapping.hasWindow(cpuId(cpu)))).toEqual([true, false]);
    expect(complete(mapping.bringUp(bootCpu, cpuId(1)))).toBe(true);
    expect(mapping.hasWindow(cpuId(1))).toBe(true);
    // A PGD and, below the window, one table of each of three levels.
    expect((countFrames(machine.arena)[FrameKind.pageTable] ?? 0) - (before[FrameKind.pageTable] ?? 0)).toBe(4);
    expect(auditMapping(machine)).toEqual([]);
    complete(mapping.tearDown(bootCpu, cpuId(1)));
    expect(countFrames(machine.arena)).toEqual(before);
    expect(auditMapping(machine)).toEqual([]);
  });

  it('forgets what the CPU translated while it walked CPU 0’s tables', () => {
    const machine = bootMapped({ onlineCpus: 1, mapping: { tablesFor: 'online' } });
    const pointer = machine.mapping.pointer(addChunk(machine), 0);
    const address = machine.mapping.windowPtr(pointer);
    memoryOf(machine, 0).write(address, 1);
    memoryOf(machine, 2).write(machine.mapping.perCpuPtr(pointer, cpuId(2)), 3);
    expect(memoryOf(machine, 2).read(address)).toBe(1);
    complete(machine.mapping.bringUp(bootCpu, cpuId(2)));
    expect(memoryOf(machine, 2).read(address)).toBe(3);
  });

  it('leaves the CPU without a window, and nothing behind, when memory runs out', () => {
    for (const spare of [0, 1, 2, 3]) {
      const machine = bootMapped({ onlineCpus: 1, mapping: { tablesFor: 'online' } });
      addChunk(machine);
      const counts = countFrames(machine.arena);
      complete(machine.frames.take(bootCpu, (counts[FrameKind.free] ?? 0) - spare, FrameKind.vmalloc));
      const before = countFrames(machine.arena);
      expect(complete(machine.mapping.bringUp(bootCpu, cpuId(1)))).toBe(false);
      expect(countFrames(machine.arena)).toEqual(before);
      expect(auditMapping(machine)).toEqual([]);
    }
  });

  it('does not concern CPU 0, whose tables are the machine’s', () => {
    const machine = bootMapped();
    expect(() => complete(machine.mapping.tearDown(bootCpu, cpuId(0)))).toThrow('machine');
  });
});

describe('the machine', () => {
  it('is the same to a thread that attaches to its buffer', () => {
    const machine = bootMapped({ mapping: { window: 'packed' } });
    const pointer = machine.mapping.pointer(addChunk(machine), 12);
    const other = MappedMachine.attach(machine.arena.buffer);
    memoryOf(machine, 1).write(machine.mapping.windowPtr(pointer), 99);
    expect(other.mapping.config).toEqual(machine.mapping.config);
    expect(other.space.config).toEqual(machine.space.config);
    expect(memoryOf(other, 1).read(other.mapping.windowPtr(pointer))).toBe(99);
  });

  it('is not made when its memory does not hold its tables', () => {
    const config = mappedConfig({ memoryBytes: 6 * 4096 });
    const buffer = new SharedArrayBuffer(MappedMachine.bytesFor(config));
    expect(complete(MappedMachine.boot(bootCpu, buffer, config))).toBeUndefined();
  });
});

describe('chunk churn and hotplug', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const) }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('up' as const), cpu: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('down' as const), cpu: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constant('touch' as const), cpu: fc.integer({ min: 0, max: 3 }), which: fc.nat() }),
  );

  it('keep every invariant, also when memory runs out, and leak nothing', () => {
    const shape = fc.record({
      translation: fc.constantFrom(...TRANSLATIONS),
      window: fc.constantFrom(...WINDOW_LAYOUTS),
      tablesFor: fc.constantFrom('possible' as const, 'online' as const),
      // Enough for boot; sometimes not for all chunks.
      frames: fc.integer({ min: 45, max: 90 }),
    });
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 30 }), ({ translation, window, tablesFor, frames }, steps) => {
        const { pageSizeBytes } = pageGeometry(translation);
        const machine = bootMapped({
          translation,
          onlineCpus: 2,
          memoryBytes: frames * pageSizeBytes,
          mapping: { window, tablesFor, unitBytes: 2 * pageSizeBytes },
        });
        const before = countFrames(machine.arena);
        for (const each of steps) takeStep(machine, each);
        expect(auditMapping(machine)).toEqual([]);
        for (const chunk of machine.mapping.chunks()) removeChunk(machine, chunk);
        for (let cpu = 1; cpu < 4; cpu++) {
          if (tablesFor === 'possible' || cpu < 2) complete(machine.mapping.bringUp(bootCpu, cpuId(cpu)));
          else complete(machine.mapping.tearDown(bootCpu, cpuId(cpu)));
        }
        expect(countFrames(machine.arena)).toEqual(before);
        expect(auditMapping(machine)).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  function takeStep(machine: MappedMachine, each: Step): void {
    const { mapping } = machine;
    const chunks = mapping.chunks();
    switch (each.kind) {
      case 'add':
        complete(machine.addChunk(bootCpu, 2));
        break;
      case 'remove': {
        const chunk = chunks[each.which % Math.max(1, chunks.length)];
        if (chunk !== undefined) removeChunk(machine, chunk);
        break;
      }
      case 'up':
        complete(mapping.bringUp(bootCpu, cpuId(each.cpu)));
        break;
      case 'down':
        complete(mapping.tearDown(bootCpu, cpuId(each.cpu)));
        break;
      case 'touch': {
        const chunk = chunks[each.which % Math.max(1, chunks.length)];
        if (chunk === undefined || !mapping.hasWindow(cpuId(each.cpu))) break;
        const pointer = mapping.pointer(chunk, (each.which % 2) * machine.arena.config.pageSizeBytes);
        const { read, write } = memoryOf(machine, each.cpu);
        write(mapping.windowPtr(pointer), each.which);
        expect(read(mapping.perCpuPtr(pointer, cpuId(each.cpu)))).toBe(each.which);
      }
    }
  }
});

describe('the audit', () => {
  function damaged(damage: (machine: MappedMachine) => void): string {
    const machine = bootMapped();
    addChunk(machine);
    expect(auditMapping(machine)).toEqual([]);
    damage(machine);
    return auditMapping(machine).join('\n');
  }

  it('finds a window that shows another CPU’s unit', () => {
    const found = damaged(({ mapping, tables, space }) => {
      const pointer = mapping.pointer(0, 0);
      const [one, two] = [1, 2].map((cpu) => ({ word: space.rootOf(cpuId(cpu)), owner: cpuId(cpu) }));
      if (one === undefined || two === undefined) return;
      const other = tables.walk(two.word, mapping.windowPtr(pointer));
      tables.unmap(one, mapping.windowPtr(pointer));
      const leaf = { frame: other?.frame ?? frameNumber(0), level: 3 };
      complete(tables.map(bootCpu, one, mapping.windowPtr(pointer), leaf));
    });
    expect(found).toMatch(
      /CPU 1 maps 0xf[0-9a-f]{15} \(page 0 of chunk 0, in its window\) to frame \d+ and should map it to frame \d+/,
    );
  });

  it('finds a top-level entry that was not copied', () => {
    const found = damaged(({ arena, space }) => {
      arena.words[space.rootOf(cpuId(2))] = 0;
    });
    expect(found).toContain('top-level entry 0 is 0 on CPU 2');
  });

  it('finds a table that nothing leads to', () => {
    const found = damaged(({ tables }) => void complete(tables.newTable(bootCpu, 3, cpuId(1))));
    expect(found).toContain('leads nowhere: it has leaked');
  });

  it('finds a table that counts its entries wrong, or belongs to another', () => {
    const found = damaged(({ arena, space }) => {
      const descriptor = arena.descriptorWord(frameNumber(arena.word(windowEntry(space)) - 1));
      arena.words[descriptor + TableFrameW.entries] = 9;
      arena.words[descriptor + TableFrameW.owner] = 4;
    });
    expect(found).toContain('counts 9 entries and has 1');
    expect(found).toContain('of owner 4 is reached by CPU 0');
  });

  it('finds a translation that outlived its mapping', () => {
    const found = damaged((machine) => {
      const pointer = machine.mapping.pointer(0, 0);
      memoryOf(machine, 1).read(machine.mapping.windowPtr(pointer));
      const root = { word: machine.space.rootOf(cpuId(1)), owner: cpuId(1) };
      machine.tables.unmap(root, machine.mapping.windowPtr(pointer));
      expect(() => memoryOf(machine, 0).read(machine.space.regions.vmalloc.start)).toThrow(PageFault);
    });
    expect(found).toContain('the TLB of CPU 1 leads address');
  });

  /** Word of CPU 0's top-level entry of the window. */
  function windowEntry(space: MappedMachine['space']): number {
    return space.rootOf(cpuId(0)) + (2 * space.regions.window.start) / space.geometry.pgdSpanBytes;
  }
});
