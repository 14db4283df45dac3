/**
 * How large a unit is, how many of them share an allocation, and which CPU has which: the arithmetic of the first chunk,
 * without any address in it.
 *
 *     size sum                    static + reserved + dynamic, whole pages: what a CPU really gets
 *     ◀──────────────▶
 *     ┌──────┬───┬────┬─────────┬──────┬───┬────┬─────────┬──
 *     │static│res│dyn │given    │static│res│dyn │given    │ …      unit size ≥ size sum; what is past the sum is given
 *     │      │   │    │back     │      │   │    │back     │        back to the page allocator (embed)
 *     └──────┴───┴────┴─────────┴──────┴───┴────┴─────────┴──
 *     ◀──── unit 0 ────────────▶◀──── unit 1 ────────────▶
 *     ◀──── alloc: N atoms, units-per-alloc (upa) × unit size ────────────────────────▶
 *
 *     group 0: CPUs 0 … 7, 16, 17    upa 8    [ 0 1 2 3 4 5 6 7 ][ 16 17 - - - - - - ]     6 units unused
 *
 * An atom is the piece in which blocks are aligned (a huge page where the kernel maps itself with such). A large unit wastes
 * address space, a small one leaves slots of the last alloc of each group unused; the rule weighs them, and among equally
 * many allocs takes the largest unit.
 *
 * Invariants: every possible CPU has exactly one unit; unused units stand at the end of their group and are a third of the
 * possible CPUs at most; upa × unit = alloc; the unit is whole pages. All figures are bytes unless their name says else.
 */
import { type CpuId, roundUp } from '../units.ts';
import type { CpuGroups } from './cpu-groups.ts';

export interface UnitLayoutRequest {
  /** A power of two. */
  readonly pageSizeBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  /** What the dynamic part shall be at least; the rest of the last page goes to it as well. */
  readonly dynamicRequestBytes: number;
  /** What the dynamic part must be at least, so that the allocator works before the slab allocator does. */
  readonly earlyDynamicBytes: number;
  readonly minUnitBytes: number;
  /** A multiple of the page size. */
  readonly atomBytes: number;
  /** At least one group, none empty. */
  readonly groups: CpuGroups;
}

/** The kernel calls the same thing pcpu_alloc_info. */
export interface UnitLayout {
  readonly pageSizeBytes: number;
  readonly staticBytes: number;
  readonly reservedBytes: number;
  /** The dynamic part as it came out: whole pages less static and reserved. */
  readonly dynamicBytes: number;
  readonly unitBytes: number;
  readonly atomBytes: number;
  /** Whole atoms, and unitsPerAlloc × unitBytes. */
  readonly allocBytes: number;
  readonly unitsPerAlloc: number;
  readonly groups: readonly UnitGroup[];
}

/** A group's units in the order of their addresses; undefined is an unused unit. */
export type UnitGroup = readonly (CpuId | undefined)[];

/** Bytes that a CPU really gets: static, reserved and dynamic part together. */
export function sizeSumBytes(layout: UnitLayout): number {
  return layout.staticBytes + layout.reservedBytes + layout.dynamicBytes;
}

/** The number of pages in the boot line. */
export function pagesPerCpu(layout: UnitLayout): number {
  return sizeSumBytes(layout) / layout.pageSizeBytes;
}

/** Memory that stays with the per-CPU area when embedding has given back what is past the size sums. */
export function keptBytes(layout: UnitLayout): number {
  const possibleCpus = layout.groups.flat().filter((cpu) => cpu !== undefined).length;
  return possibleCpus * sizeSumBytes(layout);
}

/** Address space of all units, the unused ones included; every later chunk takes as much. */
export function addressSpaceBytes(layout: UnitLayout): number {
  return layout.groups.flat().length * layout.unitBytes;
}

