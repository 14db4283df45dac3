/** What a this-cpu workload comes to, as text: time per operation of each mix, totals, and what was counted per operation. */
import { DESIGN_WORDS } from '../../shared/design.ts';
import type { DesignSummary, MixSummary, RunRecord, ThisCpuSummary } from '../../shared/run-record.ts';
import { type AccessCounts, ACCESS_COUNTERS, countsOfAccesses } from '../../shared/this-cpu-report.ts';
import { ACCESS_COUNTER_WORDS, totalWords } from '../../shared/this-cpu-words.ts';
import { textTable } from './text-table.ts';

interface ThisCpuDesign {
  readonly title: string;
  readonly thisCpu: ThisCpuSummary;
}

/** Parts of the report; none for other workloads. */
export function thisCpuReport({ designs: summaries }: RunRecord): readonly string[] {
  const designs = summaries.flatMap(({ design, thisCpu }: DesignSummary): readonly ThisCpuDesign[] =>
    thisCpu === undefined ? [] : [{ title: DESIGN_WORDS[design].title, thisCpu }],
  );
  if (designs.length === 0) return [];
  return [timeTable(designs), totalsTable(designs), countTable(designs), cpuTable(designs)];
}

const TIME_HEAD = ['mix (measured)', 'design', 'ns/op', 'low', 'high', 'million op/s', 'ns/op against the first'];

function timeTable(designs: readonly ThisCpuDesign[]): string {
  return textTable([TIME_HEAD, ...mixNames(designs).flatMap((name) => designs.map((each) => timeRow(name, each)))]);
}

function timeRow(name: string, { title, thisCpu }: ThisCpuDesign): string[] {
  const mix = mixOf(thisCpu, name);
  const { median, low, high } = mix.nsPerOperation;
  return [
    name,
    title,
    ...[median, low, high].map((ns) => ns.toFixed(2)),
    (mix.operationsPerSecond.median / 1e6).toFixed(2),
    ratioWords(mix),
  ];
}

/** `1.28 [1.25, 1.31] faster` */
function ratioWords({ comparison }: MixSummary): string {
  if (comparison === undefined) return '';
  const { ratio, interval, verdict } = comparison;
  const range = interval === undefined ? '' : ` [${interval.low.toFixed(3)}, ${interval.high.toFixed(3)}]`;
  return `${ratio.toFixed(3)}${range} ${verdict === 'wrong' ? 'wrong result' : verdict}`;
}

function totalsTable(designs: readonly ThisCpuDesign[]): string {
  const rows = designs.map(({ title, thisCpu }) => {
    const sum = (read: (mix: MixSummary) => number): number => thisCpu.mixes.reduce((all, mix) => all + read(mix), 0);
    const [issued, counted] = [sum((mix) => mix.issued), sum((mix) => mix.counted)];
    const wrong = thisCpu.mixes.filter((mix) => mix.issued !== mix.counted).map(({ name }) => name);
    return [title, String(issued), String(counted), totalWords(issued, counted), wrong.join(', ')];
  });
  return textTable([['additions, all samples', 'issued', 'found', 'total', 'mixes that are not exact'], ...rows]);
}

/** Counters that an operation has about one of, or none; the others are totals. */
const PER_OPERATION = ACCESS_COUNTERS.filter(
  (counter) => !['operations', 'fixups', 'strayAccesses', 'switches', 'migrations', 'walkSteps'].includes(counter),
);

function countTable(designs: readonly ThisCpuDesign[]): string {
  const head = ['per operation (counted)', ...PER_OPERATION.map((counter) => ACCESS_COUNTER_WORDS[counter].title)];
  const rows = designs.map(({ title, thisCpu }) => {
    const counts = countsOfAccesses(thisCpu.mixes);
    return [title, ...PER_OPERATION.map((counter) => (counts[counter] / Math.max(1, counts.operations)).toFixed(3))];
  });
  return textTable([head, ...rows]);
}

const OF_CPUS = ['operations', 'switches', 'migrations', 'fixups', 'strayAccesses', 'tlbMisses', 'walkSteps'] as const;

function cpuTable(designs: readonly ThisCpuDesign[]): string {
  const head = ['by CPU (counted)', 'CPU', ...OF_CPUS.map((counter) => ACCESS_COUNTER_WORDS[counter].title)];
  const row = (title: string, cpu: number, counts: AccessCounts): string[] => [
    title,
    String(cpu),
    ...OF_CPUS.map((counter) => String(counts[counter])),
  ];
  return textTable([
    head,
    ...designs.flatMap(({ title, thisCpu }) => thisCpu.cpus.map((counts, cpu) => row(title, cpu, counts))),
  ]);
}

function mixNames([first]: readonly ThisCpuDesign[]): readonly string[] {
  return first === undefined ? [] : first.thisCpu.mixes.map(({ name }) => name);
}

function mixOf({ mixes }: ThisCpuSummary, name: string): MixSummary {
  const mix = mixes.find((each) => each.name === name);
  if (mix === undefined) throw new Error(`a design has no mix ${name}`);
  return mix;
}
