/**
 * Where the units lie: one block of memory per group, and from their addresses the table by which every CPU finds its own.
 *
 *     group 1's block              group 0's block                    blocks wherever memory near the CPUs was free
 *     ▼ lowest = base              ▼
 *     [ CPU 1 ][ CPU 3 ]  …  …  …  [ CPU 0 ][ CPU 2 ]
 *     ◀─ max distance: to the end of the highest block ─▶
 *
 *     unit offset of a CPU = its unit's address − base
 *     __per_cpu_offset[cpu] = base − start of the static variables as linked + unit offset
 *     address of a variable on a CPU = its PercpuPtr + __per_cpu_offset[cpu]
 *
 * Every later chunk has the same offsets between its groups, in vmalloc space; where the blocks lie further apart than
 * three quarters of that space such chunks could not be had. All figures are bytes or addresses in bytes.
 */
import type { CpuId } from '../units.ts';
import type { UnitGroup, UnitLayout } from './unit-layout.ts';

/** A group's block of memory. */
export interface GroupBlock {
  readonly group: UnitGroup;
  readonly address: number;
}

export interface UnitPlacement {
  readonly baseAddress: number;
  /** By group. */
  readonly groupOffsets: readonly number[];
  /** Address of each possible CPU's unit, less the base. */
  readonly unitOffsets: ReadonlyMap<CpuId, number>;
  /** `__per_cpu_offset[]`. */
  readonly perCpuOffsets: ReadonlyMap<CpuId, number>;
  /** From the base to the end of the highest block. */
  readonly maxDistanceBytes: number;
}

/** Bytes of a group's block. */
export function groupBytes(group: UnitGroup, layout: UnitLayout): number {
  return group.length * layout.unitBytes;
}

/**
 * Places units in blocks that are there. `blockAddresses` are those of the layout's groups in order, aligned to the atom;
 * `linkedStart` is the address at which the static variables were linked (0 on x86-64). Throws for a missing block.
 */
export function placeUnits(layout: UnitLayout, blockAddresses: readonly number[], linkedStart: number): UnitPlacement {
  const blocks = layout.groups.map((group, index): GroupBlock => {
    const address = blockAddresses[index];
    if (address === undefined) throw new Error(`group ${index} has no block: ${blockAddresses.length} were given`);
    return { group, address };
  });
  const baseAddress = Math.min(...blocks.map(({ address }) => address));
  const unitOffsets = new Map<CpuId, number>();
  for (const { group, address } of blocks) {
    for (const [index, cpu] of group.entries()) {
      if (cpu !== undefined) unitOffsets.set(cpu, address - baseAddress + index * layout.unitBytes);
    }
  }
  return {
    baseAddress,
    groupOffsets: blocks.map(({ address }) => address - baseAddress),
    unitOffsets,
    perCpuOffsets: new Map([...unitOffsets].map(([cpu, offset]) => [cpu, baseAddress - linkedStart + offset])),
    maxDistanceBytes: Math.max(
      ...blocks.map(({ group, address }) => address - baseAddress + groupBytes(group, layout)),
    ),
  };
}

/** Whether blocks so far apart still allow chunks in vmalloc space; the limit is three quarters of it. */
export function fitsVmalloc(placement: UnitPlacement, vmallocBytes: number): boolean {
  return placement.maxDistanceBytes <= Math.floor((vmallocBytes * 3) / 4);
}
