/**
 * The designs: into which buffer a page is compressed, and what keeps others out of it meanwhile.
 *
 *     single-mutex      device block ──mutex──▶ [ buffer 2 pages ][ work memory ]          one of each per device
 *     per-cpu-global    static per-CPU pointers of this CPU ─▶ [ buffer ][ work memory ]   one of each per CPU, all devices
 *
 * lock, `acquire` … `release`, unlock bracket compression and the copy into the pool, as in 2010. Under `single-mutex` the
 * bracket is a mutex that others wait for; under `per-cpu-global` it is a stretch with preemption off, and nobody waits.
 * Per-CPU buffers exist for CPUs that run: the hotplug step makes them when a CPU comes up and frees them when it is dead
 * (facts: the 2010 patch). A write on a CPU without them fails.
 *
 * Work memory is what the kernel's LZ4 asks for. lz4-kernel works in it; lz4-napi brings its own hash table.
 */
import type { BufferLayout } from '../../../shared/design.ts';
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { Cpu, Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { DeviceW, FrameKind } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import type { HotplugStep } from '../percpu/hotplug.ts';
import type { PercpuArea } from '../percpu/percpu-area.ts';
import type { MachineVariable } from '../percpu/static-variables.ts';
import { type CpuId, cpuId, frameNumber, type LockWord, lockWord, type PhysicalAddress } from '../units.ts';

/** Bytes of the kernel's LZ4 context: a 16384-byte table and 32 bytes (facts: zram on 6.18). */
export const LZ4_WORK_MEMORY_BYTES = 16416;

/** Compressed output may exceed the page, hence two. */
export const BUFFER_PAGES = 2;

/** What one compression needs: contiguous runs of frames. */
export const BUFFER_RUNS = [
  { variable: 'compress_buffer', kind: FrameKind.buffer, pages: () => BUFFER_PAGES },
  {
    variable: 'compress_workmem',
    kind: FrameKind.workMemory,
    pages: (pageSizeBytes: number) => Math.ceil(LZ4_WORK_MEMORY_BYTES / pageSizeBytes),
  },
] as const satisfies readonly {
  readonly variable: MachineVariable;
  readonly kind: FrameKind;
  readonly pages: (pageSizeBytes: number) => number;
}[];

/** Frames of one buffer with its work memory. */
export function bufferFrames(pageSizeBytes: number): number {
  return BUFFER_RUNS.reduce((sum, run) => sum + run.pages(pageSizeBytes), 0);
}

/** Whether a buffer belongs to each CPU, or to each device. */
export function buffersArePerCpu(layout: BufferLayout): boolean {
  switch (layout) {
    case 'single-mutex':
      return false;
    case 'per-cpu-global':
      return true;
    default:
      return assertUnreachable(layout);
  }
}

/** Two pages for the compressed form, and LZ4_WORK_MEMORY_BYTES for the compressor. */
export interface CompressBuffer {
  readonly target: PhysicalAddress;
  readonly workMemory: PhysicalAddress;
}

export interface CompressBuffers {
  /** Where the lock is that `acquire` needs; undefined when the design needs none. */
  readonly lock: LockWord | undefined;
  /**
   * A buffer that is the caller's alone until `release`; undefined where the CPU has none, after which `release` must follow
   * as well. The caller holds `lock`, where there is one.
   */
  acquire(cpu: Cpu): CompressBuffer | undefined;
  /** True when the CPU is wanted by another task: `cpu.reschedule` must follow. Leaves `lock` to the caller. */
  release(cpu: Cpu): boolean;
}

class SingleMutexBuffer implements CompressBuffers {
  readonly lock: LockWord;
  readonly #buffer: CompressBuffer;

  constructor(arena: Arena, device: number) {
    const block = arena.deviceWord(device);
    this.lock = lockWord(block + DeviceW.mutex);
    const at = (field: number): PhysicalAddress => arena.frameAddress(frameNumber(arena.word(block + field)));
    this.#buffer = { target: at(DeviceW.bufferFirstFrame), workMemory: at(DeviceW.workMemoryFirstFrame) };
  }

  acquire(): CompressBuffer {
    return this.#buffer;
  }

  release(): boolean {
    return false;
  }
}

class PerCpuGlobalBuffer implements CompressBuffers {
  readonly lock = undefined;
  readonly #arena: Arena;
  readonly #buffers: PercpuPointers;
  readonly #workMemories: PercpuPointers;
  /** By CPU, what its pointers led to last: a write allocates nothing. */
  readonly #known: { readonly buffer: number; readonly workMemory: number; readonly addresses: CompressBuffer }[] = [];

  constructor(arena: Arena, area: PercpuArea) {
    this.#arena = arena;
    this.#buffers = new PercpuPointers(arena, area, 'compress_buffer');
    this.#workMemories = new PercpuPointers(arena, area, 'compress_workmem');
  }

  acquire(cpu: Cpu): CompressBuffer | undefined {
    cpu.preemptDisable();
    const buffer = this.#buffers.get(cpu.id);
    const workMemory = this.#workMemories.get(cpu.id);
    if (buffer === 0 || workMemory === 0) return undefined;
    const known = this.#known[cpu.id];
    if (known?.buffer === buffer && known.workMemory === workMemory) return known.addresses;
    const addresses = {
      target: this.#arena.frameAddress(frameNumber(buffer - 1)),
      workMemory: this.#arena.frameAddress(frameNumber(workMemory - 1)),
    };
    this.#known[cpu.id] = { buffer, workMemory, addresses };
    return addresses;
  }

  release(cpu: Cpu): boolean {
    return cpu.preemptEnable();
  }
}

/** A static per-CPU pointer to a run of frames, for every possible CPU: frame number + 1, 0 for none. */
class PercpuPointers {
  readonly #arena: Arena;
  /** Word index by possible CPU: pages of the static part never move. */
  readonly #words: readonly number[];

  constructor(arena: Arena, area: PercpuArea, variable: MachineVariable) {
    this.#arena = arena;
    const { possibleCpus } = arena.config;
    const ptr = area.variable(variable);
    this.#words = Array.from({ length: possibleCpus }, (_, cpu) => area.physicalAddress(ptr, cpuId(cpu)) / 4);
  }

  get(cpu: CpuId): number {
    return this.#arena.word(this.#word(cpu));
  }

  set(cpu: CpuId, value: number): void {
    this.#arena.words[this.#word(cpu)] = value;
  }

  #word(cpu: CpuId): number {
    const word = this.#words[cpu];
    if (word === undefined) throw new Error(`CPU ${cpu} is not possible on this machine`);
    return word;
  }
}

