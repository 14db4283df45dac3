/** Of which machines a kernel would have printed something about its per-CPU area. */
import type { RunRecord } from './run-record.ts';

/**
 * Whether a run boots machines with a per-CPU allocator: under the kernel engine none of the lab's machines is there, and those
 * of this-cpu workloads have page tables and counters alone.
 */
export function bootsPercpuMachines({ engine, profile }: Pick<RunRecord, 'engine' | 'profile'>): boolean {
  return engine !== 'kernel' && profile.workload.kind !== 'this-cpu';
}
