/** What a check comes upon on its way; filled by its steps, in the order of the result's fields. */
import type { GeometryDifference, GeometryInput } from '../../../shared/geometry-check.ts';

export interface Findings {
  readonly inputs: GeometryInput[];
  readonly differences: GeometryDifference[];
  readonly missing: string[];
  readonly notes: string[];
}

/** Nothing found yet. */
export function noFindings(): Findings {
  return { inputs: [], differences: [], missing: [], notes: [] };
}
