/**
 * A made-up run for the dashboard's tests: the events and the record that a lab would send for a profile, in the same
 * order and with figures of plausible size. The same profile gives the same run.
 */
import type { RunEvent, RunProgress } from '../../src/shared/contract.ts';
import type { Design, ProfileDesign } from '../../src/shared/design.ts';
import type { Profile } from '../../src/shared/profile.ts';
import type {
  Comparison,
  DesignSummary,
  Direction,
  DirectionFigures,
  DirectionSummary,
  Environment,
  LatencyNs,
  MemoryFigures,
  RunRecord,
  Sample,
  SpeedVerdict,
  Spread,
} from '../../src/shared/run-record.ts';

const MIB = 2 ** 20;
const KIB = 1024;
/** Progress events per phase. */
const STEPS = 8;
const STEP_MS = 100;

export const sampleEnvironment: Environment = {
  cpuModel: 'AMD EPYC 7B13 64-Core Processor',
  hostCores: 2,
  hostMemoryBytes: 23 * 1024 * MIB,
  operatingSystem: 'Debian GNU/Linux 13 (trixie)',
  kernel: 'Linux 6.18.5',
  governor: 'not readable',
  runtime: 'Node 24.21.0, V8 13.6',
  codec: 'LZ4 (lz4-napi 2.10.0)',
  labVersion: '0.1.0',
};

/** What the script moves. */
type IoDirection = Extract<Direction, 'write' | 'read'>;

function baseMBps(design: Design, direction: IoDirection): number {
  if (direction === 'read') return design === 'single-mutex' ? 1480 : 1476;
  return design === 'single-mutex' ? 412 : 758;
}

/** A number of 0 … 1 that depends on its arguments alone. */
function noise(...seeds: readonly number[]): number {
  const mixed = seeds.reduce((sum, seed) => Math.imul(sum ^ seed, 0x9e3779b1) ^ (sum >>> 13), 0x2545f491);
  return (Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 0) / 2 ** 32;
}

function memory(design: Design, profile: Profile, filled: number): MemoryFigures {
  const { possibleCpus, onlineCpus, memoryBytes, devices } = profile.machine;
  const originalBytes = Math.round(2048 * filled) * MIB;
  const perCpu = design === 'per-cpu-global';
  const bufferBytes = 8 * KIB * (perCpu ? onlineCpus : devices);
  const workMemoryBytes = 16 * KIB * (perCpu ? onlineCpus : devices);
  const percpuAreaBytes = possibleCpus * (perCpu ? 64 : 32) * KIB;
  const slotTableBytes = 8 * MIB * devices;
  const poolBytes = Math.round((originalBytes * 0.38) / 4096) * 4096;
  const outside = perCpu ? 0 : bufferBytes + workMemoryBytes;
  return {
    originalBytes,
    compressedBytes: Math.round(originalBytes * 0.36),
    poolBytes,
    bufferBytes,
    workMemoryBytes,
    percpuAreaBytes,
    slotTableBytes,
    ioBufferBytes: 64 * KIB,
    usedBytes: poolBytes + percpuAreaBytes + slotTableBytes + 64 * KIB + outside,
    totalBytes: memoryBytes,
  };
}

function latency(scale: number): LatencyNs {
  return {
    mean: 9_800 * scale,
    p50: 8_200 * scale,
    p90: 14_500 * scale,
    p99: 41_000 * scale ** 2,
    p999: 310_000 * scale ** 2,
    max: 4_100_000 * scale,
  };
}

function lockShare(design: Design, direction: IoDirection): number {
  return design === 'single-mutex' && direction === 'write' ? 0.46 : 0.0002;
}

