/**
 * The blocks of an experiment: page data, the warm-up, then each repetition of all designs in an order of its own.
 *
 * The warm-up is one block of all designs, and where that is short the same block again, until the CPUs of each design have worked
 * as long as the profile says, or all designs together have taken three times as long with what goes on between. Threads of CPUs
 * live on from sample to sample, so what is compiled in the warm-up serves the repetitions. Those of this-cpu workloads do not:
 * each sample starts its own and warms them up by itself.
 */
import type { RunProgress } from '../../../shared/contract.ts';
import type { Design } from '../../../shared/design.ts';
import { type Profile, USUAL_WARM_UP_SECONDS } from '../../../shared/profile.ts';
import { fail, type LabError, ok, type Result } from '../../../shared/result.ts';
import { DIRECTIONS, type RunRecord, type Sample } from '../../../shared/run-record.ts';
import type { CodecSource } from '../../engine/codec/codec-source.ts';
import { Random } from '../../workload/random.ts';
import { loadPageSets, spreadOverSets } from '../plan/load-page-sets.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import type { DisturbanceNotes } from './disturbance-notes.ts';
import { phaseMilliseconds } from './phase-time.ts';
import { ProgressMeter } from './progress-meter.ts';
import { type Engines, type SampleRunner, sampleRunner, type SampleWork } from './sample-runner.ts';

/** Between samples machines are booted and looked at, of short ones nearly all of the time: a warm-up may take so much longer. */
const LONGEST_WARM_UP = 3;

export interface BlockSetting {
  readonly runId: string;
  readonly planned: PlannedProfile;
  readonly engines: Engines;
  readonly codecs: CodecSource;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
  readonly onSample: (sample: Sample) => void;
}

/** Blocks that were run, how long the CPUs of each design worked in them, at least, and how long they were to. */
export interface WarmUp {
  readonly blocks: number;
  readonly workedMs: number;
  readonly wantedMs: number;
}

/** What a run has brought so far. */
export interface Harvest {
  readonly samples: Sample[];
  /** Once the data of a fio workload have come in. */
  pageData: RunRecord['pageData'];
  /** And where they are those of files, how many pages. */
  filePages: number | undefined;
  /** Once it is over, of workloads whose threads live on. */
  warmUp: WarmUp | undefined;
  readonly disturbed: DisturbanceNotes;
  /** Of the sample that failed. */
  zramAtFailure: RunRecord['zramAtFailure'];
}

/** All that a block needs beside its place and order. */
interface Course {
  readonly setting: BlockSetting;
  readonly run: SampleRunner;
  readonly work: SampleWork;
  readonly meter: ProgressMeter;
  readonly harvest: Harvest;
}

interface SamplePlace {
  readonly design: Design;
  readonly repetition: number;
  readonly position: number;
}

/** Runs all blocks and gathers what they bring, also when one of them fails or is cancelled. */
export async function runBlocks(setting: BlockSetting, harvest: Harvest): Promise<Result<void>> {
  const { planned, signal } = setting;
  const { profile, workload } = planned;
  const meter = new ProgressMeter(setting.runId, planned, setting.onProgress);
  meter.preparing();
  const sets = await loadPageSets(planned, {
    signal,
    onProgress: () => {
      meter.preparing();
    },
  });
  if (!sets.ok) return sets;
  if (profile.workload.kind === 'fio') {
    harvest.pageData = sets.value.map(({ description }) => description);
    if (profile.workload.data.kind === 'files') harvest.filePages = sets.value[0]?.count;
  }
  const run = sampleRunner(setting.engines, planned, setting.codecs);
  if (!run.ok) return run;
  const work: SampleWork = {
    jobs: spreadOverSets(workload.jobs, sets.value),
    percpuJobs: workload.percpuJobs,
    callSites: workload.callSites,
    phases: workload.phases,
    pageSets: sets.value,
    memLimitBytes: profile.zram?.memLimitBytes,
    repeatForMs: phaseMilliseconds(planned),
  };
  const course: Course = { setting, run: run.value, work, meter, harvest };
  const random = new Random(profile.workload.seed);
  const inRandomOrder = (): readonly Design[] => {
    const order = [...planned.designs];
    random.shuffle(order);
    return order;
  };
  const warm = await warmUp(course, inRandomOrder());
  if (!warm.ok) return warm;
  for (let repetition = 1; repetition <= profile.experiment.repetitions; repetition++) {
    const block = await runBlock(course, inRandomOrder(), repetition);
    if (!block.ok) return block;
  }
  return ok(undefined);
}

