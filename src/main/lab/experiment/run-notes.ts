/** What the reader of a run must know beside its figures, whatever came out: a sentence each. */
import { assertUnreachable } from '../../../shared/result.ts';
import type { Profile } from '../../../shared/profile.ts';
import { isSpread } from '../plan/load-page-sets.ts';
import type { PlannedProfile } from '../plan/plan-profile.ts';

/** Of the profile and the engine; what the planner or the data had to say comes beside it. */
export function standingNotes(planned: PlannedProfile): readonly string[] {
  const { profile, oversubscribed } = planned;
  const notes = [...workloadNotes(planned)];
  if (oversubscribed) {
    notes.unshift(
      `Oversubscribed: ${profile.machine.onlineCpus} CPUs share fewer host cores, so times and ratios are distorted.`,
    );
  }
  return notes;
}

function workloadNotes(planned: PlannedProfile): readonly string[] {
  const { workload } = planned.profile;
  switch (workload.kind) {
    case 'fio':
      return fioNotes(planned);
    case 'percpu':
      return PERCPU_NOTES;
    case 'this-cpu':
      return THIS_CPU_NOTES;
    default:
      return assertUnreachable(workload);
  }
}

const PERCPU_NOTES: readonly string[] = [
  'An operation is one allocation or one free, whatever its size.',
  'Nothing here uses zram: what the machine boots for its devices (buffers, work memory, slot tables) is in the sum of all frames ' +
    'and in pictures of memory, as much in each design; columns of its own it has in JSON and CSV.',
];

const THIS_CPU_NOTES: readonly string[] = [
  "The CPUs' threads begin anew with each sample, and warm up by themselves: before its first mix they do up to a million operations " +
    'of the kinds that the mixes have, which are in no figure. The first block is thrown away besides.',
  'After every mix all additions are compared with what the counters come to, and page tables and TLBs are audited: a wrong ' +
    'entry, or a total that is not exact in another mode than unprotected, ends the run.',
  "An operation is one this_cpu operation. Its time is processor time of the CPUs' threads, with what ticks, switches and " +
    'the translation of its address cost; percentiles are by the clock and of slices between two ticks, each the mean of its ' +
    'operations: none is timed by itself.',
  'Every access is translated by a software TLB, once in each mode but unprotected, whose load and store are two: its time is ' +
    'no lower bound of the others, and on hardware all lie further apart.',
  "Of the paper's figures unit, chunks and CPUs are what the profile takes from it, so top-level tables and address space agree " +
    'by construction; what the other tables take is the lab’s own count, and depends on how chunks lie in the window.',
];

function fioNotes(planned: PlannedProfile): readonly string[] {
  const { engine, profile } = planned;
  switch (engine) {
    case 'live':
      return [
        ZRAM_ALONE_NOTE,
        ...dataNotes(planned),
        ...endNotes(planned),
        ...layoutNotes(planned),
        ...workMemoryNotes(profile),
      ];
    case 'kernel':
      return [...KERNEL_NOTES, ...dataNotes(planned), ...endNotes(planned), ...layoutNotes(planned)];
    default:
      return assertUnreachable(engine);
  }
}

const ZRAM_ALONE_NOTE =
  "Of a kernel's way to a page only zram itself is here, without system call and block layer, which hold none of its locks: in a " +
  'kernel an operation takes longer, and what one design gains over another is a smaller part of it. On a host with zram ' +
  'the kernel engine shows what a whole operation takes.';

/** What becomes of page data that is not the job's own. */
function dataNotes(planned: PlannedProfile): readonly string[] {
  const { profile, fioJobs } = planned;
  const { workload } = profile;
  if (workload.kind !== 'fio' || workload.data.kind === 'job') return [];
  const notes: string[] = [];
  if (fioJobs.some(({ verify }) => verify !== 'none')) {
    notes.push(
      "The jobs' verify options put no headers into this page data: pages that are read back are compared as a whole.",
    );
  }
  const { length: jobs } = fioJobs;
  if (isSpread(planned)) {
    notes.push(
      'Time ends the jobs, and who is faster writes more pages. They are not taken in the order of the files, but in steps of about ' +
        `0.618 (the golden section) of all of them, round and round${jobs > 1 ? `, by ${jobs} jobs from a place each` : ''}: much or ` +
        'little, what is written is spread evenly over the page data.',
    );
  } else if (jobs > 1) {
    notes.push(`${jobs} jobs take pages in order, beginning at places spread evenly over the page data.`);
  }
  return notes;
}

/** What of a job's end the experiment decides instead. */
function endNotes({ profile, fioJobs }: PlannedProfile): readonly string[] {
  const { seconds } = profile.experiment;
  if (seconds === undefined || fioJobs.every(({ runtimeMs }) => runtimeMs === undefined)) return [];
  return [
    `The time in all, ${seconds} s, says how long jobs work; 'runtime' of the job file does not, and jobs go round what they have.`,
  ];
}

/** What is written beside the jobs' own writes. */
function layoutNotes({ workload }: PlannedProfile): readonly string[] {
  if (!workload.phases.some(({ kind }) => kind === 'layout')) return [];
  return [
    'What jobs read and nobody is sure to have written is written before they are measured, as fio lays its files out: these pages ' +
      'are in all figures of memory, and in none of throughput and latency.',
  ];
}

/** Which of the codecs in use work outside the machine, where no column counts it. */
function workMemoryNotes({ machine, zram }: Profile): readonly string[] {
  const notes: string[] = [];
  if (machine.codec === 'lz4') {
    notes.push(
      'The work memory of LZ4 is reserved and counted as a kernel has it; lz4-napi works in memory of its own.',
    );
  }
  const stronger = recompressionCodecs(zram);
  if (stronger.length > 0) {
    notes.push(
      `The work memory of recompression (${stronger.join(', ')}) lies outside the machine and is not counted.`,
    );
  }
  return notes;
}

/** The codecs that the profile's recompression or one of its steps really tries. */
function recompressionCodecs(zram: Profile['zram']): readonly string[] {
  const available = zram?.recompression ?? [];
  const afterwards = (zram?.afterwards ?? []).filter((step) => step.do === 'recompress');
  const steps = zram?.recompress === undefined ? afterwards : [zram.recompress, ...afterwards];
  return available.filter((name) => steps.some(({ algorithm }) => algorithm === undefined || algorithm === name));
}

const KERNEL_NOTES: readonly string[] = [
  "Measured on this host's kernel: each request is a system call with O_DIRECT, the block layer, and zram with lz4.",
  'Original, compressed and pool are what mm_stat states; what buffers, work memory, per-CPU area and slot tables take and how ' +
    'long locks were waited for the kernel does not state, so nothing is shown there.',
  'The kernel places threads on its CPUs itself: CPUs of the profile are threads here.',
];
