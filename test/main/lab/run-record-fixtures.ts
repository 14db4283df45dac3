/**
 * Samples and records for the lab's tests: plain ones to write expectations about, arbitrary ones for properties.
 */
import fc from 'fast-check';
import { CODECS } from '../../../src/shared/codec.ts';
import { TRANSLATIONS, WINDOW_LAYOUTS } from '../../../src/shared/address-space.ts';
import type { BufferCount } from '../../../src/shared/buffer-count.ts';
import {
  ACCESS_MODES,
  ALLOCATOR_DESIGNS,
  BUFFER_LAYOUTS,
  type Design,
  DESIGNS,
  STREAM_PROTECTIONS,
} from '../../../src/shared/design.ts';
import type { PercpuStats } from '../../../src/shared/percpu-stats.ts';
import {
  type FioWorkload,
  PAGE_SIZES,
  type PercpuWorkload,
  PROFILE_LIMITS,
  PROFILE_SCHEMA_VERSION,
  type Profile,
  type ThisCpuWorkload,
} from '../../../src/shared/profile.ts';
import { RUN_PHASES } from '../../../src/shared/run-phase.ts';
import {
  type Comparison,
  type DesignSummary,
  type DirectionFigures,
  DIRECTIONS,
  type DirectionSummary,
  type Environment,
  type LatencyNs,
  type MemoryFigures,
  type PercpuFigures,
  type ChunkTables,
  type PercpuMoment,
  type RunRecord,
  type Sample,
  type Spread,
  type ThisCpuSummary,
  SPEED_VERDICTS,
  type WrongTotals,
} from '../../../src/shared/run-record.ts';
import { EVENTS, type MappingReport } from '../../../src/shared/mapping-report.ts';
import { MIX_OPERATIONS, PAPER_FIGURES, THIS_CPU_LIMITS } from '../../../src/shared/this-cpu-profile.ts';
import { ACCESS_COUNTERS, type AccessCounts, type ThisCpuFigures } from '../../../src/shared/this-cpu-report.ts';
import { RECOMPRESSION_TIMES, type ZramStep } from '../../../src/shared/zram-profile.ts';
import { STORED_BY, type ZramDeviceState, type ZramReport } from '../../../src/shared/zram-report.ts';

export const LATENCY: LatencyNs = { mean: 2100.5, p50: 1900, p90: 3000, p99: 9100, p999: 25_000, max: 81_000 };

export const MEMORY: MemoryFigures = {
  originalBytes: 1_048_576,
  compressedBytes: 400_123,
  poolBytes: 425_984,
  bufferBytes: 16_384,
  workMemoryBytes: 32_768,
  percpuAreaBytes: 65_536,
  slotTableBytes: 8192,
  ioBufferBytes: 4096,
  usedBytes: 532_480,
  totalBytes: 4_194_304,
};

/** Figures of one direction at `megabytesPerSecond`. */
export function figuresAt(megabytesPerSecond: number): DirectionFigures {
  return {
    operations: 256,
    bytes: 1_048_576,
    durationNs: 1_048_576_000 / Math.max(megabytesPerSecond, 1),
    megabytesPerSecond,
    // 256 operations of 4 KiB are 1 MiB.
    operationsPerSecond: (megabytesPerSecond * 1e6) / 4096,
    latencyNs: LATENCY,
    lockWaitNs: 1_234_567.5,
    lockWaitShare: 0.125,
    lockContentions: 17,
  };
}

/** A sample that wrote at `writeRate` and did not read; both in MB/s. */
export function sampleOf(design: Design, repetition: number, writeRate: number): Sample {
  return {
    design,
    repetition,
    position: 1,
    cpus: 2,
    clock: 'wall',
    write: figuresAt(writeRate),
    memoryAtEnd: MEMORY,
    memoryAtPeak: MEMORY,
    verifiedPages: 256,
  };
}

const PERCPU_MOMENT: PercpuMoment = {
  liveObjects: 160,
  liveBytes: 120_320,
  chunks: 2,
  populatedBytes: 614_400,
  addressSpaceBytes: 2_097_152,
  metadataBytes: 20_480,
};

