/**
 * A profile that counts what a local mapping of per-CPU data takes and saves: machines with page tables, access modes, and
 * what a paper says. Told apart from a profile of jobs by `workload.kind`.
 *
 *   { "workload": { "kind": "local-mapping", … }, "paper": [ { "figure": "pgdBytes", "says": "…", "bytes": 651264 } ] }
 */
import * as v from 'valibot';
import { FIRST_CHUNKS, TABLES_FOR, TRANSLATIONS, WINDOW_LAYOUTS } from './address-space.ts';
import { ACCESS_MODES } from './design.ts';
import { PROFILE_SCHEMA_VERSION, type Profile } from './profile.ts';
import { fail, ok, type Result } from './result.ts';

const KIB = 1024;

function whole(what: string, min: number, max: number) {
  const message = `${what} must be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message));
}

function oneOf<const T extends readonly string[]>(what: string, names: T) {
  return v.picklist(names, `${what} must be one of ${names.join(', ')}`);
}

function someOf<const T extends readonly string[]>(what: string, names: T) {
  return v.pipe(v.array(oneOf(what, names)), v.minLength(1, `${what}: pick at least one`));
}

/** What a figure of the paper is compared with. */
export const PAPER_FIGURES = [
  'pgdBytes',
  'windowSpaceAtRestBytes',
  'windowSpaceAddedBytes',
  'tablesAtRestBytes',
  'tablesAddedBytes',
] as const;
export type PaperFigure = (typeof PAPER_FIGURES)[number];

const schema = v.strictObject({
  schemaVersion: v.literal(PROFILE_SCHEMA_VERSION),
  name: v.pipe(v.string('Name must be text'), v.trim(), v.nonEmpty('Name must not be empty'), v.maxLength(80)),
  description: v.pipe(v.string('Description must be text'), v.maxLength(4000)),
  machine: v.strictObject({
    possibleCpus: whole('Possible CPUs', 1, 1024),
    translation: oneOf('Translation', TRANSLATIONS),
    window: oneOf('Window', WINDOW_LAYOUTS),
    firstChunk: oneOf('First chunk', FIRST_CHUNKS),
    tablesFor: oneOf('Tables for', TABLES_FOR),
    /** A number of pages of every translation that is counted. */
    unitBytes: v.pipe(
      whole('Unit (bytes)', 64 * KIB, 4096 * KIB),
      v.multipleOf(64 * KIB, 'Unit (bytes) must be a multiple of 65536'),
    ),
    tlb: v.pipe(
      v.strictObject({ entries: whole('TLB entries', 1, 4096), ways: whole('TLB ways', 1, 64) }),
      v.forward(
        v.check(
          ({ entries, ways }) => Number.isInteger(Math.log2(entries / ways)),
          'TLB entries must be a power of two times the ways',
        ),
        ['entries'],
      ),
    ),
  }),
  designs: someOf('A design', ACCESS_MODES),
  workload: v.strictObject({
    kind: v.literal('local-mapping'),
    /** Chunks that are mapped at rest, and those that come with `occasion`. */
    chunksAtRest: whole('Chunks at rest', 1, 64),
    chunksAdded: whole('Chunks added', 1, 64),
    occasion: v.pipe(v.string('Occasion must be text'), v.maxLength(200)),
    /** Counted beside the machine itself. */
    translations: v.array(oneOf('Translation', TRANSLATIONS)),
    windows: v.array(oneOf('Window', WINDOW_LAYOUTS)),
    scalingCpus: v.array(whole('CPUs', 1, 1024)),
    /** this_cpu_add by tasks that interrupts and a balancer move about, on the interleaving engine. */
    operations: v.strictObject({
      cpus: whole('CPUs', 1, 16),
      tasksPerCpu: whole('Tasks per CPU', 1, 64),
      perTask: whole('Operations per task', 1, 100_000),
      /** Chance in 256 of an interrupt after a step. */
      interrupts: whole('Interrupts', 0, 255),
    }),
    seed: whole('Seed', 0, 0xffffffff),
  }),
  paper: v.array(
    v.strictObject({
      figure: oneOf('Figure', PAPER_FIGURES),
      /** The paper's own words. */
      says: v.pipe(v.string('What the paper says must be text'), v.maxLength(400)),
      /** Absent where it gives no number. */
      bytes: v.optional(whole('Bytes', 0, Number.MAX_SAFE_INTEGER)),
    }),
  ),
});

export type MappingProfile = v.InferOutput<typeof schema>;

/** Whether a document says that it is such a profile, right or wrong. */
export function claimsLocalMapping(document: unknown): boolean {
  return v.is(v.object({ workload: v.object({ kind: v.literal('local-mapping') }) }), document);
}

/** Tells the two kinds of parsed profiles apart. */
export function isMappingProfile(profile: Profile | MappingProfile): profile is MappingProfile {
  return profile.workload.kind === 'local-mapping';
}

/** The error names the first wrong field (`where`) in one sentence. */
export function parseMappingProfile(input: unknown): Result<MappingProfile> {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  return fail('bad-input', issue.message, v.getDotPath(issue) ?? '');
}
