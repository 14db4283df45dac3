/** A run as the one JSON document that `run --json` prints. Its fields are documented in the README. */
import type { BufferCount } from '../../shared/buffer-count.ts';
import type { Design } from '../../shared/design.ts';
import type { MappingReport } from '../../shared/mapping-report.ts';
import { isLockWaitMeasured, measuredMemory } from '../../shared/measured-figures.ts';
import type { LabError } from '../../shared/result.ts';
import {
  type Clock,
  type Comparison,
  type DesignSummary,
  type Direction,
  DIRECTIONS,
  type DirectionSummary,
  type Engine,
  type Environment,
  type LatencyNs,
  type MemoryFigures,
  type PercpuFigures,
  type RunOutcome,
  type RunRecord,
  type Spread,
  type StoredShares,
  type ThisCpuSummary,
} from '../../shared/run-record.ts';
import type { ZramDeviceState, ZramReport } from '../../shared/zram-report.ts';
import { lastSample } from './zram-report.ts';

export interface DesignDocument {
  readonly name: Design;
  readonly writeMBps?: Spread | undefined;
  readonly readMBps?: Spread | undefined;
  /** Objects per second, of a percpu workload. */
  readonly createPerSecond?: Spread | undefined;
  readonly destroyPerSecond?: Spread | undefined;
  /** this_cpu operations per second, of a this-cpu workload. */
  readonly accessPerSecond?: Spread | undefined;
  /** p50 and p99 are those of the first direction that was run: write, read, create, destroy, access. */
  readonly latencyNs: {
    readonly p50: number;
    readonly p99: number;
    readonly write?: LatencyNs | undefined;
    readonly read?: LatencyNs | undefined;
    readonly create?: LatencyNs | undefined;
    readonly destroy?: LatencyNs | undefined;
    readonly access?: LatencyNs | undefined;
  };
  /** Of the same direction as p50 and p99; absent of the kernel, which does not state it. */
  readonly lockWaitShare?: number | undefined;
  /** Of fio workloads, by direction: of the time of the CPUs' threads, in requests. */
  readonly requestShare?: Partial<Record<Direction, number>> | undefined;
  /** Of the same direction as p50 and p99: time of the CPUs in which they neither ran nor slept on a lock; not of this-cpu workloads. */
  readonly withheldShare?: number | undefined;
  readonly memory: {
    /** Without the columns that the kernel does not state. */
    readonly atEnd: Partial<MemoryFigures>;
    readonly atPeak: Partial<MemoryFigures>;
    /** Compressed bytes and bytes of the pool over original bytes, at the end. */
    readonly storedShares?: StoredShares | undefined;
  };
  readonly percpu?: PercpuFigures | undefined;
  readonly thisCpu?: ThisCpuSummary | undefined;
  /** The zram devices of the last sample. */
  readonly zram?: ZramReport | undefined;
}

export interface RunDocument {
  readonly run: {
    readonly id: string;
    readonly name: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly outcome: RunOutcome;
    readonly engine: Engine;
    readonly clock: Clock;
    readonly oversubscribed: boolean;
  };
  readonly error?: LabError | undefined;
  /** Of a failed fio run: the devices of the sample that failed, by device. */
  readonly zramAtFailure?: readonly ZramDeviceState[] | undefined;
  readonly designs: readonly DesignDocument[];
  readonly comparisons: readonly Comparison[];
  readonly mapping?: MappingReport | undefined;
  /** Pages of compression streams by layout and devices, where the profile asks for them. */
  readonly bufferCount?: BufferCount | undefined;
  readonly environment: Environment;
  readonly notes: readonly string[];
  /** Of a fio run: each set of pages as it was loaded or made. */
  readonly pageData?: RunRecord['pageData'];
  readonly profile: RunRecord['profile'];
}

/** The document of a stored run: its figures as they are, units in the names. */
export function runDocument(record: RunRecord): RunDocument {
  const { id, name, startedAt, finishedAt, outcome, engine, oversubscribed } = record;
  return {
    run: { id, name, startedAt, finishedAt, outcome, engine, clock: 'wall', oversubscribed },
    ...(record.error === undefined ? {} : { error: record.error }),
    ...(record.zramAtFailure === undefined ? {} : { zramAtFailure: record.zramAtFailure }),
    designs: record.designs.map((summary) => designDocument(record, summary)),
    comparisons: record.comparisons,
    ...(record.mapping === undefined ? {} : { mapping: record.mapping }),
    ...(record.bufferCount === undefined ? {} : { bufferCount: record.bufferCount }),
    environment: record.environment,
    notes: record.notes,
    ...(record.pageData === undefined ? {} : { pageData: record.pageData }),
    profile: record.profile,
  };
}

/** Of the directions that were run. */
function throughputs({
  write,
  read,
  create,
  destroy,
  access,
}: DesignSummary): Pick<
  DesignDocument,
  'writeMBps' | 'readMBps' | 'createPerSecond' | 'destroyPerSecond' | 'accessPerSecond'
> {
  return {
    ...(write === undefined ? {} : { writeMBps: write.megabytesPerSecond }),
    ...(read === undefined ? {} : { readMBps: read.megabytesPerSecond }),
    ...(create === undefined ? {} : { createPerSecond: create.operationsPerSecond }),
    ...(destroy === undefined ? {} : { destroyPerSecond: destroy.operationsPerSecond }),
    ...(access === undefined ? {} : { accessPerSecond: access.operationsPerSecond }),
  };
}

/** What is known of it; undefined where that is nothing. */
function requestShares(summary: DesignSummary): DesignDocument['requestShare'] {
  const known = DIRECTIONS.flatMap((direction) => {
    const share = summary[direction]?.requestShare;
    return share === undefined ? [] : [[direction, share] as const];
  });
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** Shares of the CPUs' time. */
function sharesOf(
  design: Design,
  first: DirectionSummary | undefined,
): Pick<DesignDocument, 'lockWaitShare' | 'withheldShare'> {
  return {
    lockWaitShare: isLockWaitMeasured(design) ? (first?.lockWaitShare ?? 0) : undefined,
    withheldShare: first?.withheldShare,
  };
}

function designDocument(record: RunRecord, summary: DesignSummary): DesignDocument {
  const { design, write, read, create, destroy, access, percpu, thisCpu, memoryAtEnd, memoryAtPeak } = summary;
  const first: DirectionSummary | undefined = write ?? read ?? create ?? destroy ?? access;
  return {
    name: design,
    ...throughputs(summary),
    latencyNs: {
      p50: first?.latencyNs.p50 ?? 0,
      p99: first?.latencyNs.p99 ?? 0,
      write: write?.latencyNs,
      read: read?.latencyNs,
      create: create?.latencyNs,
      destroy: destroy?.latencyNs,
      access: access?.latencyNs,
    },
    ...sharesOf(design, first),
    requestShare: requestShares(summary),
    memory: {
      atEnd: measuredMemory(design, memoryAtEnd),
      atPeak: measuredMemory(design, memoryAtPeak),
      storedShares: summary.storedShares,
    },
    ...(percpu === undefined ? {} : { percpu }),
    ...(thisCpu === undefined ? {} : { thisCpu }),
    zram: lastSample(record, design)?.zram,
  };
}
