/**
 * What the samples of a run were made to suffer and what the lock checker saw, as the notes of its record: sums by design over its
 * repetitions and one block of warm-up, so that they do not depend on how often a short one was run.
 */
import { counted } from '../../../shared/counted.ts';
import { DESIGN_WORDS, type Design } from '../../../shared/design.ts';
import type { FaultCount, FaultSite } from '../../../shared/fault-profile.ts';
import type { HotplugCounts } from '../../../shared/hotplug-profile.ts';
import { lockChainText, type LockReport } from '../../../shared/lock-report.ts';
import type { Sample } from '../../../shared/run-record.ts';
import type { DisturbanceReport } from '../../engine/live/disturbance-plan.ts';

const SITE_WORDS: Readonly<Record<FaultSite, string>> = {
  frames: 'page-frame requests',
  atomic: 'atomic requests',
  codec: 'codec calls',
  bringUps: 'CPU bring-ups',
};

/** What came of one sample. */
interface DisturbedSample {
  readonly report: DisturbanceReport;
  /** Pages that were read back and compared, objects that were destroyed. */
  readonly checked: number;
}

export class DisturbanceNotes {
  /** By design, then by repetition. */
  readonly #byDesign = new Map<Design, Map<number, DisturbedSample>>();

  /** Takes the place of an earlier block of warm-up; what the lock checker found in that stays. */
  add({ design, repetition }: Pick<Sample, 'design' | 'repetition'>, sample: DisturbedSample): void {
    const samples = this.#byDesign.get(design) ?? new Map<number, DisturbedSample>();
    const earlier = samples.get(repetition)?.report.locks?.problems ?? [];
    const { report } = sample;
    const locks = report.locks && { ...report.locks, problems: [...earlier, ...report.locks.problems] };
    samples.set(repetition, { ...sample, report: { ...report, locks } });
    this.#byDesign.set(design, samples);
  }

  /** A sentence or more for each design and each kind of disturbance. */
  notes(): readonly string[] {
    return [...this.#byDesign].flatMap(([design, byRepetition]) => {
      const samples = [...byRepetition.values()];
      const { title } = DESIGN_WORDS[design];
      const reports = samples.map(({ report }) => report);
      const isChecked = samples.some(({ checked }) => checked > 0);
      return [
        ...faultNotes(
          title,
          reports.flatMap(({ faults }) => faults ?? []),
          isChecked,
        ),
        ...hotplugNotes(
          title,
          reports.flatMap(({ hotplug }) => hotplug ?? []),
        ),
        ...lockNotes(
          title,
          reports.flatMap(({ locks }) => locks ?? []),
        ),
        ...auditNotes(
          title,
          reports.flatMap(({ tableAudits }) => tableAudits ?? []),
        ),
      ];
    });
  }
}

type FaultReport = NonNullable<DisturbanceReport['faults']>;

function faultNotes(title: string, reports: readonly FaultReport[], isChecked: boolean): readonly string[] {
  if (reports.length === 0) return [];
  const counts = Map.groupBy(
    reports.flatMap(({ sites }) => sites),
    ({ site }) => site,
  );
  const sites = [...counts].map(([site, each]) => {
    const sum = (name: 'attempts' | 'injected'): number =>
      each.reduce((all: number, one: FaultCount) => all + one[name], 0);
    return `${sum('injected')} of ${sum('attempts')} ${SITE_WORDS[site]}`;
  });
  return [`Faults on purpose, ${title}: refused ${sites.join(', ')}; ${failedWords(reports, isChecked)}.`];
}

/** What failed in all, and what the rest was found to be, if anything was. */
function failedWords(reports: readonly FaultReport[], isChecked: boolean): string {
  const failed = (name: 'failedWrites' | 'failedReads' | 'failedObjects'): number =>
    reports.reduce((all, one) => all + (one[name] ?? 0), 0);
  if (reports.some(({ failedObjects }) => failedObjects !== undefined)) {
    const allocations = counted(failed('failedObjects'), 'allocation');
    const found = isChecked ? "; every object that was destroyed still bore its owner's mark" : '';
    return `failed were ${allocations}${found}`;
  }
  const found = '; what was read back and compared was as the last write that did not fail had left it';
  const requests = `${counted(failed('failedWrites'), 'write')} and ${counted(failed('failedReads'), 'read')}`;
  return `failed were ${requests}${isChecked ? found : ''}`;
}

function hotplugNotes(title: string, counts: readonly HotplugCounts[]): readonly string[] {
  if (counts.length === 0) return [];
  const sum = (name: keyof HotplugCounts): number => counts.reduce((all, one) => all + one[name], 0);
  const failed = `${counted(sum('failedBringUps'), 'bring-up')} failed`;
  return [
    `CPU hotplug, ${title}: CPUs went down ${sum('wentDown')} times and came up ${sum('cameUp')} times; ${failed}.`,
  ];
}

/** One sentence, and one for each problem; the same problem in another sample is not told again. */
function lockNotes(title: string, reports: readonly LockReport[]): readonly string[] {
  if (reports.length === 0) return [];
  const acquisitions = reports.reduce((all, one) => all + one.acquisitions, 0);
  const orders = Math.max(...reports.map((report) => report.orders));
  const problems = new Map(reports.flatMap((report) => report.problems).map((problem) => [problem.message, problem]));
  const found = problems.size === 0 ? 'no problem' : counted(problems.size, 'problem');
  return [
    `Lock checker, ${title}: ${counted(acquisitions, 'acquisition')}, ${counted(orders, 'order')} of two classes, ${found}.`,
    ...[...problems.values()].map(
      ({ message, chains }) => `Lock checker, ${title}: ${[message, ...chains.map(lockChainText)].join('; ')}.`,
    ),
  ];
}

/** An audit that finds something ends the run, so that all of these found nothing. */
function auditNotes(title: string, audits: readonly number[]): readonly string[] {
  if (audits.length === 0) return [];
  const times = audits.reduce((all, one) => all + one, 0);
  return [
    `Audit of page tables, ${title}: ${counted(times, 'audit')}, one after every phase; all entries were as they must be.`,
  ];
}
