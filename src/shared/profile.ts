/**
 * A profile: one experiment as a file. Shipped ones lie in resources/profiles, the user's own in the data folder.
 *
 * The schema is the only gate: files, command-line overrides and what the dashboard sends all pass through
 * `parseProfile`, so a field has one range and one sentence for being out of it.
 */
import * as v from 'valibot';
import { addressSpaceSchema, pageBytesOf } from './address-space-settings.ts';
import { CODEC_BEFORE_CHOICE, CODECS } from './codec.ts';
import { ACCESS_MODES, ALLOCATOR_DESIGNS, BUFFER_LAYOUTS, PROFILE_DESIGNS } from './design.ts';
import { percpuSettingsSchema } from './percpu-settings.ts';
import { faultSchema } from './fault-profile.ts';
import { hotplugSchema } from './hotplug-profile.ts';
import { failOfFields, type FieldError, ok, type Result } from './result.ts';
import { thisCpuWorkloadSchema } from './this-cpu-profile.ts';
import { zramSchema } from './zram-profile.ts';
import { SEEDS, wholeBytes, wholeNumber } from './whole-number.ts';

/** Bumped when the shape changes; an older file is migrated on load, a newer one is refused by name. */
export const PROFILE_SCHEMA_VERSION = 2;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Limits that the form shows and the schema enforces. */
export const PROFILE_LIMITS = {
  cpus: { min: 1, max: 64 },
  memoryBytes: { min: 4 * MIB, max: 8 * GIB },
  devices: { min: 1, max: 16 },
  diskSizeBytes: { min: 64 * KIB, max: 64 * GIB },
  repetitions: { min: 1, max: 50 },
  seconds: { min: 0.2, max: 24 * 3600 },
  warmUpSeconds: { min: 0, max: 60 },
  groups: { min: 1, max: 1_000_000 },
  objects: { min: 1, max: 65536 },
  objectBytes: { min: 1, max: 32 * KIB },
  alignBytes: { min: 1, max: 4 * KIB },
} as const;

/**
 * Until the CPUs' code has been compiled, the compiler's threads take the host's cores from the CPUs, which those that do not wait for
 * a lock feel most: in runs of two and of four seconds, repetitions were slower until each design had worked for about this long.
 */
export const USUAL_WARM_UP_SECONDS = 1;

/** Page sizes of a machine, in bytes. */
export const PAGE_SIZES = [4 * KIB, 16 * KIB, 64 * KIB] as const;

function percent(what: string) {
  return wholeNumber({ min: 0, max: 100 }, `${what} (percent)`);
}

function text(what: string, max: number) {
  return v.pipe(v.string(`${what} must be text`), v.maxLength(max, `${what} must have at most ${max} characters`));
}

const machineSchema = v.pipe(
  v.strictObject({
    /** CPUs that may ever exist; per-CPU areas are made for these. */
    possibleCpus: wholeNumber(PROFILE_LIMITS.cpus, 'Possible CPUs'),
    /** CPUs that run, each a worker thread. */
    onlineCpus: wholeNumber(PROFILE_LIMITS.cpus, 'Online CPUs'),
    pageSizeBytes: v.picklist(PAGE_SIZES, 'Page size must be 4096, 16384 or 65536 bytes'),
    /** Page frames of the machine, in bytes. */
    memoryBytes: wholeBytes(PROFILE_LIMITS.memoryBytes, 'Memory'),
    /** zram devices. */
    devices: wholeNumber(PROFILE_LIMITS.devices, 'zram devices'),
    /** Size of each device, in bytes. */
    diskSizeBytes: wholeBytes(PROFILE_LIMITS.diskSizeBytes, 'Disk size'),
    /** Per-CPU memory; absent: `usualPercpuSettings`. */
    percpu: v.optional(percpuSettingsSchema),
    /** Page tables and local mapping, of this-cpu workloads and of percpu designs with page tables; absent: `usualAddressSpace`. */
    addressSpace: v.optional(addressSpaceSchema),
    /** What the devices compress with. */
    codec: v.optional(v.picklist(CODECS, `Codec must be one of ${CODECS.join(', ')}`), CODEC_BEFORE_CHOICE),
  }),
  v.forward(
    // Partial: said also while another field is wrong.
    v.partialCheck(
      [['onlineCpus'], ['possibleCpus']],
      (machine) => machine.onlineCpus <= machine.possibleCpus,
      'Online CPUs must not exceed possible CPUs',
    ),
    ['onlineCpus'],
  ),
  v.forward(
    v.partialCheck(
      [['pageSizeBytes'], ['addressSpace', 'translation']],
      ({ pageSizeBytes, addressSpace }) =>
        addressSpace === undefined || pageBytesOf(addressSpace.translation) === pageSizeBytes,
      'Translation must be one of the page size of the machine',
    ),
    ['addressSpace', 'translation'],
  ),
);

