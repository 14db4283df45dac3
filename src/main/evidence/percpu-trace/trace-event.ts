/** The events of a percpu trace, as the kernel prints them. Sizes and offsets in bytes, times in microseconds. */

interface EventOrigin {
  /** Line of the text, from 1. */
  readonly line: number;
  /** Clock of the trace; whole microseconds since boot where the trace uses the default clock. */
  readonly timeUs: number;
  /** CPU that printed the event. */
  readonly cpu: number;
  /** `name-pid` of the task that was running. */
  readonly task: string;
  /** Printed from a hard or soft interrupt, which may stand between another context's action and its event. */
  readonly inInterrupt: boolean;
}

/** An allocation; it happened at or before its event. Size and alignment are the rounded ones. */
export interface AllocEvent extends EventOrigin {
  readonly kind: 'alloc';
  /** Absent in the older format. */
  readonly callSite: string | undefined;
  readonly isReserved: boolean;
  readonly isAtomic: boolean;
  readonly sizeBytes: number;
  readonly alignBytes: number;
  /** Start of the chunk, hashed or not; used again by later chunks. */
  readonly base: string;
  /** From the start of the chunk. */
  readonly offsetBytes: number;
}

export interface FailEvent extends EventOrigin {
  readonly kind: 'fail';
  readonly isReserved: boolean;
  readonly isAtomic: boolean;
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

/** Frees are printed in the order in which they happened. */
export interface FreeEvent extends EventOrigin {
  readonly kind: 'free';
  readonly base: string;
  readonly offsetBytes: number;
}

export interface ChunkEvent extends EventOrigin {
  readonly kind: 'create' | 'destroy';
  readonly base: string;
}

/** The tracer says that events are missing here. */
export interface LostEvent {
  readonly kind: 'lost';
  readonly line: number;
  readonly cpu: number;
  /** Absent where the kernel does not know how many. */
  readonly count: number | undefined;
}

export type TraceEvent = AllocEvent | FailEvent | FreeEvent | ChunkEvent | LostEvent;

/** A line that looks like a percpu event and is none. */
export interface MalformedLine {
  readonly line: number;
  readonly reason: string;
}

/** What the header of the text and the reading as a whole say. */
export interface TraceSummary {
  readonly lines: number;
  /** Lines of other trace events, which are passed over. */
  readonly otherEvents: number;
  readonly malformedCount: number;
  /** The first of them. */
  readonly malformed: readonly MalformedLine[];
  /** Online CPUs (`#P:`), where the header is there. */
  readonly onlineCpus: number | undefined;
  /** What kept the text from being read to its end. */
  readonly cutShort: string | undefined;
  /** Lines of events, of whatever kind, and lines that should have been one. */
  readonly entriesRead: number;
  /** Entries that the header counts, and its line; absent where there is no such header. */
  readonly header: { readonly line: number; readonly entries: number } | undefined;
  /** `bytes_alloc` of the first allocation that prints it, divided by its size. */
  readonly allocatedPerByte: number | undefined;
  /** Events that the tracer had overwritten before the text was read (entries written less entries in the buffer). */
  readonly overwrittenEvents: number;
}
