/**
 * An experiment: blocks of all designs in random order on one engine, from a planned profile to a record.
 *
 *     load data ─▶ block 0 (warm-up, thrown away) ─▶ block 1 ─▶ … ─▶ block n ─▶ summary
 *                  [ design b │ design a ]           [ a │ b ]
 *
 * Within a block every design meets the host in the same mood, so designs are compared block by block. All samples of an
 * experiment run in one buffer: its pages have been touched by the warm-up, and no design pays for the host's page faults.
 * A cancelled or failed experiment keeps the samples that were finished.
 */
import { CODEC_WORDS } from '../../../shared/codec.ts';
import type { RunProgress } from '../../../shared/contract.ts';
import type { Design } from '../../../shared/design.ts';
import { fail, type LabError, ok, type Result } from '../../../shared/result.ts';
import type { Environment, RunOutcome, RunRecord, Sample } from '../../../shared/run-record.ts';
import { allocateArena, type ArenaMemory } from '../../engine/codec/arena-memory.ts';
import type { CodecSource } from '../../engine/codec/codec-source.ts';
import type { CodecParts } from '../../engine/codec/make-codec.ts';
import type { LiveEngine } from '../../engine/live/live-engine.ts';
import type { SamplePlan } from '../../engine/live/sample-plan.ts';
import { Arena, type MachineConfig } from '../../machine/memory/arena.ts';
import type { PageSet } from '../../workload/data/page-set.ts';
import { Random } from '../../workload/random.ts';
import { loadPageSets, spreadOverSets } from '../plan/load-page-sets.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import { summarise } from '../statistics/summarise.ts';
import { zramAfterwards } from '../zram/zram-afterwards.ts';
import { phaseMilliseconds } from './phase-time.ts';
import { ProgressMeter } from './progress-meter.ts';

export interface ExperimentSetting {
  readonly runId: string;
  readonly planned: PlannedProfile;
  readonly engine: LiveEngine;
  /** Of the host; the record's names the codec that was used. */
  readonly environment: Environment;
  readonly codecs: CodecSource;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
  readonly onSample: (sample: Sample) => void;
}

/** Runs to the end, to a failure or to the signal's abort; never rejects for an expected failure. */
export async function runExperiment(setting: ExperimentSetting): Promise<RunRecord> {
  const startedAt = new Date();
  const { planned } = setting;
  const samples: Sample[] = [];
  const pageSetNotes: string[] = [];
  const ended = await runBlocks(setting, samples, pageSetNotes);
  const { profile } = planned;
  return {
    id: setting.runId,
    name: `${profile.name}, ${localTime(startedAt)}`,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome: outcomeOf(ended),
    ...(ended.ok || ended.error.code === 'cancelled' ? {} : { error: ended.error }),
    engine: 'live',
    oversubscribed: planned.oversubscribed,
    profile,
    environment: { ...setting.environment, codec: CODEC_WORDS[profile.machine.codec].title },
    notes: [...pageSetNotes, ...planned.notes, ...standingNotes(planned)],
    samples,
    ...summarise(samples, { designs: profile.designs, equivalencePercent: profile.experiment.equivalencePercent }),
  };
}

function outcomeOf(ended: Result<void>): RunOutcome {
  if (ended.ok) return 'complete';
  return ended.error.code === 'cancelled' ? 'cancelled' : 'failed';
}

