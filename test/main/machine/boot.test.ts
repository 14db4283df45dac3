import { describe, expect, it } from 'vitest';
import type { BufferLayout } from '../../../src/shared/design.ts';
import { bootMachine } from '../../../src/main/machine/boot.ts';
import { Machine } from '../../../src/main/machine/machine.ts';
import { Arena, type MachineConfig } from '../../../src/main/machine/memory/arena.ts';
import { FrameKind } from '../../../src/main/machine/memory/arena-layout.ts';
import { memoryFigures, peakMemoryFigures } from '../../../src/main/machine/memory-figures.ts';
import { countFrames } from '../../../src/main/machine/memory/page-frames.ts';
import { machineConfig, makeMachine, smallPercpu } from './fixtures/make-machine.ts';
import { OneCpu } from './fixtures/one-cpu.ts';
import { auditMachine } from './fixtures/pool-audit.ts';
import { blankPage, SizedCodec, sizedPage } from './fixtures/sized-pages.ts';

const PAGE = 4096;

function refusal(config: MachineConfig): string {
  const booted = bootMachine(new SharedArrayBuffer(Arena.bytesFor(config)), config);
  if (booted.ok) throw new Error('the machine booted');
  expect(booted.error.code).toBe('out-of-memory');
  expect(booted.error.where).toBe('machine.memoryBytes');
  return booted.error.message;
}

/** Least pages of memory with which such a machine boots. */
function leastPages(changes: Partial<MachineConfig>): number {
  for (let pages = 1; ; pages++) {
    const config = machineConfig({ ...changes, memoryBytes: pages * PAGE });
    if (bootMachine(new SharedArrayBuffer(Arena.bytesFor(config)), config).ok) return pages;
  }
}

/** Compression buffers by design, CPUs and devices, in pages: what the 2010 and 2024 patches are about. */
const BUFFER_TABLE = `
  design          cpus  devices  bufferPages
  single-mutex       1        1            2
  single-mutex      12        1            2
  single-mutex      12        2            4
  per-cpu-global     1        1            2
  per-cpu-global    12        1           24
  per-cpu-global    12        2           24
  per-cpu-global    12        8           24`
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.trim().split(/\s+/));

describe('the buffers of a booted machine', () => {
  it.each(BUFFER_TABLE)('of design %s with %s CPUs and %s devices are %s pages', (design, cpus, devices, pages) => {
    const possibleCpus = Number(cpus);
    const { arena } = makeMachine({
      bufferLayout: design as BufferLayout,
      possibleCpus,
      onlineCpus: possibleCpus,
      devices: Number(devices),
    });
    const figures = memoryFigures(arena);
    expect(figures.bufferBytes).toBe(Number(pages) * PAGE);
    expect(figures.workMemoryBytes).toBe((Number(pages) / 2) * 5 * PAGE);
    auditMachine(arena);
  });
});

describe('boot', () => {
  it('gives every possible CPU a unit, and buffer and work memory of 2 and 5 pages to those that are online', () => {
    const { arena } = makeMachine({ possibleCpus: 6, onlineCpus: 2 });
    const frames = countFrames(arena);
    expect(frames[FrameKind.percpu]).toBe(6);
    expect(frames[FrameKind.buffer]).toBe(2 * 2);
    expect(frames[FrameKind.workMemory]).toBe(2 * 5);
    expect(memoryFigures(arena).percpuAreaBytes).toBe(6 * PAGE);
  });

  it('counts under single-mutex two pages of buffer and five of work memory for every device', () => {
    const { arena } = makeMachine({ bufferLayout: 'single-mutex', devices: 3 });
    const frames = countFrames(arena);
    expect(frames[FrameKind.percpu]).toBe(4);
    expect(frames[FrameKind.buffer]).toBe(3 * 2);
    expect(frames[FrameKind.workMemory]).toBe(3 * 5);
  });

  it('gives each device a slot table of 16 bytes a page', () => {
    const { arena } = makeMachine({ devices: 2, diskSizeBytes: 300 * PAGE });
    // 300 slots are 4800 bytes: 2 pages.
    expect(memoryFigures(arena).slotTableBytes).toBe(2 * 2 * PAGE);
  });

  it('leaves all that boot did not take free, and the peaks at what is in use', () => {
    for (const bufferLayout of ['single-mutex', 'per-cpu-global'] as const) {
      const { arena } = makeMachine({ bufferLayout });
      const figures = memoryFigures(arena);
      const free = countFrames(arena)[FrameKind.free] ?? 0;
      expect(figures.usedBytes + free * PAGE).toBe(figures.totalBytes);
      expect(figures.totalBytes).toBe(256 * PAGE);
      expect(figures).toMatchObject({ originalBytes: 0, compressedBytes: 0, poolBytes: 0 });
      expect(peakMemoryFigures(arena)).toEqual(figures);
    }
  });

  it('makes a working machine out of the bytes of another', () => {
    const used = makeMachine({ bufferLayout: 'single-mutex', memoryBytes: 300 * PAGE });
    const cpu = new OneCpu(used.arena, new SizedCodec(used.arena));
    for (let slot = 0; slot < 64; slot++) cpu.write(used.device(0), slot, sizedPage(2700, slot));
    const again = makeMachine({ memoryBytes: 280 * PAGE }, used.arena.buffer);
    auditMachine(again.arena);
    const next = new OneCpu(again.arena, new SizedCodec(again.arena));
    for (let slot = 0; slot < 64; slot++) {
      expect(next.read(again.device(0), slot).equals(blankPage().bytes), `slot ${slot}`).toBe(true);
    }
    next.write(again.device(0), 5, sizedPage(1000, 1));
    expect(next.read(again.device(0), 5).equals(sizedPage(1000, 1).bytes)).toBe(true);
  });
});

