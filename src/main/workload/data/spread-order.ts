/**
 * An order of pages of which every stretch is like the whole. Jobs that time ends take as many pages as they get to: in the
 * order of the files the faster design, or the luckier sample, would write other data than the slower one.
 *
 *     place    0   1    2    3   …        pieces: n of as many pages each as the jobs' requests have in common, so that what is
 *     piece    0   s   2s   3s   …        one request's stays one request's; all modulo n; pages beyond the last whole piece
 *                                         stay at the end
 *
 * The step s lies near n / golden ratio, of some dozen pieces wherever it does as well. Multiples of the golden ratio spread
 * most evenly over a circle, however many are taken: number × discrepancy grows with the number's logarithm alone (Kuipers and
 * Niederreiter, Uniform Distribution of Sequences, chapter 2, theorem 3.4, which binds it by the partial quotients of the
 * continued fraction). So every contiguous part of the data has its share of the pieces taken, but for a few; of a shuffle it
 * is off by the root of their number. Having no common divisor with n the step meets every piece once, and going round goes on
 * with the same sequence, as n × s is 0. No seed: it is one order for all designs and runs.
 */

const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;
/**
 * How far from the golden section a step is looked for: every n up to 2^18, 1 GiB of 4 KiB pages, then has one without a
 * partial quotient above 11, and six out of seven have one without any above 4 (counted).
 */
const FARTHEST_STEP = 32;

export interface SpreadPages {
  readonly count: number;
  /** Pages that stay together; at least one. */
  readonly piecePages: number;
}

/** The place of each page of `count`, 0 … count − 1: each has one of its own. */
export function spreadOrder({ count, piecePages }: SpreadPages): (page: number) => number {
  const pieces = Math.floor(count / piecePages);
  const placesPerPiece = inverseModulo(spreadStep(pieces), pieces);
  return (page) => {
    const piece = Math.floor(page / piecePages);
    if (piece >= pieces) return page;
    return ((piece * placesPerPiece) % pieces) * piecePages + (page % piecePages);
  };
}

/** From a place to the next: how many of `pieces` further on its piece lies; has no common divisor with `pieces`. */
export function spreadStep(pieces: number): number {
  const golden = Math.round(pieces * GOLDEN_SECTION);
  const near = Array.from(
    { length: 2 * FARTHEST_STEP + 1 },
    (_, at) => golden + (at % 2 === 0 ? at / 2 : -(at + 1) / 2),
  );
  let best = { step: 1, quotient: Infinity };
  for (const step of near) {
    if (step < 1 || step >= pieces) continue;
    const quotient = greatestQuotient(step, pieces);
    if (quotient < best.quotient) best = { step, quotient };
  }
  return best.step;
}

/** Of the continued fraction of step / pieces; Infinity where the two have a common divisor. */
function greatestQuotient(step: number, pieces: number): number {
  let greatest = 0;
  let [larger, smaller] = [pieces, step];
  while (smaller > 0) {
    greatest = Math.max(greatest, Math.floor(larger / smaller));
    [larger, smaller] = [smaller, larger % smaller];
  }
  return larger === 1 ? greatest : Infinity;
}

/** The number of which `value` times is 1, modulo `modulus`; they have no common divisor (extended Euclid). */
function inverseModulo(value: number, modulus: number): number {
  let [larger, smaller] = [modulus, value];
  let [before, inverse] = [0, 1];
  while (smaller > 1) {
    const quotient = Math.floor(larger / smaller);
    [larger, smaller] = [smaller, larger % smaller];
    [before, inverse] = [inverse, before - quotient * inverse];
  }
  return inverse < 0 ? inverse + modulus : inverse;
}
