/** Every mismatch has a class and the lines that show it; what is not doubted explains nothing. */
import { describe, expect, it } from 'vitest';
import { AGREEMENTS } from '../../../../src/main/lab/replay/chunk-doubt.ts';
import type { ReplayReport } from '../../../../src/shared/replay-report.ts';
import { base, replayText, TraceWriter } from './trace-text.ts';

/** `line: class [evidence]` of each mismatch. */
const told = ({ mismatches }: ReplayReport): string[] =>
  mismatches.map((mismatch) => `${mismatch.line}: ${mismatch.class} [${mismatch.evidence.join(', ')}]`);

/** The chunk `a`, born in the trace, with an object at 0; the next 16 bytes would go to 16. */
const born = (): TraceWriter => new TraceWriter().create('a').alloc('16/8', 'a', 0);

describe('an offset that is not the kernel’s', () => {
  it('in a chunk of which everything is known is unexplained', async () => {
    const found = await replayText(born().alloc('16/8', 'a', 4096).text());
    expect(told(found)).toEqual(['3: unexplained []']);
    expect(found.mismatches[0]).toMatchObject({
      kernelBase: base('a'),
      kernelOffsetBytes: 4096,
      modelBase: base('a'),
      modelOffsetBytes: 16,
    });
    expect(found.overall).toEqual({ matched: 1, total: 2 });
  });

  it('after an unexplained one is its consequence, and unexplained as well', async () => {
    const found = await replayText(born().alloc('16/8', 'a', 4096).alloc('16/8', 'a', 8192).text());
    expect(told(found)).toEqual(['3: unexplained []', '4: unexplained [3]']);
  });

  it('is explained by lost events before it, until its chunk was empty and enough allocations have agreed', async () => {
    const early = born()
      .lost(0, 5)
      .agree('a', 16, AGREEMENTS - 1)
      .alloc('16/8', 'a', 4096);
    expect(told(await replayText(early.text()))).toEqual([`${early.line}: lost-events [3]`]);
    // Whatever was left behind by what was lost has gone with the last object.
    const late = born().lost(0, 5).free('a', 0).agree('a', 0, AGREEMENTS).alloc('16/8', 'a', 4096);
    expect(told(await replayText(late.text()))).toEqual([`${late.line}: unexplained []`]);
  });

  it('is explained by lost events however many allocations have agreed, as long as something may be left of them', async () => {
    const trace = born()
      .lost(0, 5)
      .agree('a', 16, 2 * AGREEMENTS)
      .alloc('16/8', 'a', 4096);
    expect(told(await replayText(trace.text()))).toEqual([`${trace.line}: lost-events [3]`]);
  });

  it('is explained by events lost on another CPU since that CPU’s last line, though the mark stands behind', async () => {
    const trace = born().alloc('16/8', 'a', 16, { cpu: 1 }).agree('a', 32, 3).alloc('16/8', 'a', 4096);
    const mismatch = trace.line;
    trace.agree('a', 32, 20).lost(1, 3).free('a', 16, { cpu: 1 });
    expect(told(await replayText(trace.text()))).toEqual([`${mismatch}: lost-events [3, ${trace.line - 1}]`]);
  });

  it('is not explained by events lost before its chunk was born', async () => {
    const trace = new TraceWriter().create('a').allocMany('32768/4096', 'a', 0, 32).lost(0, 5);
    trace.create('b').alloc('16/8', 'b', 0).alloc('16/8', 'b', 4096);
    expect(told(await replayText(trace.text()))).toEqual([`${trace.line}: unexplained []`]);
  });

  it('is not explained by what is doubted of a third chunk', async () => {
    // b is full: the requests go to c, of which everything is known. Only b has a free that nobody allocated.
    const trace = new TraceWriter().create('b').allocMany('32768/4096', 'b', 0, 32).create('c').alloc('16/8', 'c', 0);
    trace.free('b', 16).alloc('16/8', 'c', 4096);
    const found = await replayText(trace.text());
    expect(told(found)).toEqual([`${trace.line}: unexplained []`]);
    expect(found.lostEvents.missingAllocations).toBe(1);
  });

  it('is explained by a free of what nobody allocated, in that chunk', async () => {
    const trace = born().free('a', 4096).alloc('16/8', 'a', 8192);
    expect(told(await replayText(trace.text()))).toEqual(['4: lost-events [3]']);
  });

  it('is explained by a free that must be missing, between the allocation and the next use of the place', async () => {
    const trace = born().alloc('64/8', 'a', 16).alloc('16/8', 'a', 8192);
    trace.agree('a', 80, 2).alloc('64/8', 'a', 16);
    const [first] = told(await replayText(trace.text()));
    expect(first).toBe(`4: lost-events [3, ${trace.line}]`);
  });

  it('in a chunk that is older than the trace is explained by that, however many allocations have agreed', async () => {
    const older = (agreements: number): TraceWriter =>
      new TraceWriter().agree('o', 64, agreements).alloc('16/8', 'o', 64).alloc('16/8', 'o', 4096);
    for (const agreements of [3, 2 * AGREEMENTS]) {
      const found = await replayText(older(agreements).alloc('16/8', 'o', 112).text());
      const { unexplained, 'starting-state': byStart } = found.mismatchCounts;
      expect([unexplained, byStart > 0]).toEqual([0, true]);
      expect(found.mismatches.every(({ evidence }) => evidence.length > 0)).toBe(true);
    }
  });

  it('in an older chunk that was known before is explained by events that are missing for certain, not by its age', async () => {
    const trace = new TraceWriter()
      .agree('o', 64, 2 * AGREEMENTS)
      .alloc('16/8', 'o', 64)
      .alloc('16/8', 'o', 80);
    // The free of the object at 80 is missing.
    const lost = trace.line;
    trace.alloc('16/8', 'o', 80).agree('o', 96, AGREEMENTS).alloc('16/8', 'o', 8192);
    expect(told(await replayText(trace.text()))).toEqual([`${trace.line}: lost-events [${lost}, ${lost + 1}]`]);
  });

  it('that nothing explains is explained by a header that counts more events than there are', async () => {
    const header = (entries: number): string => `# entries-in-buffer/entries-written: ${entries}/${entries}   #P:2\n`;
    const text = born().alloc('16/8', 'a', 4096).text();
    expect(told(await replayText(header(4) + text))).toEqual(['4: lost-events [1]']);
    expect(told(await replayText(header(3) + text))).toEqual(['4: unexplained []']);
  });

  it('in an older chunk that was wholly free since is not explained by its age', async () => {
    const trace = new TraceWriter().allocMany('16/8', 'o', 0, 4);
    for (const offset of [16, 0, 48, 32]) trace.free('o', offset);
    trace.agree('o', 0, AGREEMENTS).alloc('16/8', 'o', 32);
    expect(told(await replayText(trace.text()))).toEqual([`${trace.line}: unexplained []`]);
  });

  it('is explained by another CPU’s free in the same chunk at the same moment, and not by one a second before', async () => {
    const near = (afterUs: number): TraceWriter =>
      born().allocMany('16/8', 'a', 16, 4).free('a', 16, { cpu: 1 }).alloc('16/8', 'a', 4096, { afterUs });
    expect(told(await replayText(near(3).text()))).toEqual(['8: event-order [7]']);
    expect(told(await replayText(near(1_000_000).text()))).toEqual(['8: unexplained []']);
  });
});

