/** What a percpu workload leaves, as text: the allocator when it was fullest and at the end, and who allocates what. */
import { DESIGN_WORDS } from '../../shared/design.ts';
import type { CallSiteTotal, DesignSummary, PercpuFigures, PercpuMoment } from '../../shared/run-record.ts';
import { textTable } from './text-table.ts';

interface PercpuDesign {
  readonly title: string;
  readonly percpu: PercpuFigures;
}

/** Parts of the report; none for other workloads. */
export function percpuReport(summaries: readonly DesignSummary[]): readonly string[] {
  const designs = summaries.flatMap(({ design, percpu }): readonly PercpuDesign[] =>
    percpu === undefined ? [] : [{ title: DESIGN_WORDS[design].title, percpu }],
  );
  return designs.length === 0 ? [] : [momentTable(designs), ...callSiteTables(designs)];
}

const MOMENT_COLUMNS: readonly (readonly [string, (moment: PercpuMoment) => string])[] = [
  ['objects', ({ liveObjects }) => String(liveObjects)],
  ['of one CPU', ({ liveBytes }) => kibibytes(liveBytes)],
  ['chunks', ({ chunks }) => String(chunks)],
  ['populated', ({ populatedBytes }) => kibibytes(populatedBytes)],
  ['address space', ({ addressSpaceBytes }) => kibibytes(addressSpaceBytes)],
  ['bookkeeping', ({ metadataBytes }) => kibibytes(metadataBytes)],
];

function momentTable(designs: readonly PercpuDesign[]): string {
  const head = ['per-CPU memory, KiB (counted)', ...MOMENT_COLUMNS.map(([name]) => name)];
  const row = (title: string, moment: PercpuMoment): string[] => [
    title,
    ...MOMENT_COLUMNS.map(([, read]) => read(moment)),
  ];
  const rows = designs.flatMap(({ title, percpu }) => [
    row(`${title}, full`, percpu.atFull),
    row(`${title}, at end`, percpu.atEnd),
  ]);
  return textTable([head, ...rows]);
}

/** One table where all designs agree, as they do unless one of them ran out of memory; else one each. */
function callSiteTables(designs: readonly PercpuDesign[]): readonly string[] {
  const tables = designs.map(({ percpu }) => callSiteTable(percpu.callSites));
  const distinct = [...new Set(tables)];
  if (distinct.length === 1) return distinct;
  return designs.map(({ title }, index) => `${title}\n${tables[index] ?? ''}`);
}

function callSiteTable(callSites: readonly CallSiteTotal[]): string {
  const all = callSites.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const objects = callSites.reduce((sum, { number }) => sum + number, 0);
  return textTable([
    ['who allocates what, bytes of one CPU (counted)', 'number', 'size', 'total', 'share %'],
    ...callSites.map(({ callSite, number, sizeBytes, totalBytes, share }) => [
      callSite,
      String(number),
      sizeBytes === undefined ? 'several' : String(sizeBytes),
      String(totalBytes),
      (share * 100).toFixed(1),
    ]),
    ['all', String(objects), '', String(all), '100.0'],
  ]);
}

function kibibytes(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}
