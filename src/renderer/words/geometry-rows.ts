/** A boot log's geometry as rows: what follows from the log beside what the kernel printed. */
import { counted } from '../../shared/counted.ts';
import type { BootCheck, GeometryFigures, GeometryVerdict } from '../../shared/geometry-check.ts';
import { assertUnreachable } from '../../shared/result.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatCount } from '../format/number.ts';
import type { GlossaryTerm } from './glossary.ts';

export interface GeometryRow {
  readonly title: string;
  readonly term: GlossaryTerm;
  /** Empty where the side does not say. */
  readonly computed: string;
  readonly printed: string;
  /** `given`: an input of the computation, so that it cannot differ. */
  readonly relation: 'equal' | 'differs' | 'one-sided' | 'given';
}

const FIGURES = [
  ['staticBytes', 'static part', 'staticPart', 'bytes'],
  ['reservedBytes', 'reserved part', 'reservedPart', 'bytes'],
  ['dynamicBytes', 'dynamic part', 'dynamicPart', 'bytes'],
  ['pagesPerCpu', 'pages per CPU', 'pagesPerCpu', 'count'],
  ['unitBytes', 'unit', 'percpuUnit', 'bytes'],
  ['atoms', 'atoms per alloc', 'atomsPerAlloc', 'count'],
  ['atomBytes', 'atom', 'atom', 'bytes'],
] as const;

/** One row per figure that either side states. */
export function geometryRows({
  computed,
  printed,
  takenFromLog,
}: Pick<BootCheck, 'computed' | 'printed' | 'takenFromLog'>): readonly GeometryRow[] {
  return FIGURES.flatMap(([key, title, term, kind]) => {
    const ours = computed[key];
    const theirs = printed[key];
    if (ours === undefined && theirs === undefined) return [];
    const words = (value: number | undefined): string => {
      if (value === undefined) return '';
      return kind === 'bytes' && value >= 1024 ? `${formatCount(value)} (${formatBytes(value)})` : formatCount(value);
    };
    const relation = relationOf(ours, theirs, takenFromLog.includes(key));
    return [{ title, term, computed: words(ours), printed: words(theirs), relation }];
  });
}

function relationOf(ours: number | undefined, theirs: number | undefined, isTaken: boolean): GeometryRow['relation'] {
  if (ours === undefined || theirs === undefined) return 'one-sided';
  if (ours !== theirs) return 'differs';
  return isTaken ? 'given' : 'equal';
}

/** CPUs of each group's units; over some transports an unused unit is null. */
export function groupsOf({ groupMap }: GeometryFigures): readonly (readonly (number | undefined)[])[] {
  return (groupMap ?? []).map((units) => units.map((cpu) => (typeof cpu === 'number' ? cpu : undefined)));
}

/** A verdict on a boot log with a sign, so that it never depends on colour. */
export const GEOMETRY_VERDICT_WORDS: Readonly<
  Record<GeometryVerdict, { readonly sign: string; readonly word: string }>
> = {
  match: { sign: '✓', word: 'match' },
  differs: { sign: '✕', word: 'differs' },
  incomplete: { sign: '?', word: 'incomplete' },
};

/** What a boot's verdict means, in one sentence without a full stop. */
export function geometrySentence(boot: BootCheck): string {
  const groups = groupsOf(boot.printed);
  const cpus = groups.flat().filter((cpu) => cpu !== undefined).length;
  const machine = cpus === 0 ? '' : `${counted(cpus, 'CPU')} in ${counted(groups.length, 'group')}: `;
  switch (boot.verdict) {
    case 'match':
      return `${machine}every computed figure and the group map are what the kernel’s rules give`;
    case 'differs': {
      const count = boot.differences.length;
      return `${machine}${counted(count, 'figure is', 'figures are')} not what the kernel’s rules give`;
    }
    case 'incomplete':
      return `${machine}nothing differs, but not everything that could be compared is in the log`;
    default:
      return assertUnreachable(boot.verdict);
  }
}