/** What jobs write; that percentages exceed 100 together is said here too. */
export const dataSourceSchema = v.variant('kind', [
  /** What fio would write for the job's own buffer and verify options. */
  v.strictObject({ kind: v.literal('job') }),
  /** Pages of real files, in the order given unless time ends the jobs (load-page-sets.ts); folders are walked in name order. */
  v.strictObject({
    kind: v.literal('files'),
    paths: v.pipe(
      v.array(v.pipe(v.string(), v.nonEmpty('A data path must not be empty'))),
      v.minLength(1, 'Pick at least one file or folder'),
    ),
  }),
  /** A mixture of pages: zero, same-filled, random, and the rest with this share compressible as fio makes it. */
  v.pipe(
    v.strictObject({
      kind: v.literal('generator'),
      zeroPercent: percent('Zero pages'),
      samePercent: percent('Same-filled pages'),
      randomPercent: percent('Random pages'),
      compressPercent: percent('Compressible part'),
    }),
    v.forward(
      v.check(
        (data) => data.zeroPercent + data.samePercent + data.randomPercent <= 100,
        'Zero, same-filled and random pages must not exceed 100 % together',
      ),
      ['randomPercent'],
    ),
  ),
]);

/** A fio job on zram; designs are buffer layouts. */
const fioWorkloadSchema = v.strictObject({
  kind: v.literal('fio'),
  /** A fio job file's text. */
  jobFile: v.pipe(text('Job file', 64 * KIB), v.nonEmpty('Job file must not be empty')),
  data: dataSourceSchema,
  /** Every random choice derives from it. */
  seed: wholeNumber(SEEDS, 'Seed'),
});

const percpuObjectSchema = v.strictObject({
  /** Who asks: the name in the table of who allocates what. */
  callSite: v.pipe(text('Call site', 120), v.trim(), v.nonEmpty('Call site must not be empty')),
  /** Objects of this kind in one group. */
  number: wholeNumber(PROFILE_LIMITS.objects, 'Number of objects'),
  sizeBytes: wholeNumber(PROFILE_LIMITS.objectBytes, 'Size (bytes)'),
  alignBytes: v.pipe(
    wholeNumber(PROFILE_LIMITS.alignBytes, 'Alignment (bytes)'),
    v.check((align) => Number.isInteger(Math.log2(align)), 'Alignment (bytes) must be a power of two'),
  ),
});

