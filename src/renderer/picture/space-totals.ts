/** What tables and windows take, as rows of a table: counted frames, of one CPU and of all. */
import type { MomentTotals, SpaceOverview } from '../../shared/address-space-contract.ts';
import { formatBytes } from '../format/bytes.ts';
import { formatCount } from '../format/number.ts';
import type { GlossaryTerm } from '../words/glossary.ts';

/** A figure: bytes, and below them how many tables. */
export interface Figure {
  readonly bytes: string;
  readonly tables?: string | undefined;
}

/** A figure at both moments. */
interface AtMoments {
  readonly atRest: Figure;
  readonly added: Figure;
}

export interface TotalsRow {
  readonly title: string;
  readonly term: GlossaryTerm;
  readonly kind?: 'pgd' | 'private' | 'shared' | undefined;
  readonly isSum?: boolean | undefined;
  readonly cpu: AtMoments;
  readonly machine: AtMoments;
  /** What the added chunks brought the machine. */
  readonly more: Figure;
}

/** Tables, and bytes that they take. */
interface Amount {
  readonly tables: number;
  readonly bytes: number;
}

type Count = (totals: MomentTotals) => Amount;

/** By kind, the sum of what the local mapping takes behind its parts, address space last. */
export function spaceTotals(overview: SpaceOverview, cpu: number): readonly TotalsRow[] {
  const { levels, moments } = overview;
  const own = (level: number): Count => privateTables(overview, level, (byCpu) => byCpu[cpu] ?? 0);
  const all = (level: number): Count => privateTables(overview, level, (byCpu) => byCpu.reduce((a, b) => a + b, 0));
  const upper = levels.map((_, level) => level).slice(1, -1);
  const last = levels.length - 1;
  const names = upper.map((level) => levels[level]?.name).join(' and ');
  const row = (words: Pick<TotalsRow, 'title' | 'term' | 'kind' | 'isSum'>, count: { cpu: Count; machine: Count }) => ({
    ...words,
    cpu: atMoments(moments, count.cpu),
    machine: atMoments(moments, count.machine),
    more: difference(count.machine(moments['at-rest']), count.machine(moments.added)),
  });
  const everything = [0, ...upper, last];
  return [
    row({ title: 'Top-level tables beside CPU 0’s', term: 'tablePgd', kind: 'pgd' }, { cpu: own(0), machine: all(0) }),
    row(
      { title: `${names} under the window`, term: 'tablePrivate', kind: 'private' },
      { cpu: sumOf(upper.map(own)), machine: sumOf(upper.map(all)) },
    ),
    row(
      { title: 'PTE under the window', term: 'tablePrivate', kind: 'private' },
      { cpu: own(last), machine: all(last) },
    ),
    row(
      { title: 'Local mapping in all', term: 'localMappingTables', isSum: true },
      { cpu: sumOf(everything.map(own)), machine: sumOf(everything.map(all)) },
    ),
    row(
      { title: 'Tables of all CPUs', term: 'sharedTables', kind: 'shared' },
      { cpu: sharedTables(overview), machine: sharedTables(overview) },
    ),
    spaceRow(overview),
  ];
}

function privateTables(
  { levels }: SpaceOverview,
  level: number,
  pick: (privateByCpu: readonly number[]) => number,
): Count {
  return (totals) => {
    const tables = pick(totals.levels[level]?.privateByCpu ?? []);
    return { tables, bytes: tables * (levels[level]?.tableBytes ?? 0) };
  };
}

/** Frames of tables that all CPUs walk through; a top-level table takes one, however small it is. */
function sharedTables({ pageSizeBytes }: SpaceOverview): Count {
  return ({ levels }) => {
    const tables = levels.reduce((sum, { shared }) => sum + shared, 0);
    return { tables, bytes: tables * pageSizeBytes };
  };
}

function sumOf(counts: readonly Count[]): Count {
  return (totals) =>
    counts
      .map((count) => count(totals))
      .reduce((sum, { tables, bytes }) => ({ tables: sum.tables + tables, bytes: sum.bytes + bytes }), {
        tables: 0,
        bytes: 0,
      });
}

function spaceRow({ moments }: SpaceOverview): TotalsRow {
  const figure = ({ windowSpaceBytes }: MomentTotals): Figure => ({ bytes: formatBytes(windowSpaceBytes) });
  const space = { atRest: figure(moments['at-rest']), added: figure(moments.added) };
  const more = moments.added.windowSpaceBytes - moments['at-rest'].windowSpaceBytes;
  return {
    title: 'Address space of the units in the window',
    term: 'windowSpace',
    // The same addresses on every CPU.
    cpu: space,
    machine: space,
    more: { bytes: more === 0 ? '–' : `+${formatBytes(more)}` },
  };
}

function atMoments(moments: SpaceOverview['moments'], count: Count): AtMoments {
  return { atRest: figureOf(count(moments['at-rest'])), added: figureOf(count(moments.added)) };
}

function figureOf({ tables, bytes }: Amount, sign = ''): Figure {
  if (tables === 0) return { bytes: '–' };
  return {
    bytes: `${sign}${formatBytes(bytes)}`,
    tables: `${sign}${formatCount(tables)}`,
  };
}

function difference(from: Amount, to: Amount): Figure {
  return figureOf({ tables: to.tables - from.tables, bytes: to.bytes - from.bytes }, '+');
}
