/**
 * Puts events in the order of their times, where the text has them a few lines out of place. ftrace prints by time, so a line
 * whose time is before that of the line above was moved by somebody.
 *
 *     text     10.000003 A   10.000001 B   10.000007 C      B is out of place
 *     told               B             A             C
 *
 * A leap further back is the start of another recording, or of another clock, and left alone; so are a mark of lost events
 * and what stands on its two sides.
 */
import { EventWindow } from './event-window.ts';
import type { TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';

/** Events that wait for earlier ones. */
const WINDOW = 8;
/** A further leap back is no displacement. */
const FURTHEST_US = 10_000;

type TimedEvent = Exclude<TraceEvent, { kind: 'lost' }>;

export class TimeOrder {
  readonly #onEvent: (event: TraceEvent) => void;
  readonly #waiting = new EventWindow<TimedEvent>();
  #displaced = 0;
  #firstLine: number | undefined;

  constructor(onEvent: (event: TraceEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** How many lines were out of place, and the first of them. */
  get displaced(): { readonly count: number; readonly firstLine: number | undefined } {
    return { count: this.#displaced, firstLine: this.#firstLine };
  }

  take(event: TraceEvent): void {
    if (event.kind === 'lost') {
      this.finish();
      this.#onEvent(event);
      return;
    }
    const waiting = this.#waiting;
    const last = waiting.at(waiting.length - 1);
    waiting.push(event);
    if (last !== undefined && isOutOfPlace(event, last)) this.#moveUp(event);
    if (waiting.length > WINDOW) this.#tellFirst();
  }

  /** Tells what still waits. */
  finish(): void {
    while (this.#waiting.length > 0) this.#tellFirst();
  }

  #tellFirst(): void {
    const first = this.#waiting.shift();
    if (first !== undefined) this.#onEvent(first);
  }

  /** Moves the event that waits last before those that are later. */
  #moveUp(event: TimedEvent): void {
    const waiting = this.#waiting;
    this.#displaced += 1;
    this.#firstLine ??= event.line;
    for (let index = waiting.length - 1; index > 0; index--) {
      const before = waiting.at(index - 1);
      if (before === undefined || !isOutOfPlace(event, before)) return;
      waiting.replace(index - 1, 2, event, before);
    }
  }
}

function isOutOfPlace(event: TimedEvent, before: TimedEvent): boolean {
  return event.timeUs < before.timeUs && before.timeUs - event.timeUs <= FURTHEST_US;
}
