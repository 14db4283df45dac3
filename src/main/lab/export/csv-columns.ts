/**
 * The columns of the CSV export: one table for the file and for its documentation.
 *
 * Names and their order are stable: a script that reads today's file reads tomorrow's, new columns come last. A name ends in
 * its unit where the figure has one. Empty cells: the direction was not run, the workload was of another kind, or nobody
 * measured the figure (of what the kernel does not state).
 */
import { BUFFER_LAYOUTS, PROTECTIONS_OF } from '../../../shared/design.ts';
import { isLockWaitMeasured, isMemoryMeasured } from '../../../shared/measured-figures.ts';
import { pageDataWords } from '../../../shared/page-data-words.ts';
import { USUAL_WARM_UP_SECONDS } from '../../../shared/profile.ts';
import type {
  Direction,
  DirectionFigures,
  MemoryFigures,
  PercpuFigures,
  ChunkTables,
  PercpuMoment,
  RunRecord,
  Sample,
} from '../../../shared/run-record.ts';
import { ACCESS_COUNTERS, type MixFigures, sumOfCounts, type ThisCpuFigures } from '../../../shared/this-cpu-report.ts';
import { ACCESS_COUNTER_WORDS } from '../../../shared/this-cpu-words.ts';
import { recordedJobs } from '../plan/job-file.ts';

/** A cell before it is written; undefined is an empty one. */
export type CsvCell = string | number | undefined;

export interface CsvColumn {
  readonly name: string;
  /** In words; 'text' for what is not a number. */
  readonly unit: string;
  /** What the column holds, a phrase. */
  readonly meaning: string;
  readonly read: (record: RunRecord, sample: Sample) => CsvCell;
  /** The same in all rows, and worth reading once: a job file may be long. */
  readonly isOfRun?: boolean;
}

const RUN_COLUMNS: readonly CsvColumn[] = [
  { name: 'run_id', unit: 'text', meaning: 'the run, the same in all its rows', read: (record) => record.id },
  { name: 'name', unit: 'text', meaning: 'name of the run', read: (record) => record.name },
  { name: 'started_at', unit: 'ISO 8601, UTC', meaning: 'start of the run', read: (record) => record.startedAt },
  { name: 'outcome', unit: 'text', meaning: 'complete, cancelled or failed', read: (record) => record.outcome },
  { name: 'engine', unit: 'text', meaning: 'what played the CPUs', read: (record) => record.engine },
  { name: 'clock', unit: 'text', meaning: 'where times come from', read: (_, sample) => sample.clock },
  { name: 'design', unit: 'text', meaning: 'design variant', read: (_, sample) => sample.design },
  { name: 'repetition', unit: 'number', meaning: 'block of the experiment, from 1', read: (_, s) => s.repetition },
  { name: 'position', unit: 'number', meaning: 'place in the order of its block, from 1', read: (_, s) => s.position },
  { name: 'cpus', unit: 'CPUs', meaning: 'online CPUs of the machine', read: (_, sample) => sample.cpus },
  {
    name: 'oversubscribed',
    unit: 'text',
    meaning: 'yes where CPUs shared the cores of the host',
    read: (record) => (record.oversubscribed ? 'yes' : 'no'),
  },
];

const CONTEXT_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'verified_pages',
    unit: 'pages',
    meaning: 'pages read back equal to what was written',
    read: (_, sample) => sample.verifiedPages,
  },
  { name: 'profile', unit: 'text', meaning: 'name of the profile', read: (record) => record.profile.name },
  { name: 'seed', unit: 'number', meaning: 'of all random choices', read: (record) => record.profile.workload.seed },
  {
    name: 'page_size_bytes',
    unit: 'bytes',
    meaning: 'page size of the machine',
    read: (record) => record.profile.machine.pageSizeBytes,
  },
  { name: 'devices', unit: 'number', meaning: 'zram devices', read: (record) => record.profile.machine.devices },
  { name: 'codec', unit: 'text', meaning: 'compressor', read: (record) => record.environment.codec },
  { name: 'host_cpu', unit: 'text', meaning: 'CPU model of the host', read: (record) => record.environment.cpuModel },
  { name: 'host_cores', unit: 'cores', meaning: 'cores of the host', read: (record) => record.environment.hostCores },
  {
    name: 'host_memory_bytes',
    unit: 'bytes',
    meaning: 'memory of the host',
    read: (record) => record.environment.hostMemoryBytes,
  },
  {
    name: 'host_governor',
    unit: 'text',
    meaning: 'CPU frequency governor of the host',
    read: (record) => record.environment.governor,
  },
  {
    name: 'host_operating_system',
    unit: 'text',
    meaning: 'operating system of the host',
    read: (record) => record.environment.operatingSystem,
  },
  { name: 'host_kernel', unit: 'text', meaning: 'kernel of the host', read: (record) => record.environment.kernel },
  { name: 'runtime', unit: 'text', meaning: 'what ran the lab', read: (record) => record.environment.runtime },
  { name: 'lab_version', unit: 'text', meaning: 'of percpu-lab', read: (record) => record.environment.labVersion },
];