/** Per-CPU objects made and destroyed in groups (a cgroup, a device, a whole boot); designs are first chunks. */
const percpuWorkloadSchema = v.strictObject({
  kind: v.literal('percpu'),
  /** What a group is called: `cgroup`. */
  groupName: v.pipe(text('Group name', 40), v.trim(), v.nonEmpty('Group name must not be empty')),
  /** Groups in all, shared out over the online CPUs. */
  groups: wholeNumber(PROFILE_LIMITS.groups, 'Groups'),
  /** What one group allocates, in this order. */
  objects: v.pipe(
    v.array(percpuObjectSchema),
    v.minLength(1, 'A group needs at least one object'),
    v.maxLength(500, 'A group has at most 500 kinds of objects'),
  ),
  /** In which order groups go, once all are there. */
  destroy: v.picklist(['never', 'in-order', 'random'], 'Destroy must be never, in-order or random'),
  /** Every random choice derives from it. */
  seed: wholeNumber(SEEDS, 'Seed'),
});

const experimentSchema = v.strictObject({
  /** Measured repetitions of each design; the exact 95 % interval needs six. */
  repetitions: wholeNumber(PROFILE_LIMITS.repetitions, 'Repetitions'),
  /** Seconds to measure in all, shared out equally; absent: each phase runs to the job's size. */
  seconds: v.optional(
    v.pipe(
      v.number('Time in all must be a number of seconds'),
      v.minValue(PROFILE_LIMITS.seconds.min, `Time in all must be at least ${PROFILE_LIMITS.seconds.min} seconds`),
      v.maxValue(PROFILE_LIMITS.seconds.max, `Time in all must be at most ${PROFILE_LIMITS.seconds.max} seconds`),
    ),
  ),
  /** How long each design works before anything is measured, at least; absent: `USUAL_WARM_UP_SECONDS`. Not of this-cpu workloads. */
  warmUpSeconds: v.optional(
    v.pipe(
      v.number('Warm-up must be a number of seconds'),
      v.minValue(PROFILE_LIMITS.warmUpSeconds.min, 'Warm-up must not be negative'),
      v.maxValue(
        PROFILE_LIMITS.warmUpSeconds.max,
        `Warm-up must be at most ${PROFILE_LIMITS.warmUpSeconds.max} seconds`,
      ),
    ),
  ),
  /** Differences whose whole interval lies within ± this many percent count as "same", and none of these as "faster" or "slower". */
  equivalencePercent: v.pipe(
    v.number('Equivalence margin must be a number'),
    v.minValue(0, 'Equivalence margin must not be negative'),
    v.maxValue(50, 'Equivalence margin must be at most 50 percent'),
  ),
});

/** Designs that a workload can compare. */
export const DESIGNS_OF_WORKLOAD = {
  fio: BUFFER_LAYOUTS,
  percpu: ALLOCATOR_DESIGNS,
  'this-cpu': ACCESS_MODES,
} as const;

const DESIGN_MISFIT = Object.entries(DESIGNS_OF_WORKLOAD)
  .map(([kind, designs]) => `a ${kind} workload compares ${designs.join(', ')}`)
  .join('; ')
  .replace(/^a/, 'A');

const profileName = v.pipe(
  text('Name', 80),
  v.trim(),
  v.nonEmpty('Name must not be empty'),
  v.regex(/^[^/\\\p{Cc}]*$/u, 'Name must not contain slashes or control characters'),
);

/** What is wrong with a name for a profile, in a sentence; undefined where nothing is. */
export function profileNameProblem(name: string): string | undefined {
  return v.safeParse(profileName, name).issues?.[0].message;
}

/** Whether two names are one: they differ in case or Unicode composition at most. */
export function isSameProfileName(one: string, other: string): boolean {
  const key = (name: string): string => name.trim().normalize('NFC').toLowerCase();
  return key(one) === key(other);
}

