import type { Direction } from '../../shared/run-record.ts';
import { THROUGHPUT_WORDS } from '../../shared/throughput-words.ts';
import { formatSignificant } from './number.ts';

/** The unit of a direction's throughput: 10^6 bytes per second, or objects per second. */
export function throughputUnit(direction: Direction): string {
  return THROUGHPUT_WORDS[direction].unit;
}

/** Throughput, always in the one unit of its direction, so that figures can be compared at a glance. */
export function formatThroughput(value: number, direction: Direction): string {
  return `${formatSignificant(value)} ${throughputUnit(direction)}`;
}
