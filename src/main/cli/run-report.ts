/** A run as text for a person at a terminal. */
import { counted } from '../../shared/counted.ts';
import { type Design, DESIGN_WORDS } from '../../shared/design.ts';
import { isLockWaitMeasured, isMemoryMeasured, isMemoryOfWorkload } from '../../shared/measured-figures.ts';
import {
  type Comparison,
  type DesignSummary,
  type Direction,
  DIRECTIONS,
  type DirectionSummary,
  type MemoryFigures,
  type RunRecord,
  type Spread,
  THROUGHPUT_OF,
  type WrongTotals,
} from '../../shared/run-record.ts';
import { wrongTotalWords } from '../../shared/this-cpu-words.ts';
import { THROUGHPUT_WORDS } from '../../shared/throughput-words.ts';
import { bufferCountReport } from './buffer-count-report.ts';
import { mappingReport } from './mapping-report.ts';
import { percpuReport } from './percpu-report.ts';
import { thisCpuReport } from './this-cpu-report.ts';
import { textTable } from './text-table.ts';
import { zramAtFailureReport, zramReport } from './zram-report.ts';

/** The whole report, ready to print, but for the reason of a run that failed, which goes to standard error. */
export function runReport(record: RunRecord): string {
  const parts = [
    heading(record),
    zramAtFailureReport(record),
    ...DIRECTIONS.map((direction) => throughputTable(record, direction)),
    comparisons(record),
    memoryTable(record),
    storedSharesTable(record),
    ...bufferCountReport(record.bufferCount),
    zramReport(record),
    ...percpuReport(record.designs),
    ...thisCpuReport(record),
    ...mappingReport(record),
    notes(record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(record: RunRecord): string {
  const { environment, profile } = record;
  const cpus = `${counted(profile.machine.onlineCpus, 'CPU')}${record.oversubscribed ? ', OVERSUBSCRIBED' : ''}`;
  return [
    record.name,
    `${record.outcome}, ${counted(record.samples.length, 'sample')}; engine ${record.engine} (measured, wall clock), ${cpus}`,
    `${environment.cpuModel}, ${counted(environment.hostCores, 'core')}, ${environment.operatingSystem} ${environment.kernel}, ${environment.runtime}`,
  ].join('\n');
}

const MICROSECONDS = { unit: 'µs', nanoseconds: 1000 } as const;

/** Unit of an operation's time. */
const TIME_WORDS: Readonly<Record<Direction, { readonly unit: string; readonly nanoseconds: number }>> = {
  write: MICROSECONDS,
  read: MICROSECONDS,
  create: MICROSECONDS,
  destroy: MICROSECONDS,
  access: { unit: 'ns', nanoseconds: 1 },
};

function throughputTable(record: RunRecord, direction: Direction): string {
  const rows = record.designs.flatMap((design) => {
    const summary = design[direction];
    return summary === undefined ? [] : [throughputRow(design, direction, summary)];
  });
  if (rows.length === 0) return '';
  const { unit } = THROUGHPUT_WORDS[direction];
  const time = TIME_WORDS[direction];
  const head = [
    direction,
    `median ${unit}`,
    'low',
    'high',
    `p50 ${time.unit}`,
    `p99 ${time.unit}`,
    'lock wait %',
    ...(isWithheldMeasured(direction) ? ['no core %'] : []),
  ];
  return textTable([head, ...rows]);
}

/** Not of this-cpu workloads. */
function isWithheldMeasured(direction: Direction): boolean {
  return direction !== 'access';
}

function throughputRow(design: DesignSummary, direction: Direction, summary: DirectionSummary): string[] {
  const { digits } = THROUGHPUT_WORDS[direction];
  const { median, low, high } = summary[THROUGHPUT_OF[direction]];
  return [
    `${DESIGN_WORDS[design.design].title}${design.thisCpu?.wrong === undefined ? '' : ', WRONG RESULT'}`,
    median.toFixed(digits),
    low.toFixed(digits),
    high.toFixed(digits),
    (summary.latencyNs.p50 / TIME_WORDS[direction].nanoseconds).toFixed(2),
    (summary.latencyNs.p99 / TIME_WORDS[direction].nanoseconds).toFixed(2),
    isLockWaitMeasured(design.design) ? (summary.lockWaitShare * 100).toFixed(1) : NOT_MEASURED,
    ...(isWithheldMeasured(direction) ? [withheldCell(summary)] : []),
  ];
}

/** Of phases that were too short to tell, and of records of earlier versions, not measured. */
function withheldCell({ withheldShare }: DirectionSummary): string {
  return withheldShare === undefined ? NOT_MEASURED : (withheldShare * 100).toFixed(1);
}

/** Where nothing is compared, what is wrong all the same. */
function comparisons(record: RunRecord): string {
  if (record.comparisons.length > 0) return record.comparisons.map(comparisonLine).join('\n');
  return record.designs
    .flatMap(({ thisCpu }) => (thisCpu?.wrong === undefined ? [] : [wrongLine(thisCpu.wrong)]))
    .join('\n');
}

/** `write: per-CPU, global against single mutex: FASTER, ratio 1.84 [1.79, 1.90], …`; what is wrong says so before its ratio. */
function comparisonLine(comparison: Comparison): string {
  const { direction, design, baseline, ratio, interval } = comparison;
  const range =
    interval === undefined
      ? ''
      : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}], ${(interval.confidence * 100).toFixed(1)} % interval`;
  const designs = `${DESIGN_WORDS[design].title} against ${DESIGN_WORDS[baseline].title}`;
  const figures = `ratio ${ratio.toFixed(3)}${range}`;
  if (comparison.verdict === 'wrong') {
    return `${direction}: ${designs}: ${wrongLine(comparison.wrong)}\n  Worth nothing then: ${figures}.`;
  }
  return `${direction}: ${designs}: ${comparison.verdict.toUpperCase()}, ${figures}\n  ${comparison.reason}`;
}

function wrongLine(wrong: WrongTotals): string {
  return `WRONG RESULT, ${DESIGN_WORDS[wrong.design].title} ${wrongTotalWords(wrong)}`;
}

const MEMORY_COLUMNS: readonly (readonly [string, keyof MemoryFigures])[] = [
  ['original', 'originalBytes'],
  ['compressed', 'compressedBytes'],
  ['pool', 'poolBytes'],
  ['buffers', 'bufferBytes'],
  ['work memory', 'workMemoryBytes'],
  ['per-CPU area', 'percpuAreaBytes'],
  ['slot tables', 'slotTableBytes'],
  ['I/O buffers', 'ioBufferBytes'],
  ['frames used', 'usedBytes'],
];

/** In a cell whose figure nobody measured. */
const NOT_MEASURED = '—';

function memoryTable(record: RunRecord): string {
  if (record.designs.length === 0) return '';
  const columns = MEMORY_COLUMNS.filter(([, key]) => isMemoryOfWorkload(record.profile.workload.kind, key));
  const row = (design: Design, moment: string, memory: MemoryFigures): string[] => [
    `${DESIGN_WORDS[design].title}, at ${moment}`,
    ...columns.map(([, key]) => (isMemoryMeasured(design, key) ? (memory[key] / 1024).toFixed(0) : NOT_MEASURED)),
  ];
  const rows = record.designs.flatMap(({ design, memoryAtEnd, memoryAtPeak }) => [
    row(design, 'end', memoryAtEnd),
    row(design, 'peak', memoryAtPeak),
  ]);
  const medians = repetitionsOf(record) > 1 ? `, medians of ${counted(repetitionsOf(record), 'repetition')}` : '';
  return textTable([[`memory, KiB (counted${medians})`, ...columns.map(([name]) => name)], ...rows]);
}

/** Of the design that has the most. */
function repetitionsOf({ designs, samples }: RunRecord): number {
  return Math.max(...designs.map(({ design }) => samples.filter((sample) => sample.design === design).length));
}

/** What compares where designs stored different amounts: nothing of other workloads, and of records of before. */
function storedSharesTable({ designs }: RunRecord): string {
  const rows = designs.flatMap(({ design, storedShares }) =>
    storedShares === undefined
      ? []
      : [[DESIGN_WORDS[design].title, ...shareCells(storedShares.compressed), ...shareCells(storedShares.pool)]],
  );
  if (rows.length === 0) return '';
  const head = ['of the original, at end (counted)', 'compressed %', 'low', 'high', 'pool %', 'low', 'high'];
  return textTable([head, ...rows]);
}

function shareCells({ median, low, high }: Spread): readonly string[] {
  return [median, low, high].map((share) => (share * 100).toFixed(2));
}

function notes(record: RunRecord): string {
  return record.notes.map((note) => `note: ${note}`).join('\n');
}
