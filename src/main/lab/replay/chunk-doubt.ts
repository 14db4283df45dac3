/**
 * Why a chunk's state in the model may not be the kernel's, and until when.
 *
 *     born in the trace ─► known ──────── something unseen touched it ──────► doubted ── AGREEMENTS allocations agree ─► known
 *     older than the trace ─────────────────────────────────────────────────► doubted ──┘
 *
 * The hints of an older chunk, 32 bytes for each of its pages, are in no text. Most are soon made anew; one that is not can
 * show much later; so can an object that was freed unseen. So both remain the last explanation until the chunk was wholly free
 * once. But where it is certain that the trace lacks events before a mismatch, and its chunks were known before, the loss is the
 * nearer reason than the beginning.
 *
 * A mismatch can come from the two chunks alone that the kernel and the model chose: one has room that the other does not
 * know of, or stands elsewhere in the lists. So a mismatch is explained by what is doubted of these two, and by nothing else.
 */
import type { MismatchClass } from '../../../shared/replay-report.ts';
import type { AllocEvent, FreeEvent, TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import type { TraceGaps } from './trace-gaps.ts';

/** A chunk as far as doubts are concerned. */
export interface DoubtableChunk {
  /** The kernel's name of it, where it has one. */
  readonly base: string | undefined;
  /** Undefined: its state is known. */
  doubt: Doubt | undefined;
  /** The line that names it first, as long as it may have hints from before the trace. */
  olderSince: number | undefined;
  /** Lines that show that an event of it was lost, as long as what that left behind may still be there. */
  lostSince: readonly number[] | undefined;
  /** Its state has been known once: it is born in the trace, or enough allocations have agreed. */
  settled: boolean;
}

export interface Doubt {
  readonly class: MismatchClass;
  /** Lines of the trace that raise it. */
  readonly lines: readonly number[];
  /** Allocations that agreed since. */
  agreed: number;
}

/**
 * Allocations that must agree, one after the other, until a chunk counts as known again: as many as a page has objects of
 * 16 bytes, the commonest size. By then the hints of the page in use have been made anew from what the kernel did.
 */
export const AGREEMENTS = 64;

/** An allocation that the kernel printed elsewhere than the model has it, and the chunks of the two. */
export interface OddAllocation {
  readonly event: AllocEvent;
  readonly kernels: DoubtableChunk;
  /** Absent when the model has no room at all. */
  readonly models: DoubtableChunk | undefined;
}

export interface Explanation {
  readonly class: MismatchClass;
  /** Lines of the trace that show it; none for `unexplained`. */
  readonly lines: readonly number[];
}

/** What of the trace around an allocation may have happened in another order. */
export type Neighbour = Exclude<TraceEvent, { kind: 'lost' | 'fail' }>;

/** From here on disagreements of the chunk are explained by `why`; nothing where the chunk is not followed. */
export function raiseDoubt(followed: DoubtableChunk | undefined, why: Explanation): void {
  if (followed === undefined) return;
  followed.doubt = { ...why, agreed: 0 };
  if (why.class === 'lost-events') followed.lostSince = why.lines;
}

/** Counts an allocation that agreed. */
export function noteAgreement(followed: DoubtableChunk): void {
  const { doubt } = followed;
  if (doubt === undefined) return;
  doubt.agreed += 1;
  if (doubt.agreed < AGREEMENTS) return;
  followed.doubt = undefined;
  followed.settled = true;
}

/** The class of a mismatch and its evidence. `neighbours` are events around it that may have happened in another order. */
export function explain(odd: OddAllocation, gaps: TraceGaps, neighbours: readonly Neighbour[]): Explanation {
  const { event, kernels, models } = odd;
  const chunks = models === undefined || models === kernels ? [kernels] : [kernels, models];
  const why = firstReason(event, chunks, { gaps, neighbours });
  if (why.class === 'starting-state' && chunks.every(({ settled }) => settled)) {
    const loss = gaps.lossBefore(event.line);
    if (loss !== undefined) return { class: 'lost-events', lines: linesOf(loss) };
  }
  if (why.class === 'unexplained' && gaps.unlocatedLine !== undefined) {
    return { class: 'lost-events', lines: [gaps.unlocatedLine] };
  }
  return why;
}

function firstReason(
  event: AllocEvent,
  chunks: readonly DoubtableChunk[],
  { gaps, neighbours }: { readonly gaps: TraceGaps; readonly neighbours: readonly Neighbour[] },
): Explanation {
  const doubt = chunks.find((chunk) => chunk.doubt !== undefined)?.doubt;
  // That events are missing is seen for certain; their order is a guess.
  if (doubt !== undefined && doubt.class !== 'event-order') return { class: doubt.class, lines: doubt.lines };
  for (const { base } of chunks) {
    const gap = base === undefined ? undefined : gaps.around(base, event.line);
    if (gap === undefined) continue;
    return { class: gap.what === 'older' ? 'starting-state' : 'lost-events', lines: linesOf(gap) };
  }
  const stretch = gaps.stretchAround(event.line);
  if (stretch !== undefined) return { class: 'lost-events', lines: linesOf(stretch) };
  if (doubt !== undefined) return { class: doubt.class, lines: doubt.lines };
  const concerned = neighbours.filter(({ base }) => chunks.some((chunk) => chunk.base === base));
  if (concerned.length > 0) return { class: 'event-order', lines: concerned.map(({ line }) => line) };
  const older = chunks.flatMap(({ olderSince }) => olderSince ?? []);
  if (older.length > 0) return { class: 'starting-state', lines: older };
  const lost = chunks.flatMap(({ lostSince }) => lostSince ?? []);
  if (lost.length > 0) return { class: 'lost-events', lines: lost };
  return { class: 'unexplained', lines: [] };
}

function linesOf({ after, before }: { readonly after: number; readonly before: number }): number[] {
  return after === 0 ? [before] : [after, before];
}

/** Events before or after an allocation that it may really have preceded or followed, and how far away they may be printed. */
export const REORDER_EVENTS = 24;
const REORDER_US = 1000;
/** More events than these are passed in a burst only: another CPU frees a cgroup's objects while this one clears its own. */
const FEW_EVENTS = 8;
const BURST_US = 50;

/** What the text of a trace proves of the order of its events. */
export class OrderProof {
  /** Somebody moved lines: within a microsecond, their order proves nothing. */
  readonly #isShuffled: boolean;

  constructor(displacedLines: number) {
    this.#isShuffled = displacedLines > 0;
  }

  /** Whether an allocation may really have preceded an event that was printed before it. */
  allowsBefore(event: AllocEvent, printed: AllocEvent | FreeEvent, eventsApart: number): boolean {
    const nearUs = eventsApart > FEW_EVENTS ? BURST_US : REORDER_US;
    if (event.timeUs - printed.timeUs > nearUs) return false;
    // A task may be preempted between its allocation and the event.
    return this.isOpen(event, printed) || printed.task !== event.task;
  }

  /** Whether two events that have the same time may have been moved past each other. */
  mayBeShuffled(event: Neighbour, other: Neighbour): boolean {
    return this.#isShuffled && event.timeUs === other.timeUs;
  }

  /** Whether two events that stand close to each other come from contexts that run beside each other. */
  isOpen(event: Neighbour, other: Neighbour): boolean {
    const apartUs = Math.abs(event.timeUs - other.timeUs);
    if (this.mayBeShuffled(event, other)) return true;
    return apartUs <= REORDER_US && (other.cpu !== event.cpu || other.inInterrupt || event.inInterrupt);
  }
}
