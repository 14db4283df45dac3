/**
 * The trace's requests on a machine of given sizes: what they cost there. The machine begins with its first chunk full and
 * no other; objects older than the trace are left out, so that machines can be compared with each other.
 */
import type { MachineCost } from '../../../shared/replay-report.ts';
import { PercpuAllocator, type PercpuRequest } from '../../machine/percpu/chunks/allocator.ts';
import { RegionW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { bootFirstChunk } from '../../machine/percpu/chunks/chunk-lifecycle.ts';
import { chunkMetadata } from '../../machine/percpu/chunks/chunk-metadata.ts';
import { ChunkRegion } from '../../machine/percpu/chunks/chunk-region.ts';
import { CountedPages } from '../../machine/percpu/chunks/page-source.ts';
import type { PercpuGeometry } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';
import { cpuId, type PercpuPtr } from '../../machine/units.ts';
import { LoneCpu } from '../lone-cpu.ts';
import { fillFirstChunk } from './starting-state.ts';
import type { Suspending } from '../../machine/cpu.ts';

export class MachineCostMeter {
  readonly #allocator: PercpuAllocator;
  readonly #region: ChunkRegion;
  readonly #cpu = new LoneCpu(cpuId(0));
  readonly #objects = new Map<number, PercpuPtr>();
  #populatedPeak = 0;

  /** Room for `maxChunks` chunks besides the first. */
  constructor(geometry: PercpuGeometry, maxChunks: number) {
    const capacity = { maxChunks: maxChunks + 2, mappedUnits: 0 };
    const words = new RegionWords(new SharedArrayBuffer(ChunkRegion.bytesFor(geometry, capacity)));
    this.#region = ChunkRegion.format(words, 0, geometry, capacity);
    bootFirstChunk(this.#region);
    fillFirstChunk(this.#region);
    this.#allocator = new PercpuAllocator(this.#region, new CountedPages());
  }

  /** `key` names the object until it is freed. Throws when the region is full. */
  allocate(key: number, request: PercpuRequest): void {
    const given = complete(this.#allocator.allocate(this.#cpu, request));
    if (!given.ok) {
      if (request.atomic === true || request.reserved === true) return;
      throw new Error(`on the other machine: ${given.error.message}`);
    }
    this.#objects.set(key, given.value);
    this.#populatedPeak = Math.max(this.#populatedPeak, this.#region.header(RegionW.populatedPages));
    this.#letWorkerRun();
  }

  free(key: number): void {
    const ptr = this.#objects.get(key);
    if (ptr === undefined) return;
    this.#objects.delete(key);
    complete(this.#allocator.free(this.#cpu, ptr));
    this.#letWorkerRun();
  }

  cost(): MachineCost {
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
