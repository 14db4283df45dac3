/**
 * What the samples of a run say that the reader must know beside their medians: a sentence each, and none where there is
 * nothing to say. Everything in them is read from the record.
 */
import { counted } from '../../../shared/counted.ts';
import { countedMedian } from '../../../shared/counted-median.ts';
import { type Design, DESIGN_WORDS } from '../../../shared/design.ts';
import {
  BUSY_WORDS,
  busyDirections,
  LEAST_PHASE_NS,
  NOTABLE_SHARE,
  storedDifferentAmounts,
} from '../../../shared/doubtful-figures.ts';
import type { Profile } from '../../../shared/profile.ts';
import {
  type DesignSummary,
  type Direction,
  type DirectionFigures,
  DIRECTIONS,
  type RunRecord,
  type Sample,
} from '../../../shared/run-record.ts';
import { parseMmStat } from '../../../shared/zram-stat-text.ts';
import { medianOf } from '../statistics/spread.ts';

/** Share of requests in the jobs' time from which on throughput tells of little else. */
const NOTABLE_REQUEST_SHARE = 0.9;

/** How much longer than asked a run may take without a word about it. */
const NOTABLE_FACTOR = 1.25;

type Recorded = Pick<RunRecord, 'designs' | 'samples' | 'profile' | 'engine' | 'outcome' | 'oversubscribed'> & {
  /** Of the whole run, seconds. */
  readonly tookSeconds: number;
  /** Those that had jobs. */
  readonly cpus: number;
  /** All that designs wrote, much or little, is a fair sample of the same page data. */
  readonly isSampledEvenly: boolean;
};

const EVEN_WORDS =
  "Every design wrote pages spread evenly over the page data, more or fewer of them: what compares is the pool's share of the original";
const UNEVEN_WORDS = "As far as the page data is alike throughout, what compares is the pool's share of the original";

/** Of what was recorded of a run that has ended. */
export function sampleNotes(recorded: Recorded): readonly string[] {
  return [
    ...shortPhaseNotes(recorded),
    ...requestTimeNotes(recorded),
    ...busyHostNotes(recorded),
    ...accessNotes(recorded),
    ...amountNotes(recorded),
    ...repetitionNotes(recorded),
    ...highestUseNotes(recorded),
    ...durationNotes(recorded),
  ];
}

function figuresOf(samples: readonly Sample[], design: Design, direction: Direction): readonly DirectionFigures[] {
  return samples.filter((sample) => sample.design === design).flatMap((sample) => sample[direction] ?? []);
}

/** Medians of what each design did in the directions that took one of them less than a phase takes that says something. */
function shortPhaseNotes({ designs, samples }: Recorded): readonly string[] {
  const parts = DIRECTIONS.flatMap((direction) => {
    const done = designs.flatMap((each) => {
      const own = figuresOf(samples, each.design, direction);
      if (own.length === 0) return [];
      const operations = countedMedian(own.map((figures) => figures.operations));
      return [{ title: titleOf(each), operations, durationNs: medianOf(own, (figures) => figures.durationNs) }];
    });
    if (done.every(({ durationNs }) => durationNs >= LEAST_PHASE_NS)) return [];
    const words = done.map(({ title, operations, durationNs }) => {
      return `${counted(operations, 'operation')} in ${(durationNs / 1000).toFixed(0)} µs (${title})`;
    });
    return [`${direction} ${words.join(', ')}`];
  });
  if (parts.length === 0) return [];
  return [
    `Samples are short, in the median ${parts.join('; ')}: their throughput and latency, and ratios of these, say little. What is ` +
      'counted holds all the same.',
  ];
}

/** What of a fio job's time was a device's; a throughput counts all of it. */
function requestTimeNotes({ designs, samples, profile, cpus }: Recorded): readonly string[] {
  if (profile.workload.kind !== 'fio') return [];
  const found = designs.flatMap((each) => {
    const shares = DIRECTIONS.flatMap((direction) => {
      const own = figuresOf(samples, each.design, direction);
      if (own.length === 0) return [];
      const share = medianOf(own, ({ latencyNs, operations, durationNs }) => {
        return (latencyNs.mean * operations) / (durationNs * cpus);
      });
      return [{ direction, share }];
    });
    return shares.length === 0 ? [] : [{ title: titleOf(each), shares }];
  });
  if (found.every(({ shares }) => shares.every(({ share }) => share >= NOTABLE_REQUEST_SHARE))) return [];
  const parts = found.map(({ title, shares }) => {
    const words = shares.map(({ direction, share }) => `${(share * 100).toFixed(0)} % (${direction})`);
    return `${words.join(' and ')} under ${title}`;
  });
  return [
    `Throughput is that of jobs as a whole: of the CPUs' time requests took, in the median, ${parts.join(', ')}; the rest is mostly ` +
      "the jobs' own, much alike in all designs: filling and comparing pages, keeping time, freeing memory. What a design gains in a " +
      'request is more than its throughput tells.',
  ];
}