/** A profile of the current version; parse with `parseProfile`, which also takes older ones. */
export const profileSchema = v.pipe(
  v.strictObject({
    schemaVersion: v.literal(PROFILE_SCHEMA_VERSION),
    name: profileName,
    /** What is asked and where the numbers come from. */
    description: text('Description', 4000),
    machine: machineSchema,
    /** The first is the one that the others are compared with. */
    designs: v.pipe(
      v.array(v.picklist(PROFILE_DESIGNS, `A design must be one of ${PROFILE_DESIGNS.join(', ')}`)),
      v.minLength(1, 'Pick at least one design'),
      v.check((designs) => new Set(designs).size === designs.length, 'Each design may be picked once'),
    ),
    workload: v.variant('kind', [fioWorkloadSchema, percpuWorkloadSchema, thisCpuWorkloadSchema]),
    experiment: experimentSchema,
    /** Absent: zram of a current kernel, and nothing done afterwards. */
    zram: v.optional(zramSchema),
    /** What is made to fail while the jobs run; absent: nothing. */
    faults: v.optional(faultSchema),
    /** CPUs that come and go while the jobs run; absent: none. */
    hotplug: v.optional(hotplugSchema),
    /**
     * Whether locks are watched, so slowly that its throughput is no design's, and page tables audited between phases. Of this-cpu
     * workloads the tables always are, and it says nothing more.
     */
    checks: v.optional(v.boolean('checks must be true or false')),
  }),
  v.forward(
    v.partialCheck(
      [['designs'], ['workload', 'kind']],
      ({ designs, workload }) => {
        const fitting: readonly string[] = DESIGNS_OF_WORKLOAD[workload.kind];
        return designs.every((design) => fitting.includes(design));
      },
      DESIGN_MISFIT,
    ),
    ['designs'],
  ),
);

export type Profile = v.InferOutput<typeof profileSchema>;
export type MachineProfile = Profile['machine'];
export type FioWorkload = Extract<Profile['workload'], { readonly kind: 'fio' }>;
export type PercpuWorkload = Extract<Profile['workload'], { readonly kind: 'percpu' }>;
export type ThisCpuWorkload = Extract<Profile['workload'], { readonly kind: 'this-cpu' }>;
export type DataSource = FioWorkload['data'];

/** Version 1 knew fio workloads only and did not name them. What is no profile of an older version stays as it is. */
function migrateProfile(input: unknown): unknown {
  if (!isObject(input) || input.schemaVersion !== 1) return input;
  const workload = isObject(input.workload) ? { kind: 'fio', ...input.workload } : input.workload;
  return { ...input, schemaVersion: PROFILE_SCHEMA_VERSION, workload };
}

function isObject(value: unknown): value is { readonly schemaVersion?: unknown; readonly workload?: unknown } {
  return typeof value === 'object' && value !== null;
}

/** The sentence for what no schema has a sentence of its own for: a field that is missing, or one that is not a profile's. */
function standardMessage(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'A profile has no such field';
  return issue.received === 'undefined' ? 'This field is missing' : `Must be ${issue.expected}, not ${issue.received}`;
}

/** All that is wrong with `input`, in field order; empty when it is a profile. */
export function profileFieldErrors(input: unknown): readonly FieldError[] {
  const parsed = v.safeParse(profileSchema, migrateProfile(input), { message: standardMessage });
  if (parsed.success) return [];
  return parsed.issues.map((issue) => ({ field: v.getDotPath(issue) ?? '', message: issue.message }));
}

const jobFileParts = v.object({
  machine: machineSchema,
  workload: v.object({ kind: v.literal('fio'), jobFile: v.string() }),
});

/** The job file of what may be no profile yet, and the machine that it is for; undefined where one of them is not right. */
export function jobFileOf(input: unknown): { readonly machine: MachineProfile; readonly text: string } | undefined {
  const parsed = v.safeParse(jobFileParts, migrateProfile(input));
  return parsed.success ? { machine: parsed.output.machine, text: parsed.output.workload.jobFile } : undefined;
}

/** Parses anything into a profile; the error is of the first wrong field, and lists all of them. */
export function parseProfile(input: unknown): Result<Profile> {
  const parsed = v.safeParse(profileSchema, migrateProfile(input), { message: standardMessage });
  if (parsed.success) return ok(parsed.output);
  return failOfFields(profileFieldErrors(input), 'not a profile');
}
