import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete } from '../../../../../src/main/machine/cpu.ts';
import { FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { placeOfAddress } from '../../../../../src/main/machine/percpu/local-mapping/address-place.ts';
import type { MappedMachine } from '../../../../../src/main/machine/percpu/local-mapping/mapped-machine.ts';
import { tableFigures, tablesByLevel } from '../../../../../src/main/machine/percpu/local-mapping/table-figures.ts';
import { cpuId, virtualAddress } from '../../../../../src/main/machine/units.ts';
import type { FirstChunk, WindowLayout } from '../../../../../src/shared/address-space.ts';
import { addChunk, bootCpu, bootMapped, removeChunk } from './mapped-machines.ts';

const UNIT = 8192;
const LAYOUTS = [
  ['same-offset', 'page'],
  ['packed', 'page'],
  ['none', 'page'],
  ['same-offset', 'second-window'],
  ['packed', 'second-window'],
] as const;

/** Chunks 0 and 2 in use, 1 and 3 not. */
function machineWith(window: WindowLayout, firstChunk: FirstChunk): MappedMachine {
  const machine = bootMapped({ mapping: { window, firstChunk } });
  if (firstChunk === 'second-window') {
    const first = machine.frames.takeAtBoot(2 * 4, FrameKind.percpu);
    if (first === undefined || !complete(machine.mapping.adoptFirstChunk(bootCpu, first))) {
      throw new Error('no room for the first chunk');
    }
  } else addChunk(machine);
  addChunk(machine);
  addChunk(machine);
  removeChunk(machine, 1);
  return machine;
}

const placeAt = ({ space, mapping }: MappedMachine, address: number) =>
  placeOfAddress(space, mapping, virtualAddress(address));

describe.each(LAYOUTS)('addresses of a %s window with a first chunk of kind %s', (window, firstChunk) => {
  const machine = machineWith(window, firstChunk);
  const { mapping, space } = machine;

  it('lead back to the byte whose address they are, in either mapping', () => {
    const byte = fc.record({ chunk: fc.constantFrom(0, 2), cpu: fc.nat(3), byte: fc.nat(UNIT - 1) });
    fc.assert(
      fc.property(byte, (at) => {
        const pointer = mapping.pointer(at.chunk, at.byte);
        const address = mapping.perCpuPtr(pointer, cpuId(at.cpu));
        expect(placeAt(machine, address)).toEqual({ kind: 'unit', ...at });
        if (window === 'none') return;
        const place = placeAt(machine, mapping.windowPtr(pointer));
        expect(place).toEqual({ kind: 'window', chunk: at.chunk, byte: at.byte });
      }),
    );
  });

  it('are nobody’s where a chunk is not in use', () => {
    for (const chunk of [1, 3]) {
      const pointer = mapping.pointer(chunk, 100);
      expect(placeAt(machine, mapping.perCpuPtr(pointer, cpuId(2)))).toEqual({ kind: 'nothing' });
      if (window !== 'none') expect(placeAt(machine, mapping.windowPtr(pointer))).toEqual({ kind: 'nothing' });
    }
  });

  it('say that something is there just where a walk finds a frame, outside the linear map', () => {
    const { chunks, window: range } = space.regions;
    const starts = window === 'none' ? [chunks.start] : [chunks.start, range.start, mapping.windowOffset];
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.nat(40 * UNIT), fc.nat(3), (start, offset, cpu) => {
        const address = virtualAddress(start + offset);
        const isMapped = machine.tables.walk(space.rootOf(cpuId(cpu)), address) !== undefined;
        expect(placeAt(machine, address).kind !== 'nothing').toBe(isMapped);
      }),
    );
  });
});

describe('other addresses', () => {
  it('of the linear map are their frame’s, as far as there is memory', () => {
    const machine = bootMapped();
    expect(placeAt(machine, 7 * 4096 + 5)).toEqual({ kind: 'linear', frame: 7 });
    expect(placeAt(machine, machine.arena.frameCount * 4096)).toEqual({ kind: 'nothing' });
  });

  it('in the linear map before and behind an embedded first chunk are no CPU’s', () => {
    const machine = machineWith('same-offset', 'second-window');
    const start = machine.mapping.perCpuPtr(machine.mapping.pointer(0, 0), cpuId(0));
    expect([start - 1, start, start + 4 * UNIT - 1, start + 4 * UNIT].map((at) => placeAt(machine, at).kind)).toEqual([
      'linear',
      'unit',
      'unit',
      'linear',
    ]);
  });

  it('are nothing’s in modules, vmalloc space and behind the window', () => {
    const machine = bootMapped();
    const { modules, vmalloc, window } = machine.space.regions;
    for (const address of [modules.start, vmalloc.start, window.end]) {
      expect(placeAt(machine, address)).toEqual({ kind: 'nothing' });
    }
  });
});

describe('tables by level', () => {
  it('are the same tables as the figures count, CPU by CPU', () => {
    for (const [window, firstChunk] of LAYOUTS) {
      const machine = machineWith(window, firstChunk);
      const figures = tableFigures(machine.space, machine.mapping);
      const levels = tablesByLevel(machine.space);
      const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
      expect(levels.slice(1).map(({ privateByCpu }) => sum(privateByCpu))).toEqual(figures.windowTables);
      expect(sum(levels.map(({ shared }) => shared)) * 4096).toBe(figures.sharedBytes);
      expect(sum(levels[0]?.privateByCpu ?? []) * machine.space.pgdBytes).toBe(figures.pgdBytes);
      const byCpu = [0, 1, 2, 3].map((cpu) => sum(levels.map(({ privateByCpu }) => privateByCpu[cpu] ?? 0)) * 4096);
      expect(byCpu).toEqual(figures.bytesByCpu);
    }
  });

  it('count a top-level table for each CPU although several lie in one frame', () => {
    // 64 KiB pages, 48 bits: a top-level table is 512 bytes.
    const { space } = bootMapped({ translation: '64k-48', memoryBytes: 16 << 20, mapping: { unitBytes: 65536 } });
    expect(tablesByLevel(space)[0]).toEqual({ shared: 1, privateByCpu: [0, 1, 1, 1] });
  });
});
