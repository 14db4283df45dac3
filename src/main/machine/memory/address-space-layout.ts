/**
 * The map of an address space's region: what stands for registers, translation caches and the kernel's list of vm areas.
 * The tables themselves are page frames.
 *
 *     ┌────────┬─────────────────┬──────────────────────────┬───────────────────────┐
 *     │ header │ CPU blocks      │ TLBs                     │ vm areas              │
 *     └────────┴─────────────────┴──────────────────────────┴───────────────────────┘
 *      256 B    256 B each        16 B × entries, to 256 B   24 B each
 *
 * Fields are indices of 32-bit words (W) or doubles (F64) within their block. Addresses are kept as page numbers in doubles,
 * since they reach 2^40. Everything is written under the address-space lock but for the TLBs and the CPU blocks' counters,
 * which their CPU writes; any CPU may clear a TLB entry's tag (tlb.ts says how that races).
 */
import type { Translation } from '../../../shared/address-space.ts';
import { roundUp } from '../units.ts';

/** Bytes of the header. */
export const SPACE_HEADER_BYTES = 256;
/** Words of the header; the first block is written once by `format`. */
export const SpaceW = {
  /** Index into TRANSLATIONS. */
  translation: 0,
  cpus: 1,
  tlbEntries: 2,
  tlbWays: 3,
  cpusPerTlb: 4,
  /** 1: a TLB entry serves only the CPU that filled it. */
  tlbIsTagged: 5,
  /** 1: each top-level table takes a whole page. */
  pgdTakesPage: 6,
  maxAreas: 7,
  /** LockClass.addressSpace: all table edits and the list of areas. */
  lock: 16,
  /** Grows with every invalidation; a TLB fill that saw it change throws its entry away. */
  epoch: 17,
  /** Area number + 1 of the lowest area, of the last one given up; areas from `freshArea` on were never used. */
  firstArea: 18,
  freeArea: 19,
  freshArea: 20,
  /** Totals since boot: stores into other CPUs' top-level tables to keep them equal, ranges invalidated on all CPUs. */
  pgdCopies: 24,
  flushes: 25,
  tablesMade: 26,
  tablesFreed: 27,
} as const;
/** Doubles of the header, written once: bytes of the ranges that `addressRegions` is asked for. */
export const SpaceF64 = { chunkBytes: 4, windowBytes: 5 } as const;

/** Bytes of a CPU's block: blocks of different CPUs share no cache line. */
export const SPACE_CPU_BYTES = 256;
/** Words of a CPU's block, under the address-space lock unless said otherwise. */
export const SpaceCpuW = {
  /** Word index of its top-level table in the arena; 0: it has none and walks CPU 0's. */
  root: 0,
  /** Frame number + 1 of the frame that holds its top-level table. */
  rootFrame: 1,
  /** Way that its last TLB fill threw something out of; its CPU's own. */
  nextWay: 2,
} as const;
/** Doubles of a CPU's block, totals since boot, written by that CPU alone. */
export const SpaceCpuF64 = {
  tlbHits: 8,
  tlbMisses: 9,
  /** Table entries read by walks. */
  walkSteps: 10,
  /** this_cpu operations finished. */
  operations: 11,
  /** Preemption switched off and on again; looks at whether a task waits; tasks that another one took over from. */
  preemptPairs: 12,
  rescheduleChecks: 13,
  switches: 14,
  /** Tasks sent to another CPU. */
  migrations: 15,
  /** Reads of the CPU's own per-CPU offset. */
  offsetReads: 16,
  /** Registers noted for the exception path, and addresses that it rewrote. */
  notes: 17,
  fixups: 18,
  windowAccesses: 19,
  /** Atomic read-modify-write instructions; plain loads and stores are not counted. */
  atomics: 20,
  /** Accesses that reached another CPU's copy. */
  strayAccesses: 21,
} as const;
export type SpaceCounter = (typeof SpaceCpuF64)[keyof typeof SpaceCpuF64];

/** Bytes of an entry of a TLB. */
export const TLB_ENTRY_BYTES = 16;
/** Double of an entry: page number + 1, 0 for an empty one. */
export const TlbF64 = { tag: 0 } as const;
/** Words of an entry. */
export const TlbW = {
  frame: 2,
  /** The CPU that filled it. */
  cpu: 3,
} as const;

/** Bytes of a vm area. */
export const AREA_BYTES = 24;
/** Doubles of a vm area, pages. */
export const AreaF64 = { start: 0, end: 1 } as const;
/** Words of a vm area: area number + 1 of the next higher one, or of the next free one; 0 ends. */
export const AreaW = { next: 4 } as const;

/** Translation caches. */
export interface TlbConfig {
  /** Of each TLB; a multiple of `ways`, the quotient a power of two. */
  readonly entries: number;
  readonly ways: number;
  /** 1, or 2 where two hardware threads share one. */
  readonly cpusPerTlb: number;
  /** Whether entries carry the number of their CPU. Without it a shared TLB mixes up the CPUs' windows. */
  readonly isTagged: boolean;
}

/** What an address space is made with. */
export interface AddressSpaceConfig {
  readonly translation: Translation;
  readonly tlb: TlbConfig;
  /** Whether a top-level table smaller than a page takes a whole one all the same. */
  readonly pgdTakesPage: boolean;
  /** Most vm areas at a time. */
  readonly maxAreas: number;
  /** Bytes of the chunk range and of the window, see address-regions.ts. */
  readonly chunkBytes: number;
  readonly windowBytes: number;
}

/** Byte offsets from the region's start. */
export interface SpaceOffsets {
  readonly cpus: number;
  readonly tlbs: number;
  /** From one TLB to the next. */
  readonly tlbStride: number;
  readonly areas: number;
  readonly totalBytes: number;
}

/** Pure; every thread computes the same from the header. */
export function spaceOffsets(
  possibleCpus: number,
  { tlb, maxAreas }: Pick<AddressSpaceConfig, 'tlb' | 'maxAreas'>,
): SpaceOffsets {
  const cpus = SPACE_HEADER_BYTES;
  const tlbs = cpus + possibleCpus * SPACE_CPU_BYTES;
  const tlbStride = roundUp(tlb.entries * TLB_ENTRY_BYTES, 256);
  const areas = tlbs + Math.ceil(possibleCpus / tlb.cpusPerTlb) * tlbStride;
  return { cpus, tlbs, tlbStride, areas, totalBytes: roundUp(areas + maxAreas * AREA_BYTES, 256) };
}
