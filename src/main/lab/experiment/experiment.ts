/**
 * An experiment: blocks of all designs in random order on one engine, from a planned profile to a record.
 *
 *     load data ─▶ warm-up, thrown away ─▶ block 1 ─▶ … ─▶ block n ─▶ summary
 *                  [ b │ a ] [ b │ a ] …   [ a │ b ]
 *
 * Within a block every design meets the host in the same mood, so designs are compared block by block.
 * A cancelled or failed experiment keeps the samples that were finished.
 */
import { CODEC_WORDS } from '../../../shared/codec.ts';
import { counted } from '../../../shared/counted.ts';
import type { MappingReport } from '../../../shared/mapping-report.ts';
import { type Failure, ok, type Result } from '../../../shared/result.ts';
import type { Environment, RunOutcome, RunRecord, Sample } from '../../../shared/run-record.ts';
import { countMapping } from '../mapping/count-mapping.ts';
import { addressSpaceOf } from '../plan/plan-storms.ts';
import { isSampledEvenly } from '../plan/load-page-sets.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';
import { summarise } from '../statistics/summarise.ts';
import { countBuffers } from '../zram/count-buffers.ts';
import { DisturbanceNotes } from './disturbance-notes.ts';
import { ProgressMeter } from './progress-meter.ts';
import { type BlockSetting, type Harvest, runBlocks } from './run-blocks.ts';
import { standingNotes } from './run-notes.ts';
import { sampleNotes } from './sample-notes.ts';

export interface ExperimentSetting extends BlockSetting {
  /** Of the host; the record's names the codec that was used. */
  readonly environment: Environment;
}

/** Runs to the end, to a failure or to the signal's abort; never rejects for an expected failure. */
export async function runExperiment(setting: ExperimentSetting): Promise<RunRecord> {
  const startedAt = new Date();
  const { planned } = setting;
  const samples: Sample[] = [];
  const tables = await countTables(setting);
  const disturbed = new DisturbanceNotes();
  const harvest: Harvest = {
    samples,
    pageData: undefined,
    filePages: undefined,
    warmUp: undefined,
    disturbed,
    zramAtFailure: undefined,
  };
  const { profile } = planned;
  const buffers = countBuffers(profile);
  const ended = tables.ok && buffers.ok ? await runBlocks(setting, harvest) : firstFailure(tables, buffers);
  await setting.engines.live.forgetMemory();
  const cpus = cpusWithJobs(planned);
  const summary = summarise(samples, {
    designs: planned.designs,
    equivalencePercent: profile.experiment.equivalencePercent,
    cpus,
    hasHotplug: profile.hotplug !== undefined,
    oversubscribed: planned.oversubscribed,
  });
  const { engine, oversubscribed } = planned;
  const outcome = outcomeOf(ended);
  const tookSeconds = (Date.now() - startedAt.getTime()) / 1000;
  const told = sampleNotes({
    designs: summary.designs,
    ...{ samples, profile, engine, oversubscribed, outcome, tookSeconds },
    isSampledEvenly: isSampledEvenly(planned),
    filePages: harvest.filePages,
  });
  return {
    id: setting.runId,
    name: `${profile.name}, ${localTime(startedAt)}`,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    outcome,
    ...(ended.ok || ended.error.code === 'cancelled' ? {} : { error: ended.error, ...failureOf(harvest) }),
    engine,
    oversubscribed,
    profile,
    environment: environmentOf(setting),
    notes: [
      ...disturbed.notes(),
      ...told,
      ...warmUpNotes(harvest),
      ...pageDataNotes(harvest),
      ...planned.notes,
      ...standingNotes(planned),
    ],
    ...(harvest.pageData === undefined ? {} : { pageData: harvest.pageData }),
    samples,
    ...(tables.ok && tables.value !== undefined ? { mapping: tables.value } : {}),
    ...(buffers.ok && buffers.value !== undefined ? { bufferCount: buffers.value } : {}),
    ...summary,
  };
}

/** Of two counts of which one failed. */
function firstFailure(...counts: readonly Result<unknown>[]): Failure {
  const failed = counts.find((count) => !count.ok);
  if (failed?.ok !== false) throw new Error('none of the counts failed');
  return failed;
}

/** The page tables that a profile wants counted, before anything is measured; undefined where it wants none. */
async function countTables({
  planned,
  signal,
  onProgress,
  runId,
}: ExperimentSetting): Promise<Result<MappingReport | undefined>> {
  const { machine, workload } = planned.profile;
  if (workload.kind !== 'this-cpu' || workload.counting === undefined) return ok(undefined);
  const meter = new ProgressMeter(runId, planned, onProgress);
  const watch = { signal, onProgress: (): void => meter.preparing() };
  return countMapping({ addressSpace: addressSpaceOf(machine), counting: workload.counting }, watch);
}

/** The kernel's codec is its own; where nothing is compressed there is none. */
function environmentOf({ planned, environment }: ExperimentSetting): Environment {
  const { machine, workload } = planned.profile;
  if (workload.kind !== 'fio') return { ...environment, codec: undefined };
  const codec = planned.engine === 'kernel' ? "lz4 (the kernel's)" : CODEC_WORDS[machine.codec].title;
  return { ...environment, codec };
}

function outcomeOf(ended: Result<void>): RunOutcome {
  if (ended.ok) return 'complete';
  return ended.error.code === 'cancelled' ? 'cancelled' : 'failed';
}

/** Of a this-cpu workload all that are online have tasks. */
function cpusWithJobs({ workload, profile }: PlannedProfile): number {
  const jobs = [...workload.jobs, ...workload.percpuJobs];
  return jobs.length === 0 ? profile.machine.onlineCpus : new Set(jobs.map(({ cpu }) => cpu)).size;
}

function pageDataNotes({ pageData }: Harvest): readonly string[] {
  return (pageData ?? []).map((description) => `Page data: ${description}.`);
}

function warmUpNotes({ warmUp }: Harvest): readonly string[] {
  if (warmUp === undefined) return [];
  const { blocks, workedMs, wantedMs } = warmUp;
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  const worked = `Warm-up: ${counted(blocks, 'block')}, in which each design worked for ${seconds(workedMs)}`;
  if (workedMs >= wantedMs) return [`${worked}.`];
  return [
    `${worked}, not for the ${seconds(wantedMs)} that were wanted: what lies between samples as short as these took the rest of ` +
      'its time, and what was measured may not have been compiled code from the first repetition on.',
  ];
}

function failureOf({ zramAtFailure }: Harvest): Pick<RunRecord, 'zramAtFailure'> {
  return zramAtFailure === undefined ? {} : { zramAtFailure };
}

/** For the run's name: a person's clock, to the second. */
function localTime(moment: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}
