/**
 * From a profile to what CPUs execute: jobs placed on CPUs and on stretches of devices, phases in order, page sets to load.
 * Pure; nothing runs and no file is read here.
 *
 *     CPU      jobs take the online CPUs in turn
 *     device   what the job file names (filename=/dev/zramN), else its files take the devices in turn
 *     stretch  on a device that the job names: from its offset on; other files lie one behind the other, as a file system
 *              would lay them out, and jobs that name the same file share it
 *     phases   per group of jobs (stonewall): layout of what is read before all of it was written ─▶ main ─▶ verify
 */
import type { FioJob } from '../../evidence/fio-job/fio-job.ts';
import { type Failure, fail, ok, type Result } from '../../../shared/result.ts';
import type { MachineProfile } from '../../../shared/profile.ts';
import type { Direction } from '../../../shared/run-record.ts';
import type { RecompressJobDraft } from '../../engine/live/recompress-job.ts';
import type { PhasePlan } from '../../engine/live/sample-plan.ts';
import type { JobPlan, PercpuJobPlan } from '../../workload/job-plan.ts';

export interface WorkloadPlan {
  /** Of a fio workload. */
  readonly jobs: readonly JobPlan[];
  /** Of a percpu workload, and by number the call sites that its objects are tagged with. */
  readonly percpuJobs: readonly PercpuJobPlan[];
  readonly callSites: readonly string[];
  readonly phases: readonly PhasePlan[];
  /** Of a fio workload whose devices are recompressed while it runs. */
  readonly recompressJob?: RecompressJobDraft | undefined;
  /** What the reader must know beside the numbers. */
  readonly notes: readonly string[];
}

/** Where a job lies on its device, in slots, half-open. */
interface Stretch {
  readonly device: number;
  readonly start: number;
  readonly end: number;
}

const NO_STRETCH: Stretch = { device: 0, start: 0, end: 0 };

export interface WorkloadOptions {
  readonly seed: number;
  readonly pageSetOf: (job: FioJob) => number;
  /** Measured phases end by the clock: a job may not get round its stretch. */
  readonly timeLimited: boolean;
}

/**
 * `pageSetOf` says which page set a job writes from; where in it is known once the sets are loaded. Errors point at the field of
 * the profile or the line of the job.
 */
export function planWorkload(
  fioJobs: readonly FioJob[],
  machine: MachineProfile,
  options: WorkloadOptions,
): Result<WorkloadPlan> {
  const fault = blockFault(fioJobs, machine);
  if (fault !== undefined) return fault;
  const stretches = placeStretches(fioJobs, machine);
  if (!stretches.ok) return stretches;
  const clash = overlapOfWriters(fioJobs, stretches.value);
  if (clash !== undefined) return clash;
  const jobNames = uniqueNames(fioJobs);
  const jobs = fioJobs.map((job, index): JobPlan => {
    const stretch = stretches.value[index] ?? NO_STRETCH;
    const blockPages = job.blockBytes / machine.pageSizeBytes;
    return {
      name: jobNames[index] ?? job.name,
      cpu: index % machine.onlineCpus,
      device: stretch.device,
      firstSlot: stretch.start,
      blocks: (stretch.end - stretch.start) / blockPages,
      blockPages,
      pattern: job.rw,
      readPercent: job.readPercent,
      ioDepth: job.ioDepth,
      blocksToDo: job.timeBased ? undefined : blocksToDo(job),
      runtimeMs: job.runtimeMs,
      pageSet: options.pageSetOf(job),
      firstSetPage: 0,
      seed: ((job.randSeed ?? options.seed) + index) % 2 ** 32,
    };
  });
  const phases = planPhases(fioJobs, jobs, options.timeLimited);
  return ok({ jobs, percpuJobs: [], callSites: [], phases, notes: planNotes(fioJobs) });
}

function blockFault(fioJobs: readonly FioJob[], { pageSizeBytes }: MachineProfile): Failure | undefined {
  const job = fioJobs.find(({ blockBytes }) => blockBytes % pageSizeBytes !== 0);
  if (job === undefined) return undefined;
  return jobFault(job, `has blocks of ${job.blockBytes} bytes, which are not whole pages of ${pageSizeBytes}`);
}

/** Whether a job's main phase moves data in a direction. */
function jobMoves(job: FioJob, direction: Direction): boolean {
  switch (job.rw) {
    case 'write':
    case 'randwrite':
      return direction === 'write';
    case 'read':
    case 'randread':
      return direction === 'read';
    case 'readwrite':
    case 'randrw':
      return direction === 'read' ? job.readPercent > 0 : job.readPercent < 100;
  }
}

