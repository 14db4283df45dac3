/** One access on one CPU: what its TLB does, what its tables say, and whose memory it reaches. */
import type { AddressTranslation, TlbContent, WalkStep } from '../../../shared/address-space-contract.ts';
import { SpaceCpuF64 } from '../../machine/memory/address-space-layout.ts';
import { invalidate, PageFault, Tlb } from '../../machine/memory/tlb.ts';
import { type HeldTranslation, tlbEntries, tlbSetOf } from '../../machine/memory/tlb-entries.ts';
import { tracedFrame, type TracedStep, traceWalk } from '../../machine/memory/walk-trace.ts';
import { placeOfAddress } from '../../machine/percpu/local-mapping/address-place.ts';
import type { MappedMachine } from '../../machine/percpu/local-mapping/mapped-machine.ts';
import { type CpuId, type FrameNumber, frameNumber, type VirtualAddress } from '../../machine/units.ts';
import { addressPlace } from './table-content.ts';
import { cpusOf, frameOfWord } from './walkers.ts';

/** Accesses `address` as the CPU's code would: its TLB is looked at, filled, and counts. */
export function translateOn(machine: MappedMachine, cpu: CpuId, address: VirtualAddress): AddressTranslation {
  const { space } = machine;
  const steps = traceWalk(space, space.rootOf(cpu), address);
  const before = tlbEntries(space, cpu);
  const reached = access(machine, cpu, address);
  return {
    cpu,
    address,
    place: addressPlace(machine, address),
    steps: steps.map((step) => stepOf(machine, step)),
    tableFrame: tracedFrame(space, steps, address),
    tlb: { set: tlbSetOf(space, address), ...tlbOutcome(before, tlbEntries(space, cpu), pageOf(machine, address)) },
    reachedFrame: reached,
    ...copies(machine, cpu, address, reached),
    after: tlbContent(machine, cpu),
  };
}

/** Takes the page of an address, or everything, out of all TLBs: one broadcast. */
export function invalidateIn({ space }: MappedMachine, address: VirtualAddress | undefined): void {
  const page = address === undefined ? 0 : Math.floor(address / space.geometry.pageSizeBytes);
  invalidate(space, { first: page, end: address === undefined ? Infinity : page + 1 });
}

/** What the TLB of a CPU holds and has counted. */
export function tlbContent(machine: MappedMachine, cpu: CpuId): TlbContent {
  const { space } = machine;
  const { entries, ways, cpusPerTlb } = space.config.tlb;
  const counter = (field: number): number => space.arena.double(space.cpuWord(cpu) / 2 + field);
  const tlb = Math.floor(cpu / cpusPerTlb);
  return {
    sets: entries / ways,
    ways,
    cpus: cpusOf(machine).filter((other) => Math.floor(other / cpusPerTlb) === tlb),
    entries: tlbEntries(space, cpu),
    hits: counter(SpaceCpuF64.tlbHits),
    misses: counter(SpaceCpuF64.tlbMisses),
    walkSteps: counter(SpaceCpuF64.walkSteps),
  };
}

/** The frame that the access went to; undefined for a page fault. */
function access(machine: MappedMachine, cpu: CpuId, address: VirtualAddress): FrameNumber | undefined {
  const { space, tables, arena } = machine;
  try {
    const physical = new Tlb(space, tables, cpu).translate(address);
    return frameNumber(Math.floor((physical - arena.geometry.frames) / arena.config.pageSizeBytes));
  } catch (error) {
    if (!(error instanceof PageFault)) throw error;
    return undefined;
  }
}

/** A hit leaves the entries alone; a miss enters one, in the place of another or of none. */
function tlbOutcome(
  before: readonly HeldTranslation[],
  after: readonly HeldTranslation[],
  page: number,
): Omit<AddressTranslation['tlb'], 'set'> {
  const isSame = (one: HeldTranslation, other: HeldTranslation): boolean =>
    one.set === other.set && one.way === other.way;
  const entered = after.find((entry) => {
    const old = before.find((other) => isSame(entry, other));
    return old?.address !== entry.address || old.cpu !== entry.cpu;
  });
  if (entered !== undefined) {
    return { kind: 'miss', way: entered.way, evicted: before.find((old) => isSame(entered, old)) };
  }
  const held = after.find(({ address }) => address === page);
  return held === undefined ? { kind: 'miss' } : { kind: 'hit', way: held.way };
}

function pageOf({ space }: MappedMachine, address: VirtualAddress): number {
  return address - (address % space.geometry.pageSizeBytes);
}

function stepOf(machine: MappedMachine, { level, table, index, content }: TracedStep): WalkStep {
  const { frame, offset } = frameOfWord(machine, table);
  return {
    level,
    tableFrame: frame,
    tableOffset: offset,
    index,
    kind: content.kind,
    frame: content.kind === 'empty' ? 0 : content.frame,
  };
}

/** For per-CPU data: whose copy the access reached, by that copy's global address, and whose it was meant for. */
function copies(
  machine: MappedMachine,
  cpu: CpuId,
  address: VirtualAddress,
  reached: FrameNumber | undefined,
): Pick<AddressTranslation, 'reachedCpu' | 'meantCpu'> {
  const { space, mapping, tables } = machine;
  const place = placeOfAddress(space, mapping, address);
  if (place.kind !== 'window' && place.kind !== 'unit') return {};
  const pointer = mapping.pointer(place.chunk, place.byte);
  const reachedCpu = cpusOf(machine).find(
    (other) => tables.walk(space.rootOf(cpu), mapping.perCpuPtr(pointer, other))?.frame === reached,
  );
  return {
    reachedCpu: reached === undefined ? undefined : reachedCpu,
    meantCpu: place.kind === 'unit' ? place.cpu : cpu,
  };
}
