/** What a percpu workload leaves, in words: the allocator at two moments, and who had allocated what. */
import type { Design } from '../../shared/design.ts';
import type { CallSiteTotal, DesignSummary, PercpuFigures, PercpuMoment } from '../../shared/run-record.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatCount } from '../format/number.ts';
import type { GlossaryTerm } from './glossary.ts';

/** A design that has such figures. */
export interface PercpuDesign {
  readonly design: Design;
  readonly figures: PercpuFigures;
}

/** A figure of the allocator: for each design when all groups are there, and at the end. */
export interface MomentRow {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly values: readonly { readonly atFull: string; readonly atEnd: string }[];
}

/** Call sites of designs that agree. */
export interface SharedCallSites {
  readonly designs: readonly Design[];
  readonly rows: readonly CallSiteTotal[];
}

const FIGURES: readonly {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly words: (moment: PercpuMoment) => string;
}[] = [
  { title: 'objects', term: 'groupObjects', words: ({ liveObjects }) => formatCount(liveObjects) },
  { title: 'live, of one CPU', term: 'liveOneCpu', words: ({ liveBytes }) => formatBytes(liveBytes) },
  { title: 'populated', term: 'populatedMemory', words: ({ populatedBytes }) => formatBytes(populatedBytes) },
  { title: 'address space', term: 'addressSpace', words: ({ addressSpaceBytes }) => formatBytes(addressSpaceBytes) },
  { title: 'bookkeeping', term: 'metadataMemory', words: ({ metadataBytes }) => formatBytes(metadataBytes) },
  { title: 'chunks', term: 'chunk', words: ({ chunks }) => formatCount(chunks) },
];

/** Those of the designs that ran a percpu workload. */
export function percpuDesigns(summaries: readonly DesignSummary[]): readonly PercpuDesign[] {
  return summaries.flatMap(({ design, percpu }) => (percpu === undefined ? [] : [{ design, figures: percpu }]));
}

/** One row per figure, one pair of values per design. */
export function momentRows(designs: readonly PercpuDesign[]): readonly MomentRow[] {
  return FIGURES.map(({ title, term, words }) => ({
    title,
    term,
    values: designs.map(({ figures }) => ({ atFull: words(figures.atFull), atEnd: words(figures.atEnd) })),
  }));
}

/** One table where designs agree, as they do unless one of them ran out of memory. */
export function sharedCallSites(designs: readonly PercpuDesign[]): readonly SharedCallSites[] {
  const tables = new Map<string, SharedCallSites>();
  for (const { design, figures } of designs) {
    const key = JSON.stringify(figures.callSites);
    tables.set(key, { designs: [...(tables.get(key)?.designs ?? []), design], rows: figures.callSites });
  }
  return [...tables.values()];
}
