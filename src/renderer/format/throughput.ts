import { formatSignificant } from './number.ts';

/** Throughput, always in MB/s (10^6 bytes per second) so that figures can be compared at a glance. */
export function formatThroughput(megabytesPerSecond: number): string {
  return `${formatSignificant(megabytesPerSecond)} MB/s`;
}
