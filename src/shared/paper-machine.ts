/** The machine that a paper speaks of, in a report of counted tables: what it is, and its figures in each window layout. */
import type { Translation, WindowLayout } from './address-space.ts';
import type { MappingReport, TableRow } from './mapping-report.ts';
import type { PaperFigure } from './this-cpu-profile.ts';

/** Bytes. */
export type PaperFigures = Readonly<Record<PaperFigure, number>>;

export interface PaperMachine {
  readonly translation: Translation;
  readonly cpus: number;
  readonly unitBytes: number;
  readonly chunksAtRest: number;
  readonly chunksGrown: number;
  /** The profile's own first, then the others that were counted with the same translation, CPUs and chunks. */
  readonly windows: readonly { readonly window: WindowLayout; readonly figures: PaperFigures }[];
}

/**
 * Where a figure of the lab comes from: `counted` by building the tables, or an `input`: unit and chunks are taken from the
 * paper, so that their product agrees with it by construction.
 */
export const PAPER_FIGURE_ORIGINS: Readonly<Record<PaperFigure, 'counted' | 'input'>> = {
  pgdBytes: 'counted',
  windowSpaceAtRestBytes: 'input',
  windowSpaceAddedBytes: 'input',
  tablesAtRestBytes: 'counted',
  tablesAddedBytes: 'counted',
};

/** The paper's figures of a machine at rest and with the added chunks. */
export function paperFigures(atRest: TableRow, grown: TableRow): PaperFigures {
  return {
    pgdBytes: atRest.pgdBytes,
    windowSpaceAtRestBytes: atRest.windowSpaceBytes,
    windowSpaceAddedBytes: grown.windowSpaceBytes - atRest.windowSpaceBytes,
    tablesAtRestBytes: atRest.windowTableBytes,
    tablesAddedBytes: grown.windowTableBytes - atRest.windowTableBytes,
  };
}

/** The machine of the report's first two rows; undefined of a report without them. */
export function paperMachine({ tables }: MappingReport): PaperMachine | undefined {
  const [atRest, grown] = tables;
  if (atRest === undefined || grown === undefined) return undefined;
  const { translation, cpus } = atRest;
  const alike = tables.filter((row) => row.translation === translation && row.cpus === cpus);
  const windows = [...new Set(alike.map(({ window }) => window))].flatMap((window) => {
    const own = alike.filter((row) => row.window === window);
    const first = own.find(({ chunks }) => chunks === atRest.chunks);
    const last = own.find(({ chunks }) => chunks === grown.chunks);
    return first === undefined || last === undefined ? [] : [{ window, figures: paperFigures(first, last) }];
  });
  return {
    translation,
    cpus,
    unitBytes: atRest.windowSpaceBytes / atRest.chunks,
    chunksAtRest: atRest.chunks,
    chunksGrown: grown.chunks,
    windows,
  };
}
