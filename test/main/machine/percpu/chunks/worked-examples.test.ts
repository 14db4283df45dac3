/** The worked examples of the allocator's rules, each line a request, where it goes, and the block afterwards. */
import { describe, expect, it } from 'vitest';
import { SummaryW } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { ChunkSummaryW, ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { createChunk } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { objectAt } from '../../../../../src/main/machine/percpu/chunks/release.ts';
import {
  blankPlace,
  commitPlace,
  releaseCells,
  searchPlace,
} from '../../../../../src/main/machine/percpu/chunks/requests.ts';
import { DrawnChunk, makeRegionWithFullFirstChunk, PAGE_CELLS } from './one-region.ts';

describe('one chunk', () => {
  it('remembers an alignment hole as scan hint, and gives back the holes that a scan passed over', () => {
    const chunk = new DrawnChunk();
    const steps: [number, number, number, string, string][] = [
      [16, 8, 0, '####............................', 'C=1020@4'],
      [4, 4, 4, '#####...........................', 'C=1019@5'],
      [64, 64, 16, '#####...........################', 'C=992@32 S=11@5'],
      [4, 4, 5, '######..........################', 'C=992@32'],
      [48, 8, 32, '######..........################', 'C=980@44 S=10@6'],
      [8, 8, 6, '########........################', 'C=980@44'],
      [64, 4, 44, '########........################', 'C=964@60 S=8@8'],
    ];
    for (const [size, align, cell, drawing, hints] of steps) {
      expect(chunk.allocate(size, align)).toBe(cell);
      expect(chunk.draw(0, 32)).toBe(drawing);
      expect(chunk.hints(0)).toBe(hints);
      expect(chunk.region.words.get(chunk.region.chunkWord(chunk.chunk) + ChunkW.summary + SummaryW.scan)).toBe(0);
    }
  });

  it('skips space that the scan hint rules out, and uses it for a request that fits into it', () => {
    const chunk = new DrawnChunk();
    const made = [16, 16, 16, 16, 32].map((size) => chunk.allocate(size, 4));
    expect(made).toEqual([0, 4, 8, 12, 16]);
    chunk.free(4);
    chunk.free(12);
    expect(chunk.draw(0, 32)).toBe('####....####....########........');
    expect(chunk.hints(0)).toBe('C=1000@24 S=4@12');
    expect(chunk.allocate(24, 8)).toBe(24);
    expect(chunk.allocate(16, 8)).toBe(4);
  });

  it('prefers of equal runs the better aligned one', () => {
    const chunk = new DrawnChunk();
    for (let pair = 0; pair < PAGE_CELLS / 2; pair++) chunk.allocate(8, 4);
    chunk.free(6);
    expect(chunk.hints(0)).toBe('C=2@6');
    chunk.free(16);
    expect(chunk.hints(0)).toBe('C=2@16');
    chunk.free(24);
    expect(chunk.hints(0)).toBe('C=2@16 S=2@24');
    chunk.free(10);
    expect(chunk.hints(0)).toBe('C=2@16 S=2@24');
    expect(chunk.draw(0, 32)).toBe('######..##..####..######..######');
    expect(chunk.allocate(4, 4)).toBe(6);
    expect(chunk.allocate(8, 8)).toBe(10);
    expect(chunk.allocate(8, 8)).toBe(16);
    expect(chunk.hints(0)).toBe('C=2@24');
  });

  it('crosses a block border, and joins the two sides again when the object is freed', () => {
    const chunk = new DrawnChunk();
    const { region } = chunk;
    const block = (index: number, name: keyof typeof SummaryW): number =>
      region.words.get(region.blockSummary(chunk.chunk, index) + SummaryW[name]);
    expect(chunk.allocate(4000, 4)).toBe(0);
    expect(chunk.allocate(160, 4)).toBe(1000);
    expect(['firstFree', 'contig', 'left', 'right'].map((name) => block(0, name as 'contig'))).toEqual([1024, 0, 0, 0]);
    expect([block(1, 'firstFree'), block(1, 'left')]).toEqual([16, 0]);
    expect(chunk.hints(1)).toBe('C=1008@16');
    expect(chunk.allocate(64, 64)).toBe(1040);
    chunk.free(1000);
    expect(chunk.hints(0)).toBe('C=24@1000');
    expect(block(0, 'right')).toBe(24);
    expect(block(1, 'left')).toBe(16);
    expect(chunk.hints(1)).toBe('C=992@32 S=16@0');
    expect(region.chunkField(chunk.chunk, ChunkSummaryW.firstFree)).toBe(1000);
    expect(chunk.chunkHints()).toBe('C=261088@1056 S=40@1000');
  });
});

describe('several chunks', () => {
  it('does not see partial frees until a page is empty', () => {
    const region = makeRegionWithFullFirstChunk();
    const first = createChunk(region);
    const place = blankPlace();
    const request = { cells: 64, alignCells: 2, atomic: false, reserved: false };
    const allocate = (): [number, number] => {
      if (!searchPlace(region, request, place)) createChunk(region);
      if (!searchPlace(region, request, place)) throw new Error('no room in a new chunk');
      commitPlace(region, place, request.cells);
      return [place.chunk, place.start * 4];
    };
    const free = (start: number): void => {
      const object = objectAt(region, first, start);
      if (object === undefined) throw new Error(`no object at ${start}`);
      releaseCells(region, object);
    };
    for (let count = 0; count < 4096; count++) expect(allocate()).toEqual([first, count * 256]);
    expect(region.chunkField(first, ChunkW.freeBytes)).toBe(0);
    expect(region.chunkField(first, ChunkW.list)).toBe(0);
    for (let index = 0; index < 15; index++) free(5 * PAGE_CELLS + index * 64);
    expect(region.chunkField(first, ChunkW.freeBytes)).toBe(3840);
    expect(region.words.get(region.blockSummary(first, 5) + SummaryW.contig)).toBe(960);
    expect(region.chunkField(first, ChunkSummaryW.contig)).toBe(0);
    expect(region.chunkField(first, ChunkW.list)).toBe(0);
    expect(allocate()).toEqual([first + 1, 0]);
    free(5 * PAGE_CELLS + 15 * 64);
    expect(region.chunkField(first, ChunkSummaryW.contig)).toBe(1024);
    expect(region.chunkField(first, ChunkW.list)).toBe(10);
    expect(allocate()).toEqual([first, 20480]);
  });
});