function figures(design: Design, direction: IoDirection, repetition: number, cpus: number): DirectionFigures {
  const seed = repetition * 8 + (design === 'single-mutex' ? 1 : 2) + (direction === 'write' ? 4 : 0);
  const megabytesPerSecond = baseMBps(design, direction) * (0.97 + 0.06 * noise(seed));
  const bytes = 2048 * MIB;
  const durationNs = (bytes / (megabytesPerSecond * 1e6)) * 1e9;
  const lockWaitShare = lockShare(design, direction);
  return {
    operations: bytes / 4096,
    bytes,
    durationNs,
    megabytesPerSecond,
    operationsPerSecond: (megabytesPerSecond * 1e6) / 4096,
    latencyNs: latency(design === 'single-mutex' && direction === 'write' ? 1.8 : 1),
    lockWaitNs: lockWaitShare * durationNs * cpus,
    lockWaitShare,
    lockContentions: Math.round(lockWaitShare * 400_000),
  };
}

/** The sample of one design in one block. */
function scriptedSample(profile: Profile, design: ProfileDesign, repetition: number): Sample {
  const cpus = profile.machine.onlineCpus;
  return {
    design,
    repetition,
    position: 1 + profile.designs.indexOf(design),
    cpus,
    clock: 'wall',
    write: figures(design, 'write', repetition, cpus),
    read: figures(design, 'read', repetition, cpus),
    memoryAtEnd: memory(design, profile, 1),
    memoryAtPeak: memory(design, profile, 1.02),
    verifiedPages: (2048 * MIB) / 4096,
  };
}

/** How much of the data is stored: nothing while preparing, growing while writing, all of it while reading. */
function filledAt(phase: RunProgress['phase'], step: number): number {
  if (phase === 'write') return (step + 1) / STEPS;
  return phase === 'read' ? 1 : 0;
}

interface Step {
  readonly runId: string;
  readonly profile: Profile;
  readonly sample: number;
  readonly design: Design;
  readonly repetition: number;
  readonly phase: RunProgress['phase'];
  /** 0 … STEPS − 1. */
  readonly step: number;
  readonly atMs: number;
  readonly fraction: number;
}

function progressOf({ runId, profile, sample, design, repetition, phase, step, atMs, fraction }: Step): RunProgress {
  const moving = phase === 'write' || phase === 'read' ? phase : undefined;
  const rate = moving === undefined ? 0 : baseMBps(design, moving) * (0.9 + 0.2 * noise(atMs, repetition));
  const totalMs = fraction > 0 ? atMs / fraction : 0;
  const waiting = moving === undefined ? 0 : lockShare(design, moving);
  return {
    runId,
    sample,
    design,
    repetition,
    repetitions: profile.experiment.repetitions,
    phase,
    fraction,
    ...(fraction > 0.02 ? { secondsLeft: (totalMs - atMs) / 1000 } : {}),
    atMs,
    megabytesPerSecond: moving === undefined ? {} : { [moving]: rate },
    operationsPerSecond: {},
    memory: memory(design, profile, filledAt(phase, step)),
    cpus: Array.from({ length: profile.machine.onlineCpus }, (_, cpu) => {
      const lockWait = waiting * (0.8 + 0.4 * noise(cpu, atMs));
      const idle = moving === undefined ? 0.7 : 0.02 + 0.05 * noise(atMs, cpu, 7);
      return { working: Math.max(0, 1 - idle - lockWait), lockWait };
    }),
  };
}

