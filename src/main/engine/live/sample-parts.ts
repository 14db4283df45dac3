/** From a sample to what each of its CPUs is told of it. Pure but for the shared memory that it makes. */
import type { Arena } from '../../machine/memory/arena.ts';
import { writtenPagesBytes } from '../../workload/written-pages.ts';
import type { ArenaMemory } from '../codec/arena-memory.ts';
import type { Disturbances } from './disturbances.ts';
import type { CpuRequest } from './protocol.ts';
import type { SamplePlan } from './sample-plan.ts';

export type SamplePart = Extract<CpuRequest, { kind: 'prepare' }>;

export interface PlannedSample {
  readonly memory: ArenaMemory;
  readonly arena: Arena;
  readonly plan: SamplePlan;
  readonly disturbances: Disturbances;
}

/** Of each CPU that has a job, in the jobs' order; the first of them drives hotplug. */
export function samplePartsOf({ memory, arena, plan, disturbances }: PlannedSample): readonly SamplePart[] {
  const { codec, pageSets, recompressJob } = plan;
  const written = Array.from(
    { length: plan.machine.devices },
    () => new SharedArrayBuffer(writtenPagesBytes(arena.slotCount)),
  );
  const shared = { memory, codec, pageSets, recompressJob, written, disturbances: disturbances.shared() };
  const cpus = [...new Set(allJobs(plan).map((job) => job.cpu))];
  return cpus.map((cpu, index) => {
    const jobs = plan.jobs.filter((job) => job.cpu === cpu);
    const percpuJobs = plan.percpuJobs.filter((job) => job.cpu === cpu);
    return { kind: 'prepare', cpu, jobs, percpuJobs, drivesHotplug: index === 0, ...shared };
  });
}

/** Jobs of every kind. */
export function allJobs({
  jobs,
  percpuJobs,
  recompressJob,
}: SamplePlan): readonly { readonly name: string; readonly cpu: number }[] {
  return [...jobs, ...percpuJobs, ...(recompressJob === undefined ? [] : [recompressJob])];
}
