/**
 * The per-CPU area: static variables, declared by name, size and alignment, and one unit of memory per possible CPU.
 *
 *                 unit of CPU 0            unit of CPU 1                    unit of CPU n−1
 *     base ─▶ ┌──────────┬────────┐  ┌──────────┬────────┐            ┌──────────┬────────┐
 *             │ static   │ unused │  │ static   │ unused │    …       │ static   │ unused │
 *             └──────────┴────────┘  └──────────┴────────┘            └──────────┴────────┘
 *             ◀─── unit size ─────▶  whole pages
 *
 *     address = base + cpu × unit size + offset           a PercpuPtr is the offset alone
 */
import type { Arena } from '../memory/arena.ts';
import { HeaderW } from '../memory/arena-layout.ts';
import {
  type CpuId,
  frameNumber,
  type PercpuPtr,
  percpuPtr,
  type PhysicalAddress,
  physicalAddress,
  roundUp,
} from '../units.ts';

/** A static per-CPU variable. */
export interface PercpuVariable {
  readonly name: string;
  readonly sizeBytes: number;
  /** A power of two, at most the page size. */
  readonly alignBytes: number;
}

export interface StaticLayout<Name extends string> {
  readonly offsets: Readonly<Record<Name, PercpuPtr>>;
  /** Bytes of a unit that the variables take. */
  readonly staticBytes: number;
  /** 0 when there are no variables. */
  readonly unitPages: number;
}

/** Lays variables out in the order given. Pure; every thread computes the same. */
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
  return {
    offsets: offsets as Record<Name, PercpuPtr>,
    staticBytes: end,
    unitPages: Math.ceil(end / pageSizeBytes),
  };
}

/** Address of `ptr`'s variable on `cpu`, which may be any possible CPU. Any thread. */
export function perCpuPtr(arena: Arena, ptr: PercpuPtr, cpu: CpuId): PhysicalAddress {
  if (cpu >= arena.config.possibleCpus) throw new Error(`CPU ${cpu} is not possible on this machine`);
  const base = arena.frameAddress(frameNumber(arena.word(HeaderW.percpuFirstFrame)));
  return physicalAddress(base + cpu * arena.word(HeaderW.unitPages) * arena.config.pageSizeBytes + ptr);
}
