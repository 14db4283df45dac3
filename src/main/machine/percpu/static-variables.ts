/**
 * Static per-CPU variables: declared by name, size and alignment, laid out from the start of every unit.
 *
 *     offset 0                                     static end
 *     ├─ compress_buffer ─┬─ compress_workmem ─┬─ … other ─┤   aligned each to its own alignment, in the order declared
 */
import type { BufferLayout, StreamProtection } from '../../../shared/design.ts';
import { type PercpuPtr, percpuPtr, roundUp } from '../units.ts';

/** A static per-CPU variable. */
export interface PercpuVariable {
  readonly name: string;
  readonly sizeBytes: number;
  /** A power of two, at most the page size. */
  readonly alignBytes: number;
}

export interface StaticLayout<Name extends string> {
  /** Of the variables that were declared. */
  readonly offsets: Readonly<Partial<Record<Name, PercpuPtr>>>;
  /** Bytes of a unit that the variables take. */
  readonly staticBytes: number;
}

/** Lays variables out in the order given. Pure; every thread computes the same. Throws for an alignment that cannot be. */
export function layOutStatic<Name extends string>(
  variables: readonly (PercpuVariable & { readonly name: Name })[],
  pageSizeBytes: number,
): StaticLayout<Name> {
  const offsets: Partial<Record<Name, PercpuPtr>> = {};
  let end = 0;
  for (const variable of variables) {
    if (!Number.isInteger(Math.log2(variable.alignBytes)) || variable.alignBytes > pageSizeBytes) {
      throw new Error(
        `per-CPU variable ${variable.name}: alignment ${variable.alignBytes} is no power of two up to a page`,
      );
    }
    const offset = roundUp(end, variable.alignBytes);
    offsets[variable.name] = percpuPtr(offset);
    end = offset + variable.sizeBytes;
  }
  return { offsets, staticBytes: end };
}

/** Of a pointer to memory. */
const POINTER_BYTES = 8;

export type MachineVariable = 'compress_buffer' | 'compress_workmem' | 'other';

/**
 * The static variables of a machine: under `per-cpu-global` with preemption off the two pointers of the 2010 patch, then what
 * stands for the rest of the kernel's.
 */
export function machineVariables(machine: {
  readonly bufferLayout: BufferLayout;
  readonly protection: StreamProtection;
  readonly otherStaticBytes: number;
}): readonly (PercpuVariable & { readonly name: MachineVariable })[] {
  const other = { name: 'other', sizeBytes: machine.otherStaticBytes, alignBytes: 1 } as const;
  if (machine.bufferLayout !== 'per-cpu-global' || machine.protection !== 'preemption-off') return [other];
  return [
    { name: 'compress_buffer', sizeBytes: POINTER_BYTES, alignBytes: POINTER_BYTES },
    { name: 'compress_workmem', sizeBytes: POINTER_BYTES, alignBytes: POINTER_BYTES },
    other,
  ];
}
