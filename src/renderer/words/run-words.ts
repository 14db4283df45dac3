/** A past run, and the profile of one, in words that tell runs apart. */
import { counted } from '../../shared/counted.ts';
import { DESIGN_WORDS, type Design } from '../../shared/design.ts';
import type { Profile } from '../../shared/profile.ts';
import type { RunListing } from '../../shared/run-record.ts';
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

/** What a profile asks of machine and experiment: `2 CPUs, 4 KiB pages, 256 MiB, 6 repetitions, 9 s in all`. */
export function profileLine({ machine, experiment }: Profile): string {
  const { onlineCpus, pageSizeBytes, memoryBytes } = machine;
  return [
    counted(onlineCpus, 'CPU'),
    `${formatBytes(pageSizeBytes)} pages`,
    `${formatBytes(memoryBytes)} of memory`,
    counted(experiment.repetitions, 'repetition'),
    ...(experiment.seconds === undefined ? [] : [`${formatDuration(experiment.seconds)} in all`]),
  ].join(', ');
}
