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
  NOTABLE_SHARE,
  shortDirections,
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

/** Share of same-filled pages from which on compression, and so what designs differ in, is the smaller part of the work. */
const NOTABLE_SAME_SHARE = 0.5;

/** How often over page data is written, or what is stored read, in a repetition before the reader is told. */
const NOTABLE_ROUNDS = 2;

/** Intervals to miss by chance alone, in the mean, from which on the reader is told. */
const NOTABLE_MISSES = 0.5;

/** How much longer than asked a run may take without a word about it. */
const NOTABLE_FACTOR = 1.25;

type Recorded = Pick<RunRecord, 'designs' | 'samples' | 'profile' | 'engine' | 'outcome' | 'oversubscribed'> & {
  /** Of the whole run, seconds. */
  readonly tookSeconds: number;
  /** All that designs wrote, much or little, is a fair sample of the same page data. */
  readonly isSampledEvenly: boolean;
  /** Pages of the files that jobs wrote, where they did. */
  readonly filePages: number | undefined;
};

const EVEN_WORDS =
  "Every design wrote pages spread evenly over the page data, more or fewer of them: what compares is the pool's share of the original";
const UNEVEN_WORDS = "As far as the page data is alike throughout, what compares is the pool's share of the original";

/** Of what was recorded of a run that has ended. */
export function sampleNotes(recorded: Recorded): readonly string[] {
  return [
    ...shortPhaseNotes(recorded),
    ...requestTimeNotes(recorded),
    ...unevenEndNotes(recorded),
    ...busyHostNotes(recorded),
    ...accessNotes(recorded),
    ...manyComparisonsNotes(recorded),
    ...amountNotes(recorded),
    ...repetitionNotes(recorded),
    ...writtenOverNotes(recorded),
    ...readOverNotes(recorded),
    ...sameFilledNotes(recorded),
    ...highestUseNotes(recorded),
    ...durationNotes(recorded),
  ];
}

function figuresOf(samples: readonly Sample[], design: Design, direction: Direction): readonly DirectionFigures[] {
  return samples.filter((sample) => sample.design === design).flatMap((sample) => sample[direction] ?? []);
}

/** Medians of what each design did in the directions that took one of them less than a phase takes that says something. */
function shortPhaseNotes({ designs, samples }: Recorded): readonly string[] {
  const parts = shortDirections(samples).map((direction) => {
    const words = designs.flatMap((each) => {
      const own = figuresOf(samples, each.design, direction);
      if (own.length === 0) return [];
      const operations = countedMedian(own.map((figures) => figures.operations));
      const microseconds = countedMedian(own.map(({ durationNs }) => durationNs)) / 1000;
      return [`${counted(operations, 'operation')} in ${microseconds.toFixed(0)} µs (${titleOf(each)})`];
    });
    return `${direction} ${words.join(', ')}`;
  });
  if (parts.length === 0) return [];
  return [
    `Samples are short, in the median ${parts.join('; ')}: their throughput and latency, and ratios of these, say little. What is ` +
      'counted holds all the same.',
  ];
}

