/**
 * The trace's requests on a machine of given sizes: what they cost there. The machine begins with its first chunk full and
 * no other; objects older than the trace are left out, so that machines can be compared with each other.
 */
import type { MachineCost, MemorySample, ReplayAccessMode } from '../../../shared/replay-report.ts';
import { PercpuAllocator, type PercpuRequest } from '../../machine/percpu/chunks/allocator.ts';
import { RegionW, RESERVED_CHUNK } from '../../machine/percpu/chunks/chunk-layout.ts';
import { chunksInOrder } from '../../machine/percpu/chunks/chunk-figures.ts';
import { createFirstChunk } from '../../machine/percpu/chunks/chunk-lifecycle.ts';
import { chunkMetadata } from '../../machine/percpu/chunks/chunk-metadata.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CountedPages } from '../../machine/percpu/chunks/page-source.ts';
import type { PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';
import { cpuId, type PercpuPtr } from '../../machine/units.ts';
import { LoneCpu } from '../../machine/lone-cpu.ts';
import { localTableBytes, windowOf } from './local-window.ts';
import { MemorySeries } from './memory-series.ts';
import { fillFirstChunk } from './starting-state.ts';
import type { Suspending } from '../../machine/cpu.ts';

/** A machine on which the cost is wanted. */
export interface CostedMachine {
  readonly geometry: PercpuGeometry;
  /** Undefined: not asked for. */
  readonly accessMode: ReplayAccessMode | undefined;
}

export class MachineCostMeter {
  readonly #accessMode: ReplayAccessMode | undefined;
  readonly #memory = new MemorySeries();
  readonly #sizes = new Map<number, number>();
  #liveBytes = 0;
  #chunks = 0;
  #localTablesPeak = 0;
  readonly #allocator: PercpuAllocator;
  readonly #region: ChunkRegion;
  readonly #cpu = new LoneCpu(cpuId(0));
  readonly #objects = new Map<number, PercpuPtr>();
  #populatedPeak = 0;

  /** Room for `maxChunks` chunks besides the first. */
  constructor({ geometry, accessMode }: CostedMachine, maxChunks: number) {
    this.#accessMode = accessMode;
    const capacity = { maxChunks: maxChunks + 2, mappedUnits: 0 };
    const words = new RegionWords(new SharedArrayBuffer(ChunkRegion.bytesFor(geometry, capacity)));
    this.#region = ChunkRegion.format(words, 0, geometry, capacity);
    createFirstChunk(this.#region);
    fillFirstChunk(this.#region);
    this.#allocator = new PercpuAllocator(this.#region, new CountedPages());
  }

  /** `key` names the object until it is freed. Throws when the region is full. */
  allocate(key: number, request: PercpuRequest): void {
    const given = complete(this.#allocator.allocate(this.#cpu, request));
    if (!given.ok) {
      // What the recorded kernel could serve, this machine need not: atomic requests, and sizes of kernels with larger pages.
      if (request.atomic === true || request.reserved === true || given.error.code === 'bad-input') return;
      throw new Error(`on the other machine: ${given.error.message}`);
    }
    this.#objects.set(key, given.value);
    this.#sizes.set(key, request.sizeBytes);
    this.#liveBytes += request.sizeBytes;
    this.#populatedPeak = Math.max(this.#populatedPeak, this.#region.header(RegionW.populatedPages));
    this.#letWorkerRun();
  }

  free(key: number): void {
    const ptr = this.#objects.get(key);
    if (ptr === undefined) return;
    this.#objects.delete(key);
    this.#liveBytes -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
    complete(this.#allocator.free(this.#cpu, ptr));
    this.#letWorkerRun();
  }

  /** Counts an event of the trace, at a time since its first. */
  tick(timeUs: number): void {
    this.#countTables();
    if (this.#memory.isDue()) this.#memory.add(this.#sample(timeUs));
  }

  /** `timeUs` is that of the last event. */
  cost(timeUs: number): MachineCost {
    this.#countTables();
    const { geometry } = this.#region;
    const chunks = this.#region.header(RegionW.chunksPeak) - 1;
    const metadata = chunkMetadata(geometry);
    const pageBytes = geometry.pageSizeBytes * geometry.units;
    return {
      possibleCpus: geometry.possibleCpus,
      units: geometry.units,
      unitBytes: geometry.unitBytes,
      populatedBytesPeak: this.#populatedPeak * pageBytes,
      chunksPeak: chunks,
      addressSpaceBytesPeak: chunks * geometry.units * geometry.unitBytes,
      metadataBytesPeak: chunks * metadata.mapsBytes,
      sideTableBytesPeak: chunks * metadata.sideTableBytes,
      populatedBytesAtEnd: this.#region.header(RegionW.populatedPages) * pageBytes,
      accessMode: this.#accessMode,
      localTableBytesPeak: this.#localTablesPeak,
      localAddressSpaceBytesPeak: this.#hasWindow() ? (chunks + 1) * geometry.unitBytes : 0,
      localTableBytesAtEnd: this.#localTables(),
      memory: this.#memory.finish(this.#sample(timeUs)),
    };
  }

  #hasWindow(): boolean {
    return this.#accessMode === 'local-mapping';
  }

  /** Chunks come and go seldom: tables are counted anew when they do. */
  #countTables(): void {
    const chunks = this.#region.header(RegionW.chunks);
    if (chunks === this.#chunks) return;
    this.#chunks = chunks;
    this.#localTablesPeak = Math.max(this.#localTablesPeak, this.#localTables());
  }

  /** The first chunk lies at the window's start, the others behind it by their numbers, which are used again. */
  #localTables(): number {
    if (!this.#hasWindow()) return 0;
    const { geometry } = this.#region;
    const later = chunksInOrder(this.#region).filter((chunk) => chunk > RESERVED_CHUNK);
    return localTableBytes(windowOf(geometry), [0, ...later.map((chunk) => chunk - RESERVED_CHUNK)]);
  }

  #sample(timeUs: number): MemorySample {
    const { geometry } = this.#region;
    const firstChunkBytes = geometry.staticBytes + geometry.reservedBytes + geometry.dynBytes;
    const pages = Math.floor(firstChunkBytes / geometry.pageSizeBytes) + this.#region.header(RegionW.populatedPages);
    return {
      timeUs,
      populatedBytes: pages * geometry.units * geometry.pageSizeBytes,
      liveBytes: this.#liveBytes * geometry.possibleCpus,
      chunks: this.#region.header(RegionW.chunks),
    };
  }

  #letWorkerRun(): void {
    if (this.#allocator.balanceWanted()) complete(this.#allocator.runBalanceWork(this.#cpu));
  }
}

/** Runs a computation that nothing can hold up. */
function complete<T>(computation: Suspending<T>): T {
  const result = computation.next();
  if (result.done !== true) throw new Error('a computation waited on a CPU that is alone');
  return result.value;
}
