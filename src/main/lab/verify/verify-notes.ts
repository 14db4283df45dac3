/** What a reader of the report must know beside the numbers, a sentence each. */
import { BUSY_WORDS, NOTABLE_SHARE } from '../../../shared/doubtful-figures.ts';
import {
  VERIFIED_DIRECTIONS,
  VERIFY_USUAL_ROUNDS,
  type VerifyCodec,
  type VerifyComparison,
  type VerifyReport,
  type VerifySide,
} from '../../../shared/verify-report.ts';

/** Below this a pass is so short that starting and ending it shows. */
const SHORT_PASS_NS = 20e6;

const CODEC_NOTES: Readonly<Record<VerifyCodec, string>> = {
  'lz4-kernel': "Codec lz4-kernel is the lab's own encoder in WebAssembly: its sizes are exactly the kernel's.",
  lz4: "Codec lz4 is lz4-napi's encoder: its sizes differ from the kernel's by about 0.5 %, and its work memory is outside the arena.",
};

/** What the notes are about. */
interface VerifyFacts {
  readonly codecs: readonly VerifyComparison[];
  readonly kernel: VerifyReport['kernel'];
  readonly jobs: number;
  /** Measured. */
  readonly rounds: number;
  readonly outcome: VerifyReport['outcome'];
  readonly hostCores: number;
}

/** What makes the times of a verification doubtful. */
export function verifyWarnings(facts: VerifyFacts): readonly string[] {
  const { kernel, jobs, hostCores } = facts;
  const warnings: string[] = [];
  const passNs = (kernel.mm_stat.orig_data_size / Math.max(kernel.writeMBps, 1e-9)) * 1000;
  if (passNs < SHORT_PASS_NS) {
    warnings.push(
      `A pass over the data takes only ${(passNs / 1e6).toFixed(1)} ms, so times are rough; give more data.`,
    );
  }
  if (jobs > hostCores) {
    warnings.push(
      `Oversubscribed: ${jobs} jobs share ${hostCores} cores of this host, so times and ratios are distorted.`,
    );
  }
  return [...warnings, ...busyHostWarnings(facts), ...fewRoundsWarnings(facts)];
}

function busyHostWarnings({ kernel, codecs }: VerifyFacts): readonly string[] {
  const kernelParts = withheldParts([{ side: kernel, words: '' }]);
  const labParts = withheldParts(codecs.map(({ lab }) => ({ side: lab, words: ` (${lab.codec})` })));
  const sentence = (who: string, parts: readonly string[]): readonly string[] =>
    parts.length === 0 ? [] : [`${who}: ${parts.join('; ')}. Throughput, latency and ratios are those of a busy host.`];
  return [
    ...sentence(`Kernel: ${lowerFirst(BUSY_WORDS.kernel)}`, kernelParts),
    ...sentence(`Lab: ${lowerFirst(BUSY_WORDS.live)}`, labParts),
  ];
}

/** Directions in which one of `sides` had a notable share withheld, with the shares of all. */
function withheldParts(sides: readonly { readonly side: VerifySide; readonly words: string }[]): readonly string[] {
  return VERIFIED_DIRECTIONS.flatMap((direction) => {
    const known = sides.flatMap(({ side, words }) => {
      const share = side[direction].withheldShare;
      return share === undefined ? [] : [{ share, words }];
    });
    if (known.every(({ share }) => share < NOTABLE_SHARE)) return [];
    const shares = known.map(({ share, words }) => `${(share * 100).toFixed(0)} %${words}`);
    return [`${direction} ${shares.join(', ')}`];
  });
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function fewRoundsWarnings({ rounds, outcome }: VerifyFacts): readonly string[] {
  if (rounds >= VERIFY_USUAL_ROUNDS) return [];
  const advice = outcome === 'cancelled' ? 'let it go on for longer' : 'give more rounds';
  if (rounds === 1) {
    return [`Only 1 round was measured: low and high are the median, so they say nothing of the spread; ${advice}.`];
  }
  return [
    `Only ${rounds} rounds were measured, fewer than the ${VERIFY_USUAL_ROUNDS} of a verification that is not told how many: ` +
      `low and high say little of the spread; ${advice}.`,
  ];
}

/** The notes of a verification, in the order in which they are shown: warnings first. */
export function verifyNotes(facts: VerifyFacts): readonly string[] {
  const { kernel, codecs, jobs } = facts;
  const notes = [
    ...verifyWarnings(facts),
    'Both: the same jobs fill a buffer from the data, hand over one page at a time without thinking time, and compare what ' +
      'they read; the wall clock runs from the first request to the last, filling and comparing included.',
    `Kernel: each request is a system call with O_DIRECT (about ${kernel.callNs} ns of it are the call itself, measured on ` +
      '/dev/null), the block layer, and zram with lz4.',
    'Lab: each request is a call of the simulated zram on a worker thread; pages, pool, buffers and tables lie in its arena.',
    'Ratios are medians of the ratios of each round; the two runs of a round follow one another.',
  ];
  if (jobs > 1) {
    notes.push(
      'With several jobs the order in which pages reach the pool differs from run to run, so mem_used_total and ' +
        'mem_used_max may differ by some pages; with one job they are exact.',
    );
  }
  notes.push(...codecs.map(({ lab }) => CODEC_NOTES[lab.codec]));
  return notes;
}
