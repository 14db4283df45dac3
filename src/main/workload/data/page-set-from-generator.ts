/**
 * Pages of four kinds in exact shares and random order: zero, same-filled, random, and the rest composed as fio
 * composes buffer_compress_percentage.
 */
import { assertUnreachable, ok, type Result } from '../../../shared/result.ts';
import { Random } from '../random.ts';
import { fillCompressible } from './fill-bytes.ts';
import { allocatePages, type PageSet } from './page-set.ts';

/** fio's default buffer_compress_chunk. */
const CHUNK_BYTES = 512;
/** zram calls a page same-filled when one machine word repeats through it. */
const WORD_BYTES = 8;

/** Shares of the pages in percent, together at most 100; what is left over are compressible pages. */
export interface PageMixture {
  readonly zeroPercent: number;
  readonly samePercent: number;
  readonly randomPercent: number;
  /** Compressible part of each page that is left over, 0 … 100: 25 means three quarters random. */
  readonly compressPercent: number;
}

export interface GeneratedPages {
  readonly pageSizeBytes: number;
  readonly count: number;
  readonly seed: number;
}

const PAGE_KINDS = ['zero', 'same', 'random', 'compressible'] as const;
type PageKind = (typeof PAGE_KINDS)[number];

/** Page counts that add up to `count`, each within one page of its share; ends of shares are rounded, not shares. */
function kindCounts(mixture: PageMixture, count: number): Readonly<Record<PageKind, number>> {
  const upTo = (percent: number) => Math.round((count * percent) / 100);
  const zeroEnd = upTo(mixture.zeroPercent);
  const sameEnd = upTo(mixture.zeroPercent + mixture.samePercent);
  const randomEnd = upTo(mixture.zeroPercent + mixture.samePercent + mixture.randomPercent);
  return { zero: zeroEnd, same: sameEnd - zeroEnd, random: randomEnd - sameEnd, compressible: count - randomEnd };
}

/** One word, repeated; never the zero word, which would make a zero page. */
function fillSame(page: Uint8Array, random: Random): void {
  const word = page.subarray(0, WORD_BYTES);
  do random.fillBytes(word);
  while (word.every((byte) => byte === 0));
  for (let at = WORD_BYTES; at < page.length; at += WORD_BYTES) page.copyWithin(at, 0, WORD_BYTES);
}

function fillPage(page: Uint8Array, kind: PageKind, compressPercent: number, random: Random): void {
  switch (kind) {
    case 'zero':
      return;
    case 'same':
      fillSame(page, random);
      return;
    case 'random':
      random.fillBytes(page);
      return;
    case 'compressible':
      fillCompressible(page, { compressPercent, chunkBytes: CHUNK_BYTES }, random);
      return;
    default:
      assertUnreachable(kind);
  }
}

function checkMixture(mixture: PageMixture): void {
  const parts = [mixture.zeroPercent, mixture.samePercent, mixture.randomPercent];
  const sum = parts.reduce((total, part) => total + part, 0);
  if ([...parts, mixture.compressPercent].every((part) => part >= 0 && part <= 100) && sum <= 100) return;
  throw new RangeError(`no shares of a whole: ${JSON.stringify(mixture)}`);
}

/**
 * Builds the pages; the same arguments give the same bytes. Shares are exact to the page. Throws on percentages that
 * are no shares (profiles are checked before); fails with 'out-of-memory' only.
 */
export function pageSetFromGenerator(mixture: PageMixture, wanted: GeneratedPages): Result<PageSet> {
  checkMixture(mixture);
  const { pageSizeBytes, count } = wanted;
  const allocated = allocatePages(pageSizeBytes, count);
  if (!allocated.ok) return allocated;

  const counts = kindCounts(mixture, count);
  const kinds = PAGE_KINDS.flatMap((kind) => new Array<PageKind>(counts[kind]).fill(kind));
  const random = new Random(wanted.seed);
  random.shuffle(kinds);
  kinds.forEach((kind, page) => {
    const bytes = new Uint8Array(allocated.value, page * pageSizeBytes, pageSizeBytes);
    fillPage(bytes, kind, mixture.compressPercent, random);
  });
  const description =
    `${count} generated pages: ${counts.zero} zero, ${counts.same} same-filled, ${counts.random} random, ` +
    `${counts.compressible} with ${mixture.compressPercent} % compressible`;
  return ok({ pageSizeBytes, count, bytes: allocated.value, description });
}