/** Computes the layout. Pure; throws where the request breaks what its comments say. */
export function layOutUnits(request: UnitLayoutRequest): UnitLayout {
  requireSound(request);
  const { pageSizeBytes, staticBytes, reservedBytes, atomBytes, groups } = request;
  const dynamicAtLeast = Math.max(request.dynamicRequestBytes, request.earlyDynamicBytes);
  const sizeSum = roundUp(staticBytes + reservedBytes + dynamicAtLeast, pageSizeBytes);
  const minUnit = Math.max(sizeSum, roundUp(request.minUnitBytes, pageSizeBytes));
  const allocBytes = roundUp(minUnit, atomBytes);
  const unitsPerAlloc = bestUnitsPerAlloc({ allocBytes, minUnit, pageSizeBytes, groups });
  return {
    pageSizeBytes,
    staticBytes,
    reservedBytes,
    dynamicBytes: sizeSum - staticBytes - reservedBytes,
    unitBytes: allocBytes / unitsPerAlloc,
    atomBytes,
    allocBytes,
    unitsPerAlloc,
    groups: groups.map((cpus) => fillUnits(cpus, unitsPerAlloc)),
  };
}

/** The layout of a kernel built for one CPU: one unit, all of it dynamic, and no first chunk worth the name. */
export function layOutUniprocessor(request: {
  readonly pageSizeBytes: number;
  readonly dynamicRequestBytes: number;
  readonly minUnitBytes: number;
  readonly cpu: CpuId;
}): UnitLayout {
  const minUnit = roundUp(request.minUnitBytes, request.pageSizeBytes);
  const unitBytes = 2 ** Math.ceil(Math.log2(Math.max(minUnit, request.dynamicRequestBytes)));
  return {
    pageSizeBytes: request.pageSizeBytes,
    staticBytes: 0,
    reservedBytes: 0,
    dynamicBytes: unitBytes,
    unitBytes,
    atomBytes: unitBytes,
    allocBytes: unitBytes,
    unitsPerAlloc: 1,
    groups: [[request.cpu]],
  };
}

interface Packing {
  readonly allocBytes: number;
  /** The smallest unit that will do. */
  readonly minUnit: number;
  readonly pageSizeBytes: number;
  readonly groups: CpuGroups;
}

/**
 * The kernel's choice: from the most units per alloc downwards, skipping what wastes more than a third of the possible CPUs,
 * until more allocs would be needed than for the last one that was accepted. So the largest unit wins among equal allocs.
 */
function bestUnitsPerAlloc({ allocBytes, minUnit, pageSizeBytes, groups }: Packing): number {
  const possibleCpus = groups.reduce((sum, cpus) => sum + cpus.length, 0);
  const wasteLimit = Math.floor(possibleCpus / 3);
  let best: { readonly unitsPerAlloc: number; readonly allocs: number } | undefined;
  for (let candidate = Math.floor(allocBytes / minUnit); candidate >= 1; candidate--) {
    if (allocBytes % candidate !== 0 || (allocBytes / candidate) % pageSizeBytes !== 0) continue;
    const allocs = groups.reduce((sum, cpus) => sum + Math.ceil(cpus.length / candidate), 0);
    if (allocs * candidate - possibleCpus > wasteLimit) continue;
    if (best !== undefined && allocs > best.allocs) break;
    best = { unitsPerAlloc: candidate, allocs };
  }
  // One unit per alloc wastes nothing, so there always is one.
  if (best === undefined)
    throw new Error(`no unit of ${minUnit} bytes or more divides an alloc of ${allocBytes} bytes`);
  return best.unitsPerAlloc;
}

function fillUnits(cpus: readonly CpuId[], unitsPerAlloc: number): UnitGroup {
  const units = roundUp(cpus.length, unitsPerAlloc);
  return Array.from({ length: units }, (_, index) => cpus[index]);
}

function requireSound({ pageSizeBytes, staticBytes, reservedBytes, atomBytes, groups }: UnitLayoutRequest): void {
  if (!Number.isInteger(Math.log2(pageSizeBytes))) throw new Error(`page size ${pageSizeBytes} is no power of two`);
  if (atomBytes <= 0 || atomBytes % pageSizeBytes !== 0)
    throw new Error(`atom of ${atomBytes} bytes is not whole pages`);
  if (staticBytes < 0 || reservedBytes < 0)
    throw new Error(`sizes ${staticBytes} and ${reservedBytes} must not be negative`);
  if (groups.length === 0 || groups.some((cpus) => cpus.length === 0)) throw new Error('a group of CPUs is empty');
}