/** The events of a whole run, without the last one ('finished'). */
export function scriptedEvents(runId: string, profile: Profile): readonly RunEvent[] {
  const phases = ['prepare', 'write', 'read'] as const;
  const blocks = profile.experiment.repetitions + 1;
  const total = blocks * profile.designs.length * phases.length * STEPS;
  const oversubscribed = profile.machine.onlineCpus > sampleEnvironment.hostCores;
  const { designs } = profile;
  const events: RunEvent[] = [{ kind: 'started', runId, profile, engine: 'live', designs, oversubscribed }];
  let done = 0;
  for (let repetition = 0; repetition < blocks; repetition += 1) {
    for (const [index, design] of profile.designs.entries()) {
      for (const phase of phases) {
        for (let step = 0; step < STEPS; step += 1) {
          done += 1;
          const progress = progressOf({
            runId,
            profile,
            sample: repetition * profile.designs.length + index,
            design,
            repetition,
            phase,
            step,
            atMs: done * STEP_MS,
            fraction: done / total,
          });
          events.push({ kind: 'progress', progress });
        }
      }
      if (repetition > 0) events.push({ kind: 'sample', runId, sample: scriptedSample(profile, design, repetition) });
    }
  }
  return events;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

function summarise(samples: readonly Sample[], direction: Direction): DirectionSummary | undefined {
  const own = samples.flatMap((sample) => sample[direction] ?? []);
  const [first] = own;
  if (first === undefined) return undefined;
  const spread = (values: readonly number[]): Spread => ({
    median: median(values),
    low: Math.min(...values),
    high: Math.max(...values),
    samples: values,
  });
  return {
    megabytesPerSecond: spread(own.map((entry) => entry.megabytesPerSecond)),
    operationsPerSecond: spread(own.map((entry) => entry.operationsPerSecond)),
    latencyNs: first.latencyNs,
    lockWaitShare: first.lockWaitShare,
  };
}

function summariseDesign(design: Design, samples: readonly Sample[]): readonly DesignSummary[] {
  const own = samples.filter((sample) => sample.design === design);
  const [first] = own;
  if (first === undefined) return [];
  return [
    {
      design,
      write: summarise(own, 'write'),
      read: summarise(own, 'read'),
      memoryAtEnd: first.memoryAtEnd,
      memoryAtPeak: first.memoryAtPeak,
    },
  ];
}

function verdictOf(blocks: number, ratio: number): SpeedVerdict {
  if (blocks < 6) return 'inconclusive';
  if (Math.abs(ratio - 1) < 0.02) return 'same';
  return ratio > 1 ? 'faster' : 'slower';
}

function compare(designs: readonly DesignSummary[], direction: Direction): readonly Comparison[] {
  const [baseline, ...others] = designs;
  const base = baseline?.[direction]?.megabytesPerSecond;
  if (baseline === undefined || base === undefined) return [];
  return others.flatMap((other) => {
    const own = other[direction]?.megabytesPerSecond;
    if (own === undefined) return [];
    const ratio = own.median / base.median;
    const blocks = Math.min(own.samples.length, base.samples.length);
    const same = Math.abs(ratio - 1) < 0.02;
    return [
      {
        direction,
        design: other.design,
        baseline: baseline.design,
        blocks,
        ratio,
        ...(blocks >= 6 ? { interval: { low: ratio * 0.985, high: ratio * 1.012, confidence: 0.969 } } : {}),
        verdict: verdictOf(blocks, ratio),
        reason: same
          ? 'the whole interval lies within the margin of ± 2 %'
          : 'the whole interval lies above the margin',
      },
    ];
  });
}

/** The record that a lab would store for these samples. */
export function scriptedRecord(
  id: string,
  profile: Profile,
  samples: readonly Sample[],
  ending: Pick<RunRecord, 'outcome' | 'error'>,
): RunRecord {
  const designs = profile.designs.flatMap((design) => summariseDesign(design, samples));
  const oversubscribed = profile.machine.onlineCpus > sampleEnvironment.hostCores;
  return {
    id,
    name: profile.name,
    startedAt: '2026-11-21T09:41:00.000Z',
    finishedAt: '2026-11-21T09:41:34.000Z',
    ...ending,
    engine: 'live',
    oversubscribed,
    profile,
    environment: sampleEnvironment,
    notes: oversubscribed
      ? [`${profile.machine.onlineCpus} CPUs shared 2 host cores, so ratios between designs are distorted.`]
      : ['The CPU frequency governor could not be read.'],
    samples,
    designs,
    comparisons: [...compare(designs, 'write'), ...compare(designs, 'read')],
  };
}

/** The record of a run of this profile that went to its end. */
export function finishedRecord(id: string, profile: Profile): RunRecord {
  const samples = scriptedEvents(id, profile).flatMap((event) => (event.kind === 'sample' ? [event.sample] : []));
  return scriptedRecord(id, profile, samples, { outcome: 'complete' });
}
