/**
 * Is one design faster than another? Throughput of both, block by block.
 *
 *   block 1   baseline 612 MB/s   design 741 MB/s   ln(741/612) =  0.191
 *   block 2   baseline 598 MB/s   design 722 MB/s   ln(722/598) =  0.188
 *   …                                               estimate and interval of these, then exp()
 *
 * What disturbs the host in one block (its clock, its neighbours) hits both designs of that block and cancels in the
 * ratio; the logarithm makes twice as fast and half as fast equally far from 1.
 */
import { NOTABLE_SHARE, STARVED_SHARE } from '../../../shared/doubtful-figures.ts';
import { counted } from '../../../shared/counted.ts';
import { type Design, DESIGN_WORDS } from '../../../shared/design.ts';
import { assertUnreachable } from '../../../shared/result.ts';
import type { Comparison, Direction, SpeedVerdict, WrongTotals } from '../../../shared/run-record.ts';
import { wrongTotalWords } from '../../../shared/this-cpu-words.ts';
import { hodgesLehmann, signedRankInterval, type ExactInterval } from './signed-rank.ts';

/** The confidence that an interval must have at least. */
const CONFIDENCE = 0.95;
/** With fewer blocks no exact interval of that confidence exists: 1 - 2/2^5 = 93.75 %, 1 - 2/2^6 = 96.9 %. */
const FEWEST_BLOCKS = 6;

/** Of the direction, at the beginning of a sentence. */
const WORDS = {
  write: 'Write',
  read: 'Read',
  create: 'Create',
  destroy: 'Destroy',
  access: 'Access',
} as const satisfies Record<Direction, string>;

/** Throughputs of the two designs in one block, in one unit, both above 0. */
export interface Block {
  readonly baseline: number;
  readonly design: number;
}

/** Shares of the time of a design's CPUs, 0 … 1: without a core of the host, and waiting for each other's locks. */
export interface HostShares {
  readonly withheld: number;
  readonly lockWait: number;
}

/**
 * What is compared, the margin (percent of the ratio, to either side of 1) that counts as no difference, which of the two
 * designs gave wrong results, if one did, how the CPUs of each fared on the host, how many CPUs that were, and whether they had
 * to share its cores among themselves, which then is no sign of others.
 */
export interface ComparisonQuestion {
  readonly direction: Direction;
  readonly design: Design;
  readonly baseline: Design;
  readonly equivalencePercent: number;
  readonly wrong?: WrongTotals | undefined;
  readonly host?: { readonly design: HostShares; readonly baseline: HostShares } | undefined;
  /** Those that had jobs; 1 where it is not told. */
  readonly cpus?: number | undefined;
  readonly oversubscribed?: boolean | undefined;
}

/**
 * The ratio design / baseline over `blocks` with its exact interval, a verdict and the reason in one sentence.
 *
 * @throws when there is no block, more than 50, or one with a throughput that is not above 0
 */
export function comparePaired(blocks: readonly Block[], question: ComparisonQuestion): Comparison {
  const { direction, design, baseline, wrong } = question;
  const logRatios = blocks.map(logRatio);
  const ratio = Math.exp(hodgesLehmann(logRatios));
  const interval = ratioInterval(signedRankInterval(logRatios, CONFIDENCE));
  const compared = { direction, design, baseline, blocks: blocks.length, ratio, interval };
  if (wrong !== undefined) return { ...compared, verdict: 'wrong', reason: reasonOfWrong(wrong), wrong };
  const verdict = verdictOf(ratio, interval, question);
  const reason = reasonOf({ question, blocks: blocks.length, ratio, interval, verdict });
  return { ...compared, verdict, reason: `${reason}${busyClause(question)}` };
}

function reasonOfWrong(wrong: WrongTotals): string {
  return `The result of ${DESIGN_WORDS[wrong.design].title} is wrong: it ${wrongTotalWords(wrong)}, so its speed counts for nothing.`;
}

function logRatio(block: Block): number {
  const value = Math.log(block.design / block.baseline);
  if (!Number.isFinite(value)) throw new Error(`no ratio of ${block.design} to ${block.baseline} MB/s`);
  return value;
}

function ratioInterval(logarithmic: ExactInterval | undefined): ExactInterval | undefined {
  if (logarithmic === undefined) return undefined;
  return { ...logarithmic, low: Math.exp(logarithmic.low), high: Math.exp(logarithmic.high) };
}

/**
 * CPUs that did not run at the same time cannot show that two designs are the same; nor that they differ, if it was often or the
 * difference is one that the host may have made. An interval of 95 % misses 1 in every twentieth comparison of equals: one whose
 * estimate is no difference that matters shows none.
 */
function verdictOf(ratio: number, interval: ExactInterval | undefined, question: ComparisonQuestion): SpeedVerdict {
  if (interval === undefined) return 'inconclusive';
  if (isWithin(interval, question)) return isBusy(question) ? 'inconclusive' : 'same';
  if (isStarved(question) || mayBeTheHosts(interval, question)) return 'inconclusive';
  if (isWithin({ low: ratio, high: ratio }, question)) return 'inconclusive';
  if (interval.low > 1) return 'faster';
  if (interval.high < 1) return 'slower';
  return 'inconclusive';
}