/** 40 groups of three objects of 1000 bytes and one of 8. */
export const PERCPU: PercpuFigures = {
  atFull: PERCPU_MOMENT,
  atEnd: { ...PERCPU_MOMENT, liveObjects: 0, liveBytes: 0, chunks: 1, populatedBytes: 524_288, metadataBytes: 0 },
  callSites: [
    { callSite: 'counters', number: 120, sizeBytes: 1000, totalBytes: 120_000, share: 120_000 / 120_320 },
    { callSite: 'marks', number: 40, sizeBytes: 8, totalBytes: 320, share: 320 / 120_320 },
  ],
  statsAtFull: {
    info: {
      unitBytes: 1_048_576,
      staticBytes: 185_560,
      reservedBytes: 8192,
      dynBytes: 31_528,
      atomBytes: 2_097_152,
      allocBytes: 2_097_152,
    },
    totals: {
      allocations: 160,
      frees: 0,
      liveObjects: 160,
      liveObjectsPeak: 160,
      chunks: 2,
      chunksPeak: 2,
      smallestBytes: 8,
      largestBytes: 1000,
      emptyPages: 3,
    },
    chunks: [
      {
        heading: 'first',
        liveObjects: 160,
        largestBytes: 1000,
        emptyPages: 0,
        firstFreeCell: 30_000,
        freeBytes: 1024,
        contigBytes: 1024,
        fragmentBytes: 0,
        largestFragmentBytes: 0,
        smallestLiveBytes: 8,
        medianLiveBytes: 1000,
        largestLiveBytes: 1000,
      },
    ],
  },
};

/** A sample of a percpu workload that created and destroyed so many objects a second. */
export function percpuSampleOf(design: Design, repetition: number, operationsPerSecond: number): Sample {
  const figures: DirectionFigures = { ...figuresAt(1), operationsPerSecond };
  return {
    ...sampleOf(design, repetition, 1),
    write: undefined,
    create: figures,
    destroy: { ...figures, operations: 255 },
    percpu: PERCPU,
  };
}

export const PROFILE: Profile = {
  schemaVersion: PROFILE_SCHEMA_VERSION,
  name: 'two designs',
  description: 'A small one.',
  machine: {
    possibleCpus: 4,
    onlineCpus: 2,
    pageSizeBytes: 4096,
    memoryBytes: 4_194_304,
    devices: 1,
    diskSizeBytes: 1_048_576,
    codec: 'lz4',
  },
  designs: ['single-mutex', 'per-cpu-global'],
  workload: { kind: 'fio', jobFile: '[seq-write]\nrw=write\n', data: { kind: 'job' }, seed: 7 },
  experiment: { repetitions: 6, equivalencePercent: 5 },
};

const ENVIRONMENT: Environment = {
  cpuModel: 'Example CPU @ 3.0 GHz',
  hostCores: 2,
  hostMemoryBytes: 8_000_000_000,
  operatingSystem: 'Example OS 1',
  kernel: 'Linux 6.1.0 x86_64',
  governor: 'not readable',
  runtime: 'Node 24.0.0',
  codec: 'lz4',
  labVersion: '0.1.0',
};

/** A complete run of `PROFILE` without summaries; `changes` replaces fields. */
export function recordOf(samples: readonly Sample[], changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: 'run-1',
    name: 'first run',
    startedAt: '2026-11-02T10:00:00.000Z',
    finishedAt: '2026-11-02T10:05:00.000Z',
    outcome: 'complete',
    engine: 'live',
    oversubscribed: false,
    profile: PROFILE,
    environment: ENVIRONMENT,
    notes: [],
    samples,
    designs: [],
    comparisons: [],
    ...changes,
  };
}

// Neither JSON nor SQLite tells -0 from 0, and no figure of a run is -0.
const figure = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const count = fc.maxSafeNat();
const text = fc.string({ unit: 'binary', maxLength: 30 });
const design = fc.constantFrom(...DESIGNS);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

