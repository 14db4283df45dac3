/**
 * A CPU's translation of addresses: a set-associative cache in front of the table walk.
 *
 *     page number ─▶ set ─▶ [ tag │ frame │ cpu ] × ways          hit: the frame; miss: walk, then fill an empty way, or the next in turn
 *
 * Every access of simulated code goes through `translate`, whatever its access mode. Blocks are cached page by page.
 *
 * A TLB is its CPU's to fill (or that of the two CPUs which share it), and any CPU's to invalidate. An invalidation raises the
 * epoch first; a fill that began before reads another epoch after it has stored its entry and takes the entry back. So no
 * translation outlives its invalidation, except one that is in use at this very instruction.
 */
import { type CpuId, type PhysicalAddress, physicalAddress, type VirtualAddress } from '../units.ts';
import type { AddressSpace } from './address-space.ts';
import {
  SpaceCpuF64,
  SpaceCpuW,
  type SpaceCounter,
  SpaceW,
  TLB_ENTRY_BYTES,
  TlbF64,
  TlbW,
} from './address-space-layout.ts';
import type { PageTables } from './page-tables.ts';

const ENTRY_WORDS = TLB_ENTRY_BYTES / 4;

/** Simulated code touched an address where nothing is mapped. */
export class PageFault extends Error {
  constructor(cpu: CpuId, address: VirtualAddress) {
    super(`CPU ${cpu} touched address ${address} of the kernel's half, where nothing is mapped`);
    this.name = 'PageFault';
  }
}

export class Tlb {
  readonly #space: AddressSpace;
  readonly #tables: PageTables;
  readonly #cpu: CpuId;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  /** Double index of the first entry's tag. */
  readonly #first: number;
  readonly #counters: number;
  readonly #sets: number;
  readonly #ways: number;
  readonly #isTagged: boolean;
  readonly #pageSize: number;
  readonly #framesStart: number;

  constructor(space: AddressSpace, tables: PageTables, cpu: CpuId) {
    const { tlb } = space.config;
    this.#space = space;
    this.#tables = tables;
    this.#cpu = cpu;
    this.#words = space.arena.words;
    this.#doubles = space.arena.doubles;
    this.#first = tlbDouble(space, Math.floor(cpu / tlb.cpusPerTlb));
    this.#counters = space.cpuWord(cpu) / 2;
    this.#ways = tlb.ways;
    this.#sets = tlb.entries / tlb.ways;
    this.#isTagged = tlb.isTagged;
    this.#pageSize = space.geometry.pageSizeBytes;
    this.#framesStart = space.arena.geometry.frames;
  }

  /** Where `address` lies in the arena, for this CPU's code. Throws `PageFault` where nothing is mapped. */
  translate(address: VirtualAddress): PhysicalAddress {
    const page = Math.floor(address / this.#pageSize);
    const offset = address - page * this.#pageSize;
    // The low 32 bits are enough to choose a set.
    let entry = this.#first + ((page & (this.#sets - 1)) * this.#ways * ENTRY_WORDS) / 2;
    for (let way = 0; way < this.#ways; way++, entry += ENTRY_WORDS / 2) {
      if (this.#doubles[entry + TlbF64.tag] !== page + 1) continue;
      if (this.#isTagged && this.#words[2 * entry + TlbW.cpu] !== this.#cpu) continue;
      this.#add(SpaceCpuF64.tlbHits, 1);
      const frame = this.#words[2 * entry + TlbW.frame] ?? 0;
      return physicalAddress(this.#framesStart + frame * this.#pageSize + offset);
    }
    return this.#miss(page, address);
  }

  #miss(page: number, address: VirtualAddress): PhysicalAddress {
    this.#add(SpaceCpuF64.tlbMisses, 1);
    const epochWord = this.#space.base + SpaceW.epoch;
    const epoch = Atomics.load(this.#words, epochWord);
    const found = this.#tables.walk(this.#space.rootOf(this.#cpu), address);
    if (found === undefined) throw new PageFault(this.#cpu, address);
    this.#add(SpaceCpuF64.walkSteps, found.steps);
    const entry = this.#victim(page);
    this.#doubles[entry + TlbF64.tag] = 0;
    this.#words[2 * entry + TlbW.frame] = found.frame;
    this.#words[2 * entry + TlbW.cpu] = this.#cpu;
    this.#doubles[entry + TlbF64.tag] = page + 1;
    // Pairs with the add in `invalidate`: either it sees the tag, or this sees the new epoch.
    if (Atomics.load(this.#words, epochWord) !== epoch) this.#doubles[entry + TlbF64.tag] = 0;
    return physicalAddress(this.#framesStart + found.frame * this.#pageSize + (address - page * this.#pageSize));
  }

  /** Double index of the entry to fill: an empty one of the set, otherwise each way in turn. */
  #victim(page: number): number {
    const set = this.#first + ((page & (this.#sets - 1)) * this.#ways * ENTRY_WORDS) / 2;
    for (let way = 0; way < this.#ways; way++) {
      const entry = set + (way * ENTRY_WORDS) / 2;
      if (this.#doubles[entry + TlbF64.tag] === 0) return entry;
    }
    const turn = 2 * this.#counters + SpaceCpuW.nextWay;
    const way = ((this.#words[turn] ?? 0) + 1) % this.#ways;
    this.#words[turn] = way;
    return set + (way * ENTRY_WORDS) / 2;
  }

  #add(counter: SpaceCounter, amount: number): void {
    const index = this.#counters + counter;
    this.#doubles[index] = (this.#doubles[index] ?? 0) + amount;
  }
}

/**
 * Removes the translations of pages [first, end) from the TLBs of all CPUs, which is one broadcast. Under the address-space
 * lock, after the entries were cleared and before anything that they led to is given back.
 */
export function invalidate(space: AddressSpace, pages: { readonly first: number; readonly end: number }): void {
  const { arena, config } = space;
  Atomics.add(arena.words, space.base + SpaceW.epoch, 1);
  space.addHeader(SpaceW.flushes, 1);
  const count = Math.ceil(arena.config.possibleCpus / config.tlb.cpusPerTlb);
  for (let tlb = 0; tlb < count; tlb++) {
    const first = tlbDouble(space, tlb);
    for (let entry = 0; entry < config.tlb.entries; entry++) {
      const tag = first + (entry * ENTRY_WORDS) / 2 + TlbF64.tag;
      const page = arena.double(tag) - 1;
      if (page >= pages.first && page < pages.end) arena.doubles[tag] = 0;
    }
  }
}

/** Double index of the first entry of a TLB: that of CPUs `tlb` × cpusPerTlb and on. */
export function tlbDouble(space: AddressSpace, tlb: number): number {
  return space.base / 2 + (space.offsets.tlbs + tlb * space.offsets.tlbStride) / 8;
}
