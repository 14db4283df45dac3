/** A machine with a chunk region behind its arena: real locks, real frames. */
import { Interleaver, type InterleavedCpu } from '../../../../../src/main/engine/interleaved/interleaver.ts';
import { bootMachine } from '../../../../../src/main/machine/boot.ts';
import type { Cpu, Suspending } from '../../../../../src/main/machine/cpu.ts';
import { Arena, type MachineConfig } from '../../../../../src/main/machine/memory/arena.ts';
import { ZoneW, FrameKind } from '../../../../../src/main/machine/memory/arena-layout.ts';
import { PageFrames } from '../../../../../src/main/machine/memory/page-frames.ts';
import { PercpuAllocator } from '../../../../../src/main/machine/percpu/chunks/allocator.ts';
import { bootFirstChunk } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { FramePages } from '../../../../../src/main/machine/percpu/chunks/frame-pages.ts';
import type { PageSource } from '../../../../../src/main/machine/percpu/chunks/page-source.ts';
import type { PercpuGeometry } from '../../../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../../../../../src/main/machine/percpu/chunks/region-words.ts';
import { cpuId, roundUp } from '../../../../../src/main/machine/units.ts';
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
  readonly pages: FramePages;
  readonly allocator: PercpuAllocator;
  /** Where the region lies in the arena's buffer, for threads that attach to it. */
  readonly regionOffset: number;
  readonly #interleaver: Interleaver;

  constructor(options: MachineOptions = {}) {
    const geometry = SMALL_GEOMETRY;
    const capacity = { maxChunks: options.maxChunks ?? 24, mappedUnits: geometry.units };
    const config: MachineConfig = {
      possibleCpus: geometry.possibleCpus,
      onlineCpus: geometry.possibleCpus,
      pageSizeBytes: geometry.pageSizeBytes,
      memoryBytes: (options.frames ?? 2048) * geometry.pageSizeBytes,
      devices: 1,
      diskSizeBytes: geometry.pageSizeBytes,
      bufferLayout: 'single-mutex',
    };
    const regionOffset = roundUp(Arena.bytesFor(config), 256);
    const buffer = new SharedArrayBuffer(regionOffset + ChunkRegion.bytesFor(geometry, capacity));
    const booted = bootMachine(buffer, config);
    if (!booted.ok) throw new Error(booted.error.message);
    this.arena = booted.value;
    this.regionOffset = regionOffset;
    this.region = ChunkRegion.format(new RegionWords(buffer), regionOffset, geometry, capacity);
    bootFirstChunk(this.region);
    const frames = new PageFrames(this.arena);
    this.pages = new FramePages(this.arena, frames, this.region);
    for (const chunk of [0, 1]) {
      const end = this.region.chunkField(chunk, 4);
      for (let page = 0; page < end; page++) {
        for (let unit = 0; unit < geometry.units; unit++) {
          const frame = frames.takeAtBoot(1, FrameKind.percpu);
          if (frame !== undefined) this.pages.adopt(chunk, page, unit, frame);
        }
      }
    }
    this.allocator = new PercpuAllocator(this.region, options.between?.(this.pages) ?? this.pages);
    const { seed = 1, switchChance = 64 } = options;
    this.#interleaver = new Interleaver({ arena: this.arena, random: new Random(seed), codec: CODEC, switchChance });
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
