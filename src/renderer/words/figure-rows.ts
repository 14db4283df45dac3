/** The rows of the result's table: every figure of a design in words with its unit. */
import { isLockWaitMeasured, isMemoryMeasured, isMemoryOfWorkload } from '../../shared/measured-figures.ts';
import {
  type DesignSummary,
  type Direction,
  type DirectionSummary,
  type LatencyNs,
  type RunRecord,
  type StoredShares,
  DIRECTIONS,
  THROUGHPUT_OF,
} from '../../shared/run-record.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatNanoseconds } from '../format/nanoseconds.ts';
import { formatSignificant } from '../format/number.ts';
import { formatShare } from '../format/percent.ts';
import { formatThroughput } from '../format/throughput.ts';
import type { GlossaryTerm } from './glossary.ts';
import { MEMORY_COLUMNS } from './memory-kinds.ts';

/** One row: a figure's name and its value for each design. */
export interface FigureRow {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly values: readonly string[];
}

/** Rows under one heading. */
export interface FigureGroup {
  readonly title: string;
  readonly rows: readonly FigureRow[];
}

const NOTHING = '–';
const LATENCIES: readonly (keyof LatencyNs)[] = ['mean', 'p50', 'p90', 'p99', 'p999', 'max'];
const LATENCY_TERMS: Readonly<Record<keyof LatencyNs, GlossaryTerm>> = {
  mean: 'latency',
  p50: 'percentile',
  p90: 'percentile',
  p99: 'percentile',
  p999: 'percentile',
  max: 'longest',
};

/** All figures, a column per design in the record's order; a direction that nobody measured has no group. */
export function figureGroups(record: Pick<RunRecord, 'designs' | 'profile'>): readonly FigureGroup[] {
  const { designs } = record;
  const measured = DIRECTIONS.filter((direction) => designs.some((design) => design[direction] !== undefined));
  return [...measured.map((direction) => directionGroup(designs, direction)), ...memoryGroups(record)];
}

function directionGroup(designs: readonly DesignSummary[], direction: Direction): FigureGroup {
  const throughput = THROUGHPUT_OF[direction];
  const row = (title: string, term: GlossaryTerm, value: (summary: DirectionSummary) => string): FigureRow => ({
    title,
    term,
    values: designs.map((design) => {
      const summary = design[direction];
      return summary === undefined ? NOTHING : value(summary);
    }),
  });
  /** None where no design knows the share. */
  const shareRow = (
    title: string,
    term: GlossaryTerm,
    share: (summary: DirectionSummary) => number | undefined,
  ): readonly FigureRow[] => {
    const known = row(title, term, (summary) => {
      const value = share(summary);
      return value === undefined ? NOTHING : formatShare(value);
    });
    return known.values.every((value) => value === NOTHING) ? [] : [known];
  };
  return {
    title: direction,
    rows: [
      row('throughput, median', 'median', (summary) => formatThroughput(summary[throughput].median, direction)),
      row('throughput, low – high', 'lowHigh', ({ [throughput]: { low, high } }) => {
        return `${formatSignificant(low)} – ${formatSignificant(high)}`;
      }),
      row('samples', 'sample', (summary) => String(summary[throughput].samples.length)),
      ...LATENCIES.map((key) =>
        row(`latency, ${key === 'p999' ? 'p99.9' : key}`, LATENCY_TERMS[key], (summary) =>
          formatNanoseconds(summary.latencyNs[key]),
        ),
      ),
      ...shareRow('in requests', 'requestShare', ({ requestShare }) => requestShare),
      lockWaitRow(designs, direction),
      ...shareRow('no core', 'withheld', ({ withheldShare }) => withheldShare),
    ],
  };
}

function lockWaitRow(designs: readonly DesignSummary[], direction: Direction): FigureRow {
  const values = designs.map(({ design, [direction]: summary }) =>
    summary === undefined || !isLockWaitMeasured(design) ? NOTHING : formatShare(summary.lockWaitShare),
  );
  return { title: 'waiting for locks', term: 'lockWait', values };
}

const STORED_SHARES: readonly {
  readonly title: string;
  readonly key: keyof StoredShares;
}[] = [
  { title: 'compressed, of original', key: 'compressed' },
  { title: 'pool, of original', key: 'pool' },
];

/** What compares where designs stored different amounts. */
function storedShareRows(designs: readonly DesignSummary[]): readonly FigureRow[] {
  if (designs.every(({ storedShares }) => storedShares === undefined)) return [];
  return STORED_SHARES.map(({ title, key }) => ({
    title,
    term: 'storedShare',
    values: designs.map(({ storedShares }) =>
      storedShares === undefined ? NOTHING : formatShare(storedShares[key].median),
    ),
  }));
}

function memoryGroups({ designs, profile }: Pick<RunRecord, 'designs' | 'profile'>): readonly FigureGroup[] {
  const columns = MEMORY_COLUMNS.filter(({ key }) => isMemoryOfWorkload(profile.workload.kind, key));
  const group = (title: string, at: 'memoryAtEnd' | 'memoryAtPeak'): FigureGroup => ({
    title,
    rows: columns.map((column) => ({
      title: column.title,
      term: column.term,
      values: designs.map(({ design, [at]: memory }) =>
        isMemoryMeasured(design, column.key) ? formatBytes(memory[column.key]) : NOTHING,
      ),
    })),
  });
  const atEnd = group('memory at end', 'memoryAtEnd');
  return [{ ...atEnd, rows: [...atEnd.rows, ...storedShareRows(designs)] }, group('memory at peak', 'memoryAtPeak')];
}
