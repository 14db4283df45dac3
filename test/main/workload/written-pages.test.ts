import { describe, expect, it } from 'vitest';
import type { PageSet } from '../../../src/main/workload/data/page-set.ts';
import { MOST_PAGE_SETS, WrittenPages, writtenPagesBytes } from '../../../src/main/workload/written-pages.ts';
import { blankPage, samePage } from '../machine/fixtures/sized-pages.ts';

/** A set whose page p repeats the word `first + p`. */
function setOf(first: number, count: number): PageSet {
  const bytes = new SharedArrayBuffer(count * 4096);
  const words = new Int32Array(bytes);
  for (let page = 0; page < count; page++) words.fill(first + page, page * 1024, (page + 1) * 1024);
  return { pageSizeBytes: 4096, count, bytes, description: 'numbered pages' };
}

function recordOf(sets: readonly PageSet[], slots = 8) {
  const memory = new SharedArrayBuffer(writtenPagesBytes(slots));
  return { memory, written: new WrittenPages(memory, sets) };
}

describe('the record of written pages', () => {
  it('expects zeros where nothing was written', () => {
    const { written } = recordOf([setOf(100, 2)]);
    expect(written.isWritten(3)).toBe(false);
    expect(written.matches(3, blankPage())).toBe(true);
    expect(written.matches(3, samePage(100))).toBe(false);
  });

  it('expects the page of the set that was entered last', () => {
    const { written } = recordOf([setOf(100, 2), setOf(200, 3)]);
    written.enter(3, 0, 1);
    expect(written.isWritten(3)).toBe(true);
    expect(written.matches(3, samePage(101))).toBe(true);
    written.enter(3, 1, 2);
    expect(written.matches(3, samePage(202))).toBe(true);
    expect(written.matches(3, samePage(101))).toBe(false);
    expect(written.matches(4, blankPage())).toBe(true);
  });

  it('tells a page that differs in its last byte', () => {
    const { written } = recordOf([setOf(100, 1)]);
    written.enter(0, 0, 0);
    const page = samePage(100);
    page.bytes[4095] = (page.bytes[4095] ?? 0) ^ 1;
    expect(written.matches(0, page)).toBe(false);
  });

  it('tells page 0 of set 0 from nothing', () => {
    const { written } = recordOf([setOf(100, 1)]);
    written.enter(0, 0, 0);
    expect(written.isWritten(0)).toBe(true);
    expect(written.matches(0, blankPage())).toBe(false);
  });

  it('has room for the most page sets that it promises', () => {
    const sets = Array.from({ length: MOST_PAGE_SETS }, (_, set) => setOf(1000 * (set + 1), 1));
    const { written } = recordOf(sets);
    written.enter(0, MOST_PAGE_SETS - 1, 0);
    expect(written.matches(0, samePage(1000 * MOST_PAGE_SETS))).toBe(true);
  });

  it('is one record for all who share its memory', () => {
    const sets = [setOf(100, 2)];
    const { memory, written } = recordOf(sets);
    written.enter(5, 0, 1);
    expect(new WrittenPages(memory, sets).matches(5, samePage(101))).toBe(true);
  });

  it('throws for a set that is not there: a broken invariant', () => {
    const { written } = recordOf([setOf(100, 1)]);
    written.enter(0, 3, 0);
    expect(() => written.matches(0, blankPage())).toThrow('slot 0 was written from a page set that is not there');
  });
});