describe('an order in which the offsets are the kernel’s', () => {
  it('is found when an allocation is printed behind another CPU’s free', async () => {
    // The kernel gave out 80 before 16 was free again.
    const trace = born().allocMany('16/8', 'a', 16, 4).free('a', 16, { cpu: 1 }).alloc('16/8', 'a', 80);
    const found = await replayText(trace.text());
    expect([found.overall.matched, found.reordered]).toEqual([6, 1]);
  });

  it('is found when another CPU’s allocation that went first is printed behind', async () => {
    const trace = born().alloc('16/8', 'a', 32, { cpu: 1 }).alloc('16/8', 'a', 16);
    const found = await replayText(trace.text());
    expect([found.overall.matched, found.reordered]).toEqual([3, 1]);
  });

  it('is not looked for within one context', async () => {
    const found = await replayText(born().alloc('16/8', 'a', 32).alloc('16/8', 'a', 16).text());
    expect(found.reordered).toBe(0);
    expect(found.mismatchCounts.unexplained).toBeGreaterThan(0);
  });

  it('is found across a whole burst of another CPU’s frees', async () => {
    const trace = born().allocMany('16/8', 'a', 16, 20);
    for (let index = 0; index < 18; index++) trace.free('a', 16 + 16 * index, { cpu: 1, afterUs: 1 });
    const found = await replayText(trace.alloc('16/8', 'a', 336, { afterUs: 1 }).text());
    expect([found.overall.matched, found.reordered]).toEqual([22, 1]);
  });
});

describe('what a trace lacks', () => {
  it('is put right: an object that is known by its free alone keeps its place until then', async () => {
    // An object at 16 was allocated unseen; the kernel goes on at 32.
    const trace = born().alloc('16/8', 'a', 32).alloc('16/8', 'a', 48).free('a', 16).alloc('16/8', 'a', 16);
    const found = await replayText(trace.text());
    expect(found.overall).toEqual({ matched: 4, total: 4 });
    expect(found.repaired).toBe(1);
    expect(found.lostEvents.missingAllocations).toBe(1);
  });

  it('is put right: an object that stands where the kernel puts another was freed unseen', async () => {
    const trace = born().alloc('16/8', 'a', 16).alloc('16/8', 'a', 32).alloc('16/8', 'a', 16);
    const found = await replayText(trace.text());
    expect(found.overall).toEqual({ matched: 4, total: 4 });
    expect(found.lostEvents.missingFrees).toBe(1);
  });

  it('is guessed after lost events from where the kernel goes on; the first allocation differs, those after it do not', async () => {
    // What lies at 16 … 47 was allocated unseen and is never freed.
    const trace = born().lost(0, 2).alloc('16/8', 'a', 48).alloc('16/8', 'a', 64).alloc('16/8', 'a', 80);
    const found = await replayText(trace.text());
    expect(told(found)).toEqual(['4: lost-events [3]']);
    expect([found.overall.matched, found.overall.total, found.repaired]).toEqual([3, 4, 0]);
    expect(found.lostEvents.missingAllocations).toBe(2);
  });

  it('is not guessed where nothing says that events are missing', async () => {
    const found = await replayText(born().alloc('16/8', 'a', 48).alloc('16/8', 'a', 64).text());
    expect([found.mismatchCounts.unexplained, found.lostEvents.missingAllocations]).toEqual([2, 0]);
  });

  it('is said: chunks that are used without having been made', async () => {
    const trace = born().free('a', 0).destroy('a').alloc('16/8', 'a', 0);
    const found = await replayText(trace.text());
    expect(found.lostEvents.missingChunkEvents).toBeGreaterThan(0);
  });
});
