import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ARENA_MAGIC,
  arenaGeometry,
  CPU_BLOCK_BYTES,
  CpuF64,
  CpuW,
  DEVICE_BLOCK_BYTES,
  DEVICE_COUNTERS_BYTES,
  DeviceCounterF64,
  DeviceF64,
  DeviceW,
  FRAME_DESCRIPTOR_BYTES,
  FRAME_KIND_COUNT,
  FrameKind,
  FrameW,
  FULLNESS_GROUPS,
  HEADER_BYTES,
  HeaderW,
  POOL_CLASS_BYTES,
  PoolClassW,
  SLOT_BYTES,
  SlotW,
  TableFrameW,
  ZONE_BYTES,
  ZoneW,
} from '../../../../src/main/machine/memory/arena-layout.ts';
import { COST_COUNT, Cost, LOCK_CLASS_COUNT, LockClass } from '../../../../src/main/machine/cpu.ts';

/** A field of a block: its first byte and its bytes. */
interface Field {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
}

/** Fields of several words; all others are one. */
const LENGTHS: Readonly<Record<string, number>> = {
  contentions: LOCK_CLASS_COUNT,
  lockWaitNs: LOCK_CLASS_COUNT,
  groups: FULLNESS_GROUPS,
  byKind: FRAME_KIND_COUNT,
  byKindPeak: FRAME_KIND_COUNT,
};

function fields(table: Readonly<Record<string, number>>, unitBytes: number): readonly Field[] {
  return Object.entries(table).map(([name, index]) => ({
    name,
    start: index * unitBytes,
    bytes: (LENGTHS[name] ?? 1) * unitBytes,
  }));
}

const BLOCKS = [
  { block: 'header', bytes: HEADER_BYTES, all: fields(HeaderW, 4) },
  { block: 'CPU block', bytes: CPU_BLOCK_BYTES, all: [...fields(CpuW, 4), ...fields(CpuF64, 8)] },
  { block: 'device block', bytes: DEVICE_BLOCK_BYTES, all: [...fields(DeviceW, 4), ...fields(DeviceF64, 8)] },
  { block: 'device counters', bytes: DEVICE_COUNTERS_BYTES, all: fields(DeviceCounterF64, 8) },
  { block: 'pool class', bytes: POOL_CLASS_BYTES, all: fields(PoolClassW, 4) },
  { block: 'zone', bytes: ZONE_BYTES, all: fields(ZoneW, 4) },
  { block: 'frame descriptor', bytes: FRAME_DESCRIPTOR_BYTES, all: fields(FrameW, 4) },
  { block: 'frame descriptor of a page table', bytes: FRAME_DESCRIPTOR_BYTES, all: fields(TableFrameW, 4) },
  { block: 'slot', bytes: SLOT_BYTES, all: fields(SlotW, 4) },
];

describe.each(BLOCKS)('the fields of the $block', ({ bytes, all }) => {
  it('lie inside it and do not overlap', () => {
    const ordered = all.toSorted((a, b) => a.start - b.start);
    for (const [index, field] of ordered.entries()) {
      const next = ordered[index + 1]?.start ?? bytes;
      expect(field.start + field.bytes, `end of ${field.name}`).toBeLessThanOrEqual(next);
    }
  });
});

describe('hot words', () => {
  it('of different CPUs are 256 bytes apart', () => {
    expect(CPU_BLOCK_BYTES).toBeGreaterThanOrEqual(256);
    const geometry = arenaGeometry({
      possibleCpus: 2,
      devices: 1,
      classCount: 119,
      frameCount: 16,
      pageSizeBytes: 4096,
      chunkRegionBytes: 0,
      addressSpaceBytes: 0,
    });
    expect(geometry.deviceCountersStride).toBe(256);
  });

  it('of run control lie on another cache line than what boot writes once', () => {
    const line = (word: number): number => Math.floor((word * 4) / 64);
    const control = new Set([HeaderW.stop, HeaderW.halt, HeaderW.go].map(line));
    const once = [HeaderW.magic, HeaderW.pageSize, HeaderW.percpuConfig].map(line);
    expect(once.some((each) => control.has(each))).toBe(false);
  });

  it('of a device are 256 bytes behind its mutex', () => {
    expect((DeviceW.poolPages - DeviceW.mutex) * 4).toBeGreaterThanOrEqual(256);
  });
});

