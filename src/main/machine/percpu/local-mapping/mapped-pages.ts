/**
 * Pages of chunks as page frames that are mapped: a frame per page and unit, entered into the global mapping and the windows.
 *
 *     populate    take one frame per unit ─▶ map          depopulate    unmap, invalidate ─▶ give the frames back
 *
 * There is no map of frames beside the page tables: what lies behind a page is asked of them. Chunk numbers are the mapping's.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { FrameKind, FrameW } from '../../memory/arena-layout.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import type { PageTables } from '../../memory/page-tables.ts';
import { type CpuId, cpuId, type FrameNumber, frameNumber } from '../../units.ts';
import type { PageRange } from '../chunks/chunk-region.ts';
import type { LocalMapping } from './local-mapping.ts';

export class MappedPages {
  readonly #space: AddressSpace;
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #tables: PageTables;
  readonly #mapping: LocalMapping;

  constructor(parts: {
    readonly space: AddressSpace;
    readonly frames: PageFrames;
    readonly tables: PageTables;
    readonly mapping: LocalMapping;
  }) {
    this.#space = parts.space;
    this.#arena = parts.space.arena;
    this.#frames = parts.frames;
    this.#tables = parts.tables;
    this.#mapping = parts.mapping;
  }

  /** A frame per unit for each page; false, with nothing taken, when memory runs out. */
  *populate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<boolean> {
    for (let page = pages.first; page < pages.end; page++) {
      if (yield* this.#populatePage(cpu, chunk, page)) continue;
      if (page > pages.first) yield* this.depopulate(cpu, chunk, { first: pages.first, end: page });
      return false;
    }
    return true;
  }

  /** Gives back pages that `populate` has backed. */
  *depopulate(cpu: Cpu, chunk: number, pages: PageRange): Suspending<void> {
    const frames: FrameNumber[] = [];
    for (let page = pages.first; page < pages.end; page++) {
      for (let unit = 0; unit < this.#units; unit++) frames.push(this.#frameOf(chunk, page, cpuId(unit)));
    }
    yield* this.#mapping.unmapPages(cpu, chunk, pages);
    yield* this.#giveAll(cpu, frames);
  }

  /** Zeroes an object in every unit. */
  clear(chunk: number, offsetBytes: number, sizeBytes: number): void {
    const { pageSizeBytes } = this.#arena.config;
    for (let at = offsetBytes; at < offsetBytes + sizeBytes;) {
      const page = Math.floor(at / pageSizeBytes);
      const end = Math.min((page + 1) * pageSizeBytes, offsetBytes + sizeBytes);
      for (let unit = 0; unit < this.#units; unit++) {
        const start = this.#arena.frameAddress(this.#frameOf(chunk, page, cpuId(unit))) + (at % pageSizeBytes);
        this.#arena.bytes.fill(0, start, start + end - at);
      }
      at = end;
    }
  }

  get #units(): number {
    return this.#arena.config.possibleCpus;
  }

  *#populatePage(cpu: Cpu, chunk: number, page: number): Suspending<boolean> {
    const first = yield* this.#frames.take(cpu, this.#units, FrameKind.percpu);
    if (first === undefined) return false;
    const frames = [first];
    for (let frame = first; frames.length < this.#units; frames.push(frame)) {
      frame = frameNumber(this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.next) - 1);
    }
    if (yield* this.#mapping.mapPage(cpu, { chunk, page }, (unit) => frames[unit] ?? first)) return true;
    yield* this.#frames.give(cpu, first, this.#units, FrameKind.percpu);
    return false;
  }

  /** Throws where nothing is mapped. */
  #frameOf(chunk: number, page: number, unit: CpuId): FrameNumber {
    const pointer = this.#mapping.pointer(chunk, page * this.#arena.config.pageSizeBytes);
    const found = this.#tables.walk(this.#space.rootOf(cpuId(0)), this.#mapping.perCpuPtr(pointer, unit));
    if (found === undefined) throw new Error(`page ${page} of chunk ${chunk} has no frame in unit ${unit}`);
    return found.frame;
  }

  *#giveAll(cpu: Cpu, frames: readonly FrameNumber[]): Suspending<void> {
    for (const [index, frame] of frames.entries()) {
      const next = frames[index + 1];
      this.#arena.words[this.#arena.descriptorWord(frame) + FrameW.next] = next === undefined ? 0 : next + 1;
    }
    const [first] = frames;
    if (first !== undefined) yield* this.#frames.give(cpu, first, frames.length, FrameKind.percpu);
  }
}
