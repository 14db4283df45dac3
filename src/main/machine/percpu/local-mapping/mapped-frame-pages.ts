/**
 * Pages of chunks that are page frames and, besides, mapped: for machines with page tables.
 *
 *     populate    take frames, enter them into the frame map ─▶ map them globally and in the windows
 *     depopulate  unmap, invalidate ─▶ give the frames back
 *
 * The allocator's chunk n is the mapping's n − 1, since the first chunk's two parts are one. Both take the lowest free number,
 * so a pointer leads to the same place in either. The frame map is how the machine's own code finds a frame at once; the page
 * tables are what CPUs translate by, and hold the same frames.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import { frameNumber } from '../../units.ts';
import type { ChunkRegion, PageRange } from '../chunks/chunk-region.ts';
import type { FramePages } from '../chunks/frame-pages.ts';
import type { PageSource } from '../chunks/page-source.ts';
import type { LocalMapping } from './local-mapping.ts';

export class MappedFramePages implements PageSource {
  readonly #frames: FramePages;
  readonly #region: ChunkRegion;
  readonly #mapping: LocalMapping;

  /** Unit n of the region is CPU n's. */
  constructor(frames: FramePages, region: ChunkRegion, mapping: LocalMapping) {
    this.#frames = frames;
    this.#region = region;
    this.#mapping = mapping;
  }

  *createChunk(cpu: Cpu, chunk: number): Suspending<boolean> {
    const made = yield* this.#mapping.createChunk(cpu);
    if (made === undefined) return false;
    if (made !== chunk - 1) throw new Error(`chunk ${chunk} of the allocator lies where chunk ${made + 1} belongs`);
    return true;
  }

  *destroyChunk(cpu: Cpu, chunk: number): Suspending<void> {
    yield* this.#mapping.destroyChunk(cpu, chunk - 1);
  }

  *populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean> {
    if (!(yield* this.#frames.populate(cpu, chunk, pages))) return false;
    for (let page = pages.first; page < pages.end; page++) {
      if (yield* this.#map(cpu, chunk, page)) continue;
      if (page > pages.first) yield* this.#mapping.unmapPages(cpu, chunk - 1, { first: pages.first, end: page });
      yield* this.#frames.depopulate(cpu, chunk, pages);
      return false;
    }
    return true;
  }

  *depopulate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    yield* this.#mapping.unmapPages(cpu, chunk - 1, pages);
    yield* this.#frames.depopulate(cpu, chunk, pages);
  }

  clear(chunk: number, offsetBytes: number, sizeBytes: number): void {
    this.#frames.clear(chunk, offsetBytes, sizeBytes);
  }

  #map(cpu: Cpu, chunk: number, page: number): Suspending<boolean> {
    return this.#mapping.mapPage(cpu, { chunk: chunk - 1, page }, (unit) =>
      frameNumber(this.#region.words.get(this.#region.frameWord(chunk, page, unit)) - 1),
    );
  }
}
