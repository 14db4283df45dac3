/** A chunk made anew from its alloc map: every figure is what somebody who looks at the map alone would say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setRange } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { SummaryW } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { rebuildFromMap } from '../../../../../src/main/machine/percpu/chunks/rebuild.ts';
import { DrawnChunk, PAGE_CELLS } from './one-region.ts';

const PAGES = 256;

interface Run {
  readonly start: number;
  readonly cells: number;
}

/** Objects of the first eight pages; the rest of the chunk is free. */
const objects = fc.array(
  fc.record({
    start: fc.nat(8 * PAGE_CELLS - 1),
    cells: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3000 })),
  }),
  { maxLength: 60 },
);

function chunkWith(all: readonly Run[]): { chunk: DrawnChunk; used: boolean[] } {
  const chunk = new DrawnChunk();
  const used = Array.from({ length: PAGES * PAGE_CELLS }, () => false);
  for (const { start, cells } of all) {
    setRange(chunk.region.words, chunk.region.allocMap(chunk.chunk), start, start + cells);
    used.fill(true, start, start + cells);
  }
  return { chunk, used };
}

function freeRuns(used: readonly boolean[]): Run[] {
  const runs: Run[] = [];
  for (let start = used.indexOf(false); start >= 0;) {
    const next = used.indexOf(true, start);
    const end = next < 0 ? used.length : next;
    runs.push({ start, cells: end - start });
    start = used.indexOf(false, end);
  }
  return runs;
}

function largest(runs: readonly Run[]): number {
  return Math.max(0, ...runs.map(({ cells }) => cells));
}

describe('a chunk made anew from its map', () => {
  it('has of each block the largest run, the runs at its edges and the first free cell', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const { chunk, used } = chunkWith(all);
        rebuildFromMap(chunk.region, chunk.chunk, 0);
        for (let block = 0; block < 12; block++) {
          const cells = used.slice(block * PAGE_CELLS, (block + 1) * PAGE_CELLS);
          const runs = freeRuns(cells);
          const summary = chunk.region.blockSummary(chunk.chunk, block);
          const field = (word: number): number => chunk.region.words.get(summary + word);
          expect(field(SummaryW.contig)).toBe(largest(runs));
          const shown = { start: field(SummaryW.contigStart), cells: field(SummaryW.contig) };
          if (runs.length > 0) expect(runs).toContainEqual(shown);
          expect(field(SummaryW.left)).toBe(runs.find(({ start }) => start === 0)?.cells ?? 0);
          expect(field(SummaryW.right)).toBe(runs.find((run) => run.start + run.cells === PAGE_CELLS)?.cells ?? 0);
          expect(field(SummaryW.firstFree)).toBe(runs[0]?.start ?? PAGE_CELLS);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has the free bytes, the first free cell and the largest run of the whole', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const { chunk, used } = chunkWith(all);
        rebuildFromMap(chunk.region, chunk.chunk, 0);
        const field = (word: number): number => chunk.region.chunkField(chunk.chunk, word);
        expect(field(ChunkW.freeBytes)).toBe(4 * used.filter((isUsed) => !isUsed).length);
        expect(field(ChunkW.summary + SummaryW.firstFree)).toBe(used.indexOf(false));
        expect(field(ChunkW.summary + SummaryW.contig)).toBe(largest(freeRuns(used)));
      }),
      { numRuns: 60 },
    );
  });

  it('has pages under its objects, and of the free pages as many populated as are wanted, the lowest first', () => {
    fc.assert(
      fc.property(objects, fc.nat(6), (all, emptyPages) => {
        const { chunk, used } = chunkWith(all);
        rebuildFromMap(chunk.region, chunk.chunk, emptyPages);
        let empty = 0;
        const wanted = Array.from({ length: PAGES }, (_, page) => {
          if (used.slice(page * PAGE_CELLS, (page + 1) * PAGE_CELLS).includes(true)) return true;
          empty += 1;
          return empty <= emptyPages;
        });
        const found = wanted.map((__, page) => {
          const run = chunk.region.populatedRun(chunk.chunk, { first: page, end: page + 1 });
          return run !== undefined;
        });
        expect(found).toEqual(wanted);
        expect(chunk.region.chunkField(chunk.chunk, ChunkW.emptyPages)).toBe(emptyPages);
        expect(chunk.region.chunkField(chunk.chunk, ChunkW.populatedPages)).toBe(wanted.filter(Boolean).length);
      }),
      { numRuns: 40 },
    );
  });

  it('serves a request where plain first fit would', () => {
    const { chunk } = chunkWith([
      { start: 0, cells: 6 },
      { start: 10, cells: 6 },
      { start: 24, cells: 1000 },
    ]);
    chunk.region.setChunkField(chunk.chunk, ChunkW.liveObjects, 3);
    rebuildFromMap(chunk.region, chunk.chunk, 0);
    expect(chunk.draw(0, 32)).toBe('######....######........########');
    expect(chunk.allocate(32, 4)).toBe(16);
    expect(chunk.allocate(16, 8)).toBe(6);
  });
});
