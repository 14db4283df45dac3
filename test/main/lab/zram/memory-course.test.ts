import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryCourse } from '../../../../src/main/lab/zram/memory-course.ts';

const held = (pages: number) => ({
  originalBytes: pages * 4096,
  compressedBytes: pages * 1000,
  poolBytes: pages * 1100,
});

/** A course on a clock of the test's own. */
function courseFrom(startMs: number) {
  const clock = { nowMs: startMs };
  return { clock, course: new MemoryCourse(() => clock.nowMs) };
}

describe('the course of a sample', () => {
  it('counts its time from the first phase, and names the phases', () => {
    const { clock, course } = courseFrom(5000);
    course.beginPhase('write', held(0));
    clock.nowMs = 5100;
    course.note(held(3));
    clock.nowMs = 5150.04;
    course.beginPhase('read', held(5));
    clock.nowMs = 5260;
    expect(course.endWith(held(4))).toEqual({
      phases: [
        { phase: 'write', fromMs: 0 },
        { phase: 'read', fromMs: 150 },
      ],
      atMs: [0, 100, 150, 260],
      originalBytes: [0, 3, 5, 4].map((pages) => pages * 4096),
      compressedBytes: [0, 3000, 5000, 4000],
      poolBytes: [0, 3300, 5500, 4400],
    });
  });

  it('begins each phase with a point of the same time, though the clock goes on between two looks', () => {
    let nowMs = 70;
    const course = new MemoryCourse(() => (nowMs += 30));
    course.beginPhase('write', held(0));
    course.beginPhase('read', held(5));
    const { phases, atMs } = course.endWith(held(5));
    expect(phases.map(({ fromMs }) => fromMs)).toEqual([0, 30]);
    expect(atMs).toEqual([0, 30, 60]);
  });

  it('of devices that nobody can look into begins with the first tick', () => {
    const { clock, course } = courseFrom(0);
    course.beginPhase('write', undefined);
    clock.nowMs = 100;
    course.note(held(1));
    expect(course.endWith(held(2)).atMs).toEqual([100, 100]);
  });

  it('stays small however long it is, and keeps beginning, end and evenly spaced points between', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), (ticks) => {
        const { clock, course } = courseFrom(0);
        course.beginPhase('write', held(0));
        for (let tick = 1; tick <= ticks; tick++) {
          clock.nowMs = tick * 100;
          course.note(held(tick));
        }
        const { atMs, originalBytes, compressedBytes, poolBytes } = course.endWith(held(ticks));
        expect(new Set([atMs, originalBytes, compressedBytes, poolBytes].map(({ length }) => length)).size).toBe(1);
        expect(atMs.length).toBeLessThanOrEqual(240);
        expect([atMs[0], atMs.at(-1)]).toEqual([0, ticks * 100]);
        expect(originalBytes).toEqual(atMs.map((at) => (at / 100) * 4096));
        const gaps = atMs.slice(1).map((at, place) => at - (atMs[place] ?? 0));
        const widest = Math.max(0, ...gaps);
        expect(widest).toBeLessThanOrEqual(Math.max(100, (8 * ticks * 100) / 240));
      }),
      { numRuns: 60 },
    );
  });
});
