/**
 * The part of the contract that looks into the address space of a machine with page tables. The lab builds the machine that is
 * described, keeps it while it is looked at, and answers with what was asked for: a tree in which tables of a kind are drawn
 * as one, the table that was opened, the columns of a few CPUs.
 *
 *     describeAddressSpace ─▶ pageTableTree ─▶ pageTable … ─▶ a frame
 *                        └──▶ chunkColumns ─▶ translateAddress, invalidateTlb
 *
 * Addresses are byte offsets into the kernel's half, as in the machine; `printAddress` makes them what a kernel prints.
 */
import * as v from 'valibot';
import { addressSpaceSchema } from './address-space-settings.ts';
import { wholeNumber } from './whole-number.ts';

/** Whose a TLB is: one CPU's, or that of two hardware threads, whose entries may or may not say who filled them. */
export const TLB_SHARINGS = ['own', 'smt-untagged', 'smt-tagged'] as const;
export type TlbSharing = (typeof TLB_SHARINGS)[number];

/** With the chunks at rest, or with the added ones too. */
export const SPACE_MOMENTS = ['at-rest', 'added'] as const;
export type SpaceMoment = (typeof SPACE_MOMENTS)[number];

/** Entries of a table that one answer lists. */
export const MAX_LISTED_ENTRIES = 1024;
/** CPUs whose columns one answer holds. */
export const MAX_COLUMNS = 8;

const shape = v.pipe(
  v.strictObject({
    addressSpace: addressSpaceSchema,
    possibleCpus: wholeNumber({ min: 1, max: 1024 }, 'Possible CPUs'),
    onlineCpus: wholeNumber({ min: 1, max: 1024 }, 'Online CPUs'),
    chunksAtRest: wholeNumber({ min: 1, max: 64 }, 'Chunks at rest'),
    chunksAdded: wholeNumber({ min: 0, max: 64 }, 'Chunks added'),
    tlbSharing: v.picklist(TLB_SHARINGS),
  }),
  v.forward(
    v.check(
      ({ possibleCpus, onlineCpus }) => onlineCpus <= possibleCpus,
      'Online CPUs must not be more than possible CPUs',
    ),
    ['onlineCpus'],
  ),
);
const cpu = wholeNumber({ min: 0, max: 1023 }, 'CPU');
const looked = { shape, moment: v.picklist(SPACE_MOMENTS) };
const onCpu = { ...looked, cpu };
const addressText = v.pipe(v.string(), v.trim(), v.nonEmpty('Type an address'), v.maxLength(40));

/** Method names and the schema of each one's argument. All: 'busy' where building the machine would disturb a run. */
export const addressSpaceInputs = {
  describeAddressSpace: v.strictObject({ shape }),
  pageTableTree: v.strictObject(onCpu),
  /** `path`: entries that lead from the top-level table to this one. 'not-found' where there is no table. */
  pageTable: v.strictObject({
    ...onCpu,
    path: v.pipe(v.array(wholeNumber({ min: 0, max: 8191 }, 'Entry')), v.maxLength(4)),
    /** The entry to say more about; the nearest one in use is taken. Absent: the first. */
    entry: v.optional(wholeNumber({ min: 0, max: 8191 }, 'Entry')),
  }),
  chunkColumns: v.strictObject({
    ...looked,
    chunk: wholeNumber({ min: 0, max: 127 }, 'Chunk'),
    cpus: v.pipe(v.array(cpu), v.minLength(1), v.maxLength(MAX_COLUMNS)),
  }),
  /** As that CPU's code would: its TLB is looked at and filled. 'bad-input' for what is no address of the kernel's half. */
  translateAddress: v.strictObject({ ...onCpu, address: addressText }),
  /** On all CPUs. Absent address: everything. */
  invalidateTlb: v.strictObject({ ...onCpu, address: v.optional(addressText) }),
} as const;

export type AddressSpaceShape = v.InferOutput<typeof shape>;

/** Tables of one level, counted frame by frame. */
export interface LevelTables {
  /** Walked by all CPUs. For level 0: CPU 0's, which the machine has anyway. */
  readonly shared: number;
  /** Walked by one CPU, by CPU. For level 0: 1 where a CPU has a top-level table beside CPU 0's. */
  readonly privateByCpu: readonly number[];
}

export interface MomentTotals {
  readonly chunks: readonly number[];
  /** From the top level down. */
  readonly levels: readonly LevelTables[];
  /** Address space behind the chunks in use. */
  readonly windowSpaceBytes: number;
  readonly globalSpaceBytes: number;
}

export interface SpaceLevel {
  /** PGD, PUD, PMD, PTE. */
  readonly name: string;
  readonly entries: number;
  /** Bytes of address space behind one entry. */
  readonly spanBytes: number;
  /** Bytes that a table takes. */
  readonly tableBytes: number;
}

/** Parts of the kernel's half, in the order of their addresses. */
export const SPACE_REGIONS = ['linear', 'modules', 'vmalloc', 'chunks', 'window', 'top'] as const;
export type SpaceRegion = (typeof SPACE_REGIONS)[number];

export interface SpaceOverview {
  readonly pageSizeBytes: number;
  readonly vaBits: number;
  readonly levels: readonly SpaceLevel[];
  /** Ends of the regions, [previous end, end); empty regions end where they begin. */
  readonly regionEnds: Readonly<Record<SpaceRegion, number>>;
  readonly hasWindow: boolean;
  /** CPUs that have tables of their own: 0 … this. */
  readonly cpusWithTables: number;
  readonly moments: Readonly<Record<SpaceMoment, MomentTotals>>;
  readonly tlb: { readonly sets: number; readonly ways: number };
}

