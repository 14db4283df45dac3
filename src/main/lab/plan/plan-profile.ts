/** A profile, parsed and placed: everything that can be wrong with it is found here, before anything runs. */
import {
  type FioJob,
  type FioJobFileResult,
  type FioJobRemark,
  fioJobRemarkText,
} from '../../evidence/fio-job/fio-job.ts';
import type { CodecName } from '../../../shared/codec.ts';
import type { WorkloadPreview } from '../../../shared/contract.ts';
import { ALLOCATOR_DESIGNS, BUFFER_LAYOUTS, type Design } from '../../../shared/design.ts';
import {
  type FioWorkload,
  parseProfile,
  type PercpuWorkload,
  type Profile,
  jobFileOf,
  profileFieldErrors,
} from '../../../shared/profile.ts';
import { formatBytesExact } from '../../../shared/exact-bytes.ts';
import {
  assertUnreachable,
  fail,
  type Failure,
  failOfFields,
  type FieldError,
  type LabError,
  ok,
  type Result,
} from '../../../shared/result.ts';
import type { Engine } from '../../../shared/run-record.ts';
import { arenaTooLarge } from '../../engine/codec/arena-memory.ts';
import type { StormPlan } from '../../engine/live/storm/storm-plan.ts';
import { bootShortage } from '../../machine/boot.ts';
import { Arena, type MachineConfig } from '../../machine/memory/arena.ts';
import { roundUp } from '../../machine/units.ts';
import { MOST_PAGE_SETS } from '../../workload/written-pages.ts';
import { zramProblem } from '../zram/check-zram.ts';
import { withRecompression } from '../zram/recompression-plan.ts';
import { zramVariantOf } from '../zram/zram-variant-of.ts';
import { parseJobFile } from './job-file.ts';
import { pageSetIndex, pageSetKeys } from './load-page-sets.ts';
import { machineConfigOf } from './machine-config.ts';
import { percpuMachine, planPercpuWorkload } from './percpu-workload-plan.ts';
import { planStorms, stormPhases } from './plan-storms.ts';
import { planWorkload, type WorkloadPlan } from './workload-plan.ts';

export interface PlannedProfile {
  readonly profile: Profile;
  readonly engine: Engine;
  /** What is measured: the profile's designs, or the kernel alone. */
  readonly designs: readonly Design[];
  /** By design; the kernel's says what the jobs see of it. */
  readonly machines: ReadonlyMap<Design, MachineConfig>;
  /** By design, of a this-cpu workload; its machines are in the plans. */
  readonly storms: ReadonlyMap<Design, StormPlan>;
  readonly fioJobs: readonly FioJob[];
  /** Page sets are numbered, not loaded. */
  readonly workload: WorkloadPlan;
  /** What the reader must know beside the numbers, a sentence each. */
  readonly notes: readonly string[];
  readonly oversubscribed: boolean;
}

