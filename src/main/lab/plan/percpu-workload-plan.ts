/** A percpu workload, shared out over the machine's CPUs. */
import { type AddressSpaceSettings, usualAddressSpace } from '../../../shared/address-space-settings.ts';
import { type AllocatorDesign, hasPageTables } from '../../../shared/design.ts';
import { usualPercpuSettings } from '../../../shared/percpu-settings.ts';
import type { MachineProfile, PercpuWorkload } from '../../../shared/profile.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { PhasePlan } from '../../engine/live/sample-plan.ts';
import type { MappedSpaceConfig } from '../../machine/memory/address-space-config.ts';
import type { MachineConfig } from '../../machine/memory/arena.ts';
import { planPercpu } from '../../machine/percpu/percpu-plan.ts';
import { roundUp } from '../../machine/units.ts';
import type { PercpuJobPlan } from '../../workload/job-plan.ts';
import { machineConfigOf } from './machine-config.ts';

/** Chunks beyond those that the objects fill when they lie close together. */
const SPARE_CHUNKS = 16;

export interface PercpuWorkloadPlan {
  readonly percpuJobs: readonly PercpuJobPlan[];
  /** By the number that tags objects. */
  readonly callSites: readonly string[];
  readonly phases: readonly PhasePlan[];
}

/** Groups go to the online CPUs in equal shares, the first CPUs taking one more; a CPU without a group has no job. */
export function planPercpuWorkload(workload: PercpuWorkload, machine: MachineProfile): PercpuWorkloadPlan {
  const callSites = [...new Set(workload.objects.map(({ callSite }) => callSite))];
  const objects = workload.objects.map((each) => ({ ...each, callSite: callSites.indexOf(each.callSite) }));
  const cpus = Math.min(machine.onlineCpus, workload.groups);
  const percpuJobs = Array.from({ length: cpus }, (_, cpu): PercpuJobPlan => {
    const share = Math.floor(workload.groups / cpus) + (cpu < workload.groups % cpus ? 1 : 0);
    return {
      name: `${workload.groupName}s of CPU ${cpu}`,
      cpu,
      groups: share,
      objects,
      destroyOrder: workload.destroy === 'random' ? 'random' : 'in-order',
      seed: (workload.seed + cpu) % 2 ** 32,
    };
  });
  const jobs = percpuJobs.map(({ name }) => name);
  const create: PhasePlan = { kind: 'create', jobs, measures: ['create'] };
  const destroy: PhasePlan = { kind: 'destroy', jobs, measures: ['destroy'] };
  return { percpuJobs, callSites, phases: workload.destroy === 'never' ? [create] : [create, destroy] };
}

/**
 * The machine on which a design of such a workload runs, with bookkeeping for twice the chunks that its objects fill, as far as
 * the machine's memory holds them.
 */
export function percpuMachine(
  machine: MachineProfile,
  workload: PercpuWorkload,
  design: AllocatorDesign,
): Result<MachineConfig> {
  const firstChunk = design === 'embed' ? 'embed' : 'page';
  const percpu = { ...(machine.percpu ?? usualPercpuSettings(machine.pageSizeBytes)), firstChunk } as const;
  const tables = tablesOf(machine.addressSpace ?? usualAddressSpace(machine.pageSizeBytes), design);
  if (!tables.ok) return tables;
  const callSites = new Set(workload.objects.map(({ callSite }) => callSite)).size;
  const configFor = (maxChunks: number): Result<MachineConfig> => {
    const config = machineConfigOf({ ...machine, percpu }, 'per-cpu-global', { maxChunks, callSites });
    return config.ok ? ok({ ...config.value, addressSpace: tables.value }) : config;
  };
  const small = configFor(SPARE_CHUNKS);
  if (!small.ok) return small;
  const planned = planPercpu(small.value);
  if (!planned.ok) return planned;
  const groupBytes = workload.objects.reduce(
    (sum, { number, sizeBytes, alignBytes }) => sum + number * roundUp(sizeBytes, Math.max(4, alignBytes)),
    0,
  );
  // An object lies in pages of every CPU's unit.
  const mostBytes = Math.min(workload.groups * groupBytes, machine.memoryBytes / machine.possibleCpus);
  return configFor(SPARE_CHUNKS + Math.ceil((2 * mostBytes) / planned.value.layout.unitBytes));
}

/** The page tables of a design; undefined for those without. Errors: 'bad-input' for what an allocating machine cannot have. */
function tablesOf(
  { translation, window, firstChunk, tablesFor, tlb }: AddressSpaceSettings,
  design: AllocatorDesign,
): Result<MappedSpaceConfig | undefined> {
  if (!hasPageTables(design)) return ok(undefined);
  if (firstChunk !== 'page') {
    const sentence = `design ${design} maps its first chunk page by page; a second window is for this-cpu workloads`;
    return fail('bad-input', sentence, 'machine.addressSpace.firstChunk');
  }
  if (design === 'page-tables') return ok({ translation, window: 'none', tablesFor, tlb });
  if (window === 'same-offset') return ok({ translation, window, tablesFor, tlb });
  const why =
    window === 'none'
      ? 'page-tables is the design without one'
      : 'the allocator lays chunks one behind the other with all units of each, while packed has the units of each CPU together; ' +
        'packed windows are for this-cpu workloads';
  return fail('bad-input', `design ${design} needs a same-offset window: ${why}`, 'machine.addressSpace.window');
}

/** Pure bookkeeping: objects that all jobs of a phase make or destroy. */
export function objectsOfPhase(jobs: readonly PercpuJobPlan[], phase: PhasePlan): number {
  return jobs
    .filter((job) => phase.jobs.includes(job.name))
    .reduce((sum, job) => sum + job.groups * job.objects.reduce((each, { number }) => each + number, 0), 0);
}
