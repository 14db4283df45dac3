/** What a replay found, in words. */
import type { Agreement, MismatchClass, ReplayReport } from '../../shared/replay-report.ts';
import { isHeaderAlone, isLossUntold, replayDoubt, type ReplayDoubt } from '../../shared/replay-words.ts';
import { formatCount, formatCounted, formatFixed } from '../format/number.ts';
import type { GlossaryTerm } from './glossary.ts';

/** A class of mismatch, and why it happens. */
export const MISMATCH_WORDS: Readonly<Record<MismatchClass, { readonly title: string; readonly why: string }>> = {
  'event-order': {
    title: 'order of events',
    why: 'Two CPUs acted within microseconds of each other, and the trace prints them in another order than they happened.',
  },
  'lost-events': {
    title: 'lost events',
    why: 'The trace lacks events before this one, so the model’s chunk holds more or fewer objects than the kernel’s.',
  },
  'starting-state': {
    title: 'state before the trace',
    why: 'The chunk is older than the trace, and what was in it is known only as far as the trace shows.',
  },
  unexplained: {
    title: 'unexplained',
    why: 'Neither of the other reasons applies: a fault of the model, or something that the trace does not show.',
  },
};

/** Percent with three decimals, which tells 57,023 of 57,024 from all; `–` of nothing. */
export function agreementPercent({ matched, total }: Agreement): string {
  if (total === 0) return '–';
  // Not all is never 100.
  const percent = Math.floor((matched / total) * 1e5) / 1e3;
  return matched === total ? '100 %' : `${formatFixed(percent, 3)} %`;
}

/** The replay's outcome in one sentence without a full stop. */
export function replaySentence(report: ReplayReport): string {
  const { overall, bornWithin, mismatchCounts } = report;
  const { matched, total } = overall;
  const figure = `${formatCount(matched)} of ${formatCounted(total, 'allocation')} lie where the kernel put them`;
  if (total === 0) return 'The trace has no allocation to compare';
  const born = bornWithin.total > 0 && bornWithin.matched === bornWithin.total && matched < total;
  if (matched === total) {
    return `${total === 1 ? 'The only allocation lies' : `All ${formatCount(total)} allocations lie`} where the kernel put them, chunk and offset${condition(report)}`;
  }
  const { unexplained } = mismatchCounts;
  const are = unexplained === 1 ? 'is' : 'are';
  const rest = unexplained === 0 ? explanationOfOthers(report) : `${formatCount(unexplained)} ${are} unexplained`;
  return `${figure}${born ? ', in chunks born within the trace all of them' : ''}; ${rest}`;
}

function explanationOfOthers(report: ReplayReport): string {
  if (isLossUntold(report)) return 'nothing shows why the others differ';
  return isHeaderAlone(report) ? 'the header’s count alone speaks for lost events' : 'the others are explained';
}

/** What had to be put right for some of them. */
function condition({ reordered, repaired }: ReplayReport): string {
  const parts = [
    ...(repaired > 0 ? [`${formatCount(repaired)} of them once events that the trace lacks are put right`] : []),
    ...(reordered > 0 ? [`${formatCount(reordered)} once events are put in order`] : []),
  ];
  return parts.length === 0 ? '' : `; ${parts.join(', ')}`;
}

const DOUBT_WORDS: Readonly<Record<ReplayDoubt, string>> = {
  'cut-short': 'cut short',
  'malformed-lines': 'lines not read',
  'header-alone': 'not proven',
  'loss-untold': 'not proven',
};

/** Whether the lab's allocator did as the kernel's, with a sign. */
export function replayVerdict(report: ReplayReport): {
  readonly kind: 'good' | 'partly' | 'bad';
  readonly sign: string;
  readonly word: string;
} {
  const { overall, mismatchCounts, statsContradiction } = report;
  if (statsContradiction !== undefined) return { kind: 'bad', sign: '✕', word: 'percpu_stats contradicts' };
  if (mismatchCounts.unexplained > 0) return { kind: 'bad', sign: '✕', word: 'differs' };
  const doubt = replayDoubt(report);
  if (doubt !== undefined) return { kind: 'partly', sign: '≈', word: DOUBT_WORDS[doubt] };
  if (overall.matched === overall.total) return { kind: 'good', sign: '✓', word: 'exact' };
  return { kind: 'partly', sign: '≈', word: 'explained' };
}

/** A figure with its word. */
export interface WordedFigure {
  readonly title: string;
  readonly value: string;
  readonly term?: GlossaryTerm | undefined;
}

/** What the trace is made of. */
export function traceFigures(report: ReplayReport): readonly WordedFigure[] {
  return [
    { title: 'events', value: formatCount(report.events) },
    { title: 'allocations', value: formatCount(report.allocations) },
    { title: 'frees', value: formatCount(report.frees) },
    { title: 'frees of older objects', value: formatCount(report.freesOfOlderObjects), term: 'olderObjects' },
    { title: 'failures', value: formatCount(report.failures) },
    { title: 'chunks born', value: formatCount(report.chunksBorn), term: 'chunk' },
    { title: 'chunks destroyed', value: formatCount(report.chunksDestroyed), term: 'chunk' },
  ];
}

/** What had to be put right, or was only noticed; empty for a whole trace in order. */
export function lostFigures({ lostEvents, reordered, repaired }: ReplayReport): readonly WordedFigure[] {
  const { markers, counted, overwritten, missingFrees, missingAllocations, missingChunkEvents } = lostEvents;
  const all: readonly (WordedFigure & { readonly count: number })[] = [
    { title: 'places where the tracer lost events', count: markers, value: formatCount(markers), term: 'lostEvents' },
    { title: 'lost events that it counted', count: counted, value: formatCount(counted), term: 'lostEvents' },
    {
      title: 'events overwritten before the text begins',
      count: overwritten,
      value: formatCount(overwritten),
      term: 'lostEvents',
    },
    { title: 'frees that are missing', count: missingFrees, value: formatCount(missingFrees), term: 'repaired' },
    {
      title: 'allocations that are missing',
      count: missingAllocations,
      value: formatCount(missingAllocations),
      term: 'repaired',
    },
    {
      title: 'chunk events that are missing',
      count: missingChunkEvents,
      value: formatCount(missingChunkEvents),
      term: 'repaired',
    },
    {
      title: 'allocations that agree with those put right',
      count: repaired,
      value: formatCount(repaired),
      term: 'repaired',
    },
    {
      title: 'allocations printed after later frees',
      count: reordered,
      value: formatCount(reordered),
      term: 'reordered',
    },
  ];
  return all.filter(({ count }) => count > 0).map(({ title, value, term }) => ({ title, value, term }));
}
