/** A this-cpu profile and what it comes to, for the dashboard's tests: figures that are easy to tell apart. */
import type { AccessMode } from '../../src/shared/design.ts';
import type { MappingReport, TableRow } from '../../src/shared/mapping-report.ts';
import type { Profile, ThisCpuWorkload } from '../../src/shared/profile.ts';
import type { DesignSummary, MixSummary, RunRecord, WrongTotals } from '../../src/shared/run-record.ts';
import { ACCESS_COUNTERS, type AccessCounts } from '../../src/shared/this-cpu-report.ts';
import { sampleProfile } from './sample-profile.ts';
import { finishedRecord } from './scripted-run.ts';

/** Two mixes; the tables of 160 CPUs are counted. */
export function sampleThisCpuWorkload(changes: Partial<ThisCpuWorkload> = {}): ThisCpuWorkload {
  return {
    kind: 'this-cpu',
    tasksPerCpu: 3,
    tickOperations: 20_000,
    balanceTicks: 4,
    operations: 20_000_000,
    mixes: [
      { name: 'counter storm', unit: 'one addition', operations: { add: 1 }, batch: 32, source: 'A counter.' },
      {
        name: 'page_fault3',
        unit: 'file write fault',
        operations: { add: 6, read: 1, cmpxchg: 1 },
        source: 'A fault.',
      },
    ],
    seed: 2026,
    counting: {
      cpus: 160,
      chunksAtRest: 5,
      chunksAdded: 11,
      occasion: '10,000 cgroups',
      translations: [],
      windows: [],
      scalingCpus: [],
      paper: [],
    },
    ...changes,
  };
}

export function sampleThisCpuProfile(changes: Partial<ThisCpuWorkload> = {}): Profile {
  return sampleProfile({
    name: 'this_cpu operations',
    designs: ['preempt-offset', 'unprotected'],
    workload: sampleThisCpuWorkload(changes),
    experiment: { repetitions: 6, equivalencePercent: 5 },
  });
}

function countsOf(changes: Partial<AccessCounts>): AccessCounts {
  return { ...(Object.fromEntries(ACCESS_COUNTERS.map((name) => [name, 0])) as AccessCounts), ...changes };
}

function mixOf(name: string, nanoseconds: number, lost: number, preemptPairs: number): MixSummary {
  return {
    name,
    nsPerOperation: { median: nanoseconds, low: nanoseconds - 1, high: nanoseconds + 2, samples: [nanoseconds] },
    operationsPerSecond: { median: 1e8, low: 1e8, high: 1e8, samples: [1e8] },
    operations: 1000,
    issued: 1000,
    counted: 1000 - lost,
    counts: countsOf({ operations: 1000, preemptPairs }),
    ...(lost === 0
      ? {}
      : {
          comparison: {
            direction: 'access',
            design: 'unprotected',
            baseline: 'preempt-offset',
            blocks: 6,
            ratio: 0.75,
            interval: { low: 0.7, high: 0.8, confidence: 0.969 },
            verdict: 'wrong',
            reason: '',
            wrong: wrongOf(lost),
          },
        }),
  };
}

function wrongOf(lost: number): WrongTotals {
  return { design: 'unprotected', issued: 2000, lost, extra: 0 };
}

function summaryOf(design: AccessMode, nanoseconds: number, lost: number): DesignSummary {
  const [first] = finishedRecord('run-1', sampleProfile()).designs;
  if (first === undefined) throw new Error('the script has no design');
  const { memoryAtEnd, memoryAtPeak } = first;
  const preemptPairs = design === 'preempt-offset' ? 1500 : 0;
  return {
    design,
    thisCpu: {
      mixes: [
        mixOf('counter storm', nanoseconds, lost, preemptPairs / 2),
        mixOf('page_fault3', nanoseconds + 5, 0, preemptPairs / 2),
      ],
      cpus: [countsOf({ operations: 1500, preemptPairs, switches: 12 }), countsOf({ operations: 500, migrations: 3 })],
      ...(lost === 0 ? {} : { wrong: wrongOf(lost) }),
    },
    memoryAtEnd,
    memoryAtPeak,
  };
}

const KIB = 1024;

function tableRowOf(machine: { window: 'same-offset' | 'packed'; chunks: number; windowKib: number }): TableRow {
  const { window, chunks, windowKib } = machine;
  return {
    translation: '4k-48',
    window,
    cpus: 160,
    chunks,
    pgdBytes: 636 * KIB,
    windowTableBytes: windowKib * KIB,
    localBytes: (636 + windowKib) * KIB,
    sharedBytes: 320 * KIB,
    windowSpaceBytes: chunks * 192 * KIB,
    globalSpaceBytes: 160 * chunks * 192 * KIB,
  };
}

const SAMPLE_MAPPING: MappingReport = {
  paper: [
    { figure: 'pgdBytes', says: '4K * (nr_cpus - 1)', paperBytes: 636 * KIB, labBytes: 636 * KIB },
    { figure: 'windowSpaceAtRestBytes', says: '960K', paperBytes: 960 * KIB, labBytes: 960 * KIB },
    { figure: 'tablesAtRestBytes', says: 'a couple of megabytes', labBytes: 4480 * KIB },
  ],
  tables: [
    tableRowOf({ window: 'same-offset', chunks: 5, windowKib: 4480 }),
    tableRowOf({ window: 'same-offset', chunks: 16, windowKib: 11_520 }),
    tableRowOf({ window: 'packed', chunks: 5, windowKib: 1920 }),
    tableRowOf({ window: 'packed', chunks: 16, windowKib: 2560 }),
  ],
  events: [{ event: 'chunk-created', tablesMade: 175, tablesFreed: 0, pgdCopies: 0, flushes: 0 }],
};

/** Preempt-off loses nothing, unprotected 40 of 1000 in one mix. */
export function sampleThisCpuRecord(): RunRecord {
  const profile = sampleThisCpuProfile();
  return {
    ...finishedRecord('run-1', profile),
    profile,
    samples: [],
    comparisons: [],
    mapping: SAMPLE_MAPPING,
    designs: [summaryOf('preempt-offset', 25, 0), summaryOf('unprotected', 35, 40)],
  };
}