/**
 * Whether the host alone may have made a difference as small as the interval allows. A phase lasts until its last CPU is done, and
 * others may wait for a lock that is held without a core. So at worst all the time that the host withheld from the CPUs of the
 * slower design was that of the one that the others waited for. What it withheld from the faster one made that slower, unless its
 * CPUs wait for each other: those that have it to themselves meanwhile may gain more than the other loses, nobody knows how much.
 */
function mayBeTheHosts({ low, high }: ExactInterval, question: ComparisonQuestion): boolean {
  const { host, cpus = 1, oversubscribed } = question;
  if (host === undefined || !isBusy(question) || oversubscribed === true) return false;
  const left = (slower: HostShares, faster: HostShares): number => {
    const mayHaveGained = faster.withheld >= NOTABLE_SHARE && faster.lockWait >= NOTABLE_SHARE;
    return mayHaveGained ? 0 : Math.max(0, 1 - slower.withheld * cpus);
  };
  return low * left(host.baseline, host.design) <= 1 && high >= left(host.design, host.baseline);
}

function isWithin(
  { low, high }: Pick<ExactInterval, 'low' | 'high'>,
  { equivalencePercent }: ComparisonQuestion,
): boolean {
  const margin = equivalencePercent / 100;
  return low >= 1 - margin && high <= 1 + margin;
}

function isBusy(question: ComparisonQuestion): boolean {
  return mostWithheld(question) >= NOTABLE_SHARE;
}

function isStarved(question: ComparisonQuestion): boolean {
  return question.oversubscribed !== true && mostWithheld(question) >= STARVED_SHARE;
}

function mostWithheld({ host }: ComparisonQuestion): number {
  return host === undefined ? 0 : Math.max(host.design.withheld, host.baseline.withheld);
}

function busyClause(question: ComparisonQuestion): string {
  if (!isBusy(question)) return '';
  const percent = Math.round(mostWithheld(question) * 100);
  return ` The CPUs had no core of this host for up to ${percent} % of their time: what they cost each other shows less than on a quiet host.`;
}

interface Finding {
  readonly question: ComparisonQuestion;
  readonly blocks: number;
  readonly ratio: number;
  readonly interval: ExactInterval | undefined;
  readonly verdict: SpeedVerdict;
}

function reasonOf(finding: Finding): string {
  const { interval, question, blocks } = finding;
  const what = WORDS[question.direction];
  const estimate = `${what} throughput is ${change(finding.ratio)} against ${DESIGN_WORDS[question.baseline].title}`;
  if (interval === undefined) {
    const few = counted(blocks, 'block allows', 'blocks allow');
    return `${estimate}, but ${few} no ${CONFIDENCE * 100} % interval (it takes at least ${FEWEST_BLOCKS}).`;
  }
  const confidence = (interval.confidence * 100).toFixed(1);
  const range = `${change(interval.low)} to ${change(interval.high)} (${confidence} %, ${blocks} blocks)`;
  const margin = `±${question.equivalencePercent} %`;
  return `${estimate}, and the interval ${range} ${position(finding.verdict, margin, interval, question)}.`;
}

function position(
  verdict: SpeedVerdict,
  margin: string,
  interval: ExactInterval,
  question: ComparisonQuestion,
): string {
  switch (verdict) {
    case 'same':
      return `lies within ${margin}, which counts as the same`;
    case 'faster':
      return `lies entirely above 0 %; ${ofEquals(interval)}`;
    case 'slower':
      return `lies entirely below 0 %; ${ofEquals(interval)}`;
    case 'inconclusive':
      if (isWithin(interval, question)) return `lies within ${margin}, which on a busy host proves nothing`;
      if (interval.low > 1) return `lies entirely above 0 %, ${whyNothing(margin, interval, question)}`;
      if (interval.high < 1) return `lies entirely below 0 %, ${whyNothing(margin, interval, question)}`;
      return `includes 0 % and reaches beyond ${margin}; more repetitions narrow it, in the same time if each is shorter`;
    default:
      return assertUnreachable(verdict);
  }
}

/** How often chance alone takes an interval off 0 %, to either side. */
function ofEquals({ confidence }: ExactInterval): string {
  return `of two equal designs such an interval would by chance leave out 0 % once in ${Math.round(1 / (1 - confidence))} runs`;
}

function whyNothing(margin: string, interval: ExactInterval, question: ComparisonQuestion): string {
  if (isStarved(question)) return 'which on so busy a host proves nothing';
  if (mayBeTheHosts(interval, question)) return 'but no further than the host may account for by itself';
  return `but the change itself lies within ${margin}`;
}

/** A ratio as a signed change in percent with three significant digits, which no rounding turns into 0. */
function change(ratio: number): string {
  const percent = Number(((ratio - 1) * 100).toPrecision(3));
  return `${percent > 0 ? '+' : ''}${percent} %`;
}
