/** Recounts everything that a chunk region says of itself from its alloc maps. Answers with what is wrong, in words. */
import { bitIsSet, countSet, nextClear, nextSet } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { SummaryW } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import {
  ChunkFlag,
  ChunkSummaryW,
  ChunkW,
  RegionW,
} from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { chunksInOrder } from '../../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import type { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';

interface Live {
  readonly chunk: number;
  readonly start: number;
  readonly cells: number;
}

/** `live` are all objects that were given out and not taken back. At rest, all of them populated. */
export function auditRegion(region: ChunkRegion, live: readonly Live[]): string[] {
  const chunks = chunksInOrder(region);
  const faults = chunks.flatMap((chunk) => [
    ...auditMap(
      region,
      chunk,
      live.filter((object) => object.chunk === chunk),
    ),
    ...auditSummaries(region, chunk),
    ...auditPages(region, chunk),
  ]);
  const counted = chunks
    .filter((chunk) => !region.hasFlag(chunk, ChunkFlag.isolated | ChunkFlag.reserved))
    .reduce((sum, chunk) => sum + region.chunkField(chunk, ChunkW.emptyPages), 0);
  const said = region.header(RegionW.emptyPages);
  if (counted !== said) faults.push(`${said} empty pages in all, counted ${counted}`);
  if (region.header(RegionW.liveObjects) !== live.length) {
    faults.push(`${region.header(RegionW.liveObjects)} live objects, there are ${live.length}`);
  }
  return faults;
}

function auditMap(region: ChunkRegion, chunk: number, live: readonly Live[]): string[] {
  const { words } = region;
  const faults: string[] = [];
  const map = region.allocMap(chunk);
  const cells = region.chunkField(chunk, ChunkW.cells);
  const used = countSet(words, map, 0, cells);
  const ends = region.chunkField(chunk, ChunkW.startOffsetBytes) + region.chunkField(chunk, ChunkW.endOffsetBytes);
  const liveCells = live.reduce((sum, object) => sum + object.cells, 0);
  if (used !== liveCells + ends / 4) faults.push(`chunk ${chunk}: ${used} cells in use, objects have ${liveCells}`);
  const free = region.chunkField(chunk, ChunkW.freeBytes);
  if (free !== (cells - used) * 4) faults.push(`chunk ${chunk}: ${free} free bytes, counted ${(cells - used) * 4}`);
  for (const { start, cells: length } of live) {
    if (nextClear(words, map, start, start + length) !== start + length)
      faults.push(`object at ${start} is not all used`);
    const bounds = region.boundMap(chunk);
    const end = nextSet(words, bounds, start + 1, cells);
    if (!bitIsSet(words, bounds, start) || end !== start + length) faults.push(`object at ${start} has wrong bounds`);
  }
  return faults;
}

function auditSummaries(region: ChunkRegion, chunk: number): string[] {
  const cells = region.chunkField(chunk, ChunkW.cells);
  const perPage = region.layout.cellsPerPage;
  const faults: string[] = [];
  const summaries = [{ name: 'chunk', summary: region.chunkWord(chunk) + ChunkW.summary, start: 0, cells }];
  for (let block = 0; block < cells / perPage; block++) {
    const summary = region.blockSummary(chunk, block);
    summaries.push({ name: `block ${block}`, summary, start: block * perPage, cells: perPage });
  }
  for (const span of summaries)
    faults.push(...auditSummary(region, chunk, span).map((fault) => `chunk ${chunk} ${span.name}: ${fault}`));
  return faults;
}

/** Hints promise free cells only; nothing before firstFree is free; the edges of a block promise no more than there is. */
function auditSummary(
  region: ChunkRegion,
  chunk: number,
  span: { name: string; summary: number; start: number; cells: number },
): string[] {
  const { words } = region;
  const map = region.allocMap(chunk);
  const field = (name: keyof typeof SummaryW): number => words.get(span.summary + SummaryW[name]);
  const end = span.start + span.cells;
  const faults: string[] = [];
  const isFree = (from: number, length: number): boolean =>
    from + length <= span.cells &&
    nextSet(words, map, span.start + from, span.start + from + length) === span.start + from + length;
  if (!isFree(field('contigStart'), field('contig'))) faults.push('the contig hint promises what is not free');
  if (field('scan') > 0 && !isFree(field('scanStart'), field('scan')))
    faults.push('the scan hint promises what is not free');
  // A block that a large object covers keeps its old firstFree, which is then too low.
  const firstFree = nextClear(words, map, span.start, end) - span.start;
  if (firstFree < field('firstFree')) faults.push('there is a free cell before firstFree');
  if (span.name === 'chunk') return firstFree === field('firstFree') ? faults : [...faults, 'firstFree is wrong'];
  if (nextSet(words, map, span.start, end) - span.start !== field('left')) faults.push('left is wrong');
  let right = 0;
  while (right < span.cells && !bitIsSet(words, map, end - 1 - right)) right += 1;
  // A scan hint at the right edge that becomes the contig hint leaves right at 0.
  if (field('right') !== right && field('right') !== 0) faults.push('right is wrong');
  return faults;
}

function auditPages(region: ChunkRegion, chunk: number): string[] {
  const { words } = region;
  const pages = region.chunkField(chunk, ChunkW.pages);
  const perPage = region.layout.cellsPerPage;
  const map = region.allocMap(chunk);
  let empty = 0;
  const faults: string[] = [];
  for (let page = 0; page < pages; page++) {
    const isEmpty = nextSet(words, map, page * perPage, (page + 1) * perPage) === (page + 1) * perPage;
    const isPopulated = bitIsSet(words, region.populatedMap(chunk), page);
    if (isEmpty && isPopulated) empty += 1;
    if (!isEmpty && !isPopulated) faults.push(`chunk ${chunk}: page ${page} is in use and not populated`);
  }
  const populated = countSet(words, region.populatedMap(chunk), 0, pages);
  if (populated !== region.chunkField(chunk, ChunkW.populatedPages))
    faults.push(`chunk ${chunk}: wrong populated pages`);
  if (empty !== region.chunkField(chunk, ChunkW.emptyPages)) faults.push(`chunk ${chunk}: wrong empty pages`);
  if (region.chunkField(chunk, ChunkSummaryW.contig) > 0 && region.chunkField(chunk, ChunkW.freeBytes) === 0) {
    faults.push(`chunk ${chunk}: a full chunk promises room`);
  }
  return faults;
}