/** What a fio workload was measured on; but for the time limit empty of all others, and where no record keeps it. */
const SUBJECT_COLUMNS: readonly CsvColumn[] = [
  {
    name: 'page_data',
    unit: 'text',
    meaning: 'where the pages that jobs wrote came from: files with their paths, a generator, or the job itself',
    read: ({ profile: { workload } }) => (workload.kind === 'fio' ? pageDataWords(workload.data) : undefined),
  },
  {
    name: 'page_data_contents',
    unit: 'text',
    meaning: 'these pages as they were loaded: how many, what was left out, and where time ended the jobs their order',
    isOfRun: true,
    read: ({ pageData }) => pageData?.join('; '),
  },
  {
    name: 'jobs',
    unit: 'number',
    meaning: 'jobs of the job file, clones of numjobs counted; empty where the file asks for environment variables',
    isOfRun: true,
    read: (record) => jobsOf(record)?.length,
  },
  {
    name: 'block_bytes',
    unit: 'bytes',
    meaning: 'block size of the jobs; all of them with / between where they differ',
    isOfRun: true,
    read: (record) => allOf(jobsOf(record)?.map(({ blockBytes }) => blockBytes)),
  },
  {
    name: 'io_depth',
    unit: 'requests',
    meaning: 'requests in flight of a job; all of them with / between where they differ',
    isOfRun: true,
    read: (record) => allOf(jobsOf(record)?.map(({ ioDepth }) => ioDepth)),
  },
  {
    name: 'protection',
    unit: 'text',
    meaning: 'what keeps others off a compression stream of this design while it is used',
    read: ({ profile }, { design }) => {
      const layout = BUFFER_LAYOUTS.find((each) => each === design);
      return layout === undefined ? undefined : (profile.zram?.protection?.[layout] ?? PROTECTIONS_OF[layout][0]);
    },
  },
  {
    name: 'time_limit_seconds',
    unit: 'seconds',
    meaning: 'time to measure, of the whole run; empty where the profile sets none: jobs then end as their file says',
    read: (record) => record.profile.experiment.seconds,
  },
  {
    name: 'warm_up_seconds',
    unit: 'seconds',
    meaning:
      'time that each design had to work before anything was measured; empty where threads begin anew with each sample',
    read: ({ profile }) =>
      profile.workload.kind === 'this-cpu' ? undefined : (profile.experiment.warmUpSeconds ?? USUAL_WARM_UP_SECONDS),
  },
];

function jobsOf({ profile: { machine, workload } }: RunRecord): ReturnType<typeof recordedJobs> {
  return workload.kind === 'fio' ? recordedJobs(machine, workload.jobFile) : undefined;
}

/** A number where all agree: `4096`, or `4096/65536`. */
function allOf(values: readonly number[] | undefined): CsvCell {
  const [first, ...others] = [...new Set(values)].toSorted((a, b) => a - b);
  return others.length === 0 ? first : [first, ...others].join('/');
}

const DIRECTION_WORDS: Readonly<Record<Direction, string>> = {
  write: 'writes',
  read: 'reads',
  create: 'creates',
  destroy: 'destroys',
  access: 'this_cpu operations',
};

/** What the bytes of a direction are. */
const BYTES_WORDS: Readonly<Record<Direction, string>> = {
  write: 'bytes moved',
  read: 'bytes moved',
  create: "sizes of the objects, one CPU's copies",
  destroy: "sizes of the objects, one CPU's copies",
  access: 'none',
};

const TABLE_MOMENTS = { atBoot: 'before the first group', atFull: 'when all groups are there', atEnd: 'at the end' };

