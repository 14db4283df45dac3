/**
 * The names of the design variants, as code, dashboard, CSV and profiles spell them, with the words that explain them.
 */

/** Who may compress at a time, and into which buffer. */
export const BUFFER_LAYOUTS = ['single-mutex', 'per-cpu-global'] as const;
export type BufferLayout = (typeof BUFFER_LAYOUTS)[number];

export interface DesignWords {
  /** At most ~30 characters, for legends and table heads. */
  readonly title: string;
  /** One sentence for a hover. */
  readonly explanation: string;
}

export const DESIGN_WORDS: Readonly<Record<BufferLayout, DesignWords>> = {
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
};
