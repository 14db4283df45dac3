/**
 * A machine's per-CPU memory: the address space of its chunks, and the way from a `PercpuPtr` to a byte in a page frame.
 *
 *     PercpuPtr ──+ unit offset of the CPU──▶ VirtualAddress ──chunk, unit, page──▶ frame map ──▶ PhysicalAddress
 *
 *     START                      START + span                 START + 2 × span
 *     ├─ unit 0 │ unit 1 │ … ────┼─ unit 0 │ unit 1 │ … ──────┼─ …
 *       first chunk                chunk 2                      chunk 3
 *
 * The offset of a CPU, `__per_cpu_offset[cpu]`, is START + unit × unit size: the static variables are linked at 0 (a span
 * later where there are none: `ChunkRegion.linkedStart`). Later chunks are mapped page by page, so that only bytes of one
 * page lie together in the arena. On a uniprocessor machine the static variables are plain memory behind all chunks, and one
 * unit is all there is.
 *
 * Holds no state: every thread has its own over the same arena.
 */
import type { Arena } from '../memory/arena.ts';
import { HeaderW } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import {
  type CpuId,
  cpuId,
  frameNumber,
  type PercpuPtr,
  percpuPtr,
  type PhysicalAddress,
  physicalAddress,
  type VirtualAddress,
  virtualAddress,
} from '../units.ts';
import { PercpuAllocator } from './chunks/allocator.ts';
import { ChunkRegion } from './chunks/chunk-region.ts';
import { FramePages } from './chunks/frame-pages.ts';
import { RegionWords } from './chunks/region-words.ts';
import type { LocalMapping } from './local-mapping/local-mapping.ts';
import { MappedFramePages } from './local-mapping/mapped-frame-pages.ts';
import type { PercpuPlan } from './percpu-plan.ts';
import type { MachineVariable } from './static-variables.ts';

/** Where the first chunk begins in the kernel's half of the address space on a machine without page tables: behind room for 64 TiB of linear map. */
export const PERCPU_SPACE_START = virtualAddress(2 ** 46);

export class PercpuArea {
  readonly plan: PercpuPlan;
  readonly region: ChunkRegion;
  readonly allocator: PercpuAllocator;
  readonly #arena: Arena;
  /** Of the first chunk. */
  readonly #start: VirtualAddress;

  /** `mapping` where chunks are mapped by page tables: addresses are its then. */
  constructor(arena: Arena, frames: PageFrames, mapping?: LocalMapping) {
    this.#arena = arena;
    this.#start = mapping?.perCpuPtr(percpuPtr(0), cpuId(0)) ?? PERCPU_SPACE_START;
    this.plan = arena.percpu;
    this.region = ChunkRegion.attach(new RegionWords(arena.buffer), arena.geometry.chunkRegion);
    const pages = new FramePages(arena, frames, this.region);
    this.allocator = new PercpuAllocator(
      this.region,
      mapping === undefined ? pages : new MappedFramePages(pages, this.region, mapping),
    );
  }

  /** The pointer of a static variable. Throws for one that this machine does not have. */
  variable(name: MachineVariable): PercpuPtr {
    const offset = this.plan.statics.offsets[name];
    if (offset === undefined) throw new Error(`this machine has no static per-CPU variable ${name}`);
    return this.plan.spec.method === 'uniprocessor'
      ? percpuPtr(this.region.linkedStart + this.#plainStaticsStart() + offset)
      : offset;
  }

  /** `__per_cpu_offset[cpu]`: what is added to a pointer. Throws for a CPU that is not possible. */
  percpuOffset(cpu: CpuId): number {
    const unit = this.plan.unitOfCpu[cpu];
    if (unit === undefined) throw new Error(`CPU ${cpu} is not possible on this machine`);
    return this.#start - this.region.linkedStart + unit * this.region.geometry.unitBytes;
  }

  /** Address of `cpu`'s copy; `cpu` is any possible CPU, online or not. Any thread. */
  perCpuPtr(ptr: PercpuPtr, cpu: CpuId): VirtualAddress {
    return virtualAddress(ptr + this.percpuOffset(cpu));
  }

  /** Where an address of per-CPU memory lies; only the bytes up to the end of its page follow it. Throws where nothing is mapped. */
  translate(address: VirtualAddress): PhysicalAddress {
    const { pageSizeBytes, unitBytes } = this.region.geometry;
    const fromStart = address - this.#start;
    const span = Math.floor(fromStart / this.region.spanBytes);
    // The first chunk's two parts are one span: the last span of chunks has the number maxChunks − 2.
    if (span < 0 || span > this.plan.capacity.maxChunks - 2) return this.#plainStatic(fromStart);
    const unit = Math.floor((fromStart % this.region.spanBytes) / unitBytes);
    const page = Math.floor((fromStart % unitBytes) / pageSizeBytes);
    const word = span === 0 ? this.region.firstChunkFrameWord(page, unit) : this.region.frameWord(span + 1, page, unit);
    const frame = this.region.words.get(word);
    if (frame === 0) throw new Error(`no page is mapped at per-CPU address ${address}`);
    return physicalAddress(this.#arena.frameAddress(frameNumber(frame - 1)) + (address % pageSizeBytes));
  }

  /** Where `cpu`'s copy lies: `perCpuPtr`, translated. */
  physicalAddress(ptr: PercpuPtr, cpu: CpuId): PhysicalAddress {
    return this.translate(this.perCpuPtr(ptr, cpu));
  }

  #plainStaticsStart(): number {
    return this.plan.capacity.maxChunks * this.region.spanBytes;
  }

  #plainStatic(fromStart: number): PhysicalAddress {
    const frame = frameNumber(this.#arena.word(HeaderW.plainStatics));
    const offset = fromStart - this.#plainStaticsStart();
    if (frame === 0 || offset < 0 || offset >= this.plan.statics.staticBytes) {
      throw new Error(`no page is mapped at per-CPU address ${this.#start + fromStart}`);
    }
    return physicalAddress(this.#arena.frameAddress(frame) + offset);
  }
}