/** Where CPUs come and go, those that are down do not run either. */
function busyHostNotes({ designs, engine, profile }: Recorded): readonly string[] {
  if (profile.hotplug !== undefined) return [];
  const parts = busyDirections(designs).map((direction) => {
    const shares = designs.flatMap((each) => {
      const share = each[direction]?.withheldShare;
      return share === undefined ? [] : [`${percent(share)} % (${titleOf(each)})`];
    });
    return `${direction} ${shares.join(', ')}`;
  });
  if (parts.length === 0) return [];
  return [`${BUSY_WORDS[engine]}: ${parts.join('; ')}. Throughput and latency are those of a busy host.`];
}

/** What oversubscription does to the times of this-cpu workloads is told by its own note. */
function accessNotes({ designs, samples, oversubscribed }: Recorded): readonly string[] {
  if (oversubscribed) return [];
  const shares = designs.flatMap((each) => {
    const own = samples.filter(({ design, thisCpu }) => design === each.design && thisCpu !== undefined);
    return own.length === 0 ? [] : [{ title: titleOf(each), share: 1 - ranShare(own) }];
  });
  if (shares.every(({ share }) => share < NOTABLE_SHARE)) return [];
  const parts = shares.map(({ title, share }) => `${percent(share)} % (${title})`);
  return [
    `The CPUs' threads did not run for a notable part of the time of the mixes, because they had no task or others had ` +
      `the cores of this host: ${parts.join(', ')}. Operations per second are by the clock and suffer from it, times per ` +
      'operation are processor time and do not.',
  ];
}

/** Processor time over the time of the mixes by the clock, all CPUs and samples. */
function ranShare(samples: readonly Sample[]): number {
  let clockNs = 0;
  let processorNs = 0;
  for (const { cpus, thisCpu } of samples) {
    for (const mix of thisCpu?.mixes ?? []) {
      clockNs += mix.durationNs * cpus;
      processorNs += mix.processorNs;
    }
  }
  return clockNs === 0 ? 1 : processorNs / clockNs;
}

/** Bytes of designs that stored different amounts do not compare; shares do as far as they are shares of the same data. */
function amountNotes({ designs, profile, isSampledEvenly }: Recorded): readonly string[] {
  if (!storedDifferentAmounts(designs)) return [];
  const stored = designs
    .map((each) => `${mebibytes(each.memoryAtEnd.originalBytes)} MiB (${titleOf(each)})`)
    .join(', ');
  const shares = designs.flatMap((each) => {
    const pool = each.storedShares?.pool;
    return pool === undefined ? [] : [`${(pool.median * 100).toFixed(2)} % (${titleOf(each)})`];
  });
  const compare =
    shares.length < designs.length ? '' : ` ${isSampledEvenly ? EVEN_WORDS : UNEVEN_WORDS}: ${shares.join(', ')}.`;
  return [
    `Designs stored different amounts of data${timedWords(profile)}: ${stored}, medians of the original at the end. Their bytes ` +
      `of compressed data, pool and all frames do not compare.${compare}`,
  ];
}

function timedWords({ experiment }: Profile): string {
  return experiment.seconds === undefined ? '' : ', each what it could write in the same time';
}

/** mm_stat and whatever else is of the last repetition then differs from the medians shown beside it. */
function repetitionNotes({ designs, samples }: Recorded): readonly string[] {
  const differing = designs.filter(({ design }) => {
    const own = samples.filter((sample) => sample.design === design && sample.zram !== undefined);
    return new Set(own.map(({ memoryAtEnd }) => memoryAtEnd.originalBytes)).size > 1;
  });
  if (differing.length === 0) return [];
  const names = differing.length === designs.length ? '' : ` of ${differing.map(titleOf).join(', ')}`;
  return [
    `Repetitions${names} stored different amounts of data: mm_stat, classes and steps are of the last repetition, the table of ` +
      'memory holds medians over all.',
  ];
}

/** Facts of zram: its limit check raises mem_used_max, and recompression makes none. */
function highestUseNotes({ samples }: Recorded): readonly string[] {
  const states = samples.flatMap(({ zram }) =>
    zram === undefined ? [] : [...zram.atEnd, ...zram.afterwards.flatMap(({ devices }) => devices)],
  );
  const isAbove = states.some(({ mmStat }) => {
    const stat = parseMmStat(mmStat);
    return stat.ok && stat.value.mem_used_total > stat.value.mem_used_max;
  });
  if (!isAbove) return [];
  return [
    'mem_used is above mem_used_max in mm_stat: as in the kernel, only writes raise mem_used_max, and recompression stores ' +
      'without doing so. The pool at peak in the table of memory is the highest at any moment, also in the middle of a step.',
  ];
}

/** A time limit is one of measuring. */
function durationNotes({ profile, outcome, tookSeconds }: Recorded): readonly string[] {
  const { seconds } = profile.experiment;
  if (seconds === undefined || outcome !== 'complete' || tookSeconds < seconds * NOTABLE_FACTOR) return [];
  const others =
    profile.workload.kind === 'this-cpu'
      ? 'starting machines and threads for each sample, warming up their loops and counting tables'
      : 'preparing page data, starting machines, the rest of the warm-up, and phases that are not measured';
  return [
    `The run took ${tookSeconds.toFixed(1)} s, of which ${seconds} s were to be measured, the first block, which is thrown away, ` +
      `included; the rest was ${others}.`,
  ];
}

function titleOf({ design }: DesignSummary): string {
  return DESIGN_WORDS[design].title;
}

function percent(share: number): string {
  return (share * 100).toFixed(0);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