/** What the planner must know of the host. */
export interface PlanHost {
  readonly cores: number;
  readonly memoryBytes: number;
  /** For ${NAME} in job files. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Errors: 'bad-input' with the field, or `workload.jobFile` with line and column in the sentence. */
export function planProfile(input: unknown, host: PlanHost, engine: Engine = 'live'): Result<PlannedProfile> {
  const parsed = parseProfile(input);
  if (!parsed.ok) return parsed;
  const profile = parsed.value;
  if (profile.machine.memoryBytes > host.memoryBytes) {
    return fail(
      'bad-input',
      `the machine wants ${formatBytesExact(profile.machine.memoryBytes)} of memory, but this host has ` +
        `${Math.floor(host.memoryBytes / 2 ** 20)} MiB`,
      'machine.memoryBytes',
    );
  }
  const problem =
    zramProblem(profile) ??
    disturbanceProblem(profile, engine) ??
    (engine === 'kernel' ? kernelProblem(profile) : undefined);
  if (problem !== undefined) return problem;
  const designs: readonly Design[] = engine === 'kernel' ? ['kernel'] : profile.designs;
  const machines = profile.workload.kind === 'this-cpu' ? ok(new Map()) : planMachines(profile, designs, host);
  if (!machines.ok) return machines;
  const storms = profile.workload.kind === 'this-cpu' ? planStorms(profile, profile.workload) : ok(new Map());
  if (!storms.ok) return storms;
  const planned = planWorkloadOf(profile, designs, host);
  if (!planned.ok) return planned;
  const oversubscribed = profile.machine.onlineCpus > host.cores;
  return ok({
    profile,
    engine,
    designs,
    machines: machines.value,
    storms: storms.value,
    ...planned.value,
    oversubscribed,
  });
}

/** What only a simulated machine can be made to suffer. */
const DISTURBANCES = ['faults', 'hotplug', 'checks'] as const;

/** Why such a profile cannot be disturbed as it asks; undefined when it can, or does not ask. */
function disturbanceProblem(profile: Profile, engine: Engine): Failure | undefined {
  const [asked] = DISTURBANCES.filter((field) => profile[field] !== undefined && profile[field] !== false);
  if (asked === undefined) return undefined;
  if (engine === 'kernel') {
    return fail(
      'bad-input',
      `the kernel engine takes this host's kernel as it is; take ${asked} out of the profile`,
      asked,
    );
  }
  // Its page tables are audited between mixes anyway, which disturbs nothing.
  if (profile.workload.kind !== 'this-cpu' || asked === 'checks') return undefined;
  return fail('bad-input', `a this-cpu workload runs undisturbed; take ${asked} out of the profile`, asked);
}

/** What a profile asks for and the kernel engine cannot do; undefined when there is nothing. */
function kernelProblem({ workload, zram }: Profile): Failure | undefined {
  if (workload.kind !== 'fio') {
    return fail(
      'bad-input',
      `the kernel engine runs fio workloads on this host's zram, not ${workload.kind} workloads`,
    );
  }
  const { memLimitBytes: _, ...beyondKernel } = zram ?? {};
  const asked = Object.keys(beyondKernel);
  if (asked.length === 0) return undefined;
  const sentence = `the kernel engine takes this host's zram as it is; take ${asked.join(', ')} out of the profile`;
  return fail('bad-input', sentence, 'zram');
}

/** `designs` are those that run: under the kernel engine not the profile's. */
function planWorkloadOf(
  profile: Profile,
  designs: readonly Design[],
  host: PlanHost,
): Result<Pick<PlannedProfile, 'fioJobs' | 'workload' | 'notes'>> {
  const { workload, machine, experiment } = profile;
  switch (workload.kind) {
    case 'fio':
      return planFioWorkload(profile, workload, designs, host);
    case 'percpu':
      if (experiment.seconds !== undefined) {
        const sentence = 'a percpu workload runs to its number of groups; seconds do not limit it';
        return fail('bad-input', sentence, 'experiment.seconds');
      }
      return (
        pointersBeyondHost(workload, host) ??
        ok({
          fioJobs: [],
          workload: { jobs: [], notes: [], ...planPercpuWorkload(workload, machine) },
          notes: [],
        })
      );
    case 'this-cpu':
      if (experiment.warmUpSeconds !== undefined) {
        const sentence = 'the threads of a this-cpu workload begin anew with each sample; no warm-up serves them all';
        return fail('bad-input', sentence, 'experiment.warmUpSeconds');
      }
      return ok({
        fioJobs: [],
        workload: { jobs: [], percpuJobs: [], callSites: [], notes: [], phases: stormPhases(workload) },
        notes: [],
      });
    default:
      return assertUnreachable(workload);
  }
}

/** The jobs keep a pointer to every object that they make. */
function pointersBeyondHost({ groups, objects }: PercpuWorkload, host: PlanHost): Failure | undefined {
  const pointers = groups * objects.reduce((sum, { number }) => sum + number, 0);
  const bytes = pointers * Float64Array.BYTES_PER_ELEMENT;
  if (bytes <= host.memoryBytes) return undefined;
  return fail(
    'bad-input',
    `${groups} groups have ${pointers} objects, and pointers to them all take ${Math.ceil(bytes / 2 ** 20)} MiB, ` +
      `but this host has ${Math.floor(host.memoryBytes / 2 ** 20)} MiB`,
    'workload.groups',
  );
}

function planFioWorkload(
  profile: Profile,
  { data, seed, jobFile: text }: FioWorkload,
  designs: readonly Design[],
  host: PlanHost,
): Result<Pick<PlannedProfile, 'fioJobs' | 'workload' | 'notes'>> {
  const jobFile = parseJobFile(profile.machine, text, host.environment);
  if (!jobFile.ok) {
    return failOfFields(jobFileErrors(jobFile.errors), 'the job file has no jobs');
  }
  const keys = pageSetKeys(data, jobFile.jobs);
  if (keys.length > MOST_PAGE_SETS) {
    const sentence = `the jobs' contents differ in ${keys.length} ways, and ${MOST_PAGE_SETS} are the most`;
    return fail('bad-input', sentence, 'workload.jobFile');
  }
  const tooDeep = requestsBeyondMemory(profile, jobFile.jobs, (left) => planMachines(left, designs, host).ok);
  if (tooDeep !== undefined) return tooDeep;
  const workload = planWorkload(jobFile.jobs, profile.machine, {
    seed,
    timeLimited: profile.experiment.seconds !== undefined,
    pageSetOf: (job) => pageSetIndex(data, keys, job),
  });
  if (!workload.ok) return workload;
  const recompressed = withRecompression(workload.value, profile);
  if (!recompressed.ok) return recompressed;
  return ok({
    fioJobs: jobFile.jobs,
    workload: recompressed.value,
    notes: [...workload.value.notes, ...jobFileNotes(jobFile)],
  });
}

/** A machine for each design, all of which can boot. Errors: those of `machineConfigOf` and of `machineShortage`. */
function planMachines(
  profile: Profile,
  designs: readonly Design[],
  host: PlanHost,
): Result<ReadonlyMap<Design, MachineConfig>> {
  const machines = new Map<Design, MachineConfig>();
  for (const design of designs) {
    const config = designMachine(profile, design);
    if (!config.ok) return config;
    const shortage = design === 'kernel' ? undefined : machineShortage(config.value, profile.machine.codec, host);
    if (shortage !== undefined) return shortage;
    machines.set(design, config.value);
  }
  return ok(machines);
}

/** Why a machine cannot boot, its arena serve the codec, or the host hold it; undefined when all can. */
function machineShortage(config: MachineConfig, codec: CodecName, host: PlanHost): Failure | undefined {
  const shortage = bootShortage(config);
  if (shortage !== undefined) return shortage;
  const arenaBytes = Arena.bytesFor(config);
  if (arenaBytes <= host.memoryBytes) return arenaTooLarge(arenaBytes, codec);
  return fail(
    'bad-input',
    `the machine's memory of ${formatBytesExact(config.memoryBytes)} and the bookkeeping of its pages and per-CPU chunks take ` +
      `${Math.ceil(arenaBytes / 2 ** 20)} MiB, but this host has ${Math.floor(host.memoryBytes / 2 ** 20)} MiB; give the machine less memory`,
    'machine.memoryBytes',
  );
}

/** The machine on which a design of the profile runs. Errors: those of `machineConfigOf`. */
export function designMachine({ machine, workload, zram }: Profile, design: Design): Result<MachineConfig> {
  if (workload.kind === 'percpu') return percpuMachine(machine, workload, oneOf(ALLOCATOR_DESIGNS, design));
  // The kernel's buffers are as they are; of its machine only CPUs, devices and sizes count.
  if (design === 'kernel') return machineConfigOf(machine, 'per-cpu-global');
  const bufferLayout = oneOf(BUFFER_LAYOUTS, design);
  const config = machineConfigOf(machine, bufferLayout);
  return config.ok ? ok({ ...config.value, zram: zramVariantOf(zram, bufferLayout) }) : config;
}

/** Narrows a design to those that fit the workload; the schema has seen to it that it is one. */
function oneOf<Fitting extends Design>(fitting: readonly Fitting[], design: Design): Fitting {
  const found = fitting.find((each) => each === design);
  if (found === undefined) throw new Error(`the workload has no design ${design}, only ${fitting.join(', ')}`);
  return found;
}

/** All that is wrong at once, for a form; and the jobs when nothing is. */
export function previewWorkload(input: unknown, host: PlanHost, engine: Engine = 'live'): WorkloadPreview {
  const given = jobFileOf(input);
  const jobFile = given && parseJobFile(given.machine, given.text, host.environment);
  const without = { jobs: [], oversubscribed: false, ...(jobFile === undefined ? {} : { jobFileRead: true }) };
  const fieldErrors = profileFieldErrors(input);
  if (fieldErrors.length > 0) {
    return {
      ...without,
      fieldErrors: [...fieldErrors, ...(jobFile?.ok === false ? jobFileErrors(jobFile.errors) : [])],
    };
  }
  const planned = planProfile(input, host, engine);
  if (!planned.ok) return { ...without, fieldErrors: planErrors(planned.error) };
  const { workload, profile, oversubscribed } = planned.value;
  return {
    ...without,
    fieldErrors: [],
    jobs: workload.jobs.map((job) => ({
      name: job.name,
      cpu: job.cpu,
      device: job.device,
      rw: job.pattern,
      blockBytes: job.blockPages * profile.machine.pageSizeBytes,
      sizeBytes: job.blocks * job.blockPages * profile.machine.pageSizeBytes,
      ioDepth: job.ioDepth,
    })),
    oversubscribed,
  };
}

/** All that are known: of a failure with one sentence, that one. */
function planErrors({ message, where, fields }: LabError): readonly FieldError[] {
  return fields ?? [{ field: where ?? '', message }];
}

function jobFileErrors(errors: readonly FioJobRemark[]): readonly FieldError[] {
  return errors.map((each) => ({ field: 'workload.jobFile', message: fioJobRemarkText(each) }));
}

/** A page frame per page of every request in flight, beside what boot takes: what is left of the memory must do for that. */
function requestsBeyondMemory(
  profile: Profile,
  jobs: readonly FioJob[],
  canBoot: (left: Profile) => boolean,
): Failure | undefined {
  const { machine } = profile;
  const bytes = jobs.reduce((sum, job) => sum + job.ioDepth * roundUp(job.blockBytes, machine.pageSizeBytes), 0);
  const left = { ...profile, machine: { ...machine, memoryBytes: machine.memoryBytes - bytes } };
  if (bytes < machine.memoryBytes && canBoot(left)) return undefined;
  return fail(
    'bad-input',
    `the jobs' requests in flight (iodepth × bs) take ${formatBytesExact(bytes)} of the machine's memory of ${formatBytesExact(machine.memoryBytes)}, ` +
      'which leaves too little for the rest',
    'workload.jobFile',
  );
}

function jobFileNotes(jobFile: Extract<FioJobFileResult, { ok: true }>): readonly string[] {
  const notes = jobFile.notes.map((note) => `Job file, ${fioJobRemarkText(note)}.`);
  const ignored = [...new Set(jobFile.ignored.map((option) => option.name))];
  if (ignored.length > 0) notes.push(`Job file options that change nothing here: ${ignored.join(', ')}.`);
  return notes;
}
