/**
 * Page tables in page frames: enter, remove and look up one mapping below any top-level table.
 *
 *     root ─▶ PGD ─▶ PUD ─▶ PMD ─▶ PTE ─▶ page frame         entry = [ frame number + 1 │ kind ], 8 bytes
 *                              └─ block: a run of frames          0 = nothing there
 *
 * A table's frame says its level, its owner (one CPU, or all) and how many of its entries are in use; a table that
 * loses its last entry goes. Edits are made under the address-space lock. Walks take no lock, as hardware's do not: a new table is
 * cleared before the entry that leads to it is stored, and a table is given back only after everybody's translations of
 * its range were invalidated. Whoever walks to an address that is just being unmapped has a bug of his own.
 */
import type { Cpu, Suspending } from '../cpu.ts';
import { type CpuId, type FrameNumber, frameNumber, type VirtualAddress } from '../units.ts';
import type { AddressSpace } from './address-space.ts';
import { SpaceW } from './address-space-layout.ts';
import { FrameKind, FrameW } from './arena-layout.ts';
import type { PageFrames } from './page-frames.ts';
import { entryIndex, levelOf } from './page-geometry.ts';

/** Second word of an entry in use. */
export const EntryKind = { table: 1, page: 2, block: 3 } as const;

/** Whose walks lead through a table: one CPU's, or everybody's. */
export type TableOwner = CpuId | 'shared';

/** Below which top-level table an edit is made, and whose the tables are that it makes. */
export interface TableRoot {
  /** Word index of the top-level table. */
  readonly word: number;
  readonly owner: TableOwner;
}

/** What an edit did: `pgd` where it changed the top-level table too. */
export type MapOutcome = 'entry' | 'pgd' | 'out-of-memory';
export type UnmapOutcome = Exclude<MapOutcome, 'out-of-memory'>;

/** What a walk found. */
export interface Translated {
  /** The frame that holds the address, also inside a block. */
  readonly frame: FrameNumber;
  /** Entries read. */
  readonly steps: number;
}

export class PageTables {
  readonly #space: AddressSpace;
  readonly #frames: PageFrames;

  constructor(space: AddressSpace, frames: PageFrames) {
    this.#space = space;
    this.#frames = frames;
  }

  /**
   * Makes `address` lead to `frame` by an entry of `level` (the last level: a page, above it: a block), making the tables on
   * the way. Changes nothing when memory runs out. Throws when something is mapped there. Under the address-space lock.
   */
  *map(cpu: Cpu, root: TableRoot, address: VirtualAddress, leaf: Leaf): Suspending<MapOutcome> {
    const { arena, geometry } = this.#space;
    const path: PathStep[] = [];
    let outcome: MapOutcome = leaf.level === 0 ? 'pgd' : 'entry';
    let table = root.word;
    let frame: FrameNumber | undefined;
    for (let level = 0; level < leaf.level; level++) {
      const entry = table + 2 * entryIndex(geometry, level, address);
      path.push({ entry, frame });
      if (arena.word(entry) === 0) {
        if (level === 0) outcome = 'pgd';
        const made = yield* this.newTable(cpu, level + 1, root.owner);
        if (made === undefined) {
          const freed = this.#prune(path.slice(0, -1));
          yield* this.giveTables(cpu, freed);
          return 'out-of-memory';
        }
        this.#store(entry, frame, made, EntryKind.table);
      } else if (arena.word(entry + 1) !== EntryKind.table) {
        throw new Error(`address ${address} lies in a block that is mapped already`);
      }
      frame = frameNumber(arena.word(entry) - 1);
      table = this.#space.frameWord(frame);
    }
    const entry = table + 2 * entryIndex(geometry, leaf.level, address);
    if (arena.word(entry) !== 0) throw new Error(`address ${address} is mapped already`);
    const isPage = leaf.level === geometry.levels.length - 1;
    this.#store(entry, frame, leaf.frame, isPage ? EntryKind.page : EntryKind.block);
    return outcome;
  }

  /**
   * Removes the mapping of `address` and answers with the frames of the tables that this emptied, the lowest first. They are
   * the caller's to give back, after the invalidation. Throws when nothing is mapped. Under the address-space lock.
   */
  unmap(root: TableRoot, address: VirtualAddress): { readonly outcome: UnmapOutcome; readonly freed: FrameNumber[] } {
    const path = this.#pathTo(root.word, address);
    const leaf = path.at(-1);
    if (leaf === undefined || this.#space.arena.word(leaf.entry) === 0) {
      throw new Error(`address ${address} is not mapped`);
    }
    this.#clear(leaf);
    const freed = this.#prune(path.slice(0, -1));
    return { outcome: freed.length >= path.length - 1 ? 'pgd' : 'entry', freed };
  }