/** A table, or neighbours of one kind that are drawn as one. */
export interface TableNode {
  /** Entries that lead from the top-level table to the first of them; empty: the top-level table. */
  readonly path: readonly number[];
  readonly tables: number;
  readonly kind: 'pgd' | 'private' | 'shared';
  /** CPUs whose walks lead through it, found by walking. */
  readonly walkers: number;
  /** Address range that they serve. */
  readonly start: number;
  readonly end: number;
  readonly region: SpaceRegion;
  readonly entriesUsed: number;
  /** In a node of several: none. */
  readonly children: readonly TableNode[];
}

/** Where an address lies. */
export type AddressPlace =
  | { readonly kind: 'linear'; readonly frame: number }
  /** A CPU's unit of a chunk at its own address. */
  | { readonly kind: 'unit'; readonly chunk: number; readonly cpu: number; readonly byte: number }
  | { readonly kind: 'window'; readonly chunk: number; readonly byte: number }
  /** Nothing of the machine lies there. */
  | { readonly kind: 'nothing'; readonly region: SpaceRegion };

/** Letters of a strip, and of listed entries: empty, table of all CPUs, table of one CPU, page, block. */
export const ENTRY_LETTERS = { empty: '.', shared: 's', private: 'p', page: 'f', block: 'b' } as const;

export interface EntryDetail {
  readonly index: number;
  readonly kind: 'table' | 'page' | 'block';
  /** The next table's, or the first of those that are mapped. */
  readonly frame: number;
  readonly start: number;
  readonly end: number;
  readonly place: AddressPlace;
  /** CPUs whose walks of this address end at the same frame. */
  readonly walkers: number;
  /** The other address of a per-CPU page: global for one of the window, the window's for a global one. */
  readonly otherAddress?: number | undefined;
}

export interface TableContent extends Omit<TableNode, 'tables' | 'children'> {
  /** The frame that holds it, and where in the frame it begins. */
  readonly frame: number;
  readonly frameOffset: number;
  readonly entries: number;
  /** One letter for each run of entries; the strongest kind in it. */
  readonly strip: string;
  /** Columns of entries in use, at most MAX_LISTED_ENTRIES, those around the chosen one. */
  readonly listed: {
    readonly index: readonly number[];
    readonly letter: string;
    readonly frame: readonly number[];
  };
  /** Absent in an empty table. */
  readonly chosen?: EntryDetail | undefined;
}

export interface ChunkColumn {
  readonly cpu: number;
  /** Of the CPU's unit. */
  readonly address: number;
  /** Frames by page of the unit: through the CPU's global unit, and through its window; −1: nothing there. */
  readonly frames: readonly number[];
  readonly windowFrames: readonly number[];
  /** Whether it has tables of its own. */
  readonly hasWindow: boolean;
}

export interface ChunkColumns {
  readonly chunk: number;
  readonly unitBytes: number;
  readonly columns: readonly ChunkColumn[];
  /** Of the local column; absent in a machine without a window. */
  readonly localAddress?: number | undefined;
  /** From one CPU's unit to the next one's. */
  readonly unitDistance: number;
}

export interface WalkStep {
  readonly level: number;
  readonly tableFrame: number;
  /** Where its table begins in the frame. */
  readonly tableOffset: number;
  readonly index: number;
  /** Empty: the walk ends here without a frame. */
  readonly kind: 'empty' | 'table' | 'page' | 'block';
  /** What the entry holds; 0 where it is empty. */
  readonly frame: number;
}

export interface TlbEntry {
  readonly set: number;
  readonly way: number;
  /** Of the page. */
  readonly address: number;
  readonly frame: number;
  /** Who filled it. */
  readonly cpu: number;
}

export interface TlbContent {
  readonly sets: number;
  readonly ways: number;
  /** CPUs that use it. */
  readonly cpus: readonly number[];
  /** In use, by set and way. */
  readonly entries: readonly TlbEntry[];
  /** Of this CPU, since the machine was built. */
  readonly hits: number;
  readonly misses: number;
  readonly walkSteps: number;
}

export interface AddressTranslation {
  readonly cpu: number;
  readonly address: number;
  readonly place: AddressPlace;
  /** Through the CPU's tables, whatever the TLB holds. */
  readonly steps: readonly WalkStep[];
  /** Where the tables lead; absent: a page fault. */
  readonly tableFrame?: number | undefined;
  /** What the TLB did; the way is absent where nothing was entered, and the thrown-out entry where none was. */
  readonly tlb: {
    readonly kind: 'hit' | 'miss';
    readonly set: number;
    readonly way?: number | undefined;
    readonly evicted?: TlbEntry | undefined;
  };
  /** Where the access really went. */
  readonly reachedFrame?: number | undefined;
  /** For per-CPU data: whose copy was reached, and whose should have been. */
  readonly reachedCpu?: number | undefined;
  readonly meantCpu?: number | undefined;
  readonly after: TlbContent;
}

export interface AddressSpaceOutputs {
  describeAddressSpace: SpaceOverview;
  pageTableTree: TableNode;
  pageTable: TableContent;
  chunkColumns: ChunkColumns;
  translateAddress: AddressTranslation;
  invalidateTlb: TlbContent;
}
