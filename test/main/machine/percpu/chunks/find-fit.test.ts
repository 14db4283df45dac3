/** Where a request goes in one chunk, drawn; for atomic ones with the pages that are populated. */
import { describe, expect, it } from 'vitest';
import { ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { markDepopulated, markPopulated } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { findFit, type Fit, type FitOutcome } from '../../../../../src/main/machine/percpu/chunks/find-fit.ts';
import { DrawnChunk, PAGE_CELLS } from './one-region.ts';

interface Asked {
  readonly outcome: FitOutcome;
  readonly start: number;
  readonly hole: string;
}

/** Asks without taking; sizes in cells. */
function ask({ region, chunk }: DrawnChunk, cells: number, alignCells = 1, atomic = false): Asked {
  const fit: Fit = { start: -1, holeStart: 0, holeCells: 0 };
  const copy = (): Buffer => Buffer.from(new Uint8Array(region.words.view.buffer));
  const before = copy();
  const outcome = findFit(region, chunk, { cells, alignCells, atomic }, fit);
  expect(copy().equals(before)).toBe(true);
  return { outcome, start: fit.start, hole: fit.holeCells === 0 ? '' : `${fit.holeCells}@${fit.holeStart}` };
}

/** Pages that are populated, `P`, the first ones of the chunk. */
function populate({ region, chunk }: DrawnChunk, pages: string): void {
  markPopulated(region, chunk, { first: 0, end: region.chunkField(chunk, ChunkW.pages) });
  for (const [page, sign] of pages.split('').entries()) {
    if (sign !== 'P') markDepopulated(region, chunk, { first: page, end: page + 1 });
  }
  const end = region.chunkField(chunk, ChunkW.pages);
  if (pages.length < end) markDepopulated(region, chunk, { first: pages.length, end });
}

/** Objects of so many cells one behind the other; the freed ones are free again. */
function filled(...objects: readonly (readonly [cells: number, kind: 'kept' | 'freed'])[]): DrawnChunk {
  const drawn = new DrawnChunk();
  const starts = objects.map(([cells]) => drawn.allocate(cells * 4, 4));
  for (const [index, [, kind]] of objects.entries()) {
    const start = starts[index];
    if (kind === 'freed' && start !== undefined) drawn.free(start);
  }
  return drawn;
}

describe('a place', () => {
  it('is the first that fits', () => {
    const drawn = filled([4, 'kept'], [6, 'freed'], [4, 'kept'], [10, 'freed'], [4, 'kept']);
    expect(drawn.draw(0, 32)).toBe('####......####..........####....');
    expect(ask(drawn, 3).start).toBe(4);
    expect(ask(drawn, 6).start).toBe(4);
    expect(ask(drawn, 9).start).toBe(14);
    expect(ask(drawn, 11).start).toBe(28);
  });

  it('is aligned, and what was skipped for that is told', () => {
    const drawn = filled([1, 'kept'], [6, 'freed'], [1, 'kept'], [20, 'freed'], [4, 'kept']);
    expect(drawn.draw(0, 32)).toBe('#......#....................####');
    expect(ask(drawn, 4, 8)).toEqual({ outcome: 'found', start: 8, hole: '' });
    expect(ask(drawn, 4, 4)).toEqual({ outcome: 'found', start: 8, hole: '3@4' });
    expect(ask(drawn, 8, 16)).toEqual({ outcome: 'found', start: 16, hole: '' });
  });

  it('may lie across pages', () => {
    const drawn = filled([PAGE_CELLS - 10, 'kept']);
    expect(ask(drawn, 100).start).toBe(PAGE_CELLS - 10);
    expect(ask(drawn, 3 * PAGE_CELLS).start).toBe(PAGE_CELLS - 10);
    expect(ask(drawn, 100, PAGE_CELLS).start).toBe(PAGE_CELLS);
  });

  it('is not looked for in a run that a scan hint has ruled out, even where that touches the next one', () => {
    const drawn = filled([PAGE_CELLS - 10, 'kept'], [10, 'freed']);
    expect(drawn.chunkHints()).toMatch(/@1024 S=10@1014$/);
    expect(ask(drawn, 10).start).toBe(PAGE_CELLS - 10);
    expect(ask(drawn, 100).start).toBe(PAGE_CELLS);
  });

  it('is not looked for when the chunk’s hint says that there is none', () => {
    const drawn = new DrawnChunk();
    while (drawn.allocate(32768, 4) !== undefined && drawn.draw(31 * 8192, 31 * 8192 + 1) === '.');
    expect(ask(drawn, 1).outcome).toBe('no-candidate');
  });

  it('may be promised by a hint and refused by alignment', () => {
    // Free runs of 1023 cells that begin one cell behind a page: no page-aligned object of as many fits.
    const drawn = new DrawnChunk();
    for (let page = 0; page < 256; page++) drawn.allocate(4, 4096);
    expect(ask(drawn, 1023, PAGE_CELLS).outcome).not.toBe('found');
    expect(ask(drawn, 1023)).toMatchObject({ outcome: 'found', start: 1 });
  });
});

describe('an atomic request', () => {
  it('takes populated pages only', () => {
    const drawn = new DrawnChunk();
    populate(drawn, '..P');
    expect(ask(drawn, 100, 1, true)).toMatchObject({ outcome: 'found', start: 2 * PAGE_CELLS });
    expect(ask(drawn, 100).start).toBe(0);
  });

  it('finds none when no populated run is long enough', () => {
    const drawn = new DrawnChunk();
    populate(drawn, 'P.P.P');
    expect(ask(drawn, PAGE_CELLS, 1, true).start).toBe(0);
    expect(ask(drawn, PAGE_CELLS + 1, 1, true).outcome).toBe('no-candidate');
    populate(drawn, 'P.PP.');
    expect(ask(drawn, PAGE_CELLS + 1, 1, true).start).toBe(2 * PAGE_CELLS);
  });

  it('in a chunk without any populated page finds none', () => {
    expect(ask(new DrawnChunk(), 1, 1, true).outcome).toBe('no-candidate');
  });

  it('looks on behind the page that is missing, not at the next candidate only', () => {
    const drawn = filled([PAGE_CELLS, 'kept'], [PAGE_CELLS, 'freed'], [PAGE_CELLS, 'kept']);
    populate(drawn, 'P.P.PP');
    expect(ask(drawn, 10).start).toBe(PAGE_CELLS);
    expect(ask(drawn, 10, 1, true).start).toBe(4 * PAGE_CELLS);
  });
});
