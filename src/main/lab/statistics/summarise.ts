/**
 * From the samples of an experiment to what is shown: a summary per design and a comparison per design and direction.
 *
 * A cancelled run gives what its finished repetitions give: designs without a sample and directions without a figure
 * are left out, and only blocks in which both designs were measured are compared.
 */
import { countedMedian } from '../../../shared/counted-median.ts';
import type { Design } from '../../../shared/design.ts';
import {
  type Comparison,
  type DesignSummary,
  type Direction,
  DIRECTIONS,
  type MemoryFigures,
  type Sample,
  THROUGHPUT_OF,
  type WrongTotals,
} from '../../../shared/run-record.ts';
import { summariseThisCpu } from './summarise-this-cpu.ts';
import { type Block, comparePaired, type ComparisonQuestion, type HostShares } from './paired-comparison.ts';
import { summariseDirection } from './direction-summary.ts';
import { spread } from './spread.ts';

export interface SummaryOptions {
  /** As in the profile: the first is the baseline. */
  readonly designs: readonly Design[];
  /** Percent; see `comparePaired`. */
  readonly equivalencePercent: number;
  /** Those that had jobs; 1 where it is not told. */
  readonly cpus?: number | undefined;
  /** Whether CPUs go down on purpose: time without a core says nothing of the host then. */
  readonly hasHotplug?: boolean | undefined;
  /** Whether CPUs share cores of the host among themselves: their time without one says nothing of others then. */
  readonly oversubscribed?: boolean | undefined;
}

export interface Summary {
  readonly designs: readonly DesignSummary[];
  readonly comparisons: readonly Comparison[];
}

/**
 * Summaries in the order of `options.designs`, comparisons by direction and then by design. A repetition in which a
 * design moved nothing (0 MB/s) counts in its spread but has no ratio, so that it is no block of a comparison.
 *
 * @throws when a figure is not a finite number, or a design has two samples of one repetition
 */
export function summarise(samples: readonly Sample[], options: SummaryOptions): Summary {
  const designs = options.designs.flatMap((design) => summariseDesign(design, samples, options));
  const [baseline, ...others] = options.designs;
  if (baseline === undefined) return { designs, comparisons: [] };
  const comparisons = DIRECTIONS.flatMap((direction) =>
    others.flatMap((design) => {
      const { equivalencePercent, cpus, oversubscribed } = options;
      const wrong = wrongOf(designs, design) ?? wrongOf(designs, baseline);
      const host = options.hasHotplug === true ? undefined : hostOf(designs, { design, baseline, direction });
      const asked = { direction, design, baseline, equivalencePercent };
      const question = { ...asked, wrong, host, cpus, oversubscribed };
      const blocks = pairUp(throughputs(samples, baseline, direction), throughputs(samples, design, direction));
      return blocks.length === 0 ? [] : [comparePaired(blocks, question)];
    }),
  );
  return { designs, comparisons };
}

/** How the host treated both; where that is not known of one of them, it counts as the other. */
function hostOf(
  designs: readonly DesignSummary[],
  { design, baseline, direction }: Pick<ComparisonQuestion, 'design' | 'baseline' | 'direction'>,
): ComparisonQuestion['host'] {
  const [own, others] = [design, baseline].map((of) => designs.find((each) => each.design === of)?.[direction]);
  const sharesOf = (figures: typeof own, other: typeof own): HostShares => ({
    withheld: figures?.withheldShare ?? other?.withheldShare ?? 0,
    lockWait: figures?.lockWaitShare ?? 0,
  });
  return { design: sharesOf(own, others), baseline: sharesOf(others, own) };
}

function wrongOf(designs: readonly DesignSummary[], design: Design): WrongTotals | undefined {
  return designs.find((summary) => summary.design === design)?.thisCpu?.wrong;
}

/** One summary, or none without samples. */
function summariseDesign(
  design: Design,
  samples: readonly Sample[],
  options: SummaryOptions,
): readonly DesignSummary[] {
  const own = samples.filter((sample) => sample.design === design);
  if (own.length === 0) return [];
  return [
    {
      design,
      write: summariseDirection(own.flatMap((sample) => sample.write ?? [])),
      read: summariseDirection(own.flatMap((sample) => sample.read ?? [])),
      create: summariseDirection(own.flatMap((sample) => sample.create ?? [])),
      destroy: summariseDirection(own.flatMap((sample) => sample.destroy ?? [])),
      access: summariseDirection(own.flatMap((sample) => sample.access ?? [])),
      percpu: own.at(-1)?.percpu,
      ...thisCpuOf(own, samples, options),
      memoryAtEnd: memoryMedians(own.map((sample) => sample.memoryAtEnd)),
      memoryAtPeak: memoryMedians(own.map((sample) => sample.memoryAtPeak)),
      ...storedSharesOf(own.map((sample) => sample.memoryAtEnd)),
    },
  ];
}

/** Each sample's own share: medians of bytes may be of different samples, and their ratio then of none. */
function storedSharesOf(rows: readonly MemoryFigures[]): Pick<DesignSummary, 'storedShares'> {
  if (rows.some(({ originalBytes }) => originalBytes === 0)) return {};
  const compressed = spread(rows.map(({ compressedBytes, originalBytes }) => compressedBytes / originalBytes));
  const pool = spread(rows.map(({ poolBytes, originalBytes }) => poolBytes / originalBytes));
  return { storedShares: { compressed, pool } };
}

/** Nothing of other workloads. */
function thisCpuOf(
  own: readonly Sample[],
  samples: readonly Sample[],
  { designs: [baseline], equivalencePercent }: SummaryOptions,
): Pick<DesignSummary, 'thisCpu'> {
  const others = samples.filter((sample) => sample.design === baseline);
  const thisCpu = baseline === undefined ? undefined : summariseThisCpu(own, others, equivalencePercent);
  return thisCpu === undefined ? {} : { thisCpu };
}

function memoryMedians(rows: readonly MemoryFigures[]): MemoryFigures {
  const median = (column: keyof MemoryFigures): number => countedMedian(rows.map((row) => row[column]));
  return {
    originalBytes: median('originalBytes'),
    compressedBytes: median('compressedBytes'),
    poolBytes: median('poolBytes'),
    bufferBytes: median('bufferBytes'),
    workMemoryBytes: median('workMemoryBytes'),
    percpuAreaBytes: median('percpuAreaBytes'),
    slotTableBytes: median('slotTableBytes'),
    ioBufferBytes: median('ioBufferBytes'),
    usedBytes: median('usedBytes'),
    totalBytes: median('totalBytes'),
  };
}

/** Repetition → throughput of `design`, where it was measured. */
function throughputs(samples: readonly Sample[], design: Design, direction: Direction): ReadonlyMap<number, number> {
  const byRepetition = new Map<number, number>();
  for (const sample of samples) {
    const figures = sample[direction];
    if (sample.design !== design || figures === undefined) continue;
    if (byRepetition.has(sample.repetition)) {
      throw new Error(`two samples of ${design} in repetition ${sample.repetition}`);
    }
    byRepetition.set(sample.repetition, figures[THROUGHPUT_OF[direction]]);
  }
  return byRepetition;
}

/** The blocks that have a ratio, in the order of the baseline's repetitions. */
function pairUp(baseline: ReadonlyMap<number, number>, design: ReadonlyMap<number, number>): readonly Block[] {
  return [...baseline].flatMap(([repetition, baselineRate]) => {
    const designRate = design.get(repetition);
    if (designRate === undefined || designRate <= 0 || baselineRate <= 0) return [];
    return [{ baseline: baselineRate, design: designRate }];
  });
}
