/**
 * What samples of a this-cpu workload come to, beside throughput and memory. Plain JSON. Counts are counted by the machine's
 * own CPUs; times are processor times of their threads, so that what others do on the host's cores does not count.
 */

/** What every CPU counts, in the order of display. */
export const ACCESS_COUNTERS = [
  'operations',
  'preemptPairs',
  'rescheduleChecks',
  'offsetReads',
  'notes',
  'fixups',
  'windowAccesses',
  'atomics',
  'strayAccesses',
  'tlbHits',
  'tlbMisses',
  'walkSteps',
  'switches',
  'migrations',
] as const;
export type AccessCounter = (typeof ACCESS_COUNTERS)[number];
export type AccessCounts = Readonly<Record<AccessCounter, number>>;

/** One mix of one sample. */
export interface MixFigures {
  readonly name: string;
  /** Units of work that were done. */
  readonly units: number;
  /** this_cpu operations and shared additions of these units; retries and what moves batches are not among them. */
  readonly operations: number;
  /** Additions among these, and what the shared total and all CPUs' counters came to. They differ where updates were lost. */
  readonly issued: number;
  readonly counted: number;
  /** From the first CPU's start to the last one's end. */
  readonly durationNs: number;
  /** Processor time of all CPUs' threads. */
  readonly processorNs: number;
  /** All CPUs together. Of operations: with retries and what moves batches, without shared additions. */
  readonly counts: AccessCounts;
}

/** One sample. */
export interface ThisCpuFigures {
  readonly mixes: readonly MixFigures[];
  /** By online CPU, over all mixes. */
  readonly cpus: readonly AccessCounts[];
}

/** Sum of counts, counter by counter. */
export function sumOfCounts(all: readonly AccessCounts[]): AccessCounts {
  const sums: Partial<Record<AccessCounter, number>> = {};
  for (const counter of ACCESS_COUNTERS) sums[counter] = all.reduce((sum, counts) => sum + counts[counter], 0);
  return sums as AccessCounts;
}

/**
 * Sum over the mixes that access per-CPU data: what to divide by their operations. A mix of nothing but shared additions counts
 * atomic instructions that are no operation's.
 */
export function countsOfAccesses(mixes: readonly { readonly counts: AccessCounts }[]): AccessCounts {
  return sumOfCounts(mixes.flatMap(({ counts }) => (counts.operations > 0 ? [counts] : [])));
}