/** All columns, in the order of the file. */
export const CSV_COLUMNS: readonly CsvColumn[] = [
  ...RUN_COLUMNS,
  ...bytesThroughput('write'),
  ...directionColumns('write'),
  ...bytesThroughput('read'),
  ...directionColumns('read'),
  ...memoryColumns('end', (sample) => sample.memoryAtEnd),
  ...memoryColumns('peak', (sample) => sample.memoryAtPeak),
  ...CONTEXT_COLUMNS,
  ...operationsThroughput('write'),
  ...operationsThroughput('read'),
  ...operationsThroughput('create'),
  ...directionColumns('create'),
  ...operationsThroughput('destroy'),
  ...directionColumns('destroy'),
  ...momentColumns('full', (percpu) => percpu.atFull),
  ...momentColumns('end', (percpu) => percpu.atEnd),
  ...operationsThroughput('access'),
  ...directionColumns('access'),
  ...thisCpuColumns(),
  ...(['atBoot', 'atFull', 'atEnd'] as const).flatMap(tableColumns),
  ...(['write', 'read', 'create', 'destroy'] as const).flatMap(withheldColumns),
  ...SUBJECT_COLUMNS,
  ...(['write', 'read'] as const).flatMap(requestShareColumns),
];

type DirectionColumn = (
  suffix: string,
  unit: string,
  meaning: string,
  read: (figures: DirectionFigures) => CsvCell,
) => CsvColumn;

function columnOf(direction: Direction): DirectionColumn {
  return (suffix, unit, meaning, read) => ({
    name: `${direction}_${suffix}`,
    unit,
    meaning: `${DIRECTION_WORDS[direction]}: ${meaning}`,
    read: (_, sample) => {
      const figures = sample[direction];
      return figures === undefined ? undefined : read(figures);
    },
  });
}

function bytesThroughput(direction: Direction): readonly CsvColumn[] {
  const column = columnOf(direction);
  return [column('throughput_MBps', '10^6 bytes per second', 'throughput of all CPUs', (f) => f.megabytesPerSecond)];
}

function operationsThroughput(direction: Direction): readonly CsvColumn[] {
  const column = columnOf(direction);
  return [
    column('operations_per_second', 'operations per second', 'throughput of all CPUs', (f) => f.operationsPerSecond),
  ];
}

function directionColumns(direction: Direction): readonly CsvColumn[] {
  const column = columnOf(direction);
  const lockColumn: DirectionColumn = (suffix, unit, meaning, read) => {
    const plain = column(suffix, unit, meaning, read);
    return {
      ...plain,
      read: (record, sample) => (isLockWaitMeasured(sample.design) ? plain.read(record, sample) : undefined),
    };
  };
  return [
    column('operations', 'operations', 'operations done', (f) => f.operations),
    column('bytes', 'bytes', BYTES_WORDS[direction], (f) => f.bytes),
    column('duration_ns', 'nanoseconds', 'start barrier to last completion', (f) => f.durationNs),
    column('latency_mean_ns', 'nanoseconds', 'mean latency of an operation', (f) => f.latencyNs.mean),
    column('latency_p50_ns', 'nanoseconds', 'median latency', (f) => f.latencyNs.p50),
    column('latency_p90_ns', 'nanoseconds', '90 % of operations took at most this', (f) => f.latencyNs.p90),
    column('latency_p99_ns', 'nanoseconds', '99 % of operations took at most this', (f) => f.latencyNs.p99),
    column('latency_p999_ns', 'nanoseconds', '99.9 % of operations took at most this', (f) => f.latencyNs.p999),
    column('latency_max_ns', 'nanoseconds', 'longest operation', (f) => f.latencyNs.max),
    lockColumn('lock_wait_ns', 'nanoseconds', 'waiting for locks, summed over CPUs', (f) => f.lockWaitNs),
    lockColumn('lock_wait_share', '0 to 1', 'of the time of the CPUs that had a job', (f) => f.lockWaitShare),
    lockColumn('lock_contentions', 'acquisitions', 'that had to wait', (f) => f.lockContentions),
  ];
}

function requestShareColumns(direction: 'write' | 'read'): readonly CsvColumn[] {
  const meaning = "of the time of the CPUs' threads: in requests, of a mixed phase in those of both directions";
  return [columnOf(direction)('request_share', '0 to 1', meaning, (figures) => figures.requestShare)];
}

function withheldColumns(direction: Direction): readonly CsvColumn[] {
  const meaning = 'of the time of the CPUs that had a job: neither on a core nor waiting for a lock';
  return [columnOf(direction)('withheld_share', '0 to 1', meaning, (figures) => figures.withheldShare)];
}

