/** The course of each design's last sample as lines and phase marks of a chart. */
import type { ZramCourse } from '../../shared/zram-report.ts';
import { HELD_KIND_NAMES, type HeldKind, type HeldLine, type PhaseMark } from './held-kinds.ts';
import type { DesignZram } from './zram-moments.ts';

const COLUMN = {
  original: 'originalBytes',
  compressed: 'compressedBytes',
  pool: 'poolBytes',
} as const satisfies Record<HeldKind, keyof ZramCourse>;

/** Undefined when no design has a course. Phases are those of the first: designs run the same ones. */
export function heldCourses(
  designs: readonly DesignZram[],
): { lines: readonly HeldLine[]; phases: readonly PhaseMark[]; endSeconds: number } | undefined {
  const courses = designs.flatMap(({ design, report }) =>
    report.course === undefined ? [] : [{ design, course: report.course }],
  );
  const [first] = courses;
  if (first === undefined) return undefined;
  const lines = courses.flatMap(({ design, course }) =>
    HELD_KIND_NAMES.map((kind): HeldLine => {
      const column = course[COLUMN[kind]];
      return { design, kind, points: course.atMs.map((atMs, place) => [atMs / 1000, column[place] ?? NaN]) };
    }),
  );
  const phases = first.course.phases.map(({ phase, fromMs }) => ({ phase, seconds: fromMs / 1000 }));
  const endSeconds = Math.max(...courses.map(({ course }) => course.atMs.at(-1) ?? 0)) / 1000;
  return { lines, phases, endSeconds: Math.max(endSeconds, 0.001) };
}
