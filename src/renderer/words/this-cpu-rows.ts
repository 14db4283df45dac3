/** What a this-cpu workload comes to, as rows of tables: in words, a value for each design. */
import { type Design, DESIGN_WORDS } from '../../shared/design.ts';
import type { DesignSummary, MixSummary, ThisCpuSummary } from '../../shared/run-record.ts';
import { ACCESS_COUNTERS, type AccessCounter, countsOfAccesses, sumOfCounts } from '../../shared/this-cpu-report.ts';
import { ACCESS_COUNTER_WORDS, totalWords } from '../../shared/this-cpu-words.ts';
import type { ThisCpuMix } from '../../shared/this-cpu-profile.ts';
import { formatCount, formatFixed } from '../format/number.ts';
import { formatInterval, formatRatio } from '../format/ratio.ts';
import { VERDICT_WORDS } from './labels.ts';
import { mixWork } from './mix-words.ts';

/** A design that has such figures. */
export interface ThisCpuDesign {
  readonly design: Design;
  readonly thisCpu: ThisCpuSummary;
}

/** A mix in one design. */
export interface MixCell {
  readonly design: Design;
  /** Nanoseconds of processor time. */
  readonly time: string;
  /** Lowest and highest sample. */
  readonly range: string;
  /** Against the first design; absent for that one. */
  readonly ratio?: string | undefined;
  readonly total: string;
  /** Whether no update was lost. */
  readonly isExact: boolean;
}

export interface MixRow {
  readonly name: string;
  /** What a unit of its work does. */
  readonly work: string;
  readonly cells: readonly MixCell[];
}

export interface CountRow {
  readonly title: string;
  readonly explanation: string;
  readonly values: readonly string[];
}

/** Those of the designs that ran a this-cpu workload. */
export function thisCpuDesigns(summaries: readonly DesignSummary[]): readonly ThisCpuDesign[] {
  return summaries.flatMap(({ design, thisCpu }) => (thisCpu === undefined ? [] : [{ design, thisCpu }]));
}

/** A row per mix that was measured; `mixes` are those of the profile. */
export function mixRows(designs: readonly ThisCpuDesign[], mixes: readonly ThisCpuMix[]): readonly MixRow[] {
  const rows = mixes.map((mix) => ({
    name: mix.name,
    work: mixWork(mix),
    cells: designs.flatMap(({ design, thisCpu }) =>
      thisCpu.mixes.filter(({ name }) => name === mix.name).map((each) => mixCell(design, each)),
    ),
  }));
  return rows.filter(({ cells }) => cells.length > 0);
}

function mixCell(design: Design, { nsPerOperation, issued, counted, comparison }: MixSummary): MixCell {
  const { median, low, high } = nsPerOperation;
  const range = `${formatFixed(low, 1)} – ${formatFixed(high, 1)}`;
  const total = { design, total: totalWords(issued, counted), isExact: issued === counted };
  if (comparison === undefined) return { time: formatFixed(median, 1), range, ...total };
  const { interval, verdict, ratio } = comparison;
  const { sign, word } = VERDICT_WORDS[verdict];
  const bounds = interval === undefined ? '' : ` ${formatInterval(interval)}`;
  const words =
    verdict === 'wrong'
      ? `${sign} ${word}, ${formatRatio(ratio)}${bounds}`
      : `${sign} ${formatRatio(ratio)} as fast${bounds}, ${word}`;
  return { time: formatFixed(median, 1), range, ratio: words, ...total };
}

/** Totals of switches and the like; the other counters are of one operation. */
const TOTALS: readonly AccessCounter[] = [
  'operations',
  'fixups',
  'strayAccesses',
  'walkSteps',
  'switches',
  'migrations',
];

/** A row per counter, all mixes, samples and CPUs together. */
export function countRows(designs: readonly ThisCpuDesign[]): readonly CountRow[] {
  const sums = designs.map(({ thisCpu }) => ({
    all: sumOfCounts(thisCpu.cpus),
    accesses: countsOfAccesses(thisCpu.mixes),
  }));
  const row = (counter: AccessCounter, each: boolean): CountRow => ({
    title: `${ACCESS_COUNTER_WORDS[counter].title}${each ? ', each' : ''}`,
    explanation: ACCESS_COUNTER_WORDS[counter].explanation,
    values: sums.map(({ all, accesses }) =>
      each ? formatFixed(accesses[counter] / Math.max(1, accesses.operations), 3) : formatCount(all[counter]),
    ),
  });
  const perOperation = ACCESS_COUNTERS.filter((counter) => !TOTALS.includes(counter));
  return [...perOperation.map((counter) => row(counter, true)), ...TOTALS.map((counter) => row(counter, false))];
}

/** A row per design and CPU: what `TOTALS` has. */
export function cpuRows(designs: readonly ThisCpuDesign[]): readonly { title: string; values: readonly string[] }[] {
  return designs.flatMap(({ design, thisCpu }) =>
    thisCpu.cpus.map((counts, cpu) => ({
      title: `${DESIGN_WORDS[design].title}, CPU ${cpu}`,
      values: TOTALS.map((counter) => formatCount(counts[counter])),
    })),
  );
}

/** Heads of `cpuRows`. */
export const CPU_HEADS: readonly string[] = TOTALS.map((counter) => ACCESS_COUNTER_WORDS[counter].title);
