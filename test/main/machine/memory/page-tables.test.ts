import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { FrameKind, FrameW, TableFrameW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { pageGeometry } from '../../../../src/main/machine/memory/page-geometry.ts';
import { cpuId, frameNumber, virtualAddress } from '../../../../src/main/machine/units.ts';
import { bootCpu, bootMapped } from '../percpu/local-mapping/mapped-machines.ts';
import { TRANSLATIONS } from '../../../../src/shared/address-space.ts';

/** A machine, and edits below CPU 0's top-level table. */
function edited(memoryBytes?: number) {
  const machine = bootMapped(memoryBytes === undefined ? {} : { memoryBytes });
  const { tables, space, arena } = machine;
  const root = { word: space.rootOf(cpuId(0)), owner: 'shared' as const };
  const pageLevel = space.geometry.levels.length - 1;
  return {
    machine,
    tableCount: () => countFrames(arena)[FrameKind.pageTable] ?? 0,
    map: (address: number, frame: number, level = pageLevel) =>
      complete(tables.map(bootCpu, root, virtualAddress(address), { frame: frameNumber(frame), level })),
    unmap: (address: number) => {
      const { outcome, freed } = tables.unmap(root, virtualAddress(address));
      complete(tables.giveTables(bootCpu, freed));
      return { outcome, freed: freed.length };
    },
    walk: (address: number) => tables.walk(root.word, virtualAddress(address)),
    start: space.regions.vmalloc.start,
  };
}

const PAGE = 4096;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe('page tables', () => {
  it('lead an address to the frame that was mapped there, one table a level', () => {
    const { map, walk, start, tableCount } = edited();
    const before = tableCount();
    expect(map(start, 77)).toBe('pgd');
    expect(walk(start + 123)).toEqual({ frame: 77, steps: 4 });
    expect(tableCount() - before).toBe(3);
  });

  it('are empty but for that, whatever their frames held before', () => {
    const { machine, map, walk, start } = edited();
    const { arena } = machine;
    for (let frame = 0; frame < arena.frameCount; frame++) {
      if (arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind) !== FrameKind.free) continue;
      const address = arena.frameAddress(frameNumber(frame));
      arena.bytes.fill(0xff, address, address + PAGE);
    }
    map(start, 77);
    expect(walk(start)?.frame).toBe(77);
    for (const other of [PAGE, 2 * MIB, GIB]) expect(walk(start + other)).toBeUndefined();
  });

  it('need no further table for a neighbour below the same PTE table, and one for the next 2 MiB', () => {
    const { map, start, tableCount } = edited();
    map(start, 1);
    const before = tableCount();
    expect(map(start + PAGE, 2)).toBe('entry');
    expect(tableCount() - before).toBe(0);
    expect(map(start + 2 * MIB, 3)).toBe('entry');
    expect(tableCount() - before).toBe(1);
  });

  it('find every frame of a block by one entry fewer', () => {
    const { map, walk, start } = edited();
    const block = Math.ceil(start / (2 * MIB)) * 2 * MIB;
    map(block, 512, 2);
    expect(walk(block + 5 * PAGE + 7)).toEqual({ frame: 517, steps: 3 });
  });

  it('give back a table with its last entry', () => {
    const { map, unmap, start, walk, tableCount } = edited();
    const before = tableCount();
    map(start, 1);
    map(start + PAGE, 2);
    expect(unmap(start)).toEqual({ outcome: 'entry', freed: 0 });
    expect(unmap(start + PAGE)).toEqual({ outcome: 'pgd', freed: 3 });
    expect(tableCount()).toBe(before);
    expect(walk(start)).toBeUndefined();
  });

  it('keep the upper tables while another lower one hangs below them', () => {
    const { map, unmap, start } = edited();
    map(start, 1);
    map(start + GIB, 2);
    expect(unmap(start)).toEqual({ outcome: 'entry', freed: 2 });
  });

  it('refuse to map or unmap what is, or is not, mapped: bugs of the caller', () => {
    const { map, unmap, start } = edited();
    map(start, 1);
    expect(() => map(start, 2)).toThrow('is mapped already');
    expect(() => unmap(start + PAGE)).toThrow('is not mapped');
    const block = Math.ceil(start / (2 * MIB) + 1) * 2 * MIB;
    map(block, 512, 2);
    expect(() => map(block + PAGE, 3)).toThrow('lies in a block');
  });

  it('leave nothing behind when memory runs out on the way', () => {
    const { machine, map, start, tableCount, walk } = edited();
    const { arena, frames } = machine;
    const free =
      arena.frameCount -
      countFrames(arena)
        .slice(1)
        .reduce((sum, count) => sum + count, 0);
    // Two frames are left where three tables are needed.
    complete(frames.take(bootCpu, free - 2, FrameKind.vmalloc));
    const before = tableCount();
    expect(map(start, 1)).toBe('out-of-memory');
    expect(tableCount()).toBe(before);
    expect(walk(start)).toBeUndefined();
  });

  it('write level, owner and entries into a table’s frame', () => {
    const { machine } = edited();
    const frame = complete(machine.tables.newTable(bootCpu, 2, cpuId(3)));
    const descriptor = machine.arena.descriptorWord(frame ?? frameNumber(0));
    const word = (field: number): number => machine.arena.word(descriptor + field);
    expect([word(TableFrameW.level), word(TableFrameW.owner), word(TableFrameW.entries)]).toEqual([2, 4, 0]);
  });

  it('behave like a map from pages to frames, in every translation', () => {
    // Far apart and close by: indices of tables of every level come from few values.
    const pageOf = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 2 }),
    );
    const step = fc.record({ place: pageOf, frame: fc.integer({ min: 1, max: 500 }) });
    fc.assert(
      fc.property(fc.constantFrom(...TRANSLATIONS), fc.array(step, { maxLength: 60 }), (translation, steps) => {
        const { pageSizeBytes, levels } = pageGeometry(translation);
        const machine = bootMapped({
          translation,
          memoryBytes: 128 * pageSizeBytes,
          mapping: { unitBytes: pageSizeBytes },
        });
        const root = { word: machine.space.rootOf(cpuId(0)), owner: 'shared' as const };
        const before = countFrames(machine.arena);
        const model = new Map<number, number>();
        for (const { place, frame } of steps) {
          const [far, middle, near] = place;
          const spans = [levels[0]?.spanBytes ?? 0, levels[1]?.spanBytes ?? 0, pageSizeBytes];
          const offset = far * (spans[0] ?? 0) + middle * (spans[1] ?? 0) + near * (spans[2] ?? 0);
          // Whole PGD entries in front of the chunk range are vmalloc's in every translation.
          const address = virtualAddress(machine.space.regions.chunks.start - 2 * (spans[0] ?? 0) + offset);
          if (model.delete(address)) {
            complete(machine.tables.giveTables(bootCpu, machine.tables.unmap(root, address).freed));
          } else {
            const leaf = { frame: frameNumber(frame), level: levels.length - 1 };
            expect(complete(machine.tables.map(bootCpu, root, address, leaf))).not.toBe('out-of-memory');
            model.set(address, frame);
          }
          for (const [mapped, expected] of model) {
            const found = machine.tables.walk(root.word, virtualAddress(mapped));
            expect(found).toEqual({ frame: expected, steps: levels.length });
          }
          if (!model.has(address)) expect(machine.tables.walk(root.word, address)).toBeUndefined();
        }
        for (const mapped of model.keys()) {
          complete(machine.tables.giveTables(bootCpu, machine.tables.unmap(root, virtualAddress(mapped)).freed));
        }
        expect(countFrames(machine.arena)).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });
});