function between(range: { readonly min: number; readonly max: number }): fc.Arbitrary<number> {
  return fc.integer(range);
}

const latency: fc.Arbitrary<LatencyNs> = fc.record({
  mean: figure,
  p50: figure,
  p90: figure,
  p99: figure,
  p999: figure,
  max: figure,
});

function memoryOf(bytes: fc.Arbitrary<number>): fc.Arbitrary<MemoryFigures> {
  return fc.record({
    originalBytes: bytes,
    compressedBytes: bytes,
    poolBytes: bytes,
    bufferBytes: bytes,
    workMemoryBytes: bytes,
    percpuAreaBytes: bytes,
    slotTableBytes: bytes,
    ioBufferBytes: bytes,
    usedBytes: bytes,
    totalBytes: bytes,
  });
}

const directionFigures: fc.Arbitrary<DirectionFigures> = fc.record({
  operations: count,
  bytes: count,
  durationNs: figure,
  megabytesPerSecond: figure,
  operationsPerSecond: figure,
  latencyNs: latency,
  lockWaitNs: figure,
  lockWaitShare: figure,
  lockContentions: count,
  requestShare: optional(figure),
  withheldShare: optional(figure),
});

const percpuMoment: fc.Arbitrary<PercpuMoment> = fc.record({
  liveObjects: count,
  liveBytes: count,
  chunks: count,
  populatedBytes: count,
  addressSpaceBytes: count,
  metadataBytes: count,
});

/** The kernel's words with any counts. */
const percpuStats: fc.Arbitrary<PercpuStats> = fc.array(count, { minLength: 26, maxLength: 26 }).map((counts) => {
  const at = (index: number): number => counts[index] ?? 0;
  const renumbered = <Part extends object>(part: Part, from: number): Part =>
    Object.fromEntries(
      Object.entries(part).map(([name, value], index) => [name, typeof value === 'number' ? at(from + index) : value]),
    ) as Part;
  const { info, totals, chunks } = PERCPU.statsAtFull;
  return {
    info: renumbered(info, 0),
    totals: renumbered(totals, 6),
    chunks: chunks.map((chunk) => renumbered(chunk, 14)),
  };
});

const chunkTables: fc.Arbitrary<ChunkTables> = fc.record({
  tableBytes: count,
  ownTableBytes: count,
  tablesMade: count,
  tablesFreed: count,
  pgdCopies: count,
  flushes: count,
});

const percpuFigures: fc.Arbitrary<PercpuFigures> = fc.record({
  atFull: percpuMoment,
  atEnd: percpuMoment,
  callSites: fc.array(
    fc.record({ callSite: text, number: count, sizeBytes: optional(count), totalBytes: count, share: figure }),
    { maxLength: 3 },
  ),
  statsAtFull: percpuStats,
  tables: optional(fc.record({ atBoot: chunkTables, atFull: chunkTables, atEnd: chunkTables })),
});

const zramDevice: fc.Arbitrary<ZramDeviceState> = fc.record({
  mmStat: text,
  ioStat: text,
  debugStat: text,
  bdStat: text,
  classes: fc.array(
    fc.record({
      index: count,
      objectBytes: count,
      pagesPerZspage: count,
      zspagesByTenth: fc.array(count, { maxLength: 11 }),
      allocatedObjects: count,
      usedObjects: count,
      pagesUsed: count,
      freeablePages: count,
    }),
    { maxLength: 3 },
  ),
  stored: optional(
    fc.array(fc.record({ by: fc.constantFrom(...STORED_BY), pages: count, bytes: count }), { maxLength: 3 }),
  ),
});

