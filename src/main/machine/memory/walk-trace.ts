/**
 * A walk through page tables, told entry by entry, for whoever wants to see it. Reads what a walk of `PageTables` reads and
 * changes nothing; takes no lock, as walks do.
 *
 *     root ─▶ [ PGD entry ] ─▶ [ PUD entry ] ─▶ [ PMD entry ] ─▶ [ PTE entry ] ─▶ frame
 *                step 0            step 1           step 2           step 3         the last step says how it ended
 */
import { assertUnreachable } from '../../../shared/result.ts';
import { type FrameNumber, frameNumber, type VirtualAddress } from '../units.ts';
import type { AddressSpace } from './address-space.ts';
import { entryIndex, levelOf } from './page-geometry.ts';
import { EntryKind } from './page-tables.ts';

/** What an entry holds. */
export type EntryContent =
  | { readonly kind: 'empty' }
  /** The frame of the next table, the page's, or the first of the block's. */
  | { readonly kind: 'table' | 'page' | 'block'; readonly frame: FrameNumber };

/** One entry that was read. */
export interface TracedStep {
  readonly level: number;
  /** Word index of its table. */
  readonly table: number;
  readonly index: number;
  readonly content: EntryContent;
}

/** The entries on the way from the top-level table at word `root` to `address`; the last one is no table's. Any thread. */
export function traceWalk(space: AddressSpace, root: number, address: VirtualAddress): readonly TracedStep[] {
  const steps: TracedStep[] = [];
  let table = root;
  for (let level = 0; level < space.geometry.levels.length; level++) {
    const index = entryIndex(space.geometry, level, address);
    const content = readEntry(space, table, index);
    steps.push({ level, table, index, content });
    if (content.kind !== 'table') break;
    table = space.frameWord(content.frame);
  }
  return steps;
}

/** The frame that a traced walk of `address` ends at; undefined for one that ends at an empty entry. */
export function tracedFrame(
  space: AddressSpace,
  steps: readonly TracedStep[],
  address: VirtualAddress,
): FrameNumber | undefined {
  const last = steps.at(-1);
  if (last === undefined || last.content.kind === 'empty') return undefined;
  const { spanBytes } = levelOf(space.geometry, last.level);
  return frameNumber(last.content.frame + Math.floor((address % spanBytes) / space.geometry.pageSizeBytes));
}

/** Entry number `index` of the table at word `table`. */
export function readEntry(space: AddressSpace, table: number, index: number): EntryContent {
  const entry = table + 2 * index;
  // Pairs with the store that published the entry: its kind was stored before.
  const stored = Atomics.load(space.arena.words, entry);
  if (stored === 0) return { kind: 'empty' };
  return { kind: kindOf(space.arena.word(entry + 1)), frame: frameNumber(stored - 1) };
}

function kindOf(stored: number): 'table' | 'page' | 'block' {
  const kind = Object.values(EntryKind).find((known) => known === stored);
  switch (kind) {
    case EntryKind.table:
      return 'table';
    case EntryKind.page:
      return 'page';
    case EntryKind.block:
      return 'block';
    case undefined:
      throw new Error(`an entry in use is of kind ${stored}`);
    default:
      return assertUnreachable(kind);
  }
}
