/**
 * A workload of this_cpu operations: tasks that do units of work, each so many operations on per-CPU data, while ticks and a
 * balancer take them from their CPUs. Designs are access modes.
 *
 *     mix           what one unit of work is: { add: 6, read: 1, cmpxchg: 1 } for a page fault, say
 *     sample        all mixes one after the other, each with an equal share of the operations
 *     counting      page tables of machines too large to run, counted once per run, beside what a paper says
 *
 * A mix has one counter and one word of flags on every CPU. add, add_return and cmpxchg add 1 to the counter, xchg takes its
 * value out and puts it into the machine's shared total, read looks at it; write, and, or change the flags.
 */
import * as v from 'valibot';
import { translationSchema, windowSchema } from './address-space-settings.ts';
import { SEEDS, wholeNumber } from './whole-number.ts';

export const THIS_CPU_LIMITS = {
  operations: { min: 1, max: 2_000_000_000 },
  tasksPerCpu: { min: 1, max: 64 },
  tickOperations: { min: 1, max: 10_000_000 },
  balanceTicks: { min: 0, max: 1000 },
  batch: { min: 1, max: 1_000_000 },
  perUnit: { min: 0, max: 1000 },
  mixes: { min: 1, max: 32 },
  countedCpus: { min: 1, max: 1024 },
  chunks: { min: 1, max: 64 },
} as const;

/** In the order in which a unit of work does them; `shared_add` goes to the one shared total, without per-CPU data. */
export const MIX_OPERATIONS = [
  'shared_add',
  'add',
  'add_return',
  'and',
  'or',
  'write',
  'read',
  'cmpxchg',
  'xchg',
] as const;
export type MixOperation = (typeof MIX_OPERATIONS)[number];

/** What a figure of the paper is compared with. */
export const PAPER_FIGURES = [
  'pgdBytes',
  'windowSpaceAtRestBytes',
  'windowSpaceAddedBytes',
  'tablesAtRestBytes',
  'tablesAddedBytes',
] as const;
export type PaperFigure = (typeof PAPER_FIGURES)[number];

function text(what: string, max: number) {
  return v.pipe(v.string(`${what} must be text`), v.maxLength(max, `${what} must have at most ${max} characters`));
}

const perUnit = v.optional(wholeNumber(THIS_CPU_LIMITS.perUnit, 'Operations per unit'));

const mixSchema = v.strictObject({
  name: v.pipe(text('Name of a mix', 40), v.trim(), v.nonEmpty('A mix needs a name')),
  /** What one unit of work is: `file write fault`. */
  unit: v.pipe(text('Unit of work', 80), v.trim(), v.nonEmpty('Unit of work must not be empty')),
  operations: v.pipe(
    v.strictObject({
      shared_add: perUnit,
      add: perUnit,
      add_return: perUnit,
      and: perUnit,
      or: perUnit,
      write: perUnit,
      read: perUnit,
      cmpxchg: perUnit,
      xchg: perUnit,
    }),
    v.check(
      (operations) => MIX_OPERATIONS.some((operation) => (operations[operation] ?? 0) > 0),
      'A unit of work needs at least one operation',
    ),
  ),
  /** After so many units in a row a CPU's counter goes into the shared total; absent: never. */
  batch: v.optional(wholeNumber(THIS_CPU_LIMITS.batch, 'Batch')),
  /** Where the numbers come from, in words. */
  source: text('Source', 400),
});

export type ThisCpuMix = v.InferOutput<typeof mixSchema>;

const countingSchema = v.strictObject({
  /** CPUs of the machine that the paper speaks of. */
  cpus: wholeNumber(THIS_CPU_LIMITS.countedCpus, 'CPUs'),
  /** Chunks that are mapped at rest, and those that come with `occasion`. */
  chunksAtRest: wholeNumber(THIS_CPU_LIMITS.chunks, 'Chunks at rest'),
  chunksAdded: wholeNumber(THIS_CPU_LIMITS.chunks, 'Chunks added'),
  occasion: text('Occasion', 200),
  /** Counted beside the machine itself. */
  translations: v.array(translationSchema),
  windows: v.array(windowSchema),
  scalingCpus: v.array(wholeNumber(THIS_CPU_LIMITS.countedCpus, 'CPUs')),
  paper: v.array(
    v.strictObject({
      figure: v.picklist(PAPER_FIGURES, `Figure must be one of ${PAPER_FIGURES.join(', ')}`),
      /** The paper's own words. */
      says: text('What the paper says', 400),
      /** Absent where it gives no number. */
      bytes: v.optional(wholeNumber({ min: 0, max: Number.MAX_SAFE_INTEGER }, 'Bytes')),
    }),
  ),
});

export type TableCounting = v.InferOutput<typeof countingSchema>;

export const thisCpuWorkloadSchema = v.strictObject({
  kind: v.literal('this-cpu'),
  tasksPerCpu: wholeNumber(THIS_CPU_LIMITS.tasksPerCpu, 'Tasks per CPU'),
  /** Operations between two ticks of a CPU, about: up to twice as many. */
  tickOperations: wholeNumber(THIS_CPU_LIMITS.tickOperations, 'Operations between ticks'),
  /** With every so many ticks of a CPU the balancer sends a task on whatever the queues; 0: only from longer to shorter queues. */
  balanceTicks: wholeNumber(THIS_CPU_LIMITS.balanceTicks, 'Ticks to a migration'),
  /** Of one sample, all mixes together; each mix rounds its share up to whole units for every task. */
  operations: wholeNumber(THIS_CPU_LIMITS.operations, 'Operations'),
  mixes: v.pipe(
    v.array(mixSchema),
    v.minLength(THIS_CPU_LIMITS.mixes.min, 'A this-cpu workload needs at least one mix'),
    v.maxLength(THIS_CPU_LIMITS.mixes.max, `A this-cpu workload has at most ${THIS_CPU_LIMITS.mixes.max} mixes`),
    v.check(
      (mixes) => new Set(mixes.map(({ name }) => name)).size === mixes.length,
      'Each mix needs a name of its own',
    ),
  ),
  /** Every random choice derives from it. */
  seed: wholeNumber(SEEDS, 'Seed'),
  /** Absent: no tables are counted. */
  counting: v.optional(countingSchema),
});