const column = fc.array(count, { maxLength: 3 });
const zramReport: fc.Arbitrary<ZramReport> = fc.record({
  atEnd: fc.array(zramDevice, { maxLength: 2 }),
  afterwards: fc.array(
    fc.record({
      step: fc.constantFrom<ZramStep>(
        { do: 'idle' },
        { do: 'compact' },
        { do: 'recompress', type: 'huge', maxPages: 3 },
      ),
      pagesReleased: count,
      pagesTried: count,
      pagesRecompressed: count,
      devices: fc.array(zramDevice, { maxLength: 1 }),
    }),
    { maxLength: 2 },
  ),
  recompress: optional(
    fc.record({
      when: fc.constantFrom(...RECOMPRESSION_TIMES),
      passes: count,
      pagesTried: count,
      pagesRecompressed: count,
      busyMs: figure,
      compressedBytes: fc.record({ before: count, after: count }),
      poolBytes: fc.record({ before: count, after: count }),
      jobsMBps: optional(fc.record({ direction: fc.constantFrom('write', 'read'), without: figure, withIt: figure })),
    }),
  ),
  course: optional(
    fc.record({
      atMs: fc.array(figure, { maxLength: 3 }),
      originalBytes: column,
      compressedBytes: column,
      poolBytes: column,
      phases: fc.array(fc.record({ phase: fc.constantFrom(...RUN_PHASES), fromMs: figure }), { maxLength: 2 }),
    }),
  ),
});

const accessCounts: fc.Arbitrary<AccessCounts> = fc
  .array(count, { minLength: ACCESS_COUNTERS.length, maxLength: ACCESS_COUNTERS.length })
  .map((counts) => Object.fromEntries(ACCESS_COUNTERS.map((name, index) => [name, counts[index]])) as AccessCounts);

const thisCpuFigures: fc.Arbitrary<ThisCpuFigures> = fc.record({
  mixes: fc.array(
    fc.record({
      name: text,
      units: count,
      operations: count,
      issued: count,
      counted: count,
      durationNs: figure,
      processorNs: figure,
      counts: accessCounts,
    }),
    { maxLength: 2 },
  ),
  cpus: fc.array(accessCounts, { maxLength: 2 }),
});

const arbitrarySample: fc.Arbitrary<Sample> = fc.record({
  design,
  repetition: count,
  position: count,
  cpus: count,
  clock: fc.constant('wall' as const),
  write: optional(directionFigures),
  read: optional(directionFigures),
  create: optional(directionFigures),
  destroy: optional(directionFigures),
  access: optional(directionFigures),
  percpu: optional(percpuFigures),
  thisCpu: optional(thisCpuFigures),
  memoryAtEnd: memoryOf(count),
  memoryAtPeak: memoryOf(count),
  verifiedPages: count,
  zram: optional(zramReport),
});

const spread: fc.Arbitrary<Spread> = fc.record({
  median: figure,
  low: figure,
  high: figure,
  samples: fc.array(figure, { maxLength: 8 }),
});

const directionSummary: fc.Arbitrary<DirectionSummary> = fc.record({
  megabytesPerSecond: spread,
  operationsPerSecond: spread,
  latencyNs: latency,
  lockWaitShare: figure,
  withheldShare: optional(figure),
});

const wrongTotals: fc.Arbitrary<WrongTotals> = fc.record({ design, issued: count, lost: count, extra: count });

const comparedSpeeds = {
  direction: fc.constantFrom(...DIRECTIONS),
  design,
  baseline: design,
  blocks: count,
  ratio: figure,
  interval: optional(fc.record({ low: figure, high: figure, confidence: figure })),
  reason: text,
};

const comparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({ ...comparedSpeeds, verdict: fc.constantFrom(...SPEED_VERDICTS) }),
  fc.record({ ...comparedSpeeds, verdict: fc.constant('wrong'), wrong: wrongTotals }),
);

const thisCpuSummary: fc.Arbitrary<ThisCpuSummary> = fc.record({
  wrong: optional(wrongTotals),
  mixes: fc.array(
    fc.record({
      name: text,
      nsPerOperation: spread,
      operationsPerSecond: spread,
      operations: count,
      issued: count,
      counted: count,
      counts: accessCounts,
      comparison: optional(comparison),
    }),
    { maxLength: 2 },
  ),
  cpus: fc.array(accessCounts, { maxLength: 2 }),
});