  /** Where `address` leads from the top-level table at word `root`; undefined where nothing is mapped. Any thread. */
  walk(root: number, address: VirtualAddress): Translated | undefined {
    const path = this.#pathTo(root, address);
    const leaf = path.at(-1);
    const stored = leaf === undefined ? 0 : this.#space.arena.word(leaf.entry);
    if (stored === 0) return undefined;
    const { spanBytes } = levelOf(this.#space.geometry, path.length - 1);
    const inside = Math.floor((address % spanBytes) / this.#space.geometry.pageSizeBytes);
    return { frame: frameNumber(stored - 1 + inside), steps: path.length };
  }

  /** A cleared table that nothing leads to yet; undefined when memory runs out. */
  *newTable(cpu: Cpu, level: number, owner: TableOwner): Suspending<FrameNumber | undefined> {
    const frame = yield* this.#frames.take(cpu, 1, FrameKind.pageTable);
    if (frame === undefined) return undefined;
    const { arena, geometry } = this.#space;
    const start = this.#space.frameWord(frame);
    arena.words.fill(0, start, start + geometry.pageSizeBytes / 4);
    const descriptor = arena.descriptorWord(frame);
    arena.words[descriptor + FrameW.tableLevel] = level;
    arena.words[descriptor + FrameW.tableOwner] = owner === 'shared' ? 0 : owner + 1;
    arena.words[descriptor + FrameW.tableEntries] = 0;
    this.#space.addHeader(SpaceW.tablesMade, 1);
    return frame;
  }

  /** Gives back frames of tables that nobody can reach any more. */
  *giveTables(cpu: Cpu, frames: readonly FrameNumber[]): Suspending<void> {
    for (const frame of frames) {
      this.#space.addHeader(SpaceW.tablesFreed, 1);
      yield* this.#frames.give(cpu, frame, 1, FrameKind.pageTable);
    }
  }

  /** The entries on the way to `address`, down to the leaf or to the first empty one. */
  #pathTo(root: number, address: VirtualAddress): PathStep[] {
    const { arena, geometry } = this.#space;
    const path: PathStep[] = [];
    let table = root;
    let frame: FrameNumber | undefined;
    for (let level = 0; level < geometry.levels.length; level++) {
      const entry = table + 2 * entryIndex(geometry, level, address);
      path.push({ entry, frame });
      // Pairs with the store that published the entry: a table behind it was cleared before.
      const stored = Atomics.load(arena.words, entry);
      if (stored === 0 || arena.word(entry + 1) !== EntryKind.table) return path;
      frame = frameNumber(stored - 1);
      table = this.#space.frameWord(frame);
    }
    return path;
  }

  /** Takes away tables of `path` that have become empty, from the lowest up; answers with their frames. */
  #prune(path: readonly PathStep[]): FrameNumber[] {
    const { arena } = this.#space;
    const freed: FrameNumber[] = [];
    for (const step of path.toReversed()) {
      const stored = arena.word(step.entry);
      if (stored === 0) continue;
      const frame = frameNumber(stored - 1);
      if (arena.word(arena.descriptorWord(frame) + FrameW.tableEntries) !== 0) break;
      this.#clear(step);
      freed.push(frame);
    }
    return freed;
  }

  #store(entry: number, tableFrame: FrameNumber | undefined, frame: FrameNumber, kind: number): void {
    const { words } = this.#space.arena;
    words[entry + 1] = kind;
    Atomics.store(words, entry, frame + 1);
    this.#count(tableFrame, 1);
  }

  #clear({ entry, frame }: PathStep): void {
    Atomics.store(this.#space.arena.words, entry, 0);
    this.#count(frame, -1);
  }

  /** Top-level tables are not counted: they stay, however empty. */
  #count(tableFrame: FrameNumber | undefined, change: number): void {
    if (tableFrame === undefined) return;
    const { arena } = this.#space;
    const word = arena.descriptorWord(tableFrame) + FrameW.tableEntries;
    arena.words[word] = arena.word(word) + change;
  }
}

/** An entry and the frame of its table; undefined for a top-level table. */
interface PathStep {
  readonly entry: number;
  readonly frame: FrameNumber | undefined;
}

/** What an entry of the last level, or a block entry above it, leads to. */
interface Leaf {
  readonly frame: FrameNumber;
  readonly level: number;
}
