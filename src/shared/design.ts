/**
 * The names of the design variants, as code, dashboard, CSV and profiles spell them, with the words that explain them.
 */

/** Who may compress at a time, and into which buffer. */
export const BUFFER_LAYOUTS = ['single-mutex', 'per-cpu-global'] as const;
export type BufferLayout = (typeof BUFFER_LAYOUTS)[number];

/** Where the first chunk, and with it every unit, comes from: what `percpu_alloc=` chooses. */
export const FIRST_CHUNK_DESIGNS = ['embed', 'page'] as const;
export type FirstChunkDesign = (typeof FIRST_CHUNK_DESIGNS)[number];

/** How code reaches the running CPU's copy of a per-CPU variable. */
export const ACCESS_MODES = ['segment', 'preempt-offset', 'fixup', 'local-mapping', 'unprotected'] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/** All design variants that a profile can compare; those of one experiment are of one list. */
export const PROFILE_DESIGNS = [...BUFFER_LAYOUTS, ...FIRST_CHUNK_DESIGNS, ...ACCESS_MODES] as const;
export type ProfileDesign = (typeof PROFILE_DESIGNS)[number];

/** Everything that is measured: the machine's designs, and this host's own kernel as it is. */
export const DESIGNS = [...PROFILE_DESIGNS, 'kernel'] as const;
export type Design = (typeof DESIGNS)[number];

export interface DesignWords {
  /** At most ~30 characters, for legends and table heads. */
  readonly title: string;
  /** One sentence for a hover. */
  readonly explanation: string;
}

export const ACCESS_MODE_WORDS: Readonly<Record<AccessMode, DesignWords>> = {
  segment: {
    title: 'segment prefix',
    explanation: 'One instruction through a segment base that holds the offset of the CPU (x86).',
  },
  'preempt-offset': {
    title: 'preempt-off + offset',
    explanation:
      'Preemption off, read the offset of the CPU, access, preemption on, reschedule check (arm64 until 2026).',
  },
  fixup: {
    title: 'fixed up',
    explanation:
      'Note the registers, read the offset, access, clear the note; the exit of an exception in between rewrites the address (queued for arm64, September 2026).',
  },
  'local-mapping': {
    title: 'local mapping',
    explanation: 'One access at an address that leads to the copy of the CPU through page tables of its own (2026).',
  },
  unprotected: {
    title: 'unprotected',
    explanation: 'Read the offset, load, store: whoever is interrupted in between loses updates. For contrast.',
  },
};

export const DESIGN_WORDS: Readonly<Record<Design, DesignWords>> = {
  'single-mutex': {
    title: 'single mutex',
    explanation:
      'One compression buffer and one work memory per device; a mutex is held from compression to the copy into the pool (zram before August 2010).',
  },
  'per-cpu-global': {
    title: 'per-CPU, global',
    explanation:
      'One compression buffer and one work memory per CPU, shared by all devices; preemption is off from fetching them to the end of the copy, no lock (the 2010 patch).',
  },
  embed: {
    title: 'embedded units',
    explanation:
      "The first chunk lies in the kernel's own linear mapping, in whole huge pages that CPUs share; units are large, so later chunks are few and large.",
  },
  page: {
    title: 'page-mapped units',
    explanation:
      'The first chunk is put together from single pages in vmalloc space; a unit is no larger than it must be, so later chunks are many and small.',
  },
  ...ACCESS_MODE_WORDS,
  kernel: {
    title: "this host's kernel",
    explanation:
      "The zram of the kernel that this host runs, through direct I/O: what the lab's figures are held against.",
  },
};
