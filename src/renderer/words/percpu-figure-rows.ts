/** What a percpu workload leaves, in words: the allocator at two moments, and who had allocated what. */
import type { Design } from '../../shared/design.ts';
import type {
  CallSiteTotal,
  ChunkTables,
  DesignSummary,
  PercpuFigures,
  PercpuMoment,
} from '../../shared/run-record.ts';
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
  { title: 'objects', term: 'liveObjects', words: ({ liveObjects }) => formatCount(liveObjects) },
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
  const figures = FIGURES.map(({ title, term, words }) => ({
    title,
    term,
    values: designs.map(({ figures: each }) => ({ atFull: words(each.atFull), atEnd: words(each.atEnd) })),
  }));
  return designs.some(({ figures: { tables } }) => tables !== undefined)
    ? [...figures, ...TABLE_FIGURES.map((figure) => tableRow(designs, figure))]
    : figures;
}

interface TableFigure {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly words: (tables: ChunkTables) => string;
}

const TABLE_FIGURES: readonly TableFigure[] = [
  { title: 'page tables', term: 'chunkTables', words: ({ tableBytes }) => formatBytes(tableBytes) },
  { title: 'CPUs’ own tables', term: 'ownTables', words: ({ ownTableBytes }) => formatBytes(ownTableBytes) },
  { title: 'tables made', term: 'tablesMade', words: ({ tablesMade }) => formatCount(tablesMade) },
  { title: 'tables freed', term: 'tablesFreed', words: ({ tablesFreed }) => formatCount(tablesFreed) },
  { title: 'PGD copies', term: 'pgdCopiesOfChunks', words: ({ pgdCopies }) => formatCount(pgdCopies) },
  { title: 'flushes', term: 'flushesOfChunks', words: ({ flushes }) => formatCount(flushes) },
];

/** A dash for designs that build no tables. */
function tableRow(designs: readonly PercpuDesign[], { title, term, words }: TableFigure): MomentRow {
  return {
    title,
    term,
    values: designs.map(({ figures: { tables } }) =>
      tables === undefined ? { atFull: '–', atEnd: '–' } : { atFull: words(tables.atFull), atEnd: words(tables.atEnd) },
    ),
  };
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