/** Buffer and work memory of a CPU: made when it comes up, freed when it is dead. Under the hotplug lock. */
export class PerCpuBufferStep implements HotplugStep {
  readonly name = 'zram compression buffer';
  readonly #frames: PageFrames;
  readonly #pageSizeBytes: number;
  readonly #pointers: readonly PercpuPointers[];

  constructor(arena: Arena, frames: PageFrames, area: PercpuArea) {
    this.#frames = frames;
    this.#pageSizeBytes = arena.config.pageSizeBytes;
    this.#pointers = BUFFER_RUNS.map(({ variable }) => new PercpuPointers(arena, area, variable));
  }

  *prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    for (const [index, { kind, pages }] of BUFFER_RUNS.entries()) {
      const count = pages(this.#pageSizeBytes);
      const first = yield* this.#frames.takeRun(cpu, count, kind);
      if (first === undefined) {
        yield* this.dead(cpu, target);
        return fail('out-of-memory', `no ${count} contiguous pages are free`);
      }
      this.#pointers[index]?.set(target, first + 1);
    }
    return ok(undefined);
  }

  *dead(cpu: Cpu, target: CpuId): Suspending<void> {
    for (const [index, { kind, pages }] of BUFFER_RUNS.entries()) {
      const pointer = this.#pointers[index]?.get(target) ?? 0;
      if (pointer === 0) continue;
      this.#pointers[index]?.set(target, 0);
      yield* this.#frames.give(cpu, frameNumber(pointer - 1), pages(this.#pageSizeBytes), kind);
    }
  }

  /** What `prepare` does, at boot: no locks, and the frames were counted. */
  prepareAtBoot(target: CpuId): void {
    for (const [index, { kind, pages }] of BUFFER_RUNS.entries()) {
      const first = this.#frames.takeAtBoot(pages(this.#pageSizeBytes), kind);
      if (first === undefined) throw new Error(`boot ran out of frames although they were counted: CPU ${target}`);
      this.#pointers[index]?.set(target, first + 1);
    }
  }
}

/** The design that the machine was booted with, for one device. */
export function compressBuffersFor(arena: Arena, area: PercpuArea, device: number): CompressBuffers {
  const layout = arena.config.bufferLayout;
  switch (layout) {
    case 'single-mutex':
      return new SingleMutexBuffer(arena, device);
    case 'per-cpu-global':
      return new PerCpuGlobalBuffer(arena, area);
    default:
      return assertUnreachable(layout);
  }
}