describe('a memory that is too small', () => {
  it('is refused in one sentence with the sums', () => {
    const config = machineConfig({ memoryBytes: 16 * PAGE, possibleCpus: 8, diskSizeBytes: 2 ** 20 * 256 });
    expect(refusal(config)).toBe(
      "the machine's memory of 0.06 MiB does not hold what boot needs: " +
        '1 MiB of slot tables, 0.03 MiB of per-CPU area, 0.11 MiB of buffers',
    );
    expect(refusal({ ...config, bufferLayout: 'single-mutex', devices: 4 })).toBe(
      "the machine's memory of 0.06 MiB does not hold what boot needs: " +
        '4 MiB of slot tables, 0.03 MiB of per-CPU area, 0.11 MiB of buffers',
    );
  });

  it('is told what per-CPU memory takes while it boots, where that is more than stays', () => {
    const embedded = smallPercpu(PAGE, { method: 'embed', atomBytes: 2 ** 21 });
    const config = machineConfig({ memoryBytes: 16 * PAGE, diskSizeBytes: PAGE, percpu: embedded });
    // Of each group of CPUs a whole atom, until what is past the units is given back.
    expect(refusal(config)).toMatch(
      /: 0\.00 MiB of slot tables, 4\.00 MiB of per-CPU area while it boots, 0\.\d+ MiB of buffers$/,
    );
  });

  it('is refused up to the very page that leaves one for data', () => {
    // Frame 0, 4 units of a page, one page of slots, 2 of buffer and 5 of work memory for each CPU, and one that is free.
    expect(leastPages({ bufferLayout: 'per-cpu-global' })).toBe(1 + 4 + 1 + 4 * 7 + 1);
    // The same with one buffer and one work memory.
    expect(leastPages({ bufferLayout: 'single-mutex' })).toBe(1 + 4 + 1 + 7 + 1);
  });

  it('with which it just boots holds one incompressible page and then says that there is no memory', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex', memoryBytes: 14 * PAGE });
    const cpu = new OneCpu(machine.arena, new SizedCodec(machine.arena));
    expect(cpu.write(machine.device(0), 0, sizedPage(4114, 1))).toBe(0);
    expect(cpu.write(machine.device(0), 1, sizedPage(4114, 2))).toBe(1);
    expect(cpu.read(machine.device(0), 0).equals(sizedPage(4114, 1).bytes)).toBe(true);
    auditMachine(machine.arena);
  });
});

describe('two machine objects over one buffer', () => {
  it('are the same machine', () => {
    const here = makeMachine({ devices: 2 });
    const there = Machine.attach(here.arena.buffer);
    const cpuHere = new OneCpu(here.arena, new SizedCodec(here.arena));
    const cpuThere = new OneCpu(there.arena, new SizedCodec(there.arena));
    cpuHere.write(here.device(1), 7, sizedPage(2000, 1));
    expect(cpuThere.read(there.device(1), 7).equals(sizedPage(2000, 1).bytes)).toBe(true);
    cpuThere.write(there.device(1), 7, sizedPage(3000, 2));
    expect(cpuHere.read(here.device(1), 7).equals(sizedPage(3000, 2).bytes)).toBe(true);
    cpuThere.discard(there.device(1), 7);
    expect(cpuHere.read(here.device(1), 7).equals(blankPage().bytes)).toBe(true);
    expect(memoryFigures(here.arena)).toEqual(memoryFigures(there.arena));
    auditMachine(here.arena);
  });
});

describe('a machine', () => {
  it('has the devices that were configured, and throws for others', () => {
    const machine = makeMachine({ devices: 3 });
    expect(machine.devices.map((device) => device.index)).toEqual([0, 1, 2]);
    expect(machine.device(2).index).toBe(2);
    expect(() => machine.device(3)).toThrow('device 3 does not exist; there are 3');
    expect(() => machine.device(-1)).toThrow('device -1 does not exist');
  });
});
