/** The result in one sentence per compared design, a wrong one told before its speed; the first thing that a result shows. */
import { DESIGN_WORDS, type Design } from '../../shared/design.ts';
import { assertUnreachable } from '../../shared/result.ts';
import {
  type Comparison,
  type PercpuFigures,
  type RunRecord,
  type WrongTotals,
  DIRECTIONS,
} from '../../shared/run-record.ts';
import { wrongTotalWords } from '../../shared/this-cpu-words.ts';
import { formatCount, formatCounted } from '../format/number.ts';
import { formatConfidence, formatShare } from '../format/percent.ts';
import { formatInterval, formatRatio } from '../format/ratio.ts';
import { DIRECTION_WORDS, VERDICT_WORDS } from './labels.ts';

/** Sentences without a full stop, e.g. `per-CPU, global against single mutex: writes 1.84 × as fast [1.79, 1.90], …`. */
export function verdictSentences(record: RunRecord): readonly string[] {
  const designs = [...new Set(record.comparisons.map((comparison) => comparison.design))];
  if (designs.length > 0) return designs.map((design) => designSentence(design, record.comparisons));
  if (record.samples.length === 0) return ['No repetition was finished, so there is nothing to compare'];
  const [only] = record.designs;
  if (record.designs.length === 1 && only !== undefined) {
    if (only.thisCpu?.wrong !== undefined) return [`${wrongClause(only.thisCpu.wrong)}; nothing else was measured`];
    const { title } = DESIGN_WORDS[only.design];
    if (only.percpu !== undefined) return [`${title}: ${countedClause(only.percpu)}`];
    return [`Only ${title} was measured, so there is nothing to compare it with`];
  }
  return ['No repetition has figures of every design, so there is nothing to compare'];
}

/** `77 objects of 117,228 bytes on each CPU, 88.5 % of them networking’s` */
function countedClause({ atFull: { liveObjects, liveBytes }, callSites: [largest] }: PercpuFigures): string {
  const all = `${formatCounted(liveObjects, 'object')} of ${formatCounted(liveBytes, 'byte')} on each CPU`;
  return largest === undefined ? all : `${all}, ${formatShare(largest.share)} of the bytes: ${largest.callSite}`;
}

function designSentence(design: Design, comparisons: readonly Comparison[]): string {
  const own = DIRECTIONS.flatMap((direction) =>
    comparisons.filter((comparison) => comparison.design === design && comparison.direction === direction),
  );
  const parts = own.map(directionClause);
  const baseline = own[0] === undefined ? '' : ` against ${DESIGN_WORDS[own[0].baseline].title}`;
  const sentence = `${DESIGN_WORDS[design].title}${baseline}: ${parts.join('; ')}`;
  const [wrong] = own.flatMap((comparison) => (comparison.verdict === 'wrong' ? comparison.wrong : []));
  return wrong === undefined ? sentence : `${wrongClause(wrong)}; ${sentence}`;
}

function directionClause(comparison: Comparison): string {
  const what = DIRECTION_WORDS[comparison.direction];
  const ratio = formatRatio(comparison.ratio);
  switch (comparison.verdict) {
    case 'faster':
    case 'slower':
      return `${what} ${ratio} as fast${intervalClause(comparison)}`;
    case 'same':
      return `${what} same (${ratio}${intervalClause(comparison)})`;
    case 'inconclusive':
      return `${what} inconclusive (${ratio}${intervalClause(comparison)})`;
    case 'wrong':
      return `${what} ${ratio}${intervalClause(comparison)}, worth nothing`;
    default:
      return assertUnreachable(comparison);
  }
}

/** `✕ wrong result: unprotected lost 12 of 4096 additions` */
function wrongClause(wrong: WrongTotals): string {
  const { sign, word } = VERDICT_WORDS.wrong;
  return `${sign} ${word}: ${DESIGN_WORDS[wrong.design].title} ${wrongTotalWords(wrong, formatCount)}`;
}

function intervalClause({ interval }: Comparison): string {
  if (interval === undefined) return ', too few repetitions for an interval';
  return ` ${formatInterval(interval)}, ${formatConfidence(interval.confidence)} interval`;
}
