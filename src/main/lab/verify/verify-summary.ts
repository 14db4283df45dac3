/** From the rounds of both sides to medians, ratios and differences. Pure. */
import type { LatencyNs } from '../../../shared/run-record.ts';
import type {
  LabSide,
  VerifyCodec,
  VerifyComparison,
  VerifyDirection,
  VerifySide,
  VerifiedDirection,
} from '../../../shared/verify-report.ts';
import { MM_STAT_COLUMNS, type MmStat } from '../../../shared/zram-stat.ts';
import { shareWithheld } from '../../engine/live/phase-figures.ts';
import type { SampleFigures } from '../../engine/live/sample-plan.ts';
import { medianOf, spread } from '../statistics/spread.ts';

/** One side in one round. */
export interface VerifyRun {
  readonly figures: SampleFigures;
  readonly mmStat: MmStat;
}

/** At least one round, each of so many jobs. */
export function summariseSide(runs: readonly VerifyRun[], jobs: number): VerifySide {
  const last = runs.at(-1);
  if (last === undefined) throw new Error('no round was measured');
  const write = summariseDirection(runs, 'write', jobs);
  const read = summariseDirection(runs, 'read', jobs);
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
  { codec, jobs }: { readonly codec: VerifyCodec; readonly jobs: number },
): VerifyComparison {
  const kernel = summariseSide(kernelRuns, jobs);
  const lab: LabSide = { codec, ...summariseSide(labRuns, jobs) };
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

function summariseDirection(runs: readonly VerifyRun[], direction: VerifiedDirection, jobs: number): VerifyDirection {
  const latency = (figure: keyof LatencyNs): number =>
    medianOf(runs, (run) => run.figures[direction]?.latencyNs[figure] ?? NaN);
  return {
    megabytesPerSecond: spread(runs.map((run) => rate(run, direction))),
    latencyNs: {
      mean: latency('mean'),
      p50: latency('p50'),
      p90: latency('p90'),
      p99: latency('p99'),
      p999: latency('p999'),
      max: latency('max'),
    },
    withheldShare: withheldShare(runs, direction, jobs),
  };
}

/** Of all rounds together, each of which counts for as long as it took. */
function withheldShare(runs: readonly VerifyRun[], direction: VerifiedDirection, jobs: number): number | undefined {
  const times = runs.flatMap(({ figures }) => figures.spentTime?.[direction] ?? []);
  const clockNs = times.reduce((sum, time) => sum + time.clockNs, 0);
  const accountedNs = times.reduce((sum, time) => sum + time.accountedNs, 0);
  return shareWithheld({ clockNs, accountedNs }, jobs * runs.length);
}

/** The plan measures both directions in every run. */
export function rate(run: VerifyRun | undefined, direction: VerifiedDirection): number {
  const figures = run?.figures[direction];
  if (figures === undefined) throw new Error(`a run measured no ${direction}`);
  return figures.megabytesPerSecond;
}
