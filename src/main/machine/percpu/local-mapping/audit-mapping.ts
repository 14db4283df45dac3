/**
 * Checks the invariants of a machine with page tables; see local-mapping.ts. Nothing is remembered from one audit to the next:
 * everything is found again from the top-level tables down. At rest, since it takes no lock.
 *
 *     reach from every PGD ─▶ tables ─▶ frames of kind pageTable, each found below one owner, with the entries it counts
 */
import { contains } from '../../memory/address-regions.ts';
import { TLB_ENTRY_BYTES, TlbF64, TlbW } from '../../memory/address-space-layout.ts';
import { TableFrameW } from '../../memory/arena-layout.ts';
import { levelOf } from '../../memory/page-geometry.ts';
import { EntryKind } from '../../memory/page-tables.ts';
import { type CpuId, cpuId, type FrameNumber, frameNumber, virtualAddress } from '../../units.ts';
import type { MappedMachine } from './mapped-machine.ts';
import { tableFrames } from './table-figures.ts';
import { wrongMappingWords } from './wrong-mapping.ts';

/** What is wrong, a sentence each; empty when all invariants hold. */
export function auditMapping(machine: MappedMachine): readonly string[] {
  return [...auditUnits(machine), ...auditTopLevels(machine), ...auditTables(machine), ...auditTlbs(machine)];
}

/** Both addresses of one's own unit, and nobody else's frame behind either. */
function auditUnits({ space, mapping, tables, arena }: MappedMachine): readonly string[] {
  const faults: string[] = [];
  const ownerOf = new Map<FrameNumber, string>();
  for (const { chunk, page, cpu } of places(mapping, arena.config)) {
    const pointer = mapping.pointer(chunk, page * arena.config.pageSizeBytes);
    const root = space.rootOf(cpu);
    const global = tables.walk(root, mapping.perCpuPtr(pointer, cpu))?.frame;
    const name = `page ${page} of chunk ${chunk} on CPU ${cpu}`;
    if (global !== undefined) {
      const other = ownerOf.get(global);
      if (other !== undefined) faults.push(`${name} has the frame of ${other}`);
      ownerOf.set(global, name);
    }
    if (!mapping.hasWindow(cpu)) continue;
    const address = mapping.windowPtr(pointer);
    const own = tables.walk(root, address)?.frame;
    if (own === global) continue;
    const place = `page ${page} of chunk ${chunk}, in its window`;
    faults.push(wrongMappingWords(space.geometry.vaBits, { cpu, address, place, found: own, expected: global }));
  }
  return faults;
}

function* places(
  mapping: MappedMachine['mapping'],
  { possibleCpus, pageSizeBytes }: { readonly possibleCpus: number; readonly pageSizeBytes: number },
): Generator<{ chunk: number; page: number; cpu: CpuId }, void, void> {
  const pages = mapping.config.unitBytes / pageSizeBytes;
  for (const chunk of mapping.chunks()) {
    for (let page = 0; page < pages; page++) {
      for (let cpu = 0; cpu < possibleCpus; cpu++) yield { chunk, page, cpu: cpuId(cpu) };
    }
  }
}

/** Equal top-level entries outside the window lead to the same lower tables, so all walks there agree. */
function auditTopLevels({ space, arena }: MappedMachine): readonly string[] {
  const faults: string[] = [];
  const { entries, spanBytes } = levelOf(space.geometry, 0);
  const reference = space.rootOf(cpuId(0));
  for (let cpu = 1; cpu < arena.config.possibleCpus; cpu++) {
    const root = space.rootOf(cpuId(cpu));
    for (let index = 0; index < entries; index++) {
      if (contains(space.regions.window, virtualAddress(index * spanBytes))) continue;
      const [own, shared] = [arena.word(root + 2 * index), arena.word(reference + 2 * index)];
      if (own !== shared) faults.push(`top-level entry ${index} is ${own} on CPU ${cpu} and ${shared} on CPU 0`);
    }
  }
  return faults;
}

