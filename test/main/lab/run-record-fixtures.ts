/**
 * Samples and records for the lab's tests: plain ones to write expectations about, arbitrary ones for properties.
 */
import fc from 'fast-check';
import { BUFFER_LAYOUTS, type BufferLayout } from '../../../src/shared/design.ts';
import { PAGE_SIZES, PROFILE_LIMITS, PROFILE_SCHEMA_VERSION, type Profile } from '../../../src/shared/profile.ts';
import type {
  Comparison,
  DesignSummary,
  DirectionFigures,
  DirectionSummary,
  Environment,
  LatencyNs,
  MemoryFigures,
  RunRecord,
  Sample,
  Spread,
} from '../../../src/shared/run-record.ts';

export const LATENCY: LatencyNs = { mean: 2100.5, p50: 1900, p90: 3000, p99: 9100, p999: 25_000, max: 81_000 };

export const MEMORY: MemoryFigures = {
  originalBytes: 1_048_576,
  compressedBytes: 400_123,
  poolBytes: 425_984,
  bufferBytes: 16_384,
  workMemoryBytes: 32_768,
  percpuAreaBytes: 65_536,
  slotTableBytes: 8192,
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
    latencyNs: LATENCY,
    lockWaitNs: 1_234_567.5,
    lockWaitShare: 0.125,
    lockContentions: 17,
  };
}

/** A sample that wrote at `writeRate` and did not read; both in MB/s. */
export function sampleOf(design: BufferLayout, repetition: number, writeRate: number): Sample {
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
  },
  designs: ['single-mutex', 'per-cpu-global'],
  workload: { jobFile: '[seq-write]\nrw=write\n', data: { kind: 'job' }, seed: 7 },
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
const layout = fc.constantFrom(...BUFFER_LAYOUTS);
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
    usedBytes: bytes,
    totalBytes: bytes,
  });
}

const directionFigures: fc.Arbitrary<DirectionFigures> = fc.record({
  operations: count,
  bytes: count,
  durationNs: figure,
  megabytesPerSecond: figure,
  latencyNs: latency,
  lockWaitNs: figure,
  lockWaitShare: figure,
  lockContentions: count,
});

const arbitrarySample: fc.Arbitrary<Sample> = fc.record({
  design: layout,
  repetition: count,
  position: count,
  cpus: count,
  clock: fc.constant('wall' as const),
  write: optional(directionFigures),
  read: optional(directionFigures),
  memoryAtEnd: memoryOf(count),
  memoryAtPeak: memoryOf(count),
  verifiedPages: count,
});

const spread: fc.Arbitrary<Spread> = fc.record({
  median: figure,
  low: figure,
  high: figure,
  samples: fc.array(figure, { maxLength: 8 }),
});

const directionSummary: fc.Arbitrary<DirectionSummary> = fc.record({
  megabytesPerSecond: spread,
  latencyNs: latency,
  lockWaitShare: figure,
});

const designSummary: fc.Arbitrary<DesignSummary> = fc.record({
  design: layout,
  write: optional(directionSummary),
  read: optional(directionSummary),
  memoryAtEnd: memoryOf(figure),
  memoryAtPeak: memoryOf(figure),
});

const comparison: fc.Arbitrary<Comparison> = fc.record({
  direction: fc.constantFrom('write' as const, 'read' as const),
  design: layout,
  baseline: layout,
  blocks: count,
  ratio: figure,
  interval: optional(fc.record({ low: figure, high: figure, confidence: figure })),
  verdict: fc.constantFrom('faster' as const, 'slower' as const, 'same' as const, 'inconclusive' as const),
  reason: text,
});

const dataSource: fc.Arbitrary<Profile['workload']['data']> = fc.oneof(
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
});

export const arbitraryProfile: fc.Arbitrary<Profile> = fc.record({
  schemaVersion: fc.constant(PROFILE_SCHEMA_VERSION),
  name: profileName,
  description: text,
  machine,
  designs: fc.uniqueArray(layout, { minLength: 1 }),
  workload: fc.record({
    jobFile: fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
    data: dataSource,
    seed: fc.integer({ min: 0, max: 0xffffffff }),
  }),
  experiment: fc.record(
    {
      repetitions: between(PROFILE_LIMITS.repetitions),
      seconds: fc.integer({ min: 1, max: 3600 }),
      equivalencePercent: fc.integer({ min: 0, max: 50 }),
    },
    { requiredKeys: ['repetitions', 'equivalencePercent'] },
  ),
});

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
    }),
  ),
  engine: fc.constant('live' as const),
  oversubscribed: fc.boolean(),
  profile: arbitraryProfile,
  environment,
  notes: fc.array(text, { maxLength: 3 }),
  samples: fc.array(arbitrarySample, { maxLength: 6 }),
  designs: fc.array(designSummary, { maxLength: 2 }),
  comparisons: fc.array(comparison, { maxLength: 2 }),
});
