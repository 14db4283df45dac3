/** A past run, and the profile of one, in words that tell runs apart. */
import { counted } from '../../shared/counted.ts';
import { DESIGN_WORDS, type Design } from '../../shared/design.ts';
import type { Profile } from '../../shared/profile.ts';
import { pageDataTitle, pageDataWords } from '../../shared/page-data-words.ts';
import type { RunListing, RunTraits } from '../../shared/run-record.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatDuration } from '../format/duration.ts';

/** The name without the time that the lab puts after it: the list shows that beside. */
export function shortRunName(name: string): string {
  return name.replace(/, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/, '');
}

/** How long it took: `9.6 s`. */
export function runDuration({ startedAt, finishedAt }: Pick<RunListing, 'startedAt' | 'finishedAt'>): string {
  return formatDuration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);
}

/** `single mutex / per-CPU, global` */
export function designTitles(designs: readonly Design[]): string {
  return designs.map((design) => DESIGN_WORDS[design].title).join(' / ');
}

/** What tells a run from others of its name, in short: `1 job, lz4, 9.0 s, corpus.bin`, or `4 CPUs`. */
export function traitsLine(traits: RunTraits): string {
  // Where jobs are known, a narrow list has no room for the CPUs as well.
  if (traits.jobs === undefined) return [cpusOf(traits), ...traitWords(traits, pageDataTitle)].join(', ');
  return traitWords(traits, pageDataTitle).join(', ');
}

/** All that a list may cut short: name, traits with whole paths, designs; of a damaged run what is wrong with it. */
export function runHover({ name, designs, sampleCount, traits, damage }: RunListing): string {
  if (damage !== undefined) return damage;
  const compared = `${designTitles(designs)}, ${counted(sampleCount, 'sample')}`;
  if (traits === undefined) return `${name}: ${compared}`;
  return `${name}: ${[cpusOf(traits), ...traitWords(traits, pageDataWords)].join(', ')}; ${compared}`;
}

function cpusOf({ onlineCpus }: RunTraits): string {
  return counted(onlineCpus, 'CPU');
}

function traitWords(traits: RunTraits, dataWords: typeof pageDataWords): readonly string[] {
  const { jobs, codec, seconds, data } = traits;
  return [
    ...(jobs === undefined ? [] : [counted(jobs, 'job')]),
    ...(codec === undefined ? [] : [codec]),
    ...(seconds === undefined ? [] : [formatDuration(seconds)]),
    ...(data === undefined ? [] : [dataWords(data)]),
  ];
}

/** What a profile asks of machine and experiment: `2 CPUs, 4 KiB pages, 256 MiB of memory, page data: a.bin, 6 repetitions`. */
export function profileLine({ machine, workload, experiment }: Profile): string {
  const { onlineCpus, pageSizeBytes, memoryBytes } = machine;
  return [
    counted(onlineCpus, 'CPU'),
    `${formatBytes(pageSizeBytes)} pages`,
    `${formatBytes(memoryBytes)} of memory`,
    ...(workload.kind === 'fio' ? [`page data: ${pageDataTitle(workload.data)}`] : []),
    counted(experiment.repetitions, 'repetition'),
    ...(experiment.seconds === undefined ? [] : [`${formatDuration(experiment.seconds)} in all`]),
    ...(experiment.warmUpSeconds === undefined ? [] : [`warm-up of ${formatDuration(experiment.warmUpSeconds)}`]),
  ].join(', ');
}
