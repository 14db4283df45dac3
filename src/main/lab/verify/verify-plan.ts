/**
 * The sample that both sides run: every page of the data is written once, in order, and then read back once and compared.
 *
 *     pages of the data   [ job 0's share | job 1's share | … ]      consecutive shares, the first ones a page longer
 *     slots of the disk   the same: page i lies in slot i
 *
 * A request is one page; the next one is handed over when it is done (depth 1), with no time to think.
 */
import { ok, type Result } from '../../../shared/result.ts';
import type { KernelSamplePlan } from '../../engine/kernel/kernel-engine.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import type { JobPlan } from '../../workload/job-plan.ts';
import { machineConfigOf } from '../plan/machine-config.ts';

/** What the machine needs beside the pages: partly filled zspages of all classes, and what boot takes. */
const SPARE_BYTES = 32 * 2 ** 20;
/** Slot table and zspage descriptors, bytes per page of data, with room to spare. */
const BYTES_PER_SLOT = 64;
/** A unit of the per-CPU area, at most a huge page. */
const BYTES_PER_CPU = 2 * 2 ** 20;

/** `jobs` is at most the number of pages. Errors: those of the machine's configuration. */
export function verifyPlan(set: PageSet, jobs: number): Result<KernelSamplePlan> {
  const { pageSizeBytes, count } = set;
  const plans = Array.from({ length: jobs }, (_, index) => jobPlan(set, index, jobs));
  const names = plans.map((plan) => plan.name);
  const machine = machineConfigOf(
    {
      possibleCpus: jobs,
      onlineCpus: jobs,
      pageSizeBytes,
      memoryBytes: count * (pageSizeBytes + BYTES_PER_SLOT) + jobs * BYTES_PER_CPU + SPARE_BYTES,
      devices: 1,
      diskSizeBytes: count * pageSizeBytes,
      codec: 'lz4-kernel',
    },
    'per-cpu-global',
  );
  if (!machine.ok) return machine;
  return ok({
    machine: machine.value,
    jobs: plans,
    percpuJobs: [],
    callSites: [],
    phases: [
      { kind: 'main', jobs: names, measures: ['write'] },
      { kind: 'verify', jobs: names, measures: ['read'] },
    ],
    pageSets: [set],
  });
}

function jobPlan({ count }: PageSet, index: number, jobs: number): JobPlan {
  const first = Math.ceil((count * index) / jobs);
  const pages = Math.ceil((count * (index + 1)) / jobs) - first;
  return {
    name: `verify.${index}`,
    cpu: index,
    device: 0,
    firstSlot: first,
    blocks: pages,
    blockPages: 1,
    pattern: 'write',
    readPercent: 0,
    ioDepth: 1,
    blocksToDo: pages,
    pageSet: 0,
    firstSetPage: first,
    seed: 0,
  };
}
