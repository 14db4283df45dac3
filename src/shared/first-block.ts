import type { Profile } from './profile.ts';

/**
 * What the blocks before the first repetition are called, which are thrown away. Threads of this-cpu workloads begin anew with each
 * sample, so such a block warms up none of them.
 */
export function firstBlockWords({ kind }: Profile['workload']): string {
  return kind === 'this-cpu' ? 'first block, thrown away' : 'warm-up';
}
