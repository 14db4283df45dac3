/** How the throughput of a direction is written. */
import type { Direction } from './run-record.ts';

export interface ThroughputWords {
  /** 10^6 bytes per second, or how many of what is counted. */
  readonly unit: string;
  /** Digits after the point that tables of text show. */
  readonly digits: number;
}

const MEGABYTES: ThroughputWords = { unit: 'MB/s', digits: 1 };
const OBJECTS: ThroughputWords = { unit: 'objects/s', digits: 0 };

const OPERATIONS: ThroughputWords = { unit: 'operations/s', digits: 0 };

/** By direction: bytes moved, per-CPU objects made and destroyed, or operations on per-CPU data. */
export const THROUGHPUT_WORDS: Readonly<Record<Direction, ThroughputWords>> = {
  write: MEGABYTES,
  read: MEGABYTES,
  create: OBJECTS,
  destroy: OBJECTS,
  access: OPERATIONS,
};