async function runBlocks(setting: ExperimentSetting, samples: Sample[], notes: string[]): Promise<Result<void>> {
  const { planned, signal } = setting;
  const { profile, workload } = planned;
  const meter = new ProgressMeter(setting.runId, planned, setting.onProgress);
  meter.preparing();
  const sets = await loadPageSets(profile, planned.fioJobs, {
    signal,
    onProgress: () => {
      meter.preparing();
    },
  });
  if (!sets.ok) return sets;
  notes.push(...sets.value.map((set) => `Page data: ${set.description}.`));
  const codec = setting.codecs(profile.machine.codec);
  if (!codec.ok) return codec;
  const memory = allocateArena(largestArena(planned), codec.value.name);
  if (!memory.ok) return memory;
  const jobs = spreadOverSets(workload.jobs, sets.value);
  const random = new Random(profile.workload.seed);
  for (let repetition = 0; repetition <= profile.experiment.repetitions; repetition++) {
    const order = [...profile.designs];
    random.shuffle(order);
    for (const [index, design] of order.entries()) {
      const place = { design, repetition, position: index + 1 };
      const plan = samplePlan(planned, design, { codec: codec.value, jobs, sets: sets.value });
      const sample = await runSample(setting, { plan, memory: memory.value, place, meter });
      if (!sample.ok) return withDesign(sample.error, design, profile.designs.length);
      if (repetition === 0) continue;
      samples.push(sample.value);
      setting.onSample(sample.value);
    }
  }
  return ok(undefined);
}

interface SamplePlace {
  readonly design: Design;
  readonly repetition: number;
  readonly position: number;
}

async function runSample(
  { planned, engine, signal }: ExperimentSetting,
  sample: { plan: SamplePlan; memory: ArenaMemory; place: SamplePlace; meter: ProgressMeter },
): Promise<Result<Sample>> {
  if (signal.aborted) return fail('cancelled', 'the run was cancelled');
  sample.meter.beginSample(sample.place);
  const observer = {
    onPhase: sample.meter.beginPhase,
    onTick: sample.meter.tick,
  };
  const figures = await engine.runSample(sample.memory, sample.plan, observer, signal);
  if (!figures.ok) return figures;
  sample.meter.endSample();
  const { profile } = planned;
  const taken = { ...sample.place, cpus: profile.machine.onlineCpus, clock: 'wall' as const, ...figures.value };
  if (profile.workload.kind !== 'fio') return ok(taken);
  const zram = zramAfterwards({ memory: sample.memory, codec: sample.plan.codec }, profile.zram);
  return zram.ok ? ok({ ...taken, zram: zram.value }) : zram;
}

function samplePlan(
  planned: PlannedProfile,
  design: Design,
  parts: { codec: CodecParts; jobs: SamplePlan['jobs']; sets: readonly PageSet[] },
): SamplePlan {
  return {
    machine: machineOf(planned, design),
    codec: parts.codec,
    jobs: parts.jobs,
    percpuJobs: planned.workload.percpuJobs,
    callSites: planned.workload.callSites,
    phases: planned.workload.phases,
    pageSets: parts.sets,
    repeatForMs: phaseMilliseconds(planned.profile, planned.workload),
  };
}

function machineOf({ machines }: PlannedProfile, design: Design): MachineConfig {
  const machine = machines.get(design);
  if (machine === undefined) throw new Error(`no machine was planned for design ${design}`);
  return machine;
}

/** Bytes of the largest of the designs' arenas: one memory serves them all. */
function largestArena({ machines }: PlannedProfile): number {
  return Math.max(...[...machines.values()].map((machine) => Arena.bytesFor(machine)));
}

function withDesign(error: LabError, design: Design, designs: number): Result<never> {
  if (error.code === 'cancelled' || designs === 1) return { ok: false, error };
  return { ok: false, error: { ...error, message: `design ${design}: ${error.message}` } };
}

function standingNotes({ profile, oversubscribed }: PlannedProfile): readonly string[] {
  const notes: string[] = [];
  if (profile.workload.kind === 'percpu') notes.push('An operation is one allocation or one free, whatever its size.');
  else if (profile.machine.codec === 'lz4') {
    notes.push('Work memory is reserved and counted; lz4-napi works in memory of its own.');
  }
  if (oversubscribed) {
    notes.unshift(
      `Oversubscribed: ${profile.machine.onlineCpus} CPUs share fewer host cores, so times and ratios are distorted.`,
    );
  }
  return notes;
}

/** For the run's name: a person's clock, to the second. */
function localTime(moment: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}