/** A job that is read back after its main phase, as fio's verify= asks. */
function isVerified(job: FioJob): boolean {
  return job.verify !== 'none' && job.doVerify && jobMoves(job, 'write');
}

function blocksToDo(job: FioJob): number {
  return Math.floor(((job.ioSizeBytes ?? job.sizeBytes) * job.loops) / job.blockBytes);
}

/** A file that jobs name: its device, where it starts there, and the job that shows how long it is. */
interface PlacedFile {
  readonly device: number;
  readonly start: number;
}

function placeStretches(fioJobs: readonly FioJob[], machine: MachineProfile): Result<readonly Stretch[]> {
  const { pageSizeBytes } = machine;
  const files = placeFiles(fioJobs, machine);
  const stretches: Stretch[] = [];
  for (const job of fioJobs) {
    const { device, start: fileStart } = files.get(job.fileName) ?? { device: 0, start: 0 };
    if (device >= machine.devices) {
      return jobFault(job, `names /dev/zram${device}, but the machine's devices are ${deviceNames(machine.devices)}`);
    }
    if (job.offsetBytes % pageSizeBytes !== 0) {
      return jobFault(job, `starts at byte ${job.offsetBytes}, which is not on a page of ${pageSizeBytes} bytes`);
    }
    const start = fileStart + job.offsetBytes / pageSizeBytes;
    const end = start + job.sizeBytes / pageSizeBytes;
    stretches.push({ device, start, end });
  }
  return diskFault(fioJobs, stretches, machine) ?? ok(stretches);
}

/** Stretches beyond their disks: what the fullest of them must hold, which is enough for all, and where it is exceeded first. */
function diskFault(
  fioJobs: readonly FioJob[],
  stretches: readonly Stretch[],
  { pageSizeBytes, diskSizeBytes }: MachineProfile,
): Failure | undefined {
  const slots = Math.ceil(diskSizeBytes / pageSizeBytes);
  const fullest = stretches.reduce((most, stretch) => (stretch.end > most.end ? stretch : most), NO_STRETCH);
  const first = stretches.findIndex(({ device, end }) => device === fullest.device && end > slots);
  const job = fioJobs[first];
  if (job === undefined) return undefined;
  return fail(
    'bad-input',
    `the jobs need ${fullest.end * pageSizeBytes} bytes of /dev/zram${fullest.device}, but its disk size is ${diskSizeBytes}, ` +
      `which ${job.name} (line ${job.line}) is the first to exceed`,
    'machine.diskSizeBytes',
  );
}

/** Devices named by the file itself start at 0; other files take the devices in turn and lie one behind the other. */
function placeFiles(fioJobs: readonly FioJob[], machine: MachineProfile): ReadonlyMap<string, PlacedFile> {
  const files = new Map<string, PlacedFile>();
  const nextFree = Array.from({ length: machine.devices }, () => 0);
  let turn = 0;
  for (const job of fioJobs) {
    if (files.has(job.fileName)) continue;
    if (job.deviceIndex !== undefined) {
      files.set(job.fileName, { device: job.deviceIndex, start: 0 });
      continue;
    }
    const device = turn % machine.devices;
    turn += 1;
    const start = nextFree[device] ?? 0;
    const users = fioJobs.filter((other) => other.fileName === job.fileName);
    const lengthBytes = Math.max(...users.map((user) => user.offsetBytes + user.sizeBytes));
    nextFree[device] = start + Math.ceil(lengthBytes / machine.pageSizeBytes);
    files.set(job.fileName, { device, start });
  }
  return files;
}

function deviceNames(devices: number): string {
  return devices === 1 ? 'zram0 alone' : `zram0 to zram${devices - 1}`;
}

/** Two jobs that run together may share pages only when both only read: otherwise nobody could say what a read must find. */
function overlapOfWriters(fioJobs: readonly FioJob[], stretches: readonly Stretch[]): Result<never> | undefined {
  for (const [index, job] of fioJobs.entries()) {
    for (let earlier = 0; earlier < index; earlier++) {
      const other = fioJobs[earlier];
      if (other?.phaseGroup !== job.phaseGroup) continue;
      if (!jobMoves(job, 'write') && !jobMoves(other, 'write')) continue;
      if (!overlap(stretches[index], stretches[earlier])) continue;
      const pages = `pages of /dev/zram${stretches[index]?.device ?? 0} that ${other.name} (line ${other.line})`;
      return jobFault(
        job,
        `${jobMoves(job, 'write') ? `writes ${pages} uses` : `reads ${pages} writes`} at the same time; ` +
          'give them stretches of their own (offset, offset_increment) or files of their own',
      );
    }
  }
  return undefined;
}

function overlap(one: Stretch | undefined, other: Stretch | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.device === other.device && one.start < other.end && other.start < one.end;
}

