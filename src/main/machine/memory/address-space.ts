/**
 * One address space as a thread sees it: its region beside the arena's frames, the geometry, and where each CPU's tables
 * begin. Holds no state: two `AddressSpace`s over the same bytes are the same.
 *
 *     arena … page frames ┃ address-space region        CPU 0's PGD is the machine's own; the others' are copies of it
 *                         ┃   CPU block ── root ─▶ PGD   whose window entries are their own
 */
import { TRANSLATIONS } from '../../../shared/address-space.ts';
import {
  type CpuId,
  type FrameNumber,
  frameNumber,
  type LockWord,
  lockWord,
  type VirtualAddress,
  virtualAddress,
} from '../units.ts';
import { addressRegions, type AddressRegions } from './address-regions.ts';
import {
  type AddressSpaceConfig,
  SPACE_CPU_BYTES,
  SPACE_HEADER_BYTES,
  SpaceCpuW,
  SpaceF64,
  type SpaceOffsets,
  spaceOffsets,
  SpaceW,
} from './address-space-layout.ts';
import type { Arena } from './arena.ts';
import { pageGeometry, type PageGeometry } from './page-geometry.ts';

export class AddressSpace {
  readonly arena: Arena;
  readonly config: AddressSpaceConfig;
  readonly geometry: PageGeometry;
  readonly regions: AddressRegions;
  readonly offsets: SpaceOffsets;
  readonly lock: LockWord;
  /** Word index of the region's first word in the buffer. */
  readonly base: number;

  private constructor(arena: Arena, byteOffset: number, config: AddressSpaceConfig) {
    this.arena = arena;
    this.config = config;
    this.geometry = pageGeometry(config.translation);
    if (this.geometry.pageSizeBytes !== arena.config.pageSizeBytes) {
      throw new Error(`translation ${config.translation} on pages of ${arena.config.pageSizeBytes} bytes`);
    }
    this.regions = addressRegions(this.geometry, config);
    this.offsets = spaceOffsets(arena.config.possibleCpus, config);
    this.base = byteOffset / 4;
    this.lock = lockWord(this.base + SpaceW.lock);
    if (byteOffset + this.offsets.totalBytes > arena.buffer.byteLength) {
      throw new Error(`address space of ${this.offsets.totalBytes} bytes at ${byteOffset} exceeds the buffer`);
    }
  }

  /** A new region at `byteOffset`, a multiple of 256 outside the arena's frames; there are no tables yet. */
  static format(arena: Arena, byteOffset: number, config: AddressSpaceConfig): AddressSpace {
    const sets = config.tlb.entries / config.tlb.ways;
    if (!Number.isInteger(Math.log2(sets))) throw new Error(`${sets} sets of TLB entries are no power of two`);
    const space = new AddressSpace(arena, byteOffset, config);
    arena.words.fill(0, space.base, space.base + space.offsets.totalBytes / 4);
    const fields: readonly (readonly [number, number])[] = [
      [SpaceW.translation, TRANSLATIONS.indexOf(config.translation)],
      [SpaceW.cpus, arena.config.possibleCpus],
      [SpaceW.tlbEntries, config.tlb.entries],
      [SpaceW.tlbWays, config.tlb.ways],
      [SpaceW.cpusPerTlb, config.tlb.cpusPerTlb],
      [SpaceW.tlbIsTagged, config.tlb.isTagged ? 1 : 0],
      [SpaceW.pgdTakesPage, config.pgdTakesPage ? 1 : 0],
      [SpaceW.maxAreas, config.maxAreas],
    ];
    for (const [field, value] of fields) arena.words[space.base + field] = value;
    arena.doubles[space.base / 2 + SpaceF64.chunkBytes] = config.chunkBytes;
    arena.doubles[space.base / 2 + SpaceF64.windowBytes] = config.windowBytes;
    return space;
  }

  /** The region that another thread has formatted at `byteOffset`. */
  static attach(arena: Arena, byteOffset: number): AddressSpace {
    const word = (field: number): number => arena.word(byteOffset / 4 + field);
    const translation = TRANSLATIONS[word(SpaceW.translation)];
    if (translation === undefined) throw new Error(`unknown translation ${word(SpaceW.translation)}`);
    return new AddressSpace(arena, byteOffset, {
      translation,
      tlb: {
        entries: word(SpaceW.tlbEntries),
        ways: word(SpaceW.tlbWays),
        cpusPerTlb: word(SpaceW.cpusPerTlb),
        isTagged: word(SpaceW.tlbIsTagged) === 1,
      },
      pgdTakesPage: word(SpaceW.pgdTakesPage) === 1,
      maxAreas: word(SpaceW.maxAreas),
      chunkBytes: arena.double(byteOffset / 8 + SpaceF64.chunkBytes),
      windowBytes: arena.double(byteOffset / 8 + SpaceF64.windowBytes),
    });
  }

  header(field: number): number {
    return this.arena.word(this.base + field);
  }

  setHeader(field: number, value: number): void {
    this.arena.words[this.base + field] = value;
  }

  addHeader(field: number, change: number): void {
    this.setHeader(field, this.header(field) + change);
  }

  /** Word index of a CPU's block. */
  cpuWord(cpu: CpuId): number {
    return this.base + (this.offsets.cpus + cpu * SPACE_CPU_BYTES) / 4;
  }

  /** Bytes that a top-level table takes. */
  get pgdBytes(): number {
    return this.config.pgdTakesPage ? this.geometry.pageSizeBytes : this.geometry.pgdBytes;
  }

  /** Whether a CPU has a top-level table of its own; CPU 0 has since boot. */
  hasOwnTables(cpu: CpuId): boolean {
    return this.arena.word(this.cpuWord(cpu) + SpaceCpuW.root) !== 0;
  }

  /** Word index of the top-level table that a CPU's walks begin with. Throws before boot has made CPU 0's. */
  rootOf(cpu: CpuId): number {
    const own = this.arena.word(this.cpuWord(cpu) + SpaceCpuW.root);
    const root = own === 0 ? this.arena.word(this.base + SPACE_HEADER_BYTES / 4 + SpaceCpuW.root) : own;
    if (root === 0) throw new Error('the machine has no page tables yet');
    return root;
  }

  /** Where a frame lies in the linear map. */
  linearAddress(frame: FrameNumber): VirtualAddress {
    return virtualAddress(this.regions.linear.start + frame * this.geometry.pageSizeBytes);
  }

  /** Word index of the first word of a frame. */
  frameWord(frame: FrameNumber): number {
    return this.arena.frameAddress(frame) / 4;
  }

  /** The frame that holds a CPU's own top-level table. Throws when it has none. */
  rootFrame(cpu: CpuId): FrameNumber {
    const stored = this.arena.word(this.cpuWord(cpu) + SpaceCpuW.rootFrame);
    if (stored === 0) throw new Error(`CPU ${cpu} has no top-level table`);
    return frameNumber(stored - 1);
  }
}
