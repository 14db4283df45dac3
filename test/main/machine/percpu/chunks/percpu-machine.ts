/** A machine with a chunk region behind its arena: real locks, real frames. */
import { Interleaver, type InterleavedCpu } from '../../../../../src/main/engine/interleaved/interleaver.ts';
import { bootMachine } from '../../../../../src/main/machine/boot.ts';
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import { Arena, type MachineConfig } from '../../../../../src/main/machine/memory/arena.ts';
import { ZoneW, FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { PageFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { PercpuAllocator } from '../../../../../src/main/machine/percpu/chunks/allocator.ts';
import type { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { FramePages } from '../../../../../src/main/machine/percpu/chunks/frame-pages.ts';
import type { PageSource } from '../../../../../src/main/machine/percpu/chunks/page-source.ts';
import type { PercpuGeometry } from '../../../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { PercpuArea } from '../../../../../src/main/machine/percpu/percpu-area.ts';
import { cpuId } from '../../../../../src/main/machine/units.ts';
import { Random } from '../../../../../src/main/workload/random.ts';

/** Four CPUs, 64 KiB units, and little in the first chunk, so that chunks come and go soon. */
export const SMALL_GEOMETRY: PercpuGeometry = {
  pageSizeBytes: 4096,
  unitBytes: 65536,
  staticBytes: 5000,
  reservedBytes: 2048,
  dynBytes: 5240,
  atomBytes: 262144,
  allocBytes: 262144,
  possibleCpus: 4,
  units: 4,
};

const CODEC = {
  name: 'none',
  compress: (): number => {
    throw new Error('nothing is compressed here');
  },
  decompress: (): boolean => {
    throw new Error('nothing is decompressed here');
  },
};

export interface MachineOptions {
  /** 4 unless said; with 3, one unit of the four is unused. */
  readonly possibleCpus?: number;
  readonly frames?: number;
  readonly seed?: number;
  readonly switchChance?: number;
  readonly maxChunks?: number;
  /** Puts something between the allocator and the page frames. */
  readonly between?: (pages: PageSource) => PageSource;
}

export class PercpuMachine {
  readonly arena: Arena;
  readonly region: ChunkRegion;
  readonly area: PercpuArea;
  readonly pages: FramePages;
  readonly allocator: PercpuAllocator;
  readonly #interleaver: Interleaver;

  constructor(options: MachineOptions = {}) {
    const { possibleCpus = 4 } = options;
    const config: MachineConfig = {
      possibleCpus,
      onlineCpus: possibleCpus,
      pageSizeBytes: 4096,
      memoryBytes: (options.frames ?? 2048) * 4096,
      devices: 1,
      diskSizeBytes: 4096,
      bufferLayout: 'single-mutex',
      percpu: {
        method: 'embed',
        otherStaticBytes: SMALL_GEOMETRY.staticBytes,
        reservedBytes: SMALL_GEOMETRY.reservedBytes,
        dynamicRequestBytes: 4096,
        earlyDynamicBytes: 0,
        minUnitBytes: 64 * 1024,
        atomBytes: 256 * 1024,
        limitBytes: 0,
        nodes: 1,
        maxChunks: options.maxChunks ?? 24,
        callSites: 0,
      },
    };
    const booted = bootMachine(new SharedArrayBuffer(Arena.bytesFor(config)), config);
    if (!booted.ok) throw new Error(booted.error.message);
    this.arena = booted.value;
    const frames = new PageFrames(this.arena);
    const area = new PercpuArea(this.arena, frames);
    this.area = area;
    this.region = area.region;
    this.pages = new FramePages(this.arena, frames, this.region);
    const { between } = options;
    this.allocator = between === undefined ? area.allocator : new PercpuAllocator(this.region, between(this.pages));
    const { seed = 1, switchChance = 64 } = options;
    this.#interleaver = new Interleaver({ arena: this.arena, random: new Random(seed), codec: CODEC, switchChance });
  }

  /** Where the region lies in the arena's buffer, for threads that attach to it. */
  get regionOffset(): number {
    return this.arena.geometry.chunkRegion;
  }

  cpu(id: number): InterleavedCpu {
    return this.#interleaver.cpu(cpuId(id));
  }

  spawn(id: number, computation: Suspending<unknown>): void {
    this.#interleaver.spawn(this.cpu(id), `task of CPU ${id}`, computation);
  }

  runAll(): void {
    this.#interleaver.run();
  }

  /** Runs one computation on CPU 0 to its end. */
  run<T>(start: (cpu: Cpu) => Suspending<T>): T {
    const results: T[] = [];
    this.spawn(0, keep(start(this.cpu(0)), results));
    this.runAll();
    const [result] = results;
    return result as T;
  }

  /** Others take all free frames but so many. */
  holdAllFramesBut(left: number): void {
    const frames = new PageFrames(this.arena);
    const taken = this.run((cpu) => frames.take(cpu, this.freeFrames() - left, FrameKind.pool));
    if (taken === undefined) throw new Error(`there are no ${left} free frames to leave`);
  }

  /** Frames that serve per-CPU chunks, the first one's included. */
  percpuFrames(): number {
    return this.arena.word(this.arena.zoneWord() + ZoneW.byKind + FrameKind.percpu);
  }

  freeFrames(): number {
    return this.arena.frameCount - this.arena.word(this.arena.zoneWord() + ZoneW.usedFrames);
  }
}

function* keep<T>(computation: Suspending<T>, results: T[]): Suspending<void> {
  results.push(yield* computation);
}
