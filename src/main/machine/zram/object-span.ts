/** Where objects lie, as scratch to be filled. */
import type { ObjectSpan } from '../codec.ts';
import { physicalAddress } from '../units.ts';

/** A span to be filled by a pool. */
export function emptySpan(): ObjectSpan {
  return { first: physicalAddress(0), firstBytes: 0, rest: physicalAddress(0), restBytes: 0 };
}
