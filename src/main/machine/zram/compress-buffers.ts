/**
 * The designs: into which buffer a page is compressed, and what keeps others out of it meanwhile.
 *
 *     single-mutex      device block ──mutex──▶ [ buffer 2 pages ][ work memory ]          one of each per device
 *     per-cpu-global    unit of this CPU ─────▶ [ buffer 2 pages ][ work memory ]          one of each per CPU, all devices
 *
 * lock, `acquire` … `release`, unlock bracket compression and the copy into the pool, as in 2010. Under `single-mutex` the
 * bracket is a mutex that others wait for; under `per-cpu-global` it is a stretch with preemption off, and nobody waits.
 *
 * Work memory is what the kernel's LZ4 asks for. It is reserved and counted, but lz4-napi brings its own hash table.
 */
import type { BufferLayout } from '../../../shared/design.ts';
import { assertUnreachable } from '../../../shared/result.ts';
import type { Cpu } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { DeviceW } from '../memory/arena-layout.ts';
import { layOutStatic, perCpuPtr, type StaticLayout } from '../percpu/static-area.ts';
import { cpuId, frameNumber, type LockWord, lockWord, type PhysicalAddress } from '../units.ts';

/** Bytes of the kernel's LZ4 context: a 16384-byte table and 32 bytes (facts: zram on 6.18). */
export const LZ4_WORK_MEMORY_BYTES = 16416;

/** Compressed output may exceed the page, hence two. */
export const BUFFER_PAGES = 2;

export interface CompressBuffers {
  /** Where the lock is that `acquire` needs; undefined when the design needs none. */
  readonly lock: LockWord | undefined;
  /** Address of a buffer that is the caller's alone until `release`. The caller holds `lock`, where there is one. */
  acquire(cpu: Cpu): PhysicalAddress;
  /** True when the CPU is wanted by another task: `cpu.reschedule` must follow. Leaves `lock` to the caller. */
  release(cpu: Cpu): boolean;
}

/** Static per-CPU variables of the design: the 2010 patch's two, or none. */
export function percpuVariables(
  layout: BufferLayout,
  pageSizeBytes: number,
): StaticLayout<'compress_buffer' | 'compress_workmem'> {
  switch (layout) {
    case 'single-mutex':
      return layOutStatic([], pageSizeBytes);
    case 'per-cpu-global':
      return layOutStatic(
        [
          { name: 'compress_buffer', sizeBytes: BUFFER_PAGES * pageSizeBytes, alignBytes: pageSizeBytes },
          { name: 'compress_workmem', sizeBytes: LZ4_WORK_MEMORY_BYTES, alignBytes: 64 },
        ],
        pageSizeBytes,
      );
    default:
      return assertUnreachable(layout);
  }
}

class SingleMutexBuffer implements CompressBuffers {
  readonly lock: LockWord;
  readonly #buffer: PhysicalAddress;

  constructor(arena: Arena, device: number) {
    const block = arena.deviceWord(device);
    this.lock = lockWord(block + DeviceW.mutex);
    this.#buffer = arena.frameAddress(frameNumber(arena.word(block + DeviceW.bufferFirstFrame)));
  }

  acquire(): PhysicalAddress {
    return this.#buffer;
  }

  release(): boolean {
    return false;
  }
}

class PerCpuGlobalBuffer implements CompressBuffers {
  readonly lock = undefined;
  /** By possible CPU. */
  readonly #buffers: readonly PhysicalAddress[];

  constructor(arena: Arena) {
    const { possibleCpus, pageSizeBytes } = arena.config;
    const buffer = percpuVariables('per-cpu-global', pageSizeBytes).offsets.compress_buffer;
    this.#buffers = Array.from({ length: possibleCpus }, (_, cpu) => perCpuPtr(arena, buffer, cpuId(cpu)));
  }

  acquire(cpu: Cpu): PhysicalAddress {
    cpu.preemptDisable();
    const buffer = this.#buffers[cpu.id];
    if (buffer === undefined) throw new Error(`CPU ${cpu.id} is not possible on this machine`);
    return buffer;
  }

  release(cpu: Cpu): boolean {
    return cpu.preemptEnable();
  }
}

/** The design that the machine was booted with, for one device. */
export function compressBuffersFor(arena: Arena, device: number): CompressBuffers {
  const layout = arena.config.bufferLayout;
  switch (layout) {
    case 'single-mutex':
      return new SingleMutexBuffer(arena, device);
    case 'per-cpu-global':
      return new PerCpuGlobalBuffer(arena);
    default:
      return assertUnreachable(layout);
  }
}