/** What of a fio job's time was a device's; a throughput counts all of it. CPUs that are down and requests that fail are no job's. */
function requestTimeNotes({ designs, profile }: Recorded): readonly string[] {
  if (profile.hotplug !== undefined || profile.faults !== undefined) return [];
  const found = designs.flatMap((each) => {
    const shares = DIRECTIONS.flatMap((direction) => {
      const share = each[direction]?.requestShare;
      return share === undefined ? [] : [{ direction, share }];
    });
    return shares.length === 0 ? [] : [{ title: titleOf(each), shares }];
  });
  if (found.every(({ shares }) => shares.every(({ share }) => share >= NOTABLE_REQUEST_SHARE))) return [];
  const parts = found.map(({ title, shares }) => {
    const words = shares.map(({ direction, share }) => `${percent(share)} % (${direction})`);
    return `${words.join(' and ')} under ${title}`;
  });
  return [
    `Throughput is that of jobs as a whole: of their time the CPUs' threads were in requests, in the median, ${parts.join(', ')}; the rest ` +
      "is mostly the jobs' own, much alike in all designs: filling and comparing pages, keeping time, freeing memory. What a design gains in a " +
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

/** Each interval may miss; of many some will. */
function manyComparisonsNotes({ designs }: Recorded): readonly string[] {
  const intervals = designs.flatMap(
    ({ thisCpu }) => thisCpu?.mixes.flatMap((mix) => mix.comparison?.interval ?? []) ?? [],
  );
  const misses = intervals.reduce((sum, { confidence }) => sum + 1 - confidence, 0);
  if (misses < NOTABLE_MISSES) return [];
  return [
    `Mixes have ${intervals.length} comparisons with intervals of their own, of which about ${misses.toFixed(1)} will miss by chance: ` +
      'what one mix says alone is worth less than what several agree on.',
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

/** Of a run that was cancelled or failed between two designs: the figures of one of them are of a repetition more. */
function unevenEndNotes({ designs, samples, outcome }: Recorded): readonly string[] {
  const counts = designs.map((each) => ({
    title: titleOf(each),
    count: samples.filter(({ design }) => design === each.design).length,
  }));
  if (outcome === 'complete' || new Set(counts.map(({ count }) => count)).size < 2) return [];
  return [
    `The run ended in the middle of a repetition. A design's own figures are of all its samples, ` +
      `${counts.map(({ title, count }) => `${count} of ${title}`).join(', ')}; comparisons are of repetitions that have both designs.`,
  ];
}

/** What few pages there are, the host's caches may hold. */
function writtenOverNotes({ designs, samples, profile, filePages }: Recorded): readonly string[] {
  if (filePages === undefined) return [];
  const dataBytes = filePages * profile.machine.pageSizeBytes;
  const rounds = designs.flatMap((each) => {
    const own = figuresOf(samples, each.design, 'write');
    return own.length === 0 ? [] : [{ title: titleOf(each), times: medianOf(own, ({ bytes }) => bytes) / dataBytes }];
  });
  if (rounds.every(({ times }) => times < NOTABLE_ROUNDS)) return [];
  return [
    `In a repetition's measured phases jobs wrote, in the median, ` +
      `${rounds.map(({ title, times }) => `${times.toFixed(1)} times (${title})`).join(', ')} as many pages as the ` +
      `${counted(filePages, 'page')} of the page data: how well these pages compress is what the figures tell, and of few pages the ` +
      "host's caches may hold all.",
  ];
}

/** Time ends such reads, and who has written less goes over it more often. */
function readOverNotes({ designs, samples, profile }: Recorded): readonly string[] {
  if (profile.workload.kind !== 'fio') return [];
  const rounds = designs.flatMap((each) => {
    const own = samples.filter(({ design, read }) => design === each.design && read !== undefined);
    const storedBytes = each.memoryAtEnd.originalBytes;
    if (own.length === 0 || storedBytes === 0) return [];
    return [{ title: titleOf(each), times: medianOf(own, ({ read }) => read?.bytes ?? 0) / storedBytes }];
  });
  if (rounds.every(({ times }) => times < NOTABLE_ROUNDS)) return [];
  return [
    `Jobs read what is stored more than once, in the median ${rounds.map(({ title, times }) => `${times.toFixed(1)} times (${title})`).join(', ')}: ` +
      "where designs stored different amounts they read different sets, of which the smaller fits the host's caches better.",
  ];
}

/** mm_stat of the last sample of each design. */
function sameFilledNotes({ designs, samples, profile }: Recorded): readonly string[] {
  const parts = designs.flatMap((each) => {
    const states =
      samples.findLast(({ design, zram }) => design === each.design && zram !== undefined)?.zram?.atEnd ?? [];
    const stats = states.flatMap(({ mmStat }) => {
      const stat = parseMmStat(mmStat);
      return stat.ok ? [stat.value] : [];
    });
    const storedBytes = stats.reduce((sum, stat) => sum + stat.orig_data_size, 0);
    const samePages = stats.reduce((sum, stat) => sum + stat.same_pages, 0);
    const share = storedBytes === 0 ? 0 : (samePages * profile.machine.pageSizeBytes) / storedBytes;
    return share < NOTABLE_SAME_SHARE ? [] : [`${percent(share)} % (${titleOf(each)})`];
  });
  if (parts.length === 0) return [];
  return [
    `Of the pages stored at the end of the last repetition ${parts.join(', ')} are same-filled: zram keeps a word of each and compresses nothing, so designs, ` +
      'which differ in how they compress, differ in the other pages alone.',
  ];
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
