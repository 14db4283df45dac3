/** One table, opened: its entries as a strip, those around the chosen one as columns, and the chosen one in words. */
import {
  type AddressPlace,
  ENTRY_LETTERS,
  type EntryDetail,
  MAX_LISTED_ENTRIES,
  type TableContent,
} from '../../../shared/address-space-contract.ts';
import { levelOf } from '../../machine/memory/page-geometry.ts';
import { placeOfAddress } from '../../machine/percpu/local-mapping/address-place.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, cpuId, virtualAddress } from '../../machine/units.ts';
import {
  isPrivate,
  regionOf,
  tableBelow,
  tableFacts,
  type TablePlace,
  usedEntries,
  type UsedEntry,
} from './table-place.ts';
import { frameOfWord, frameWalkers, tableWalkers } from './walkers.ts';

/** Letters of a strip at most; an entry each where the table has no more. */
const STRIP_LETTERS = 512;
/** What a run of entries is drawn as: the first of these that is in it. */
const STRONGEST = `${ENTRY_LETTERS.private}${ENTRY_LETTERS.shared}${ENTRY_LETTERS.block}${ENTRY_LETTERS.page}`;

/** `entry`: the one to say more about; the nearest in use is taken. */
export function tableContent(machine: MappedMachine, place: TablePlace, entry: number): TableContent {
  const { entries } = levelOf(machine.space.geometry, place.level);
  const used = usedEntries(machine, place).map((found) => ({ ...found, letter: letterOf(machine, place, found) }));
  const chosen = nearest(used, entry);
  const first = Math.max(0, (chosen === undefined ? 0 : used.indexOf(chosen)) - MAX_LISTED_ENTRIES / 2);
  const listed = used.slice(first, first + MAX_LISTED_ENTRIES);
  const { frame, offset } = frameOfWord(machine, place.table);
  return {
    path: place.path,
    ...tableFacts(machine, place),
    frame,
    frameOffset: offset,
    entries,
    entriesUsed: used.length,
    strip: stripOf(used, entries),
    listed: {
      index: listed.map(({ index }) => index),
      letter: listed.map(({ letter }) => letter).join(''),
      frame: listed.map(({ content }) => content.frame),
    },
    chosen: chosen === undefined ? undefined : entryDetail(machine, place, chosen),
  };
}

/** What lies at an address, in the contract's words. */
export function addressPlace(machine: MappedMachine, address: number): AddressPlace {
  const place = placeOfAddress(machine.space, machine.mapping, virtualAddress(address));
  return place.kind === 'nothing' ? { kind: 'nothing', region: regionOf(machine, address) } : place;
}

function nearest<Entry extends UsedEntry>(used: readonly Entry[], index: number): Entry | undefined {
  const after = used.find((entry) => entry.index >= index);
  const before = used.findLast((entry) => entry.index <= index);
  if (after === undefined || before === undefined) return after ?? before;
  return after.index - index <= index - before.index ? after : before;
}

function letterOf(machine: MappedMachine, place: TablePlace, entry: UsedEntry): string {
  if (entry.content.kind === 'page') return ENTRY_LETTERS.page;
  if (entry.content.kind === 'block') return ENTRY_LETTERS.block;
  return isPrivate(machine, tableBelow(machine, place, entry)) ? ENTRY_LETTERS.private : ENTRY_LETTERS.shared;
}

function stripOf(used: readonly { readonly index: number; readonly letter: string }[], entries: number): string {
  const perLetter = Math.max(1, entries / STRIP_LETTERS);
  const letters = Array.from({ length: entries / perLetter }, (): string => ENTRY_LETTERS.empty);
  for (const { index, letter } of used) {
    const at = Math.floor(index / perLetter);
    const there = letters[at] ?? ENTRY_LETTERS.empty;
    if (there === ENTRY_LETTERS.empty || STRONGEST.indexOf(letter) < STRONGEST.indexOf(there)) letters[at] = letter;
  }
  return letters.join('');
}

function entryDetail(machine: MappedMachine, place: TablePlace, entry: UsedEntry): EntryDetail {
  const { spanBytes } = levelOf(machine.space.geometry, place.level);
  const { index, content } = entry;
  const start = virtualAddress(place.start + index * spanBytes);
  const walkers =
    content.kind === 'table'
      ? tableWalkers(machine, tableBelow(machine, place, entry).table, start)
      : frameWalkers(machine, content.frame, start);
  const found = addressPlace(machine, start);
  return {
    index,
    kind: content.kind,
    frame: content.frame,
    start,
    end: start + spanBytes,
    place: found,
    walkers,
    otherAddress: content.kind === 'page' ? otherAddress(machine, place.cpu, found) : undefined,
  };
}

/** Of a per-CPU page: the window's address of a unit's page, and the address of the CPU's unit for one in its window. */
function otherAddress({ mapping }: MappedMachine, cpu: CpuId, place: AddressPlace): number | undefined {
  if (place.kind === 'window') return mapping.perCpuPtr(mapping.pointer(place.chunk, place.byte), cpu);
  if (place.kind !== 'unit' || !mapping.hasWindow(cpuId(place.cpu))) return undefined;
  return mapping.windowPtr(mapping.pointer(place.chunk, place.byte));
}
