/**
 * zram as kernel releases and build options have it, as far as it differs.
 *
 *     release     …  6.13   6.14   6.15   6.16   6.17 …
 *     free order     last   first  first  first  last      old content of a slot that is written again
 *     allocation     two    two    one    one    one       stages of finding room for a compressed page
 *
 * (Facts: releases read in change logs, the present order measured on 6.18.)
 */

import { type BufferLayout, PROTECTIONS_OF, type StreamProtection } from '../../../shared/design.ts';
import type { AllocationStages, FreeOrder } from '../../../shared/zram-profile.ts';

/** A primary algorithm, and three for recompression. */
export const MOST_ALGORITHMS = 4;

export interface ZramVariant {
  /** Most pages of a zspage, 4 … 16. */
  readonly zspagePages: number;
  readonly freeOrder: FreeOrder;
  readonly allocationStages: AllocationStages;
  /** Absent: the first of the buffer layout's (`PROTECTIONS_OF`). */
  readonly protection?: StreamProtection | undefined;
  /** Most streams of a device's list, under `stream-list`; absent: one. */
  readonly maxStreams?: number | undefined;
  /** Algorithms of a device, its primary one included, 1 … 4; absent: one. */
  readonly algorithms?: number | undefined;
}

/** Whether who holds a stream so protected must not sleep, so that an allocation that may comes after it, as a second stage. */
export function holderMustNotSleep(protection: StreamProtection): boolean {
  return protection === 'preemption-off' || protection === 'local-lock';
}

/** A variant with nothing left open. */
export type CompleteVariant = { readonly [Field in keyof ZramVariant]-?: Exclude<ZramVariant[Field], undefined> };

/** Linux 6.17 and later with default build options. */
export const CURRENT_ZRAM: ZramVariant = { zspagePages: 8, freeOrder: 'last', allocationStages: 'one' };

/** The variant of a machine, what it leaves open filled in. */
export function completeVariant(machine: {
  readonly bufferLayout: BufferLayout;
  readonly zram?: ZramVariant;
}): CompleteVariant {
  const { protection, maxStreams, algorithms, ...rest } = machine.zram ?? CURRENT_ZRAM;
  return {
    ...rest,
    protection: protection ?? PROTECTIONS_OF[machine.bufferLayout][0],
    maxStreams: maxStreams ?? 1,
    algorithms: algorithms ?? 1,
  };
}

/** The member of a closed set that a word of the arena names. Throws when it names none. */
export function memberAt<Member>(set: readonly Member[], index: number): Member {
  const member = set[index];
  if (member === undefined) throw new Error(`word ${index} names none of ${set.join(', ')}`);
  return member;
}
