import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryIndex } from '../../../../src/main/machine/memory/page-geometry.ts';
import { readEntry, tracedFrame, traceWalk } from '../../../../src/main/machine/memory/walk-trace.ts';
import { cpuId, virtualAddress } from '../../../../src/main/machine/units.ts';
import { TRANSLATIONS } from '../../../../src/shared/address-space.ts';
import { addChunk, bootMapped, mappedConfig } from '../percpu/local-mapping/mapped-machines.ts';

const KIB = 1024;

/** Two chunks of one page per CPU, whatever the page's size. */
function mapped(translation: (typeof TRANSLATIONS)[number]) {
  const machine = bootMapped({
    translation,
    memoryBytes: 64 * 1024 * KIB,
    mapping: { unitBytes: 64 * KIB, maxChunks: 2 },
  });
  addChunk(machine);
  addChunk(machine);
  return machine;
}

describe('a traced walk', () => {
  it.each(TRANSLATIONS)(
    'of %s ends where a walk ends, entry by entry below the tables that it names',
    (translation) => {
      const { space, tables, mapping } = mapped(translation);
      const { regions, geometry } = space;
      const starts = [0, regions.vmalloc.start, regions.chunks.start, regions.window.start, regions.window.end];
      fc.assert(
        fc.property(fc.nat(3), fc.constantFrom(...starts), fc.nat(1024 * KIB), (cpu, start, offset) => {
          const root = space.rootOf(cpuId(cpu));
          const address = virtualAddress(start + offset);
          const steps = traceWalk(space, root, address);
          const walked = tables.walk(root, address);
          expect(tracedFrame(space, steps, address)).toBe(walked?.frame);
          if (walked !== undefined) expect(steps).toHaveLength(walked.steps);
          expect(steps.map(({ index }) => index)).toEqual(
            steps.map((_, level) => entryIndex(geometry, level, address)),
          );
          steps.slice(1).forEach(({ table }, at) => {
            const above = steps[at];
            expect(above?.content.kind === 'table' ? space.frameWord(above.content.frame) : -1).toBe(table);
          });
        }),
      );
      expect(mapping.chunks()).toEqual([0, 1]);
    },
  );

  it('stops at the empty entry of the highest level that has one', () => {
    const { space } = mapped('4k-48');
    const root = space.rootOf(cpuId(0));
    const unused = traceWalk(space, root, space.regions.vmalloc.start);
    expect(unused.map(({ content }) => content.kind)).toEqual(['empty']);
    const behind = traceWalk(space, root, virtualAddress(space.regions.window.end - 1));
    expect(behind.map(({ content }) => content.kind)).toEqual(['table', 'empty']);
  });

  it('ends early in a block of the linear map, at the frame inside it', () => {
    const { space } = mapped('4k-48');
    const address = virtualAddress(5 * 4096 + 17);
    const steps = traceWalk(space, space.rootOf(cpuId(2)), address);
    expect(steps.map(({ content }) => content.kind)).toEqual(['table', 'table', 'block']);
    expect(steps.at(-1)?.content).toEqual({ kind: 'block', frame: 0 });
    expect(tracedFrame(space, steps, address)).toBe(5);
  });

  it('finds other tables below the window on each CPU, and the same ones elsewhere', () => {
    const { space, mapping } = mapped('4k-48');
    const lastTables = (address: number) =>
      [0, 1, 2, 3].map((cpu) => traceWalk(space, space.rootOf(cpuId(cpu)), virtualAddress(address)).at(-1)?.table);
    expect(new Set(lastTables(mapping.windowPtr(mapping.pointer(0, 0)))).size).toBe(4);
    expect(new Set(lastTables(mapping.perCpuPtr(mapping.pointer(0, 0), cpuId(1)))).size).toBe(1);
  });
});

describe('an entry', () => {
  it('says what it leads to', () => {
    const { space } = bootMapped();
    const root = space.rootOf(cpuId(0));
    expect(readEntry(space, root, 0).kind).toBe('table');
    expect(readEntry(space, root, 1)).toEqual({ kind: 'empty' });
    // 4 MiB of memory are two blocks of 2 MiB.
    expect(mappedConfig().memoryBytes).toBe(2 * 2048 * KIB);
    const [, , pmd] = traceWalk(space, root, virtualAddress(0));
    if (pmd === undefined) throw new Error('the linear map is not there');
    expect([0, 1, 2].map((index) => readEntry(space, pmd.table, index))).toEqual([
      { kind: 'block', frame: 0 },
      { kind: 'block', frame: 512 },
      { kind: 'empty' },
    ]);
  });

  it('of no known kind is a broken table', () => {
    const { space, arena } = bootMapped();
    const root = space.rootOf(cpuId(0));
    arena.words[root + 1] = 9;
    expect(() => readEntry(space, root, 0)).toThrow('kind 9');
  });
});