const designSummary: fc.Arbitrary<DesignSummary> = fc.record({
  design,
  write: optional(directionSummary),
  read: optional(directionSummary),
  create: optional(directionSummary),
  destroy: optional(directionSummary),
  access: optional(directionSummary),
  percpu: optional(percpuFigures),
  thisCpu: optional(thisCpuSummary),
  memoryAtEnd: memoryOf(figure),
  memoryAtPeak: memoryOf(figure),
  storedShares: optional(fc.record({ compressed: spread, pool: spread })),
});

const mappingReport: fc.Arbitrary<MappingReport> = fc.record({
  paper: fc.array(
    fc.record({
      figure: fc.constantFrom(...PAPER_FIGURES),
      says: text,
      paperBytes: optional(count),
      labBytes: count,
    }),
    { maxLength: 2 },
  ),
  tables: fc.array(
    fc.record({
      translation: fc.constantFrom(...TRANSLATIONS),
      window: fc.constantFrom(...WINDOW_LAYOUTS),
      cpus: count,
      chunks: count,
      pgdBytes: count,
      windowTableBytes: count,
      localBytes: count,
      sharedBytes: count,
      windowSpaceBytes: count,
      globalSpaceBytes: count,
    }),
    { maxLength: 2 },
  ),
  events: fc.array(
    fc.record({
      event: fc.constantFrom(...EVENTS),
      tablesMade: count,
      tablesFreed: count,
      pgdCopies: count,
      flushes: count,
    }),
    { maxLength: 2 },
  ),
});

const dataSource: fc.Arbitrary<FioWorkload['data']> = fc.oneof(
  fc.constant({ kind: 'job' as const }),
  fc.record({
    kind: fc.constant('files' as const),
    paths: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('generator' as const),
    zeroPercent: fc.nat(33),
    samePercent: fc.nat(33),
    randomPercent: fc.nat(33),
    compressPercent: fc.nat(100),
  }),
);

const profileName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((name) => name.replaceAll(/[/\\\p{Cc}]/gu, '-').trim())
  .filter((name) => name.length > 0 && name.length <= 80);

const machine: fc.Arbitrary<Profile['machine']> = fc.record({
  possibleCpus: fc.integer({ min: 32, max: PROFILE_LIMITS.cpus.max }),
  onlineCpus: fc.integer({ min: PROFILE_LIMITS.cpus.min, max: 32 }),
  pageSizeBytes: fc.constantFrom(...PAGE_SIZES),
  memoryBytes: between(PROFILE_LIMITS.memoryBytes),
  devices: between(PROFILE_LIMITS.devices),
  diskSizeBytes: between(PROFILE_LIMITS.diskSizeBytes),
  codec: fc.constantFrom(...CODECS),
});

const seed = fc.integer({ min: 0, max: 0xffffffff });

const fioWorkload: fc.Arbitrary<FioWorkload> = fc.record({
  kind: fc.constant('fio' as const),
  jobFile: fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
  data: dataSource,
  seed,
});