async function warmUp(course: Course, order: readonly Design[]): Promise<Result<void>> {
  const { meter } = course;
  const { profile } = course.setting.planned;
  const wantedMs = warmUpMilliseconds(profile);
  const longestMs = LONGEST_WARM_UP * wantedMs * order.length;
  const beginMs = performance.now();
  let workedMs = 0;
  for (let blocks = 1; ; blocks++) {
    const block = await runBlock(course, order, 0);
    if (!block.ok) return block;
    workedMs += workedMilliseconds(course, block.value);
    const spentMs = performance.now() - beginMs;
    const isWarm = workedMs >= wantedMs || spentMs >= longestMs;
    meter.expectWarmUps(isWarm ? blocks : Math.ceil(blocks / Math.max(workedMs / wantedMs, spentMs / longestMs)));
    if (!isWarm) continue;
    if (profile.workload.kind !== 'this-cpu') course.harvest.warmUp = { blocks, workedMs, wantedMs };
    return ok(undefined);
  }
}

function warmUpMilliseconds({ workload, experiment }: Profile): number {
  return workload.kind === 'this-cpu' ? 0 : (experiment.warmUpSeconds ?? USUAL_WARM_UP_SECONDS) * 1000;
}

/** How long the CPUs of each design, at least, did what is measured. Reads and writes of a mixed phase are one time. */
function workedMilliseconds({ work }: Course, block: readonly Sample[]): number {
  const isMixed = work.phases.some(({ measures }) => measures.length > 1);
  const times = block.map((sample) => {
    const durations = DIRECTIONS.map((direction) => (sample[direction]?.durationNs ?? 0) / 1e6);
    return isMixed ? Math.max(...durations) : durations.reduce((sum, each) => sum + each, 0);
  });
  return Math.min(...times);
}

/** One sample of each design; those of repetition 0 are not kept. */
async function runBlock(
  course: Course,
  order: readonly Design[],
  repetition: number,
): Promise<Result<readonly Sample[]>> {
  const { setting, harvest } = course;
  const block: Sample[] = [];
  for (const [index, design] of order.entries()) {
    const sample = await runSample(course, { design, repetition, position: index + 1 });
    if (!sample.ok) return withDesign(sample.error, design, order.length);
    block.push(sample.value);
    if (repetition === 0) continue;
    harvest.samples.push(sample.value);
    setting.onSample(sample.value);
  }
  return ok(block);
}

async function runSample({ setting, run, work, meter, harvest }: Course, place: SamplePlace): Promise<Result<Sample>> {
  const { planned, signal } = setting;
  if (signal.aborted) return fail('cancelled', 'the run was cancelled');
  meter.beginSample(place);
  const observer = {
    onPhase: meter.beginPhase,
    onTick: meter.tick,
    onFailure: (devices: NonNullable<RunRecord['zramAtFailure']>) => {
      harvest.zramAtFailure = devices;
    },
  };
  const figures = await run(place.design, work, observer, signal);
  if (!figures.ok) return figures;
  meter.endSample();
  const { disturbances, ...rest } = figures.value;
  if (disturbances !== undefined) {
    const checked = rest.verifiedPages + (rest.destroy?.operations ?? 0);
    harvest.disturbed.add(place, { report: disturbances, checked });
  }
  return ok({ ...place, cpus: planned.profile.machine.onlineCpus, clock: 'wall', ...rest });
}

function withDesign(error: LabError, design: Design, designs: number): Result<never> {
  if (error.code === 'cancelled' || designs === 1) return { ok: false, error };
  return { ok: false, error: { ...error, message: `design ${design}: ${error.message}` } };
}