interface Member {
  readonly fioJob: FioJob;
  readonly plan: JobPlan;
}

function planPhases(fioJobs: readonly FioJob[], jobs: readonly JobPlan[], timeLimited: boolean): readonly PhasePlan[] {
  const phases: PhasePlan[] = [];
  const groups = [...new Set(fioJobs.map((job) => job.phaseGroup))].sort((a, b) => a - b);
  const written: Stretch[] = [];
  for (const group of groups) {
    const members = fioJobs.flatMap((fioJob, index) => {
      const plan = jobs[index];
      return plan !== undefined && fioJob.phaseGroup === group ? [{ fioJob, plan }] : [];
    });
    phases.push(...planLayout(members, written));
    const measures = (['write', 'read'] as const).filter((direction) =>
      members.some(({ fioJob }) => jobMoves(fioJob, direction)),
    );
    phases.push({ kind: 'main', jobs: names(members), measures });
    const toVerify = members.filter(({ fioJob }) => isVerified(fioJob));
    // Reads of a mixed main phase are the measured ones; the check after it only checks.
    const verifyMeasures: readonly Direction[] = measures.includes('read') ? [] : ['read'];
    if (toVerify.length > 0) phases.push({ kind: 'verify', jobs: names(toVerify), measures: verifyMeasures });
    if (!timeLimited) written.push(...members.filter(writesAll).map(({ plan }) => stretchOf(plan)));
  }
  return phases;
}

/**
 * Phases that write what the members will read and nobody is sure to have written; adds it to `written`. Readers may share
 * pages, but no two jobs write a page at the same time: those whose stretches overlap are laid out one after the other.
 */
function planLayout(members: readonly Member[], written: Stretch[]): readonly PhasePlan[] {
  const phases: PhasePlan[] = [];
  const missing = (member: Member): boolean => !isCovered(stretchOf(member.plan), written);
  let waiting = members.filter((member) => jobMoves(member.fioJob, 'read') && missing(member));
  while (waiting.length > 0) {
    const together: Member[] = [];
    for (const member of waiting) {
      const apart = together.every(({ plan }) => !overlap(stretchOf(plan), stretchOf(member.plan)));
      if (apart) together.push(member);
    }
    phases.push({ kind: 'layout', jobs: names(together), measures: [] });
    written.push(...together.map(({ plan }) => stretchOf(plan)));
    waiting = waiting.filter(missing);
  }
  return phases;
}

/** Whether a job is sure to write every page of its stretch. */
function writesAll({ fioJob, plan }: Member): boolean {
  if (jobMoves(fioJob, 'read') || plan.runtimeMs !== undefined) return false;
  return plan.blocksToDo !== undefined && plan.blocksToDo >= plan.blocks;
}

function names(members: readonly { readonly plan: JobPlan }[]): readonly string[] {
  return members.map(({ plan }) => plan.name);
}

function stretchOf(plan: JobPlan): Stretch {
  return { device: plan.device, start: plan.firstSlot, end: plan.firstSlot + plan.blocks * plan.blockPages };
}

/** Whether every page of a stretch lies in one of those written. */
function isCovered(stretch: Stretch, written: readonly Stretch[]): boolean {
  let { start } = stretch;
  const candidates = written.filter((other) => other.device === stretch.device).toSorted((a, b) => a.start - b.start);
  for (const other of candidates) if (other.start <= start && other.end > start) start = other.end;
  return start >= stretch.end;
}

function planNotes(fioJobs: readonly FioJob[]): readonly string[] {
  const unchecked = fioJobs.filter((job) => jobMoves(job, 'write') && !isVerified(job));
  const sections = [...new Set(unchecked.map((job) => job.name))];
  if (sections.length === 0) return [];
  return [`Not read back and compared after the writing (no verify=, or do_verify=0): ${sections.join(', ')}.`];
}

/** Sections may repeat a name and clones share one, but phases tell jobs apart by name: those get numbers. */
function uniqueNames(fioJobs: readonly FioJob[]): readonly string[] {
  const byName = Map.groupBy(fioJobs, (job) => job.name);
  const taken = new Set([...byName].flatMap(([name, jobs]) => (jobs.length === 1 ? [name] : [])));
  const nextNumber = new Map<string, number>();
  return fioJobs.map(({ name }) => {
    if (byName.get(name)?.length === 1) return name;
    let number = nextNumber.get(name) ?? 0;
    while (taken.has(`${name}.${number}`)) number += 1;
    nextNumber.set(name, number + 1);
    return `${name}.${number}`;
  });
}

function jobFault(job: FioJob, what: string): Failure {
  return fail('bad-input', `line ${job.line}: job ${job.name} ${what}`, 'workload.jobFile');
}
