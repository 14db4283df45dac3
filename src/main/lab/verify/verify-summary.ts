/** From the rounds of both sides to medians, ratios and differences. Pure. */
import type { DirectionFigures } from '../../../shared/run-record.ts';
import type {
  LabSide,
  VerifyCodec,
  VerifyComparison,
  VerifyDirection,
  VerifySide,
  VerifiedDirection,
} from '../../../shared/verify-report.ts';
import { MM_STAT_COLUMNS, type MmStat } from '../../../shared/zram-stat.ts';
import type { SampleFigures } from '../../engine/live/sample-plan.ts';
import { summariseDirection } from '../statistics/direction-summary.ts';
import { spread } from '../statistics/spread.ts';

/** One side in one round. */
export interface VerifyRun {
  readonly figures: SampleFigures;
  readonly mmStat: MmStat;
}

/** At least one round. */
export function summariseSide(runs: readonly VerifyRun[]): VerifySide {
  const last = runs.at(-1);
  if (last === undefined) throw new Error('no round was measured');
  const write = summariseVerified(runs, 'write');
  const read = summariseVerified(runs, 'read');
  return {
    writeMBps: write.megabytesPerSecond.median,
    readMBps: read.megabytesPerSecond.median,
    write,
    read,
    mm_stat: last.mmStat,
  };
}

/** The n-th run of the lab and the n-th of the kernel are of one round. */
export function compareSides(
  kernelRuns: readonly VerifyRun[],
  labRuns: readonly VerifyRun[],
  codec: VerifyCodec,
): VerifyComparison {
  const kernel = summariseSide(kernelRuns);
  const lab: LabSide = { codec, ...summariseSide(labRuns) };
  const ratios = (direction: VerifiedDirection) =>
    spread(kernelRuns.map((run, round) => rate(labRuns[round], direction) / rate(run, direction)));
  const samples = { write: ratios('write'), read: ratios('read') };
  const memory = pairColumns(kernel.mm_stat, lab.mm_stat);
  return {
    lab,
    ratio: { write: samples.write.median, read: samples.read.median, samples },
    memory,
    memoryIsEqual: MM_STAT_COLUMNS.every((column) => memory[column].difference === 0),
  };
}

function pairColumns(kernel: MmStat, lab: MmStat): VerifyComparison['memory'] {
  const pair = (column: keyof MmStat) => ({
    kernel: kernel[column],
    lab: lab[column],
    difference: lab[column] - kernel[column],
  });
  return {
    orig_data_size: pair('orig_data_size'),
    compr_data_size: pair('compr_data_size'),
    mem_used_total: pair('mem_used_total'),
    mem_limit: pair('mem_limit'),
    mem_used_max: pair('mem_used_max'),
    same_pages: pair('same_pages'),
    pages_compacted: pair('pages_compacted'),
    huge_pages: pair('huge_pages'),
    huge_pages_since: pair('huge_pages_since'),
  };
}

function summariseVerified(runs: readonly VerifyRun[], direction: VerifiedDirection): VerifyDirection {
  const summary = summariseDirection(runs.map((run) => figuresOf(run, direction)));
  if (summary === undefined) throw new Error('no round was measured');
  const { megabytesPerSecond, latencyNs, withheldShare } = summary;
  return { megabytesPerSecond, latencyNs, withheldShare };
}

/** Megabytes per second. */
export function rate(run: VerifyRun | undefined, direction: VerifiedDirection): number {
  return figuresOf(run, direction).megabytesPerSecond;
}

/** The plan measures both directions in every run. */
function figuresOf(run: VerifyRun | undefined, direction: VerifiedDirection): DirectionFigures {
  const figures = run?.figures[direction];
  if (figures === undefined) throw new Error(`a run measured no ${direction}`);
  return figures;
}
