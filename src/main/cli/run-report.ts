/** A run as text for a person at a terminal. */
import { DESIGN_WORDS } from '../../shared/design.ts';
import {
  type Comparison,
  type DesignSummary,
  type Direction,
  DIRECTIONS,
  type DirectionSummary,
  type MemoryFigures,
  type RunRecord,
  THROUGHPUT_OF,
} from '../../shared/run-record.ts';
import { percpuReport } from './percpu-report.ts';
import { textTable } from './text-table.ts';
import { zramReport } from './zram-report.ts';

/** The whole report, ready to print. */
export function runReport(record: RunRecord): string {
  const parts = [
    heading(record),
    ...DIRECTIONS.map((direction) => throughputTable(record, direction)),
    comparisons(record),
    memoryTable(record),
    zramReport(record),
    ...percpuReport(record.designs),
    notes(record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(record: RunRecord): string {
  const { environment, profile } = record;
  const cpus = `${profile.machine.onlineCpus} CPUs${record.oversubscribed ? ', OVERSUBSCRIBED' : ''}`;
  const lines = [
    record.name,
    `${record.outcome}, ${record.samples.length} samples; engine ${record.engine} (measured, wall clock), ${cpus}`,
    `${environment.cpuModel}, ${environment.hostCores} cores, ${environment.operatingSystem} ${environment.kernel}, ${environment.runtime}`,
  ];
  if (record.error !== undefined) lines.push(`failed: ${record.error.message}`);
  return lines.join('\n');
}

/** Unit of a throughput as heads of tables have it, and its digits after the point. */
const THROUGHPUT_WORDS = {
  megabytesPerSecond: { unit: 'MB/s', digits: 1 },
  operationsPerSecond: { unit: 'operations/s', digits: 0 },
} as const;

function throughputTable(record: RunRecord, direction: Direction): string {
  const rows = record.designs.flatMap((design) => {
    const summary = design[direction];
    return summary === undefined ? [] : [throughputRow(design, direction, summary)];
  });
  if (rows.length === 0) return '';
  const { unit } = THROUGHPUT_WORDS[THROUGHPUT_OF[direction]];
  const head = [direction, `median ${unit}`, 'low', 'high', 'p50 µs', 'p99 µs', 'lock wait %'];
  return textTable([head, ...rows]);
}

function throughputRow(design: DesignSummary, direction: Direction, summary: DirectionSummary): string[] {
  const figure = THROUGHPUT_OF[direction];
  const { digits } = THROUGHPUT_WORDS[figure];
  const { median, low, high } = summary[figure];
  return [
    DESIGN_WORDS[design.design].title,
    median.toFixed(digits),
    low.toFixed(digits),
    high.toFixed(digits),
    (summary.latencyNs.p50 / 1000).toFixed(2),
    (summary.latencyNs.p99 / 1000).toFixed(2),
    (summary.lockWaitShare * 100).toFixed(1),
  ];
}

function comparisons(record: RunRecord): string {
  return record.comparisons.map(comparisonLine).join('\n');
}

/** `write: per-CPU, global against single mutex: faster — ratio 1.84 [1.79, 1.90], …` */
function comparisonLine({ direction, design, baseline, verdict, ratio, interval, reason }: Comparison): string {
  const range =
    interval === undefined
      ? ''
      : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}], ${(interval.confidence * 100).toFixed(1)} % interval`;
  const designs = `${DESIGN_WORDS[design].title} against ${DESIGN_WORDS[baseline].title}`;
  return `${direction}: ${designs}: ${verdict.toUpperCase()}, ratio ${ratio.toFixed(3)}${range}\n  ${reason}`;
}

const MEMORY_COLUMNS: readonly (readonly [string, (memory: MemoryFigures) => number])[] = [
  ['original', (memory) => memory.originalBytes],
  ['compressed', (memory) => memory.compressedBytes],
  ['pool', (memory) => memory.poolBytes],
  ['buffers', (memory) => memory.bufferBytes],
  ['work memory', (memory) => memory.workMemoryBytes],
  ['per-CPU area', (memory) => memory.percpuAreaBytes],
  ['slot tables', (memory) => memory.slotTableBytes],
  ['I/O buffers', (memory) => memory.ioBufferBytes],
  ['frames used', (memory) => memory.usedBytes],
];

function memoryTable(record: RunRecord): string {
  if (record.designs.length === 0) return '';
  const head = ['memory, KiB (counted)', ...MEMORY_COLUMNS.map(([name]) => name)];
  const rows = record.designs.flatMap((design) => [
    memoryRow(`${DESIGN_WORDS[design.design].title}, at end`, design.memoryAtEnd),
    memoryRow(`${DESIGN_WORDS[design.design].title}, at peak`, design.memoryAtPeak),
  ]);
  return textTable([head, ...rows]);
}

function memoryRow(title: string, memory: MemoryFigures): string[] {
  return [title, ...MEMORY_COLUMNS.map(([, read]) => (read(memory) / 1024).toFixed(0))];
}

function notes(record: RunRecord): string {
  return record.notes.map((note) => `note: ${note}`).join('\n');
}
