/** Small samples for the live engine: a job per CPU that writes its stretch of device 0 and reads it back. */
import { smallPercpu } from '../../machine/fixtures/make-machine.ts';
import type { CodecName } from '../../../../src/shared/codec.ts';
import type { BufferLayout } from '../../../../src/shared/design.ts';
import type { SampleObserver } from '../../../../src/main/engine/live/live-engine.ts';
import type { PhasePlan, SamplePlan } from '../../../../src/main/engine/live/sample-plan.ts';
import { allocateArena, type ArenaMemory } from '../../../../src/main/engine/codec/arena-memory.ts';
import { valueOf } from '../../lab/small-lab.ts';
import { codecParts } from '../codec/test-codecs.ts';
import { Arena } from '../../../../src/main/machine/memory/arena.ts';
import { type PageMixture, pageSetFromGenerator } from '../../../../src/main/workload/data/page-set-from-generator.ts';
import type { JobPlan } from '../../../../src/main/workload/job-plan.ts';

const PAGE_BYTES = 4096;

export interface SmallSample {
  readonly cpus: number;
  readonly bufferLayout: BufferLayout;
  readonly codec?: CodecName;
  /** Of each job. */
  readonly blocks: number;
  readonly memoryPages?: number;
  readonly mixture?: Partial<PageMixture>;
  readonly repeatForMs?: number;
}

/** Writes of all jobs together, then all read back. */
export function smallSample({
  cpus,
  bufferLayout,
  codec = 'lz4',
  blocks,
  memoryPages,
  mixture,
  repeatForMs,
}: SmallSample): SamplePlan {
  const pages = pageSetFromGenerator(
    { zeroPercent: 5, samePercent: 5, randomPercent: 10, compressPercent: 50, ...mixture },
    { pageSizeBytes: PAGE_BYTES, count: 256, seed: 11 },
  );
  if (!pages.ok) throw new Error(pages.error.message);
  const jobs = Array.from({ length: cpus }, (_, cpu): JobPlan => ({
    name: `job.${cpu}`,
    cpu,
    device: 0,
    firstSlot: cpu * blocks,
    blocks,
    blockPages: 1,
    pattern: 'write',
    readPercent: 0,
    ioDepth: 8,
    blocksToDo: blocks,
    pageSet: 0,
    firstSetPage: (cpu * 97) % 256,
    seed: cpu,
  }));
  const names = jobs.map((job) => job.name);
  const phases: readonly PhasePlan[] = [
    { kind: 'main', jobs: names, measures: ['write'] },
    { kind: 'verify', jobs: names, measures: ['read'] },
  ];
  const machine = {
    possibleCpus: cpus,
    onlineCpus: cpus,
    pageSizeBytes: PAGE_BYTES,
    memoryBytes: (memoryPages ?? cpus * blocks + 200) * PAGE_BYTES,
    devices: 1,
    diskSizeBytes: cpus * blocks * PAGE_BYTES,
    bufferLayout,
    percpu: smallPercpu(PAGE_BYTES),
  };
  return {
    ...{ machine, codec: codecParts(codec), jobs, percpuJobs: [], callSites: [], phases, pageSets: [pages.value] },
    ...(repeatForMs === undefined ? {} : { repeatForMs }),
  };
}

export function arenaFor(plan: SamplePlan): ArenaMemory {
  return valueOf(allocateArena(Arena.bytesFor(plan.machine), plan.codec.name));
}

/** Watches nothing. */
export const NOBODY: SampleObserver = { onPhase: () => {}, onTick: () => {} };
