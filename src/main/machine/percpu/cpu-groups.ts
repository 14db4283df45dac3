/**
 * Groups of the first chunk: CPUs whose units shall lie in one block of memory, because they are near to each other.
 *
 *     node 0: CPU 0 2 5        group 0  [ 0 2 5 ]       a group's number is the rank of its lowest CPU,
 *     node 3: CPU 1 4     ─▶   group 1  [ 1 4 ]         not the node's number; a node without possible
 *     node 1: CPU 3            group 2  [ 3 ]           CPUs makes no group
 *
 * Two CPUs are near when their distance is exactly LOCAL_DISTANCE both ways. Where nearness is no equivalence relation the
 * two rules that kernels had give different groups:
 *
 *     near pairs: 0–1, 1–2     all-members (until 5.12): 2 is not near to 0            [ 0 1 ] [ 2 ]
 *     near pairs: 0–1, 0–2     seed (since): 1 and 2 are near to the seed 0, that is enough  [ 0 1 2 ]
 */
import type { CpuId } from '../units.ts';

/** Distance of CPUs of one node; the kernel's number for it, as in ACPI's SLIT. */
export const LOCAL_DISTANCE = 10;
/** Distance of CPUs of different nodes where the architecture tells no more than that they differ. */
export const REMOTE_DISTANCE = 20;

/** `all-members`: a CPU joins the first group to all of whose members it is near. `seed`: near to its lowest CPU suffices. */
export type GroupRule = 'all-members' | 'seed';

/** How far `to` is from `from`; need not be symmetric. */
export type CpuDistance = (from: CpuId, to: CpuId) => number;

/** CPUs of each group in ascending order, groups in the order of their lowest CPU. */
export type CpuGroups = readonly (readonly CpuId[])[];

/** Groups `cpus`, which are distinct and in ascending order. Without a distance there is one group. */
export function groupCpus(cpus: readonly CpuId[], distance: CpuDistance | undefined, rule: GroupRule): CpuGroups {
  if (distance === undefined) return [cpus];
  const near = (a: CpuId, b: CpuId): boolean => distance(a, b) === LOCAL_DISTANCE && distance(b, a) === LOCAL_DISTANCE;
  const groups: { readonly seed: CpuId; readonly members: CpuId[] }[] = [];
  for (const cpu of cpus) {
    // The lowest CPU left over becomes the next seed, so looking at the seeds in order is looking at the groups in order.
    const home = groups.find(({ seed, members }) =>
      rule === 'seed' ? near(seed, cpu) : members.every((member) => near(member, cpu)),
    );
    if (home === undefined) groups.push({ seed: cpu, members: [cpu] });
    else home.members.push(cpu);
  }
  return groups.map(({ members }) => members);
}
