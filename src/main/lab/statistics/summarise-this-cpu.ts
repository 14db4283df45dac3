/** The mixes of one design over its samples: time per operation, what was counted, and against the first design. */
import type { Comparison, MixSummary, Sample, ThisCpuSummary, WrongTotals } from '../../../shared/run-record.ts';
import { type MixFigures, sumOfCounts } from '../../../shared/this-cpu-report.ts';
import { comparePaired } from './paired-comparison.ts';
import { spread } from './spread.ts';
import { wrongTotals } from './wrong-totals.ts';

/**
 * Of samples of one design, and those of the first design of the profile; undefined where they are of another workload. Mixes
 * are compared by processor time per operation.
 */
export function summariseThisCpu(
  own: readonly Sample[],
  baseline: readonly Sample[],
  equivalencePercent: number,
): ThisCpuSummary | undefined {
  const [first] = own;
  if (first?.thisCpu === undefined) return undefined;
  const cpus = first.thisCpu.cpus.map((_, cpu) => sumOfCounts(own.flatMap(({ thisCpu }) => thisCpu?.cpus[cpu] ?? [])));
  const mixes = first.thisCpu.mixes.map(({ name }): MixSummary => {
    const comparison = compareMix(name, { own, baseline, equivalencePercent });
    return { ...summariseMix(own.flatMap((sample) => mixOf(sample, name) ?? [])), ...(comparison && { comparison }) };
  });
  const wrong = wrongTotals(
    first.design,
    own.flatMap(({ thisCpu }) => thisCpu?.mixes ?? []),
  );
  return { mixes, cpus, ...(wrong && { wrong }) };
}

function summariseMix(figures: readonly MixFigures[]): MixSummary {
  const sum = (read: (mix: MixFigures) => number): number => figures.reduce((all, mix) => all + read(mix), 0);
  return {
    name: figures[0]?.name ?? '',
    nsPerOperation: spread(figures.map(nsPerOperation)),
    operationsPerSecond: spread(
      figures.map(({ operations, durationNs }) => (durationNs === 0 ? 0 : (operations / durationNs) * 1e9)),
    ),
    operations: sum(({ operations }) => operations),
    issued: sum(({ issued }) => issued),
    counted: sum(({ counted }) => counted),
    counts: sumOfCounts(figures.map(({ counts }) => counts)),
  };
}

/** Operations per nanosecond, block by block; undefined of the first design itself, and without a block. */
function compareMix(
  name: string,
  given: { readonly own: readonly Sample[]; readonly baseline: readonly Sample[]; readonly equivalencePercent: number },
): Comparison | undefined {
  const [first] = given.own;
  const [reference] = given.baseline;
  if (first === undefined || reference === undefined || first.design === reference.design) return undefined;
  const blocks = given.own.flatMap((sample) => {
    const mix = mixOf(sample, name);
    const other = given.baseline.find(({ repetition }) => repetition === sample.repetition);
    const otherMix = other === undefined ? undefined : mixOf(other, name);
    if (mix === undefined || otherMix === undefined) return [];
    const [design, baseline] = [nsPerOperation(mix), nsPerOperation(otherMix)];
    return design > 0 && baseline > 0 ? [{ design: 1 / design, baseline: 1 / baseline }] : [];
  });
  if (blocks.length === 0) return undefined;
  const { equivalencePercent } = given;
  const wrong = wrongMix(name, given.own) ?? wrongMix(name, given.baseline);
  return comparePaired(blocks, {
    direction: 'access',
    design: first.design,
    baseline: reference.design,
    equivalencePercent,
    wrong,
  });
}

/** Of samples of one design. */
function wrongMix(name: string, samples: readonly Sample[]): WrongTotals | undefined {
  const [first] = samples;
  return (
    first &&
    wrongTotals(
      first.design,
      samples.flatMap((sample) => mixOf(sample, name) ?? []),
    )
  );
}

function nsPerOperation({ processorNs, operations }: MixFigures): number {
  return operations === 0 ? 0 : processorNs / operations;
}

function mixOf({ thisCpu }: Sample, name: string): MixFigures | undefined {
  return thisCpu?.mixes.find((mix) => mix.name === name);
}
