/**
 * zram as kernel releases and build options have it, as far as it differs.
 *
 *     release     …  6.13   6.14   6.15   6.16   6.17 …
 *     free order     last   first  first  first  last      old content of a slot that is written again
 *     allocation     two    two    one    one    one       stages of finding room for a compressed page
 *
 * (Facts: releases read in change logs, the present order measured on 6.18.)
 */

import type { AllocationStages, FreeOrder } from '../../../shared/zram-profile.ts';

export interface ZramVariant {
  /** Most pages of a zspage, 4 … 16. */
  readonly zspagePages: number;
  readonly freeOrder: FreeOrder;
  readonly allocationStages: AllocationStages;
}

/** Linux 6.17 and later with default build options. */
export const CURRENT_ZRAM: ZramVariant = { zspagePages: 8, freeOrder: 'last', allocationStages: 'one' };

/** The member of a closed set that a word of the arena names. Throws when it names none. */
export function memberAt<Member>(set: readonly Member[], index: number): Member {
  const member = set[index];
  if (member === undefined) throw new Error(`word ${index} names none of ${set.join(', ')}`);
  return member;
}
