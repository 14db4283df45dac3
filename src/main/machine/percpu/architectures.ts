/**
 * What each architecture asks of the first chunk: one row per way in which kernels set it up.
 *
 *     module reserve   `own`: a reserved part by itself     `dynamic`: added to the dynamic part, nothing is reserved
 *     atom             a page where the kernel's own mapping does not matter, else what that mapping is made of
 *     distance         what makes groups: the same node or not, the distance of the nodes, or nothing (one group)
 *
 * Source: a reading of the callers in public kernel text; all rows but loongarch64's page rule are borne out by boot logs.
 */
import type { ArchitectureName } from '../../../shared/percpu-settings.ts';
import { isSince, type KernelVersion } from './kernel-era.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface Architecture {
  readonly wordBits: 32 | 64;
  /** Page sizes that its kernels can be built for, the usual one first. */
  readonly pageSizesBytes: readonly number[];
  readonly moduleReserve: 'own' | 'dynamic';
  /** Bytes of an atom. */
  readonly atomBytes: (pageSizeBytes: number, version: KernelVersion) => number;
  readonly distance: 'same-node' | 'node-distance' | 'none';
  /** Whether a page first chunk takes over where blocks lie too far apart. */
  readonly fallsBackToPage: boolean;
  /** From this number of node ids on, pages are taken at once. */
  readonly pageFromNodeIds?: number;
  /** The unit has this size whatever is in it, and the dynamic part is what is left of it. */
  readonly fixedUnitBytes?: number;
}

const onePage = (pageSizeBytes: number): number => pageSizeBytes;

/** A page-table entry is 8 bytes, so a middle page directory of one page maps page / 8 pages. */
const pmdOf64BitEntries = (pageSizeBytes: number): number => (pageSizeBytes / 8) * pageSizeBytes;

/** Until 3.4 ("don't use PMD_SIZE as embedded atom_size on 32bit") the atom was a huge page. */
function x86Atom32(hugePageBytes: number): Architecture['atomBytes'] {
  return (pageSizeBytes, version) => (isSince(version, '3.4') ? pageSizeBytes : hugePageBytes);
}

/** x86 and its kin: CPUs of one node are near, all others far. */
const X86_32: Architecture = {
  wordBits: 32,
  pageSizesBytes: [4 * KIB],
  moduleReserve: 'dynamic',
  atomBytes: x86Atom32(4 * MIB),
  distance: 'same-node',
  fallsBackToPage: true,
  pageFromNodeIds: 2,
};

/** Everything that leaves the set-up to the generic code. */
const GENERIC: Architecture = {
  wordBits: 64,
  pageSizesBytes: [4 * KIB, 16 * KIB, 64 * KIB],
  moduleReserve: 'own',
  atomBytes: onePage,
  distance: 'none',
  fallsBackToPage: false,
};

const POWERPC64: Architecture = {
  wordBits: 64,
  pageSizesBytes: [64 * KIB, 4 * KIB],
  moduleReserve: 'dynamic',
  atomBytes: onePage,
  distance: 'same-node',
  fallsBackToPage: true,
};

/** The rows by name. */
export const ARCHITECTURE_TABLE: Readonly<Record<ArchitectureName, Architecture>> = {
  'x86-64': {
    wordBits: 64,
    pageSizesBytes: [4 * KIB],
    moduleReserve: 'own',
    atomBytes: pmdOf64BitEntries,
    distance: 'same-node',
    fallsBackToPage: true,
  },
  'x86-32': X86_32,
  'x86-32-pae': { ...X86_32, atomBytes: x86Atom32(2 * MIB) },
  // arm64 and riscv64 without NUMA, s390x, mips64, parisc64
  'generic-64': GENERIC,
  // arm, mips, parisc, riscv32
  'generic-32': { ...GENERIC, wordBits: 32 },
  // arm64 and riscv64 with NUMA
  'arm64-numa': { ...GENERIC, distance: 'node-distance', fallsBackToPage: true },
  // hash page tables with the linear mapping in larger pages than 4 KiB
  'powerpc64-hash': { ...POWERPC64, atomBytes: () => MIB },
  'powerpc64-radix': POWERPC64,
  sparc64: {
    ...GENERIC,
    pageSizesBytes: [8 * KIB],
    atomBytes: () => 4 * MIB,
    distance: 'same-node',
    fallsBackToPage: true,
  },
  loongarch64: {
    ...GENERIC,
    pageSizesBytes: [16 * KIB, 4 * KIB, 64 * KIB],
    atomBytes: pmdOf64BitEntries,
    distance: 'same-node',
    fallsBackToPage: true,
    pageFromNodeIds: 8,
  },
  // The per-CPU page is mapped by one pinned translation of 64 KiB.
  ia64: {
    ...GENERIC,
    pageSizesBytes: [64 * KIB, 16 * KIB, 4 * KIB],
    atomBytes: () => 64 * KIB,
    distance: 'same-node',
    fixedUnitBytes: 64 * KIB,
  },
};
