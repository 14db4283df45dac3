/**
 * alloc_percpu and free_percpu: requests under their locks, with pages behind them.
 *
 *     ordinary request   allocation mutex ( pcpu_lock ( search, commit ) populate pcpu_lock ( count pages ) ) zero
 *     atomic request     pcpu_lock ( search among populated pages, commit ) zero
 *     free               pcpu_lock ( release )
 *
 * A PercpuPtr is an address in CPU 0's place: chunks lie one behind the other in address space, each with all its units, and
 * whoever adds the offset of a CPU's unit has that CPU's copy. Only the first unit's width of each span is ever given out.
 *
 *     0                          span                       2 × span
 *     ├─ first chunk: unit 0, 1 … ┼─ chunk 2: unit 0, 1 … ───┼─ chunk 3 …    ptr = start of the chunk + offset in the unit
 *
 * Where there is no static part everything begins a span later, so that no object has the pointer 0.
 */
import { fail, ok, type Result } from '../../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import { Operation } from '../../operation.ts';
import { type LockWord, lockWord, type PercpuPtr, percpuPtr } from '../../units.ts';
import { BalanceWork } from './balance-work.ts';
import { FIRST_CHUNK, RegionW, RESERVED_CHUNK } from './chunk-layout.ts';
import { markPopulated } from './chunk-lifecycle.ts';
import type { ChunkRegion } from './chunk-region.ts';
import type { PageSource } from './page-source.ts';
import { CELL_BYTES, firstChunkParts, LARGEST_OBJECT_BYTES } from './percpu-geometry.ts';
import type { ObjectCells } from './place.ts';
import { objectAt } from './release.ts';
import { blankPlace, type ChunkRequest, commitPlace, type Place, releaseCells, searchPlace } from './requests.ts';
import { firstOf } from './slots.ts';

export interface PercpuRequest {
  /** 1 … 32768; rounded up to 4. */
  readonly sizeBytes: number;
  /** A power of two up to the page size; at least 4 is given. */
  readonly alignBytes: number;
  /** Must not wait: no mutex, populated pages only. */
  readonly atomic?: boolean;
  /** From the reserved part of the first chunk, where there is one. */
  readonly reserved?: boolean;
  /** Number of who asks, for machines that tag objects; 0 unless said. */
  readonly callSite?: number;
}

/** freed; nothing: there was none to free; not-an-object: freed already, or never given out (nothing is changed). */
export type FreeOutcome = 'freed' | 'nothing' | 'not-an-object';

export class PercpuAllocator {
  readonly region: ChunkRegion;
  readonly #pages: PageSource;
  readonly #balance: BalanceWork;
  readonly #mutex: LockWord;
  readonly #lock: LockWord;
  /** Scratch between search and commit, under pcpu_lock. */
  readonly #place: Place = blankPlace();
  /** Bytes from the start of the unit to the first page of each part of the first chunk. */
  readonly #dynamicBase: number;
  readonly #reservedBase: number;

  constructor(region: ChunkRegion, pages: PageSource) {
    this.region = region;
    this.#pages = pages;
    this.#balance = new BalanceWork(region, pages);
    this.#mutex = lockWord(region.base + RegionW.allocMutex);
    this.#lock = lockWord(region.base + RegionW.lock);
    const { dynamic, reserved } = firstChunkParts(region.geometry);
    this.#dynamicBase = dynamic.baseBytes;
    this.#reservedBase = reserved?.baseBytes ?? 0;
  }

