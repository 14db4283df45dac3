/** What a profile asks of its zram devices, in one line, and changing one thing of it. */
import { counted } from '../../shared/counted.ts';
import { RECOMPRESSION_TIMES, type ZramProfile, type ZramStep } from '../../shared/zram-profile.ts';
import { formatBytes } from '../format/bytes.ts';

/** What is not asked for is as in current kernels. */
export const USUAL_ZRAM = { zspagePages: 8, freeOrder: 'last', allocationStages: 'one' } as const;

/** What stands beside the folded-up form: `limit 64 MiB, zspages of up to 4 pages, recompression with zstd`. */
export function zramSettingsLine(zram: ZramProfile): string {
  const parts: string[] = [];
  if ((zram.memLimitBytes ?? 0) > 0) parts.push(`limit ${formatBytes(zram.memLimitBytes ?? 0)}`);
  if (zram.zspagePages !== undefined) parts.push(`zspages of up to ${counted(zram.zspagePages, 'page')}`);
  if (zram.freeOrder === 'first') parts.push('old content freed first');
  if (zram.allocationStages === 'two') parts.push('two allocation stages');
  const when = zram.recompress === undefined ? '' : ` ${zram.recompress.when} the jobs`;
  if (zram.recompression !== undefined) parts.push(`recompression${when} with ${zram.recompression.join(', ')}`);
  const steps = zram.afterwards?.length ?? 0;
  if (steps > 0) parts.push(`${counted(steps, 'step')} afterwards`);
  return parts.length === 0 ? 'as usual' : parts.join(', ');
}

/** When a CPU of the machine recompresses, as the form offers it. */
export const RECOMPRESS_CHOICES = ['no', ...RECOMPRESSION_TIMES] as const;
export type RecompressChoice = (typeof RECOMPRESS_CHOICES)[number];

/** The settings with recompression by a CPU of the machine at another time, or none; algorithms are there while something needs them. */
export function withRecompressChoice(zram: ZramProfile, choice: RecompressChoice): ZramProfile | undefined {
  if (choice === 'no') {
    const without = withZramSetting(zram, 'recompress', undefined) ?? {};
    const isNeeded = without.afterwards?.some((step) => step.do === 'recompress') === true;
    return isNeeded ? without : withZramSetting(without, 'recompression', undefined);
  }
  const algorithms = zram.recompression ?? [];
  return {
    ...zram,
    recompression: algorithms.length === 0 ? ['zstd'] : algorithms,
    recompress: { ...zram.recompress, when: choice },
  };
}

/** The settings with one of them changed; what is as usual has no entry, and settings without an entry are none. */
export function withZramSetting<K extends keyof ZramProfile>(
  zram: ZramProfile,
  field: K,
  value: ZramProfile[K],
): ZramProfile | undefined {
  const { [field]: _, ...others } = zram;
  const usual: Readonly<Partial<Record<string, unknown>>> = USUAL_ZRAM;
  const changed: ZramProfile = value === undefined || value === usual[field] ? others : { ...others, [field]: value };
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** A step that is done to the devices: `recompress huge idle pages with deflate`. */
export function zramStepWords(step: ZramStep): string {
  if (step.do === 'idle') return 'mark all pages idle';
  if (step.do === 'compact') return 'compact the pool';
  const { type = 'all', algorithm, thresholdBytes, maxPages } = step;
  return [
    `recompress ${type.replace('_', ' ')} pages${algorithm === undefined ? '' : ` with ${algorithm}`}`,
    ...(thresholdBytes === undefined ? [] : [`of ${counted(thresholdBytes, 'byte')} or more`]),
    ...(maxPages === undefined ? [] : [`at most ${maxPages}`]),
  ].join(', ');
}

const TYPE_EXPLANATIONS = {
  all: 'Every stored page',
  idle: 'Pages that were not used since they were marked idle',
  huge: 'Pages that did not shrink and are stored as they are (huge)',
  huge_idle: 'Pages that did not shrink (huge) and were not used since they were marked idle (type=huge_idle)',
} as const;

/** What a step means, for hovers. */
export function zramStepExplanation(step: ZramStep): string {
  if (step.do === 'idle') return 'Marks every stored page; whatever is read or written afterwards loses the mark.';
  if (step.do === 'compact')
    return 'Moves objects together, so that zspages become empty and their pages are given back.';
  return `${TYPE_EXPLANATIONS[step.type ?? 'all']}: compressed again with another algorithm, and kept where that is smaller.`;
}