function memoryColumns(when: 'end' | 'peak', memory: (sample: Sample) => MemoryFigures): readonly CsvColumn[] {
  const column = (what: string, meaning: string, key: keyof MemoryFigures): CsvColumn => ({
    name: `memory_${when}_${what}_bytes`,
    unit: 'bytes',
    meaning: when === 'end' ? `${meaning}, at the end` : `${meaning}, at its highest`,
    read: (_, sample) => (isMemoryMeasured(sample.design, key) ? memory(sample)[key] : undefined),
  });
  return [
    column('original', 'contents of the stored pages', 'originalBytes'),
    column('compressed', 'the same, compressed', 'compressedBytes'),
    column('pool', 'page frames of the compressed pools', 'poolBytes'),
    column('buffer', 'compression buffers', 'bufferBytes'),
    column('work_memory', 'work memory of the compressor', 'workMemoryBytes'),
    column('percpu_area', 'page frames of the per-CPU area', 'percpuAreaBytes'),
    column('slot_table', 'page frames of the zram slot tables', 'slotTableBytes'),
    column('io_buffer', 'page frames of the requests in flight', 'ioBufferBytes'),
    column('used', 'all page frames in use', 'usedBytes'),
    column('total', 'all page frames of the machine', 'totalBytes'),
  ];
}

function momentColumns(when: 'full' | 'end', moment: (percpu: PercpuFigures) => PercpuMoment): readonly CsvColumn[] {
  const column = (what: string, unit: string, meaning: string, read: (m: PercpuMoment) => number): CsvColumn => ({
    name: `percpu_${when}_${what}`,
    unit,
    meaning: when === 'full' ? `${meaning}, when all groups are there` : `${meaning}, at the end`,
    read: (_, { percpu }) => (percpu === undefined ? undefined : read(moment(percpu))),
  });
  return [
    column('live_objects', 'objects', 'per-CPU objects', (m) => m.liveObjects),
    column('live_bytes', 'bytes', "sizes of the objects, one CPU's copies", (m) => m.liveBytes),
    column('chunks', 'chunks', 'chunks of the per-CPU allocator', (m) => m.chunks),
    column('populated_bytes', 'bytes', 'page frames behind chunks, all CPUs', (m) => m.populatedBytes),
    column('address_space_bytes', 'bytes', 'address space of all chunks', (m) => m.addressSpaceBytes),
    column('metadata_bytes', 'bytes', "what a kernel's bookkeeping of these chunks takes", (m) => m.metadataBytes),
  ];
}

function tableColumns(when: keyof typeof TABLE_MOMENTS): readonly CsvColumn[] {
  const column = (what: keyof ChunkTables, unit: string, meaning: string): CsvColumn => ({
    name: `percpu_${snakeCase(when).replace('at_', '')}_${snakeCase(what)}`,
    unit,
    meaning: `${meaning}, ${TABLE_MOMENTS[when]}`,
    read: (_, { percpu }) => percpu?.tables?.[when][what],
  });
  return [
    column('tableBytes', 'bytes', 'page tables of all CPUs'),
    column('ownTableBytes', 'bytes', 'page tables that one CPU alone walks through'),
    column('tablesMade', 'number', 'page tables made since boot began'),
    column('tablesFreed', 'number', 'page tables given back since boot began'),
    column('pgdCopies', 'number', "stores that kept the CPUs' top-level tables equal, since boot began"),
    column('flushes', 'number', 'ranges invalidated on all CPUs since boot began'),
  ];
}

/** `preemptPairs` → `preempt_pairs` */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Sums over mixes and CPUs; mix by mix and CPU by CPU they are a table of their own. */
function thisCpuColumns(): readonly CsvColumn[] {
  const column = (what: string, meaning: string, read: (thisCpu: ThisCpuFigures) => number): CsvColumn => ({
    name: `this_cpu_${what}`,
    unit: 'number',
    meaning,
    read: (_, { thisCpu }) => (thisCpu === undefined ? undefined : read(thisCpu)),
  });
  const sumOfMixes = (read: (mix: MixFigures) => number) => (thisCpu: ThisCpuFigures) =>
    thisCpu.mixes.reduce((sum, mix) => sum + read(mix), 0);
  return [
    column(
      'additions_issued',
      'additions that tasks did',
      sumOfMixes(({ issued }) => issued),
    ),
    column(
      'additions_found',
      'what shared totals and counters came to',
      sumOfMixes(({ counted }) => counted),
    ),
    ...ACCESS_COUNTERS.map((counter) =>
      column(snakeCase(counter), ACCESS_COUNTER_WORDS[counter].explanation, ({ cpus }) => sumOfCounts(cpus)[counter]),
    ),
  ];
}
