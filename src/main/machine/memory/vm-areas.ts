/**
 * Which parts of the kernel's mapped space are taken: a list of areas by address, lowest first fit.
 *
 *     ├ area ┤ guard ├──── area ────┤ … free … ├ area ┤          first ─▶ area ─▶ area ─▶ 0
 *
 * An area is address space only; mapping it is another matter. All calls under the address-space lock. A free entry of the
 * table is reused before a fresh one is.
 */
import { type VirtualAddress, virtualAddress } from '../units.ts';
import type { AddressRange } from './address-regions.ts';
import type { AddressSpace } from './address-space.ts';
import { AREA_BYTES, AreaF64, AreaW, SpaceW } from './address-space-layout.ts';

export interface AreaRequest {
  /** Whole pages. */
  readonly bytes: number;
  /** A whole number of pages. */
  readonly alignBytes: number;
  /** Where it may lie. */
  readonly within: AddressRange;
}

export class VmAreas {
  readonly #space: AddressSpace;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** Takes the lowest hole that fits; undefined where there is none, or the table of areas is full. */
  take({ bytes, alignBytes, within }: AreaRequest): VirtualAddress | undefined {
    const page = this.#space.geometry.pageSizeBytes;
    const length = bytes / page;
    const align = alignBytes / page;
    if (!Number.isInteger(length) || length === 0) throw new Error(`an area of ${bytes} bytes is no number of pages`);
    let start = alignUp(within.start / page, align);
    let previous = 0;
    for (let area = this.#first(); area !== 0; area = this.#next(area)) {
      if (this.#end(area) > start) {
        if (this.#start(area) >= start + length) break;
        start = alignUp(this.#end(area), align);
      }
      previous = area;
    }
    if (start + length > within.end / page) return undefined;
    const made = this.#newArea();
    if (made === 0) return undefined;
    const { doubles } = this.#space.arena;
    doubles[this.#double(made) + AreaF64.start] = start;
    doubles[this.#double(made) + AreaF64.end] = start + length;
    this.#insert(made, previous);
    return virtualAddress(start * page);
  }

  /** Gives an area back by its address. Throws when none begins there. */
  give(address: VirtualAddress): void {
    const page = address / this.#space.geometry.pageSizeBytes;
    let previous = 0;
    for (let area = this.#first(); area !== 0; area = this.#next(area)) {
      if (this.#start(area) === page) {
        this.#setNext(previous, this.#next(area));
        this.#setNext(area, this.#space.header(SpaceW.freeArea));
        this.#space.setHeader(SpaceW.freeArea, area);
        return;
      }
      previous = area;
    }
    throw new Error(`no area begins at ${address}`);
  }

  /** The area that begins at `address`; throws when there is none. */
  rangeAt(address: VirtualAddress): AddressRange {
    const found = this.list().find((area) => area.start === address);
    if (found === undefined) throw new Error(`no area begins at ${address}`);
    return found;
  }

  /** All areas by address. */
  list(): readonly AddressRange[] {
    const page = this.#space.geometry.pageSizeBytes;
    const areas: AddressRange[] = [];
    for (let area = this.#first(); area !== 0; area = this.#next(area)) {
      areas.push({ start: virtualAddress(this.#start(area) * page), end: virtualAddress(this.#end(area) * page) });
    }
    return areas;
  }

  #newArea(): number {
    const free = this.#space.header(SpaceW.freeArea);
    if (free !== 0) {
      this.#space.setHeader(SpaceW.freeArea, this.#next(free));
      return free;
    }
    const fresh = this.#space.header(SpaceW.freshArea);
    if (fresh === this.#space.config.maxAreas) return 0;
    this.#space.setHeader(SpaceW.freshArea, fresh + 1);
    return fresh + 1;
  }

  /** Behind `previous`; 0: in front of all. Areas are named by their number + 1 here. */
  #insert(area: number, previous: number): void {
    this.#setNext(area, previous === 0 ? this.#first() : this.#next(previous));
    this.#setNext(previous, area);
  }

  #first(): number {
    return this.#space.header(SpaceW.firstArea);
  }

  #setNext(area: number, next: number): void {
    if (area === 0) this.#space.setHeader(SpaceW.firstArea, next);
    else this.#space.arena.words[2 * this.#double(area) + AreaW.next] = next;
  }

  #next(area: number): number {
    return this.#space.arena.word(2 * this.#double(area) + AreaW.next);
  }

  #start(area: number): number {
    return this.#space.arena.double(this.#double(area) + AreaF64.start);
  }

  #end(area: number): number {
    return this.#space.arena.double(this.#double(area) + AreaF64.end);
  }

  /** Double index of an area. */
  #double(area: number): number {
    return (this.#space.base * 4 + this.#space.offsets.areas + (area - 1) * AREA_BYTES) / 8;
  }
}

function alignUp(page: number, align: number): number {
  return Math.ceil(page / align) * align;
}
