/**
 * The text of `percpu_stats` in debugfs, read and written as the kernel writes it.
 *
 *     Chunk (sidelined):
 *       nr_alloc            :          756        two spaces, name in 20 columns, `: `, value in 12
 */
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type {
  ChunkHeading,
  PercpuStats,
  PercpuStatsChunk,
  PercpuStatsInfo,
  PercpuStatsTotals,
} from '../../../shared/percpu-stats.ts';

const INFO_NAMES = {
  unitBytes: 'unit_size',
  staticBytes: 'static_size',
  reservedBytes: 'reserved_size',
  dynBytes: 'dyn_size',
  atomBytes: 'atom_size',
  allocBytes: 'alloc_size',
} as const satisfies Record<keyof PercpuStatsInfo, string>;

const TOTAL_NAMES = {
  allocations: 'nr_alloc',
  frees: 'nr_dealloc',
  liveObjects: 'nr_cur_alloc',
  liveObjectsPeak: 'nr_max_alloc',
  chunks: 'nr_chunks',
  chunksPeak: 'nr_max_chunks',
  smallestBytes: 'min_alloc_size',
  largestBytes: 'max_alloc_size',
  emptyPages: 'empty_pop_pages',
} as const satisfies Record<keyof PercpuStatsTotals, string>;

const CHUNK_NAMES = {
  liveObjects: 'nr_alloc',
  largestBytes: 'max_alloc_size',
  emptyPages: 'empty_pop_pages',
  firstFreeCell: 'first_bit',
  freeBytes: 'free_bytes',
  contigBytes: 'contig_bytes',
  fragmentBytes: 'sum_frag',
  largestFragmentBytes: 'max_frag',
  smallestLiveBytes: 'cur_min_alloc',
  medianLiveBytes: 'cur_med_alloc',
  largestLiveBytes: 'cur_max_alloc',
} as const satisfies Record<keyof Omit<PercpuStatsChunk, 'heading'>, string>;

const RULE = '-'.repeat(40);

/** The text, with a line feed at its end. */
export function printPercpuStats({ info, totals, chunks }: PercpuStats): string {
  const lines = [
    'Percpu Memory Statistics',
    'Allocation Info:',
    RULE,
    ...fieldLines(INFO_NAMES, info),
    '',
    'Global Stats:',
    RULE,
    ...fieldLines(TOTAL_NAMES, totals),
    '',
    'Per Chunk Stats:',
    RULE,
    ...chunks.flatMap((chunk) => [headingLine(chunk.heading), ...fieldLines(CHUNK_NAMES, chunk), '']),
  ];
  return `${lines.join('\n')}\n`;
}

function fieldLines<Name extends string>(
  names: Readonly<Record<Name, string>>,
  values: Readonly<Record<NoInfer<Name>, number>>,
): string[] {
  return (Object.keys(names) as Name[]).map(
    (name) => `  ${names[name].padEnd(20)}: ${String(values[name]).padStart(12)}`,
  );
}

function headingLine(heading: ChunkHeading): string {
  switch (heading) {
    case 'reserved':
      return 'Chunk: <- Reserved Chunk';
    case 'first':
      return 'Chunk: <- First Chunk';
    case 'to-depopulate':
      return 'Chunk (to_depopulate)';
    case 'sidelined':
      return 'Chunk (sidelined):';
    case 'ordinary':
      return 'Chunk:';
    default:
      return assertUnreachable(heading);
  }
}

/** A heading and the fields under it. */
interface Section {
  readonly title: string;
  readonly line: number;
  readonly fields: Map<string, number>;
}

/** Reads the text; lines around it are passed over. Errors: 'bad-input' with the line of the part that lacks a field. */
export function parsePercpuStats(text: string): Result<PercpuStats> {
  const sections = readSections(text);
  const find = (title: string): Section | undefined => sections.find((section) => section.title === title);
  const infoSection = find('Allocation Info:');
  const totalsSection = find('Global Stats:');
  if (infoSection === undefined || totalsSection === undefined) {
    return fail('bad-input', "the text lacks the parts 'Allocation Info' and 'Global Stats' of percpu_stats");
  }
  const info = readPart(infoSection, INFO_NAMES);
  if (!info.ok) return info;
  const totals = readPart(totalsSection, TOTAL_NAMES);
  if (!totals.ok) return totals;
  const chunks: PercpuStatsChunk[] = [];
  for (const section of sections.filter(({ title }) => title.startsWith('Chunk'))) {
    const chunk = readPart(section, CHUNK_NAMES);
    if (!chunk.ok) return chunk;
    chunks.push({ heading: headingOf(section.title), ...chunk.value });
  }
  return ok({ info: info.value, totals: totals.value, chunks });
}

function readSections(text: string): Section[] {
  const sections: Section[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const field = /^\s+(\w+)\s*:\s*(-?\d+)\s*$/.exec(line);
    if (field !== null) sections.at(-1)?.fields.set(field[1] ?? '', Number(field[2]));
    else if (/^\w/.test(line)) sections.push({ title: line.trim(), line: index + 1, fields: new Map() });
  }
  return sections;
}

function readPart<Name extends string>(
  section: Section,
  names: Readonly<Record<Name, string>>,
): Result<Record<Name, number>> {
  const values: Partial<Record<Name, number>> = {};
  for (const name of Object.keys(names) as Name[]) {
    const value = section.fields.get(names[name]);
    if (value === undefined) {
      return fail('bad-input', `'${section.title}' lacks ${names[name]}`, `line ${section.line}`);
    }
    values[name] = value;
  }
  return ok(values as Record<Name, number>);
}

function headingOf(title: string): ChunkHeading {
  if (title.includes('Reserved Chunk')) return 'reserved';
  if (title.includes('First Chunk')) return 'first';
  if (title.includes('to_depopulate')) return 'to-depopulate';
  return title.includes('sidelined') ? 'sidelined' : 'ordinary';
}
