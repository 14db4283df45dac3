import { describe, expect, it } from 'vitest';
import { complete } from '../../../../src/main/machine/cpu.ts';
import { SpaceW } from '../../../../src/main/machine/memory/address-space-layout.ts';
import { FrameKind } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { auditMapping } from '../../../../src/main/machine/percpu/local-mapping/audit-mapping.ts';
import { cpuId, frameNumber, type VirtualAddress, virtualAddress } from '../../../../src/main/machine/units.ts';
import { addChunk, bootCpu, bootMapped } from '../percpu/local-mapping/mapped-machines.ts';
import type { Translation } from '../../../../src/shared/address-space.ts';

const PAGE = 4096;
const GIB = 2 ** 30;

function machineWithTables(translation: Translation) {
  const machine = bootMapped({ translation });
  return {
    machine,
    copies: () => machine.space.header(SpaceW.pgdCopies),
    map: (address: number) => complete(machine.mappings.map(bootCpu, virtualAddress(address), frameNumber(1))),
    unmap: (address: number) =>
      complete(machine.tables.giveTables(bootCpu, machine.mappings.unmap(virtualAddress(address)))),
  };
}

describe('the linear map', () => {
  it('leads to every frame of the machine, from every CPU', () => {
    const { machine } = machineWithTables('4k-48');
    for (const cpu of [0, 3]) {
      for (let frame = 0; frame < machine.arena.frameCount; frame += 7) {
        const address = machine.space.linearAddress(frameNumber(frame));
        expect(machine.tables.walk(machine.space.rootOf(cpuId(cpu)), address)?.frame).toBe(frame);
      }
    }
  });

  it('consists of blocks where they fit, and of pages behind the last one', () => {
    // 5 MiB: two blocks of 2 MiB, then 256 pages.
    const machine = bootMapped({ memoryBytes: 5 * 2 ** 20 });
    const steps = (frame: number) =>
      machine.tables.walk(machine.space.rootOf(cpuId(0)), machine.space.linearAddress(frameNumber(frame)))?.steps;
    expect([0, 1023, 1024, 1279].map(steps)).toEqual([3, 3, 4, 4]);
    expect(steps(1280)).toBeUndefined();
  });
});

describe('an edit of kernel mappings', () => {
  it.each([
    ['4k-39', GIB],
    ['4k-48', 512 * GIB],
  ] as const)('of %s reaches the other CPUs’ top-level tables once per new entry of %i bytes', (name, spanBytes) => {
    const { machine, copies, map, unmap } = machineWithTables(name);
    const start = machine.space.regions.chunks.start - 3 * spanBytes;
    const before = copies();
    map(start);
    // Three CPUs beside CPU 0.
    expect(copies() - before).toBe(3);
    for (let page = 1; page < 20; page++) map(start + page * PAGE);
    map(start + spanBytes - PAGE);
    expect(copies() - before).toBe(3);
    map(start + spanBytes);
    expect(copies() - before).toBe(6);
    expect(auditMapping(machine)).toEqual([]);
    unmap(start + spanBytes);
    expect(copies() - before).toBe(9);
    expect(auditMapping(machine)).toEqual([]);
  });

  it('never maps the window for all', () => {
    const { machine, map } = machineWithTables('4k-48');
    expect(() => map(machine.space.regions.window.start)).toThrow('was mapped for all CPUs');
  });
});

describe('vmalloc', () => {
  it('gives memory that all CPUs see at one address, and a guard page that nobody sees', () => {
    const { machine } = machineWithTables('4k-48');
    const start = complete(machine.mappings.vmalloc(bootCpu, 3)) ?? virtualAddress(0);
    const frames = [0, 1, 2, 3].map((cpu) =>
      Array.from({ length: 4 }, (_, page) => {
        const address = virtualAddress(start + page * PAGE);
        return machine.tables.walk(machine.space.rootOf(cpuId(cpu)), address)?.frame;
      }),
    );
    expect(frames[0]?.slice(0, 3).every((frame) => frame !== undefined)).toBe(true);
    expect(frames[0]?.[3]).toBeUndefined();
    for (const seen of frames) expect(seen).toEqual(frames[0]);
    expect(complete(machine.mappings.vmalloc(bootCpu, 1))).toBe(start + 4 * PAGE);
  });

  it('takes back all that it gave', () => {
    const { machine } = machineWithTables('4k-48');
    const before = countFrames(machine.arena);
    const areas: (VirtualAddress | undefined)[] = [];
    for (const pages of [1, 30, 600]) areas.push(complete(machine.mappings.vmalloc(bootCpu, pages)));
    expect((countFrames(machine.arena)[FrameKind.vmalloc] ?? 0) - (before[FrameKind.vmalloc] ?? 0)).toBe(631);
    for (const area of areas) if (area !== undefined) complete(machine.mappings.vfree(bootCpu, area));
    expect(countFrames(machine.arena)).toEqual(before);
    expect(machine.mappings.areas.list()).toEqual([]);
  });

  it('leaves nothing behind when memory runs out', () => {
    const { machine } = machineWithTables('4k-48');
    addChunk(machine);
    const before = countFrames(machine.arena);
    expect(complete(machine.mappings.vmalloc(bootCpu, machine.arena.frameCount))).toBeUndefined();
    expect(countFrames(machine.arena)).toEqual(before);
    expect(auditMapping(machine)).toEqual([]);
  });
});