describe('closed sets', () => {
  it('fit the words that are laid out for them', () => {
    expect(Math.max(...Object.values(LockClass))).toBe(LOCK_CLASS_COUNT - 1);
    expect(Math.max(...Object.values(Cost))).toBe(COST_COUNT - 1);
    expect(Math.max(...Object.values(FrameKind))).toBeLessThan(FRAME_KIND_COUNT);
  });

  it('have no two members of one value', () => {
    for (const set of [LockClass, Cost, FrameKind]) {
      expect(new Set(Object.values(set)).size).toBe(Object.values(set).length);
    }
  });

  it('spell PCPU in the magic word', () => {
    expect(Buffer.from(Int32Array.of(ARENA_MAGIC).buffer).toString('latin1')).toBe('PCPU');
  });
});

describe('the geometry', () => {
  const machines = fc.record({
    possibleCpus: fc.integer({ min: 1, max: 64 }),
    devices: fc.integer({ min: 1, max: 16 }),
    classCount: fc.integer({ min: 1, max: 200 }),
    frameCount: fc.integer({ min: 1, max: 100_000 }),
    pageSizeBytes: fc.constantFrom(4096, 16384, 65536),
    chunkRegionBytes: fc.integer({ min: 0, max: 100 }).map((words) => words * 256),
    addressSpaceBytes: fc.integer({ min: 0, max: 100 }).map((words) => words * 256),
  });

  it('puts the regions one behind another, none overlapping', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const geometry = arenaGeometry(machine);
        expect(geometry.cpuBlocks).toBe(HEADER_BYTES);
        expect(geometry.deviceCounters - geometry.cpuBlocks).toBe(machine.possibleCpus * CPU_BLOCK_BYTES);
        expect(geometry.deviceCountersStride).toBeGreaterThanOrEqual(machine.devices * DEVICE_COUNTERS_BYTES);
        const counters = machine.possibleCpus * geometry.deviceCountersStride;
        expect(geometry.deviceBlocks - geometry.deviceCounters).toBe(counters);
        expect(geometry.poolClasses - geometry.deviceBlocks).toBe(machine.devices * DEVICE_BLOCK_BYTES);
        expect(geometry.zone - geometry.poolClasses).toBe(machine.devices * machine.classCount * POOL_CLASS_BYTES);
        expect(geometry.chunkRegion - geometry.zone).toBeGreaterThanOrEqual(ZONE_BYTES);
        expect(geometry.chunkRegion % 256).toBe(0);
        expect(geometry.addressSpace - geometry.chunkRegion).toBe(machine.chunkRegionBytes);
        expect(geometry.frameDescriptors - geometry.addressSpace).toBe(machine.addressSpaceBytes);
        expect(geometry.frames - geometry.frameDescriptors).toBeGreaterThanOrEqual(
          machine.frameCount * FRAME_DESCRIPTOR_BYTES,
        );
        expect(geometry.totalBytes - geometry.frames).toBe(machine.frameCount * machine.pageSizeBytes);
      }),
    );
  });

  it('starts page frames on page borders and every block on an 8-byte border', () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const geometry = arenaGeometry(machine);
        expect(geometry.frames % machine.pageSizeBytes).toBe(0);
        for (const start of Object.values(geometry)) expect(start % 8).toBe(0);
        expect(geometry.frameDescriptors % 256).toBe(0);
      }),
    );
  });

  it('costs 64 bytes a frame, as struct page does, and little besides', () => {
    const machine = {
      possibleCpus: 4,
      devices: 1,
      classCount: 119,
      frameCount: 65536,
      pageSizeBytes: 4096,
      chunkRegionBytes: 0,
      addressSpaceBytes: 0,
    };
    const overhead = arenaGeometry(machine).totalBytes - 65536 * 4096 - 65536 * 64;
    // Header, 4 CPUs, a device, 119 classes, the zone, and padding up to a page.
    expect(overhead).toBeLessThan(256 + 4 * 512 + 512 + 119 * 128 + 256 + 256 + 4096);
  });
});
