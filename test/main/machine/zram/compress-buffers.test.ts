import { describe, expect, it } from 'vitest';
import { Interleaver } from '../../../../src/main/engine/interleaved/interleaver.ts';
import type { Cpu } from '../../../../src/main/machine/cpu.ts';
import type { Machine } from '../../../../src/main/machine/machine.ts';
import { CpuW, FrameKind, FrameW } from '../../../../src/main/machine/memory/arena-layout.ts';
import { LOCKED } from '../../../../src/main/machine/sync/lock.ts';
import { cpuId, frameNumber, type PhysicalAddress } from '../../../../src/main/machine/units.ts';
import {
  BUFFER_PAGES,
  LZ4_WORK_MEMORY_BYTES,
  type CompressBuffer,
  compressBuffersFor,
} from '../../../../src/main/machine/zram/compress-buffers.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { makeMachine } from '../fixtures/make-machine.ts';
import { SizedCodec, sizedPage } from '../fixtures/sized-pages.ts';

function cpusOf({ arena }: Machine, switchChance = 0): Interleaver {
  return new Interleaver({ arena, random: new Random(1), codec: new SizedCodec(arena), switchChance });
}

/** What the frame of an address is used for. */
function kindOf({ arena }: Machine, address: PhysicalAddress): number {
  const frame = frameNumber(Math.floor((address - arena.geometry.frames) / arena.config.pageSizeBytes));
  return arena.word(arena.descriptorWord(frame) + FrameW.kind);
}

/** What `acquire` answers on a CPU that has a buffer. */
function requireBuffer(buffer: CompressBuffer | undefined): CompressBuffer {
  if (buffer === undefined) throw new Error('the CPU has no buffer');
  return buffer;
}

function bufferOf(machine: Machine, cpu: Cpu): CompressBuffer {
  return requireBuffer(compressBuffersFor(machine.arena, machine.area, 0).acquire(cpu));
}

/** Buffer addresses by device (row) and CPU (column), as ordinals of first appearance. */
function bufferTable(machine: Machine, devices: number, cpus: number): string {
  const engine = cpusOf(machine);
  const seen: PhysicalAddress[] = [];
  const rows = Array.from({ length: devices }, (_row, device) => {
    const buffers = compressBuffersFor(machine.arena, machine.area, device);
    const row = Array.from({ length: cpus }, (_column, number) => {
      const cpu = engine.cpu(cpuId(number));
      const address = requireBuffer(buffers.acquire(cpu)).target;
      buffers.release(cpu);
      if (!seen.includes(address)) seen.push(address);
      return seen.indexOf(address);
    });
    return row.join(' ');
  });
  return rows.join('\n');
}

describe('single-mutex', () => {
  it('has one buffer per device, whatever the CPU', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex', devices: 3 });
    expect(bufferTable(machine, 3, 4)).toBe('0 0 0 0\n1 1 1 1\n2 2 2 2');
  });

  it('names a lock for each device and leaves preemption on', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex', devices: 2 });
    const [first, second] = [0, 1].map((device) => compressBuffersFor(machine.arena, machine.area, device));
    expect(first?.lock).toBeDefined();
    expect(second?.lock).toBeDefined();
    expect(first?.lock).not.toBe(second?.lock);
    const cpu = cpusOf(machine).cpu(cpuId(0));
    first?.acquire(cpu);
    expect(cpu.preemptionIsOff()).toBe(false);
  });

  it('lies in frames of its own', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex' });
    const buffer = bufferOf(machine, cpusOf(machine).cpu(cpuId(0)));
    expect(kindOf(machine, buffer.target)).toBe(FrameKind.buffer);
    expect(kindOf(machine, buffer.workMemory)).toBe(FrameKind.workMemory);
  });

  it('is locked from compression to the end of the copy, and no longer', () => {
    const machine = makeMachine({ bufferLayout: 'single-mutex' });
    const { lock } = compressBuffersFor(machine.arena, machine.area, 0);
    if (lock === undefined) throw new Error('single-mutex has no lock');
    const isLocked = (): boolean => (machine.arena.word(lock) & LOCKED) !== 0;
    const cpu = cpusOf(machine, 256).cpu(cpuId(0));
    const writing = machine.device(0).writeRequest(cpu, 0, [sizedPage(900, 1)]);
    // Yields: waits for the mutex, pauses after compression, waits for class, zone, class again, and at last for the slot.
    const locked: boolean[] = [];
    while (writing.next().done !== true) locked.push(isLocked());
    expect(locked).toEqual([false, true, true, true, true, false]);
    expect(isLocked()).toBe(false);
  });
});

describe('per-cpu-global', () => {
  it('has one buffer per CPU, whatever the device', () => {
    const machine = makeMachine({ bufferLayout: 'per-cpu-global', devices: 3 });
    expect(bufferTable(machine, 3, 4)).toBe('0 1 2 3\n0 1 2 3\n0 1 2 3');
  });

  it('needs no lock, and keeps preemption off from acquire to release', () => {
    const machine = makeMachine({ bufferLayout: 'per-cpu-global' });
    const buffers = compressBuffersFor(machine.arena, machine.area, 0);
    expect(buffers.lock).toBeUndefined();
    const cpu = cpusOf(machine).cpu(cpuId(2));
    const count = (): number => machine.arena.word(machine.arena.cpuWord(cpuId(2)) + CpuW.preemptCount);
    expect(kindOf(machine, requireBuffer(buffers.acquire(cpu)).target)).toBe(FrameKind.buffer);
    expect(count()).toBe(1);
    buffers.release(cpu);
    expect(count()).toBe(0);
  });

  it('has buffers that are two pages long and a unit apart', () => {
    const machine = makeMachine({ bufferLayout: 'per-cpu-global' });
    const buffers = compressBuffersFor(machine.arena, machine.area, 0);
    const engine = cpusOf(machine);
    const [first = 0, second = 0] = [0, 1].map(
      (number) => requireBuffer(buffers.acquire(engine.cpu(cpuId(number)))).target,
    );
    expect(second - first).toBeGreaterThanOrEqual(BUFFER_PAGES * 4096);
  });

  it('has work memory of its own for each CPU, in frames of its kind', () => {
    const machine = makeMachine({ bufferLayout: 'per-cpu-global' });
    const engine = cpusOf(machine);
    const [first, second] = [0, 1].map((number) => bufferOf(machine, engine.cpu(cpuId(number))));
    if (first === undefined || second === undefined) throw new Error('two CPUs have two buffers');
    expect(kindOf(machine, first.workMemory)).toBe(FrameKind.workMemory);
    expect(Math.abs(second.workMemory - first.workMemory)).toBeGreaterThanOrEqual(LZ4_WORK_MEMORY_BYTES);
  });
});
