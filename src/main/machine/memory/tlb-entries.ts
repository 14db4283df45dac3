/**
 * What a TLB holds, for whoever wants to see it: entries by set and way, read without touching them. At rest, since a CPU fills its
 * TLB without a lock.
 *
 *     set 0   [ way 0 │ way 1 │ way 2 │ way 3 ]        a page may lie in the ways of one set only: page number mod sets
 *     set 1   [ …
 */
import { type CpuId, cpuId, type FrameNumber, frameNumber, type VirtualAddress, virtualAddress } from '../units.ts';
import type { AddressSpace } from './address-space.ts';
import { TLB_ENTRY_BYTES, TlbF64, TlbW } from './address-space-layout.ts';
import { tlbDouble } from './tlb.ts';

/** An entry in use. */
export interface HeldTranslation {
  readonly set: number;
  readonly way: number;
  /** Of the first byte of the page. */
  readonly address: VirtualAddress;
  readonly frame: FrameNumber;
  /** Who filled it. */
  readonly cpu: CpuId;
}

/** The entries in use of the TLB that a CPU looks into, by set and way. */
export function tlbEntries(space: AddressSpace, cpu: CpuId): readonly HeldTranslation[] {
  const { entries, ways, cpusPerTlb } = space.config.tlb;
  const first = tlbDouble(space, Math.floor(cpu / cpusPerTlb));
  return Array.from({ length: entries }, (_, entry) => entry).flatMap((entry) => {
    const start = first + (entry * TLB_ENTRY_BYTES) / 8;
    const page = space.arena.double(start + TlbF64.tag) - 1;
    if (page < 0) return [];
    return {
      set: Math.floor(entry / ways),
      way: entry % ways,
      address: virtualAddress(page * space.geometry.pageSizeBytes),
      frame: frameNumber(space.arena.word(2 * start + TlbW.frame)),
      cpu: cpuId(space.arena.word(2 * start + TlbW.cpu)),
    };
  });
}

/** The set that an address belongs to. */
export function tlbSetOf(space: AddressSpace, address: VirtualAddress): number {
  const { entries, ways } = space.config.tlb;
  return Math.floor(address / space.geometry.pageSizeBytes) % (entries / ways);
}
