/**
 * Pages of chunks as page frames of a machine: one frame per page and unit, found again through the region's frame map.
 *
 *     chunk page p ──▶ frame map [p][unit 0] [p][unit 1] [p][unit 2: unused] … ──▶ page frames
 *                                                        0
 *
 * Only units of CPUs have frames: an unused one takes address space alone, in the first chunk, which gives its memory back
 * whole, as in later ones. The kernel's own figures (`Percpu:` in /proc/meminfo) count it all the same. The first chunk's
 * pages are boot's, which enters them into the first chunk's map; they are never given back.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { FrameKind, FrameW } from '../../memory/arena-layout.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import { frameNumber, type PhysicalAddress, physicalAddress } from '../../units.ts';
import type { ChunkRegion, PageRange } from './chunk-region.ts';
import type { PageSource } from './page-source.ts';

export class FramePages implements PageSource {
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #region: ChunkRegion;
  /** Those of CPUs, in the order of addresses. */
  readonly #units: readonly number[];

  /** Throws when the region's frame map does not have a column for every unit. */
  constructor(arena: Arena, frames: PageFrames, region: ChunkRegion) {
    if (region.capacity.mappedUnits !== region.geometry.units) {
      throw new Error(`frame map of ${region.capacity.mappedUnits} units for chunks of ${region.geometry.units}`);
    }
    this.#arena = arena;
    this.#frames = frames;
    this.#region = region;
    this.#units = arena.percpu.cpuOfUnit.flatMap((cpu, unit) => (cpu === undefined ? [] : [unit]));
  }

  /** The frame map has room for every chunk that the region has room for. */
  *createChunk(): Suspending<boolean> {
    return true;
  }

  *destroyChunk(): Suspending<void> {
    // Nothing was taken.
  }

  *populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean> {
    const frames = (pages.end - pages.first) * this.#units.length;
    const first = yield* this.#frames.take(cpu, frames, FrameKind.percpu);
    if (first === undefined) return false;
    let frame = first;
    for (let page = pages.first; page < pages.end; page++) {
      for (const unit of this.#units) {
        this.#region.words.set(this.#region.frameWord(chunk, page, unit), frame + 1);
        frame = frameNumber(this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.next) - 1);
      }
    }
    return true;
  }

  *depopulate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    let chain = 0;
    for (let page = pages.first; page < pages.end; page++) {
      for (const unit of this.#units) {
        const word = this.#region.frameWord(chunk, page, unit);
        const frame = frameNumber(this.#region.words.get(word) - 1);
        this.#arena.words[this.#arena.descriptorWord(frame) + FrameW.next] = chain;
        this.#region.words.set(word, 0);
        chain = frame + 1;
      }
    }
    const frames = (pages.end - pages.first) * this.#units.length;
    yield* this.#frames.give(cpu, frameNumber(chain - 1), frames, FrameKind.percpu);
  }

  /** Whatever the frames held before: a frame is not cleared when it is taken. */
  clear(chunk: number, offsetBytes: number, sizeBytes: number): void {
    const { pageSizeBytes } = this.#region.geometry;
    for (const unit of this.#units) {
      for (let at = offsetBytes; at < offsetBytes + sizeBytes;) {
        const end = Math.min((Math.floor(at / pageSizeBytes) + 1) * pageSizeBytes, offsetBytes + sizeBytes);
        const start = this.address(chunk, at, unit);
        if (start !== undefined) this.#arena.bytes.fill(0, start, start + end - at);
        at = end;
      }
    }
  }

  /** Where a byte of a chunk lies in a unit; undefined where no frame is. The caller owns an object there. */
  address(chunk: number, offsetBytes: number, unit: number): PhysicalAddress | undefined {
    const { pageSizeBytes } = this.#region.geometry;
    const page = Math.floor(offsetBytes / pageSizeBytes);
    const mapped = this.#region.words.get(this.#region.frameWord(chunk, page, unit));
    if (mapped === 0) return undefined;
    return physicalAddress(this.#arena.frameAddress(frameNumber(mapped - 1)) + (offsetBytes % pageSizeBytes));
  }
}