  /**
   * An object that is zero on every possible CPU. Errors: 'bad-input' for a size or alignment that is refused,
   * 'out-of-memory' when no chunk has room, none can be made, or no pages are left; nothing is taken then.
   */
  *allocate(cpu: Cpu, request: PercpuRequest): Suspending<Result<PercpuPtr>> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return fail('bad-input', refusal);
    const wanted = inCells(request);
    const { callSite = 0 } = request;
    cpu.begin(Operation.percpuAllocate);
    const object = wanted.atomic
      ? yield* this.#takeAtomic(cpu, wanted, callSite)
      : yield* this.#takeWaiting(cpu, wanted, callSite);
    cpu.end();
    if (object === undefined) {
      const kind = wanted.atomic ? 'atomic ' : '';
      return fail('out-of-memory', `no room for an ${kind}object of ${request.sizeBytes} bytes on every CPU`);
    }
    this.#pages.clear(object.chunk, object.start * CELL_BYTES, object.cells * CELL_BYTES);
    return ok(this.pointer(object.chunk, object.start * CELL_BYTES));
  }

  /** Frees what `allocate` gave. 0 and undefined are nothing to free. Any CPU; never waits for the allocation mutex. */
  *free(cpu: Cpu, ptr: PercpuPtr | undefined): Suspending<FreeOutcome> {
    if (ptr === undefined || ptr === 0) return 'nothing';
    const at = this.locate(ptr);
    if (at === undefined || at.offsetBytes % CELL_BYTES !== 0) return 'not-an-object';
    cpu.begin(Operation.percpuFree);
    yield* this.#takeLock(cpu);
    const object = this.#liveObject(at.chunk, at.offsetBytes / CELL_BYTES);
    if (object !== undefined) releaseCells(this.region, object);
    cpu.unlock(this.#lock);
    cpu.end();
    return object === undefined ? 'not-an-object' : 'freed';
  }

  /** What a failed atomic request leaves behind: the balance work will keep more pages ready. */
  *noteAtomicFailure(cpu: Cpu): Suspending<void> {
    yield* this.#takeLock(cpu);
    this.#wantMorePages();
    cpu.unlock(this.#lock);
  }

  /** Whether the balance work has something to do; the caller decides when to run it. */
  balanceWanted(): boolean {
    return this.region.header(RegionW.balanceWanted) !== 0;
  }

  /** One run of the balance work, whether wanted or not. */
  *runBalanceWork(cpu: Cpu): Suspending<void> {
    cpu.begin(Operation.percpuBalance);
    if (!cpu.tryLock(this.#mutex)) yield* cpu.lock(this.#mutex, LockClass.percpuAllocMutex);
    yield* this.#balance.run(cpu);
    cpu.unlock(this.#mutex);
    cpu.end();
  }

  /** The pointer to a byte of a chunk. */
  pointer(chunk: number, offsetBytes: number): PercpuPtr {
    const { linkedStart, spanBytes } = this.region;
    if (chunk === FIRST_CHUNK) return percpuPtr(linkedStart + this.#dynamicBase + offsetBytes);
    if (chunk === RESERVED_CHUNK) return percpuPtr(linkedStart + this.#reservedBase + offsetBytes);
    return percpuPtr(linkedStart + (chunk - 1) * spanBytes + offsetBytes);
  }

  /** Chunk and byte offset of a pointer; undefined for the static part and for chunks that do not exist. */
  locate(ptr: PercpuPtr): { readonly chunk: number; readonly offsetBytes: number } | undefined {
    const { unitBytes, staticBytes, reservedBytes } = this.region.geometry;
    const fromStart = ptr - this.region.linkedStart;
    const span = Math.floor(fromStart / this.region.spanBytes);
    const inUnit = fromStart % this.region.spanBytes;
    if (fromStart < 0 || inUnit >= unitBytes) return undefined;
    if (span > 0) return this.#chunkAt(span + 1, inUnit);
    if (inUnit < staticBytes) return undefined;
    const dynamicStart = Math.ceil(staticBytes / CELL_BYTES) * CELL_BYTES + reservedBytes;
    return inUnit < dynamicStart
      ? this.#chunkAt(RESERVED_CHUNK, inUnit - this.#reservedBase)
      : this.#chunkAt(FIRST_CHUNK, inUnit - this.#dynamicBase);
  }

  #chunkAt(chunk: number, offsetBytes: number): { chunk: number; offsetBytes: number } | undefined {
    return chunk < this.region.capacity.maxChunks && this.region.exists(chunk) ? { chunk, offsetBytes } : undefined;
  }

  /** The bytes at the ends of the first chunk are marked like objects, but nobody was given them. */
  #liveObject(chunk: number, start: number): ObjectCells | undefined {
    const { dynamic, reserved } = firstChunkParts(this.region.geometry);
    const part = chunk === FIRST_CHUNK ? dynamic : reserved;
    if (part !== undefined && (chunk === FIRST_CHUNK || chunk === RESERVED_CHUNK)) {
      const end = part.pages * this.region.geometry.pageSizeBytes - part.endOffsetBytes;
      if (start * CELL_BYTES < part.startOffsetBytes || start * CELL_BYTES >= end) return undefined;
    }
    return this.region.exists(chunk) ? objectAt(this.region, chunk, start) : undefined;
  }

  #refusal({ sizeBytes, alignBytes }: PercpuRequest): string | undefined {
    if (!Number.isInteger(sizeBytes) || sizeBytes <= 0) return `an object of ${sizeBytes} bytes is none`;
    if (sizeBytes > LARGEST_OBJECT_BYTES) {
      return `an object of ${sizeBytes} bytes is larger than the largest per-CPU object, ${LARGEST_OBJECT_BYTES} bytes`;
    }
    const { pageSizeBytes } = this.region.geometry;
    if (!Number.isInteger(Math.log2(alignBytes)) || alignBytes < 1 || alignBytes > pageSizeBytes) {
      return `alignment ${alignBytes} is no power of two from 1 to ${pageSizeBytes}`;
    }
    return undefined;
  }

  *#takeLock(cpu: Cpu): Suspending<void> {
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.percpuLock);
  }

  *#takeAtomic(cpu: Cpu, request: ChunkRequest, callSite: number): Suspending<ObjectCells | undefined> {
    yield* this.#takeLock(cpu);
    const object = this.#searchAndCommit(request, callSite);
    if (object === undefined) this.#wantMorePages();
    cpu.unlock(this.#lock);
    return object;
  }

  /** Under pcpu_lock. */
  #wantMorePages(): void {
    this.region.setHeader(RegionW.atomicFailed, 1);
    this.region.wantBalanceWork();
  }

  *#takeWaiting(cpu: Cpu, request: ChunkRequest, callSite: number): Suspending<ObjectCells | undefined> {
    if (!cpu.tryLock(this.#mutex)) yield* cpu.lock(this.#mutex, LockClass.percpuAllocMutex);
    yield* this.#takeLock(cpu);
    let object = this.#searchAndCommit(request, callSite);
    if (object === undefined && (yield* this.#makeRoom(cpu, request)))
      object = this.#searchAndCommit(request, callSite);
    cpu.unlock(this.#lock);
    const backed = object === undefined || (yield* this.#back(cpu, object));
    cpu.unlock(this.#mutex);
    return backed ? object : undefined;
  }

  #searchAndCommit(request: ChunkRequest, callSite: number): ObjectCells | undefined {
    const place = this.#place;
    if (!searchPlace(this.region, request, place)) return undefined;
    commitPlace(this.region, place, request.cells);
    this.region.tagObject(place.chunk, place.start, callSite);
    return { chunk: place.chunk, start: place.start, cells: request.cells };
  }

  /** Whether another search is worth it: a chunk was made, or a free has left one wholly free meanwhile. Enters and leaves with pcpu_lock. */
  *#makeRoom(cpu: Cpu, request: ChunkRequest): Suspending<boolean> {
    if (request.reserved && this.region.exists(RESERVED_CHUNK)) return false;
    if (firstOf(this.region, this.region.slots.fullyFree) >= 0) return true;
    return (yield* this.#balance.createChunk(cpu)) >= 0;
  }

  /** Populates the pages of a new object; false, with the object gone again, when memory runs out. */
  *#back(cpu: Cpu, object: ObjectCells): Suspending<boolean> {
    const { chunk, start, cells } = object;
    const perPage = this.region.layout.cellsPerPage;
    const end = Math.ceil((start + cells) / perPage);
    for (let first = Math.floor(start / perPage); ;) {
      const pages = this.region.unpopulatedRun(chunk, { first, end });
      if (pages === undefined) return true;
      const populated = yield* this.#pages.populate(cpu, chunk, pages);
      yield* this.#takeLock(cpu);
      if (populated) markPopulated(this.region, chunk, pages);
      else releaseCells(this.region, object);
      cpu.unlock(this.#lock);
      if (!populated) return false;
      first = pages.end;
    }
  }
}

function inCells({ sizeBytes, alignBytes, atomic, reserved }: PercpuRequest): ChunkRequest {
  return {
    cells: Math.ceil(sizeBytes / CELL_BYTES),
    alignCells: Math.max(alignBytes / CELL_BYTES, 1),
    atomic: atomic ?? false,
    reserved: reserved ?? false,
  };
}