const percpuWorkload: fc.Arbitrary<PercpuWorkload> = fc.record({
  kind: fc.constant('percpu' as const),
  groupName: profileName.map((name) => name.slice(0, 40).trim()).filter((name) => name !== ''),
  groups: between(PROFILE_LIMITS.groups),
  objects: fc.array(
    fc.record({
      callSite: profileName,
      number: between(PROFILE_LIMITS.objects),
      sizeBytes: between(PROFILE_LIMITS.objectBytes),
      alignBytes: fc.integer({ min: 0, max: 12 }).map((power) => 2 ** power),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  destroy: fc.constantFrom('never' as const, 'in-order' as const, 'random' as const),
  seed,
});

const thisCpuWorkload: fc.Arbitrary<ThisCpuWorkload> = fc.record({
  kind: fc.constant('this-cpu' as const),
  tasksPerCpu: between(THIS_CPU_LIMITS.tasksPerCpu),
  tickOperations: between(THIS_CPU_LIMITS.tickOperations),
  balanceTicks: between(THIS_CPU_LIMITS.balanceTicks),
  operations: between(THIS_CPU_LIMITS.operations),
  mixes: fc.uniqueArray(
    fc.record({
      name: profileName.map((name) => name.slice(0, 40).trim()).filter((name) => name !== ''),
      unit: fc.constant('one fault'),
      operations: fc
        .tuple(fc.constantFrom(...MIX_OPERATIONS), fc.integer({ min: 1, max: 1000 }))
        .map(([operation, number]) => ({ [operation]: number })),
      source: text,
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  ),
  seed,
});

const workloadAndDesigns = fc.oneof(
  fc.record({ workload: thisCpuWorkload, designs: fc.uniqueArray(fc.constantFrom(...ACCESS_MODES), { minLength: 1 }) }),
  fc.record({ workload: fioWorkload, designs: fc.uniqueArray(fc.constantFrom(...BUFFER_LAYOUTS), { minLength: 1 }) }),
  fc.record({
    workload: percpuWorkload,
    designs: fc.uniqueArray(fc.constantFrom(...ALLOCATOR_DESIGNS), { minLength: 1 }),
  }),
);

export const arbitraryProfile: fc.Arbitrary<Profile> = fc
  .record({
    schemaVersion: fc.constant(PROFILE_SCHEMA_VERSION),
    name: profileName,
    description: text,
    machine,
    compared: workloadAndDesigns,
    experiment: fc.record(
      {
        repetitions: between(PROFILE_LIMITS.repetitions),
        seconds: fc.integer({ min: 1, max: 3600 }),
        warmUpSeconds: between(PROFILE_LIMITS.warmUpSeconds),
        equivalencePercent: fc.integer({ min: 0, max: 50 }),
      },
      { requiredKeys: ['repetitions', 'equivalencePercent'] },
    ),
  })
  .map(({ compared, ...profile }) => ({ ...profile, ...compared }));

const environment: fc.Arbitrary<Environment> = fc.record({
  cpuModel: text,
  hostCores: count,
  hostMemoryBytes: count,
  operatingSystem: text,
  kernel: text,
  governor: text,
  runtime: text,
  codec: text,
  labVersion: text,
});

const bufferCount: fc.Arbitrary<BufferCount> = fc.record({
  paper: fc.array(
    fc.record({
      says: text,
      layout: fc.constantFrom(...BUFFER_LAYOUTS),
      devices: count,
      paperPages: count,
      labPages: count,
    }),
    { maxLength: 2 },
  ),
  rows: fc.array(
    fc.record({
      layout: fc.constantFrom(...BUFFER_LAYOUTS),
      protection: fc.constantFrom(...STREAM_PROTECTIONS),
      cpus: count,
      streams: count,
      devices: count,
      bufferPages: count,
      workMemoryPages: count,
      localCopyPages: count,
      recordBytes: count,
    }),
    { maxLength: 2 },
  ),
});

export const arbitraryRecord: fc.Arbitrary<RunRecord> = fc.record({
  id: fc.uuid(),
  name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  startedAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  finishedAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  outcome: fc.constantFrom('complete' as const, 'cancelled' as const, 'failed' as const),
  error: optional(
    fc.record({
      code: fc.constantFrom('cpu-failed' as const, 'storage' as const),
      message: text,
      where: optional(text),
      fields: optional(fc.array(fc.record({ field: text, message: text }), { maxLength: 2 })),
    }),
  ),
  zramAtFailure: optional(fc.array(zramDevice, { maxLength: 2 })),
  engine: fc.constant('live' as const),
  oversubscribed: fc.boolean(),
  profile: arbitraryProfile,
  environment,
  notes: fc.array(text, { maxLength: 3 }),
  pageData: optional(fc.array(text, { maxLength: 2 })),
  samples: fc.array(arbitrarySample, { maxLength: 6 }),
  mapping: optional(mappingReport),
  designs: fc.array(designSummary, { maxLength: 2 }),
  comparisons: fc.array(comparison, { maxLength: 2 }),
  bufferCount: optional(bufferCount),
});
