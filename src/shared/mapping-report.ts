/**
 * What counting a local mapping comes to. Plain JSON. Everything here is counted: frames, entries, steps; there is no time in it.
 */
import type { Translation, WindowLayout } from './address-space.ts';
import type { PaperFigure } from './this-cpu-profile.ts';

/** A figure of the paper beside the lab's. */
export interface PaperRow {
  readonly figure: PaperFigure;
  readonly says: string;
  /** Absent where the paper gives no number. */
  readonly paperBytes?: number | undefined;
  readonly labBytes: number;
}

/** The tables of one machine that was built. */
export interface TableRow {
  readonly translation: Translation;
  readonly window: WindowLayout;
  readonly cpus: number;
  readonly chunks: number;
  /** Top-level tables beside CPU 0's; of those smaller than a page the tables alone. */
  readonly pgdBytes: number;
  /** Private tables below the window, of all CPUs. */
  readonly windowTableBytes: number;
  /** pgdBytes + windowTableBytes. */
  readonly localBytes: number;
  /** Tables that all CPUs walk through, the linear map's included. */
  readonly sharedBytes: number;
  /** Address space of the chunks in the window, and in the global mapping. */
  readonly windowSpaceBytes: number;
  readonly globalSpaceBytes: number;
}

/** What is done to a machine at rest, in this order. */
export const EVENTS = ['chunk-created', 'pages-populated', 'chunk-destroyed', 'cpu-down', 'cpu-up'] as const;
export type MappingEvent = (typeof EVENTS)[number];

/** What one event changed. */
export interface EventCost {
  readonly event: MappingEvent;
  readonly tablesMade: number;
  readonly tablesFreed: number;
  /** Stores into other CPUs' top-level tables. */
  readonly pgdCopies: number;
  /** Address ranges invalidated on all CPUs. */
  readonly flushes: number;
}

export interface MappingReport {
  readonly paper: readonly PaperRow[];
  /** The counted machine at rest and with the added chunks, then the other translations and windows, then other CPU counts. */
  readonly tables: readonly TableRow[];
  readonly events: readonly EventCost[];
}