/** Every table frame is reached, from its owner's top-level table only, and counts its entries right. */
function auditTables(machine: MappedMachine): readonly string[] {
  const { space, arena } = machine;
  const faults: string[] = [];
  const reached = new Set<number>();
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    if (!space.hasOwnTables(cpuId(cpu))) continue;
    const root = space.rootOf(cpuId(cpu));
    reached.add(Math.floor((root * 4 - arena.geometry.frames) / arena.config.pageSizeBytes));
    visitTables(machine, { cpu, table: root, level: 0, address: 0 }, ({ frame, address }) => {
      const expected = contains(space.regions.window, virtualAddress(address)) ? cpu + 1 : 0;
      const owner = arena.word(arena.descriptorWord(frameNumber(frame)) + TableFrameW.owner);
      if (owner !== expected) faults.push(`table ${frame} of owner ${owner} is reached by CPU ${cpu} at ${address}`);
      reached.add(frame);
    });
  }
  for (const { frame, level } of tableFrames(space)) {
    if (!reached.has(frame)) faults.push(`table ${frame} of level ${level} leads nowhere: it has leaked`);
    if (level === 0) continue;
    const counted = arena.word(arena.descriptorWord(frameNumber(frame)) + TableFrameW.entries);
    const found = entriesInUse(machine, space.frameWord(frameNumber(frame)), level);
    if (counted !== found || found === 0) faults.push(`table ${frame} counts ${counted} entries and has ${found}`);
  }
  return faults;
}

interface TablePlace {
  /** Whose top-level table it hangs below. Outside the window they lead to the same tables: only CPU 0's is followed there. */
  readonly cpu: number;
  readonly table: number;
  readonly level: number;
  readonly address: number;
}

/** All tables below one, each with the first address that it serves. */
function visitTables(
  machine: MappedMachine,
  { cpu, table, level, address }: TablePlace,
  visit: (found: { frame: number; address: number }) => void,
): void {
  const { arena, space } = machine;
  if (level === space.geometry.levels.length - 1) return;
  const { entries, spanBytes } = levelOf(space.geometry, level);
  for (let index = 0; index < entries; index++) {
    const stored = arena.word(table + 2 * index);
    if (stored === 0 || arena.word(table + 2 * index + 1) !== EntryKind.table) continue;
    const below = { frame: stored - 1, address: address + index * spanBytes };
    if (cpu !== 0 && !contains(space.regions.window, virtualAddress(below.address))) continue;
    visit(below);
    const start = space.frameWord(frameNumber(below.frame));
    visitTables(machine, { cpu, table: start, level: level + 1, address: below.address }, visit);
  }
}

function entriesInUse({ arena, space }: MappedMachine, table: number, level: number): number {
  let used = 0;
  for (let index = 0; index < levelOf(space.geometry, level).entries; index++) {
    if (arena.word(table + 2 * index) !== 0) used += 1;
  }
  return used;
}

/** What a TLB would answer is what the tables say, for every CPU that it would answer. */
function auditTlbs({ space, tables, arena }: MappedMachine): readonly string[] {
  const faults: string[] = [];
  const { entries, cpusPerTlb, isTagged } = space.config.tlb;
  for (let cpu = 0; cpu < arena.config.possibleCpus; cpu++) {
    const first = space.base * 4 + space.offsets.tlbs + Math.floor(cpu / cpusPerTlb) * space.offsets.tlbStride;
    for (let entry = 0; entry < entries; entry++) {
      const start = first + entry * TLB_ENTRY_BYTES;
      const page = arena.double(start / 8 + TlbF64.tag) - 1;
      if (page < 0 || (isTagged && arena.word(start / 4 + TlbW.cpu) !== cpu)) continue;
      const cached = arena.word(start / 4 + TlbW.frame);
      const address = virtualAddress(page * arena.config.pageSizeBytes);
      const walked = tables.walk(space.rootOf(cpuId(cpu)), address)?.frame;
      if (walked !== cached) {
        faults.push(
          `the TLB of CPU ${cpu} leads address ${address} to frame ${cached}, its tables to ${String(walked)}`,
        );
      }
    }
  }
  return faults;
}
