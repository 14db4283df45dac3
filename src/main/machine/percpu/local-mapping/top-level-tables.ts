/**
 * The CPUs' own top-level tables: made as copies of CPU 0's with an empty window, and dropped.
 *
 *     PGD of a page or more      a frame each, owned by its CPU
 *     PGD smaller than a page    several in a frame; the lowest of their CPUs remembers it:  │CPU 1│CPU 2│CPU 3│ … │
 *
 * A CPU's walks begin with its own table from the moment its root word is stored. All calls under the address-space lock.
 */
import type { Cpu, Suspending } from '../../cpu.ts';
import type { AddressSpace } from '../../memory/address-space.ts';
import { SpaceCpuW } from '../../memory/address-space-layout.ts';
import { FrameW } from '../../memory/arena-layout.ts';
import type { KernelMappings } from '../../memory/kernel-mappings.ts';
import type { PageTables } from '../../memory/page-tables.ts';
import { type CpuId, cpuId, type FrameNumber, frameNumber } from '../../units.ts';

/** What a local mapping works on. */
export interface MappingParts {
  readonly space: AddressSpace;
  readonly tables: PageTables;
  readonly mappings: KernelMappings;
}

export class TopLevelTables {
  readonly #space: AddressSpace;
  readonly #tables: PageTables;
  readonly #mappings: KernelMappings;

  constructor({ space, tables, mappings }: MappingParts) {
    this.#space = space;
    this.#tables = tables;
    this.#mappings = mappings;
  }

  /** A table for a CPU other than 0 that has none; false, with nothing taken, when memory runs out. */
  *make(cpu: Cpu, target: CpuId): Suspending<boolean> {
    const { arena } = this.#space;
    const place = this.#place(target);
    const shared = arena.word(place.frameWord);
    const frame = shared === 0 ? yield* this.#tables.newTable(cpu, 0, place.owner) : frameNumber(shared - 1);
    if (frame === undefined) return false;
    const root = this.#space.frameWord(frame) + place.offsetWords;
    this.#countIn(frame, 1);
    arena.words[place.frameWord] = frame + 1;
    arena.words.fill(0, root, root + this.#space.geometry.pgdBytes / 4);
    this.#mappings.copyTopLevel(root);
    arena.words[this.#space.cpuWord(target) + SpaceCpuW.root] = root;
    return true;
  }

  /** Takes a CPU's table away; answers with its frame when no other table is in it, to be given back after the invalidation. */
  drop(target: CpuId): readonly FrameNumber[] {
    const { arena } = this.#space;
    const { frameWord } = this.#place(target);
    arena.words[this.#space.cpuWord(target) + SpaceCpuW.root] = 0;
    const frame = frameNumber(arena.word(frameWord) - 1);
    if (this.#countIn(frame, -1) > 0) return [];
    arena.words[frameWord] = 0;
    return [frame];
  }

  /** Tables in a frame after the change. */
  #countIn(frame: FrameNumber, change: number): number {
    const { arena } = this.#space;
    const word = arena.descriptorWord(frame) + FrameW.tableEntries;
    const count = arena.word(word) + change;
    arena.words[word] = count;
    return count;
  }

  #place(target: CpuId): {
    /** Word that holds the frame number + 1 of the table's frame. */
    readonly frameWord: number;
    readonly offsetWords: number;
    readonly owner: CpuId | 'shared';
  } {
    const perFrame = Math.floor(this.#space.geometry.pageSizeBytes / this.#space.pgdBytes);
    const slot = (target - 1) % perFrame;
    return {
      frameWord: this.#space.cpuWord(cpuId(target - slot)) + SpaceCpuW.rootFrame,
      offsetWords: (slot * this.#space.pgdBytes) / 4,
      owner: perFrame === 1 ? target : 'shared',
    };
  }
}
