/**
 * The events of a trace between its reading and its replay: a short trace's in memory, a longer one's in a file, so that
 * memory follows live allocations and not the trace's length.
 */
import { EventSpool } from '../../evidence/percpu-trace/event-spool.ts';
import type { TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { ok, type Result } from '../../../shared/result.ts';

/** Events kept in memory. */
const EVENTS_KEPT = 250_000;
const EVENTS_PER_TURN = 8192;

export class ReadEvents {
  #kept: TraceEvent[] = [];
  #spool: EventSpool | undefined;
  #opened: Result<unknown> = ok(undefined);

  add(event: TraceEvent): void {
    if (this.#spool !== undefined) this.#spool.write(event);
    else if (this.#kept.length < EVENTS_KEPT) this.#kept.push(event);
    else if (this.#opened.ok) this.#openSpool(event);
  }

  /** Ends the adding. Errors: 'storage' when this host's folder for temporary files cannot take the events. */
  finish(): Result<unknown> {
    return this.#opened.ok && this.#spool !== undefined ? this.#spool.finish() : this.#opened;
  }

  /** Tells all events, in their order, in turns of some ten milliseconds; yields the share of them that was told. */
  *each(onEvent: (event: TraceEvent) => void): Generator<number, void> {
    if (this.#spool !== undefined) {
      yield* this.#spool.read(onEvent);
      return;
    }
    for (let from = 0; from < this.#kept.length; from += EVENTS_PER_TURN) {
      for (const event of this.#kept.slice(from, from + EVENTS_PER_TURN)) onEvent(event);
      yield Math.min((from + EVENTS_PER_TURN) / this.#kept.length, 1);
    }
  }

  close(): void {
    this.#spool?.close();
  }

  #openSpool(event: TraceEvent): void {
    const opened = EventSpool.open();
    this.#opened = opened;
    if (!opened.ok) return;
    this.#spool = opened.value;
    for (const kept of this.#kept) this.#spool.write(kept);
    this.#spool.write(event);
    this.#kept = [];
  }
}
