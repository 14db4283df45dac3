/**
 * The names of the design variants, as code, dashboard, CSV and profiles spell them, with the words that explain them.
 */

/** Who may compress at a time, and into which buffer; in the order in which zram had them. */
export const BUFFER_LAYOUTS = ['single-mutex', 'per-cpu-global', 'stream-list', 'per-stream', 'per-device'] as const;
export type BufferLayout = (typeof BUFFER_LAYOUTS)[number];

/** What keeps others off a stream while somebody uses it. */
export const STREAM_PROTECTIONS = ['mutex', 'wait-queue', 'preemption-off', 'local-lock', 'read-write'] as const;
export type StreamProtection = (typeof STREAM_PROTECTIONS)[number];

const OF_PER_CPU_STREAMS = ['preemption-off', 'local-lock', 'mutex', 'read-write'] as const;

/** The protections that make sense for a layout; the first is what it has unless a profile says otherwise. */
export const PROTECTIONS_OF: Readonly<Record<BufferLayout, readonly [StreamProtection, ...StreamProtection[]]>> = {
  'single-mutex': ['mutex'],
  'per-cpu-global': OF_PER_CPU_STREAMS,
  'stream-list': ['wait-queue'],
  'per-stream': OF_PER_CPU_STREAMS,
  'per-device': OF_PER_CPU_STREAMS,
};

/**
 * What a percpu workload compares: where the first chunk, and with it every unit, comes from (what `percpu_alloc=` chooses), and
 * page-mapped ones on machines that build page tables for their chunks.
 */
export const ALLOCATOR_DESIGNS = ['embed', 'page', 'page-tables', 'page-local-mapping'] as const;
export type AllocatorDesign = (typeof ALLOCATOR_DESIGNS)[number];

/** Those of a percpu workload whose machine builds page tables. */
export function hasPageTables(design: ProfileDesign): design is 'page-tables' | 'page-local-mapping' {
  return design === 'page-tables' || design === 'page-local-mapping';
}

/** How code reaches the running CPU's copy of a per-CPU variable. */
export const ACCESS_MODES = ['segment', 'preempt-offset', 'fixup', 'local-mapping', 'unprotected'] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/** All design variants that a profile can compare; those of one experiment are of one list. */
export const PROFILE_DESIGNS = [...BUFFER_LAYOUTS, ...ALLOCATOR_DESIGNS, ...ACCESS_MODES] as const;
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

export const PROTECTION_WORDS: Readonly<Record<StreamProtection, DesignWords>> = {
  mutex: {
    title: 'mutex',
    explanation: 'A mutex around each stream; its holder may sleep while it waits for memory (Linux 6.15).',
  },
  'wait-queue': {
    title: 'wait queue',
    explanation: 'A stream is off the list while it is used; who finds none idle sleeps in a queue (Linux 3.15).',
  },
  'preemption-off': {
    title: 'preemption off',
    explanation:
      'No other task runs on the CPU until the stream is given back, so its holder must not sleep (2010; Linux 4.7).',
  },
  'local-lock': {
    title: 'local lock',
    explanation:
      'A lock of the CPU for its own tasks; preemption may stay on, but waiting for memory is left to the time after (Linux 5.8).',
  },
  'read-write': {
    title: 'separate for reads',
    explanation:
      'As mutex, with a second lock and local copy per CPU for reads, so that no read waits for a write (proposed in 2026).',
  },
};

/** How access modes are named and explained wherever a person reads of them. */
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

/** How designs are named and explained wherever a person reads of them. */
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
  'stream-list': {
    title: 'stream list',
    explanation:
      'Up to N streams per device, made when they are first needed; a write takes an idle one from a list or waits in a queue until one is given back (Linux 3.15).',
  },
  'per-stream': {
    title: 'per-CPU, per stream',
    explanation:
      'Each algorithm of each device has a stream with a compression buffer of its own on every CPU (Linux 4.7 and later).',
  },
  'per-device': {
    title: 'per-CPU, per device',
    explanation:
      'One compression buffer per CPU and device, shared by the algorithms of the device (the first step of the 2024 proposal).',
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
  'page-tables': {
    title: 'page-mapped, real tables',
    explanation:
      'As page-mapped units, and every page of a chunk is entered into page tables that all CPUs share: what a kernel does today.',
  },
  'page-local-mapping': {
    title: 'page-mapped, local mapping',
    explanation:
      'As with real tables, and every CPU has its own top-level table and a window that shows it its own units (the 2026 proposal).',
  },
  ...ACCESS_MODE_WORDS,
  kernel: {
    title: "this host's kernel",
    explanation:
      "The zram of the kernel that this host runs, through direct I/O: what the lab's figures are held against.",
  },
};
