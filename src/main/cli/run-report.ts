/** A run as text for a person at a terminal. */
import { DESIGN_WORDS } from '../../shared/design.ts';
import type {
  Comparison,
  DesignSummary,
  Direction,
  DirectionSummary,
  MemoryFigures,
  RunRecord,
} from '../../shared/run-record.ts';
import { textTable } from './text-table.ts';

const DIRECTIONS: readonly Direction[] = ['write', 'read'];

/** The whole report, ready to print. */
export function runReport(record: RunRecord): string {
  const parts = [
    heading(record),
    ...DIRECTIONS.map((direction) => throughputTable(record, direction)),
    comparisons(record),
    memoryTable(record),
    notes(record),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading(record: RunRecord): string {
  const { environment, profile } = record;
  const cpus = `${profile.machine.onlineCpus} CPUs${record.oversubscribed ? ', OVERSUBSCRIBED' : ''}`;
  const lines = [
    record.name,
    `${record.outcome}, ${record.samples.length} samples; engine live (measured, wall clock), ${cpus}`,
    `${environment.cpuModel}, ${environment.hostCores} cores, ${environment.operatingSystem} ${environment.kernel}, ${environment.runtime}`,
  ];
  if (record.error !== undefined) lines.push(`failed: ${record.error.message}`);
  return lines.join('\n');
}

function throughputTable(record: RunRecord, direction: Direction): string {
  const rows = record.designs.flatMap((design) => {
    const summary = design[direction];
    return summary === undefined ? [] : [throughputRow(design, summary)];
  });
  if (rows.length === 0) return '';
  const head = [direction, 'median MB/s', 'low', 'high', 'p50 µs', 'p99 µs', 'lock wait %'];
  return textTable([head, ...rows]);
}

function throughputRow(
  design: DesignSummary,
  { megabytesPerSecond, latencyNs, lockWaitShare }: DirectionSummary,
): string[] {
  return [
    DESIGN_WORDS[design.design].title,
    megabytesPerSecond.median.toFixed(1),
    megabytesPerSecond.low.toFixed(1),
    megabytesPerSecond.high.toFixed(1),
    (latencyNs.p50 / 1000).toFixed(2),
    (latencyNs.p99 / 1000).toFixed(2),
    (lockWaitShare * 100).toFixed(1),
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
