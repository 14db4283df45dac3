import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { FrameKind, FrameW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { countFrames } from '../../../../src/main/machine/memory/page-frames.ts';
import { PERCPU_SPACE_START } from '../../../../src/main/machine/percpu/percpu-area.ts';
import {
  cpuId,
  frameNumber,
  type PercpuPtr,
  percpuPtr,
  type PhysicalAddress,
  virtualAddress,
} from '../../../../src/main/machine/units.ts';
import { makeMachine, smallPercpu } from '../fixtures/make-machine.ts';
import { OneCpu } from '../fixtures/one-cpu.ts';
import { anyMachine } from './percpu-configs.ts';

const KIB = 1024;

interface PercpuObject {
  readonly ptr: PercpuPtr;
  readonly sizeBytes: number;
}

function allocate({ arena, percpu }: Machine, sizeBytes: number, alignBytes = 4): PercpuPtr {
  const given = new OneCpu(arena).run((cpu) => percpu.allocPercpu(cpu, { sizeBytes, alignBytes }));
  if (!given.ok) throw new Error(given.error.message);
  return given.value;
}

interface Piece {
  readonly at: PhysicalAddress;
  readonly bytes: number;
}

/** Every piece of a CPU's copy that lies together: where, and how long. */
function pieces(machine: Machine, { ptr, sizeBytes }: PercpuObject, cpu: number): readonly Piece[] {
  const { pageSizeBytes } = machine.arena.config;
  const found: Piece[] = [];
  const start = machine.area.perCpuPtr(ptr, cpuId(cpu));
  for (let address: number = start; address < start + sizeBytes;) {
    const bytes = Math.min(pageSizeBytes - (address % pageSizeBytes), start + sizeBytes - address);
    found.push({ at: machine.area.translate(virtualAddress(address)), bytes });
    address += bytes;
  }
  return found;
}

/** Enters the owner of each byte; throws when it has one. */
function claim(owners: Map<number, string>, { at, bytes }: Piece, owner: string): void {
  for (let byte: number = at; byte < at + bytes; byte++) {
    const other = owners.get(byte);
    if (other !== undefined) throw new Error(`byte ${byte} is of ${other} and of ${owner}`);
    owners.set(byte, owner);
  }
}

function kindOf({ arena }: Machine, address: PhysicalAddress): number {
  const frame = frameNumber(Math.floor((address - arena.geometry.frames) / arena.config.pageSizeBytes));
  return arena.word(arena.descriptorWord(frame) + FrameW.kind);
}

/** The page frames that are no per-CPU memory. */
function otherMemory({ arena }: Machine): readonly Buffer[] {
  const { pageSizeBytes } = arena.config;
  const others: Buffer[] = [];
  for (let frame = 0; frame < arena.frameCount; frame++) {
    const kind = arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
    if (kind === FrameKind.percpu) continue;
    others.push(Buffer.from(arena.buffer, arena.frameAddress(frameNumber(frame)), pageSizeBytes));
  }
  return others;
}

/** The machine's static variables, and one object of each size. */
function objectsOf(machine: Machine, sizes: readonly number[]): readonly PercpuObject[] {
  const { percpu, bufferLayout } = machine.arena.config;
  const pointers = (['compress_buffer', 'compress_workmem'] as const)
    .filter(() => bufferLayout === 'per-cpu-global')
    .map((name) => ({ ptr: machine.area.variable(name), sizeBytes: 8 }));
  const other = { ptr: machine.area.variable('other'), sizeBytes: percpu.otherStaticBytes };
  return [...pointers, other, ...sizes.map((sizeBytes) => ({ ptr: allocate(machine, sizeBytes), sizeBytes }))];
}

describe('a per-CPU pointer', () => {
  it('leads each CPU to bytes of its own, whatever the configuration and the object', () => {
    const someSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 32 * KIB })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(anyMachine, someSizes, (config, sizes) => {
        const machine = makeMachine(config);
        const { arena } = machine;
        const objects = objectsOf(machine, sizes);
        const owners = new Map<number, string>();
        const before = otherMemory(machine).map((bytes) => Buffer.from(bytes));
        for (const [index, object] of objects.entries()) {
          for (let cpu = 0; cpu < config.possibleCpus; cpu++) {
            let length = 0;
            for (const piece of pieces(machine, object, cpu)) {
              expect(kindOf(machine, piece.at)).toBe(FrameKind.percpu);
              claim(owners, piece, `${index} on CPU ${cpu}`);
              arena.bytes.fill(1 + ((index * 31 + cpu) % 255), piece.at, piece.at + piece.bytes);
              length += piece.bytes;
            }
            expect(length).toBe(object.sizeBytes);
          }
        }
        expect(otherMemory(machine).every((bytes, index) => before[index]?.equals(bytes))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('to an object is never 0, which is nothing, so that every object can be freed once', () => {
    fc.assert(
      fc.property(anyMachine, (config) => {
        const machine = makeMachine(config);
        const cpu = new OneCpu(machine.arena);
        const ptrs = [allocate(machine, 8), allocate(machine, 16 * KIB), allocate(machine, 32 * KIB)];
        if (config.percpu.reservedBytes > 0) {
          const reserved = cpu.run((on) =>
            machine.percpu.allocPercpu(on, { sizeBytes: 8, alignBytes: 8, reserved: true }),
          );
          if (reserved.ok) ptrs.push(reserved.value);
        }
        for (const ptr of ptrs) {
          expect(cpu.run((on) => machine.percpu.freePercpu(on, ptr))).toBe('freed');
          expect(cpu.run((on) => machine.percpu.freePercpu(on, ptr))).toBe('not-an-object');
        }
      }),
      { numRuns: 25 },
    );
  });

  it('differs between two CPUs by the distance of their units, found by walking the groups', () => {
    fc.assert(
      fc.property(anyMachine, (config) => {
        const machine = makeMachine(config);
        const { layout } = machine.area.plan;
        const ptr = allocate(machine, 64);
        const first = machine.area.percpuOffset(cpuId(0));
        let unit = 0;
        const seen: number[] = [];
        for (const group of layout.groups) {
          for (const cpu of group) {
            if (cpu !== undefined) {
              seen.push(cpu);
              expect(machine.area.percpuOffset(cpu) - first).toBe(unit * layout.unitBytes);
              expect(machine.area.perCpuPtr(ptr, cpu)).toBe(ptr + machine.area.percpuOffset(cpu));
            }
            unit += 1;
          }
        }
        expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: config.possibleCpus }, (_, cpu) => cpu));
      }),
      { numRuns: 25 },
    );
  });

  it('throws for a CPU that is not possible', () => {
    const { area } = makeMachine({ possibleCpus: 4 });
    for (const cpu of [4, -1, 0.5]) {
      expect(() => area.perCpuPtr(percpuPtr(0), cpuId(cpu))).toThrow(`CPU ${cpu} is not possible on this machine`);
    }
  });
});

describe('translation', () => {
  const machine = makeMachine({ percpu: smallPercpu(4 * KIB, { reservedBytes: 4096, maxChunks: 4 }) });
  const { area, arena } = machine;
  const span = area.region.spanBytes;
  const at = (fromStart: number) => area.translate(virtualAddress(PERCPU_SPACE_START + fromStart));

  it('keeps the place within the page', () => {
    const start = at(0);
    expect(start % 4096).toBe(0);
    for (const byte of [1, 17, 4095]) expect(at(byte)).toBe(start + byte);
  });

  it.each([
    ['in front of the first chunk', -1],
    ['far in front of it', -4 * span],
    ['behind the kept pages of a unit of the first chunk', 2 * 4096],
    ['in a chunk that does not exist', span],
    ['in the last chunk that could', 2 * span],
    ['behind it', 3 * span],
    ['further behind', 4 * span],
    ['far behind', 1000 * span],
  ])('throws %s', (_, fromStart) => {
    expect(() => at(fromStart)).toThrow(`no page is mapped at per-CPU address ${PERCPU_SPACE_START + fromStart}`);
  });

  it('throws behind all chunks also where these are full', () => {
    const full = makeMachine({ percpu: smallPercpu(4 * KIB, { maxChunks: 4 }) });
    while (allocateOrNot(full, 32 * KIB)) continue;
    for (let fromStart = 3 * span; fromStart < 5 * span; fromStart += 4096) {
      expect(() => full.area.translate(virtualAddress(PERCPU_SPACE_START + fromStart))).toThrow('no page is mapped');
    }
  });

  it('follows pages that come and go', () => {
    const ptr = allocate(machine, 32 * KIB);
    expect(kindOf(machine, area.physicalAddress(ptr, cpuId(3)))).toBe(FrameKind.percpu);
    const cpu = new OneCpu(arena);
    const second = allocate(machine, 32 * KIB);
    cpu.run((on) => machine.percpu.freePercpu(on, ptr));
    cpu.run((on) => machine.percpu.freePercpu(on, second));
    cpu.run((on) => area.allocator.runBalanceWork(on));
    // One chunk without objects stays, the other one is given back with its pages.
    const mapped = [ptr, second].filter((each) => {
      try {
        area.physicalAddress(percpuPtr(each + 28 * KIB), cpuId(3));
        return true;
      } catch {
        return false;
      }
    });
    expect(mapped.length).toBeLessThan(2);
  });
});

function allocateOrNot(machine: Machine, sizeBytes: number): boolean {
  return new OneCpu(machine.arena).run((cpu) => machine.percpu.allocPercpu(cpu, { sizeBytes, alignBytes: 4 })).ok;
}

describe('a uniprocessor machine', () => {
  const uniprocessor = () =>
    makeMachine({
      possibleCpus: 1,
      onlineCpus: 1,
      percpu: smallPercpu(4 * KIB, { method: 'uniprocessor', otherStaticBytes: 9000, dynamicRequestBytes: 20 * KIB }),
    });

  it('has its static variables in plain memory of its own, next to each other', () => {
    const { area, arena } = uniprocessor();
    expect(area.plan.layout.staticBytes).toBe(0);
    const other = area.variable('other');
    const start = area.physicalAddress(other, cpuId(0));
    for (const byte of [1, 4096, 8999])
      expect(area.physicalAddress(percpuPtr(other + byte), cpuId(0))).toBe(start + byte);
    expect(() => area.physicalAddress(percpuPtr(other + 9000), cpuId(0))).toThrow('no page is mapped');
    expect(() => area.physicalAddress(percpuPtr(area.variable('compress_buffer') - 1), cpuId(0))).toThrow(
      'no page is mapped',
    );
    // 8 pages of a unit of 32 KiB, and 9016 bytes of static variables.
    expect(countFrames(arena)[FrameKind.percpu]).toBe(8 + 3);
  });

  it('gives objects of its one unit', () => {
    const machine = uniprocessor();
    const ptr = allocate(machine, 16 * KIB);
    expect(pieces(machine, { ptr, sizeBytes: 16 * KIB }, 0).reduce((sum, { bytes }) => sum + bytes, 0)).toBe(16 * KIB);
  });
});

describe('static variables', () => {
  it('that the machine does not have are none', () => {
    const { area } = makeMachine({ bufferLayout: 'single-mutex' });
    expect(() => area.variable('compress_buffer')).toThrow(
      'this machine has no static per-CPU variable compress_buffer',
    );
  });
});
