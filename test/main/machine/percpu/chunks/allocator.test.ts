import { describe, expect, it } from 'vitest';
import { ChunkW, RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { PercpuRequest } from '../../../../../src/main/machine/percpu/chunks/allocator.ts';
import { cpuId, type PercpuPtr, percpuPtr } from '../../../../../src/main/machine/units.ts';
import { PercpuMachine, SMALL_GEOMETRY } from './percpu-machine.ts';
import { auditRegion } from './region-audit.ts';

function take(machine: PercpuMachine, request: PercpuRequest): PercpuPtr {
  const given = machine.run((cpu) => machine.allocator.allocate(cpu, request));
  if (!given.ok) throw new Error(given.error.message);
  return given.value;
}

function refusal(machine: PercpuMachine, request: PercpuRequest): string {
  const given = machine.run((cpu) => machine.allocator.allocate(cpu, request));
  return given.ok ? 'given' : `${given.error.code}: ${given.error.message}`;
}

describe('a request', () => {
  it.each([
    [{ sizeBytes: 0, alignBytes: 8 }, 'bad-input: an object of 0 bytes is none'],
    [{ sizeBytes: -4, alignBytes: 8 }, 'bad-input: an object of -4 bytes is none'],
    [{ sizeBytes: NaN, alignBytes: 8 }, 'bad-input: an object of NaN bytes is none'],
    [
      { sizeBytes: 32769, alignBytes: 8 },
      'bad-input: an object of 32769 bytes is larger than the largest per-CPU object, 32768 bytes',
    ],
    [{ sizeBytes: 8, alignBytes: 24 }, 'bad-input: alignment 24 is no power of two from 1 to 4096'],
    [{ sizeBytes: 8, alignBytes: 8192 }, 'bad-input: alignment 8192 is no power of two from 1 to 4096'],
    [{ sizeBytes: 8, alignBytes: 0 }, 'bad-input: alignment 0 is no power of two from 1 to 4096'],
  ])('of %j is refused in one sentence', (request, sentence) => {
    const machine = new PercpuMachine();
    expect(refusal(machine, request)).toBe(sentence);
    expect(auditRegion(machine.region, [])).toEqual([]);
  });

  it('is rounded up to 4 bytes', () => {
    const machine = new PercpuMachine();
    const first = take(machine, { sizeBytes: 1, alignBytes: 1 });
    expect(take(machine, { sizeBytes: 1, alignBytes: 1 })).toBe(first + 4);
  });

  it('is served at the first dynamic byte of the first chunk, and from the reserved part when it asks for it', () => {
    const machine = new PercpuMachine();
    expect(take(machine, { sizeBytes: 16, alignBytes: 8 })).toBe(
      SMALL_GEOMETRY.staticBytes + SMALL_GEOMETRY.reservedBytes,
    );
    expect(take(machine, { sizeBytes: 16, alignBytes: 8, reserved: true })).toBe(SMALL_GEOMETRY.staticBytes);
  });

  it('for the reserved part fails when that is full, whatever room there is elsewhere', () => {
    const machine = new PercpuMachine();
    const request = { sizeBytes: 1024, alignBytes: 8, reserved: true };
    take(machine, request);
    take(machine, request);
    expect(refusal(machine, request)).toBe('out-of-memory: no room for an object of 1024 bytes on every CPU');
  });

  it('gives memory that is zero on every CPU, also where another object was before', () => {
    const machine = new PercpuMachine();
    const { arena, area, allocator } = machine;
    const request = { sizeBytes: 12000, alignBytes: 4096 };
    const bytesOf = (ptr: PercpuPtr): Buffer[] => {
      return Array.from({ length: 12 }, (_, index) => {
        const address = area.physicalAddress(percpuPtr(ptr + (index % 3) * 4096), cpuId(Math.floor(index / 3)));
        return Buffer.from(arena.buffer, address, index % 3 === 2 ? 12000 - 8192 : 4096);
      });
    };
    const ptr = take(machine, request);
    for (const bytes of bytesOf(ptr)) bytes.fill(0xff);
    machine.run((cpu) => allocator.free(cpu, ptr));
    expect(take(machine, request)).toBe(ptr);
    for (const bytes of bytesOf(ptr)) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe('an atomic request', () => {
  it('uses populated pages only, and makes the balance work get more', () => {
    const machine = new PercpuMachine();
    const atomic = { sizeBytes: 4096, alignBytes: 4096, atomic: true };
    expect(refusal(machine, { ...atomic, sizeBytes: 8192 })).toContain('no room for an atomic object of 8192 bytes');
    expect(machine.allocator.balanceWanted()).toBe(true);
    machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
    expect(machine.region.header(RegionW.emptyPages)).toBeGreaterThanOrEqual(4);
    const frames = machine.percpuFrames();
    expect(refusal(machine, { ...atomic, sizeBytes: 8192 })).toBe('given');
    expect(machine.percpuFrames()).toBe(frames);
  });
});

describe('a free', () => {
  it('of nothing is fine, of an object done once, and of anything else caught', () => {
    const machine = new PercpuMachine();
    const { allocator } = machine;
    const free = (ptr: PercpuPtr | undefined): string => machine.run((cpu) => allocator.free(cpu, ptr));
    const ptr = take(machine, { sizeBytes: 64, alignBytes: 8 });
    const other = take(machine, { sizeBytes: 64, alignBytes: 8 });
    expect(free(undefined)).toBe('nothing');
    expect(free(percpuPtr(0))).toBe('nothing');
    expect(free(percpuPtr(ptr + 4))).toBe('not-an-object');
    expect(free(percpuPtr(ptr + 1))).toBe('not-an-object');
    expect(free(percpuPtr(8))).toBe('not-an-object');
    expect(free(percpuPtr(4096))).toBe('not-an-object');
    expect(free(percpuPtr(10 * SMALL_GEOMETRY.unitBytes))).toBe('not-an-object');
    expect(free(ptr)).toBe('freed');
    expect(free(ptr)).toBe('not-an-object');
    expect(free(other)).toBe('freed');
    expect(auditRegion(machine.region, [])).toEqual([]);
  });
});

describe('without memory', () => {
  it('fails at every page in turn and leaves nothing behind', () => {
    const failures = new Set<number>();
    for (let left = 4; left < 120; left++) {
      const machine = new PercpuMachine({ frames: 256 });
      machine.holdAllFramesBut(left);
      const before = machine.percpuFrames();
      const taken: PercpuPtr[] = [];
      for (const sizeBytes of [4096, 12000, 32768, 8, 32768, 16384]) {
        const given = machine.run((cpu) => machine.allocator.allocate(cpu, { sizeBytes, alignBytes: 8 }));
        if (given.ok) taken.push(given.value);
        else failures.add(taken.length);
      }
      const live = taken.map((ptr) => {
        const at = machine.allocator.locate(ptr);
        if (at === undefined) throw new Error(`${ptr} is nowhere`);
        const start = at.offsetBytes / 4;
        let cells = 1;
        const bounds = machine.region.boundMap(at.chunk);
        while (((machine.region.words.get(bounds + ((start + cells) >>> 5)) >>> ((start + cells) & 31)) & 1) === 0)
          cells += 1;
        return { chunk: at.chunk, start, cells };
      });
      expect(auditRegion(machine.region, live)).toEqual([]);
      for (const ptr of taken) expect(machine.run((cpu) => machine.allocator.free(cpu, ptr))).toBe('freed');
      machine.run((cpu) => machine.allocator.runBalanceWork(cpu));
      const pages = machine.region.header(RegionW.populatedPages);
      expect(machine.percpuFrames()).toBe(before + pages * SMALL_GEOMETRY.units);
      expect(auditRegion(machine.region, [])).toEqual([]);
    }
    expect(failures.size).toBeGreaterThan(2);
  });

  it('says so when the region has no room for another chunk', () => {
    const machine = new PercpuMachine({ maxChunks: 3 });
    const request = { sizeBytes: 32768, alignBytes: 8 };
    take(machine, request);
    take(machine, request);
    expect(refusal(machine, request)).toBe('out-of-memory: no room for an object of 32768 bytes on every CPU');
    expect(machine.region.chunkField(2, ChunkW.freeBytes)).toBe(0);
  });
});
