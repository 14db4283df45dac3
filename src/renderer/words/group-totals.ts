/** What the groups of a percpu workload come to, worked out from the profile. */
import type { PercpuWorkload } from '../../shared/profile.ts';

export interface GroupTotals {
  readonly objects: number;
  /** Of one CPU's copies, sizes rounded up to 4. */
  readonly bytes: number;
}

/** Of one group. NaN where a number is none. */
export function groupTotals(objects: PercpuWorkload['objects']): GroupTotals {
  return {
    objects: objects.reduce((sum, { number }) => sum + number, 0),
    bytes: objects.reduce((sum, object) => sum + objectTotal(object), 0),
  };
}

/** Bytes of all objects of a row, one CPU's copies. */
export function objectTotal({ number, sizeBytes }: Pick<PercpuWorkload['objects'][number], 'number' | 'sizeBytes'>) {
  return number * Math.ceil(sizeBytes / 4) * 4;
}
