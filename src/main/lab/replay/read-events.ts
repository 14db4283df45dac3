/**
 * The events of a trace between its reading and its replay: a short trace's in memory, a longer one's in a file, so that
 * memory follows live allocations and not the trace's length.
 */
import { EventSpool } from '../../evidence/percpu-trace/event-spool.ts';
import type { TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { ok, type Result } from '../../../shared/result.ts';

/** Events kept in memory. */
const EVENTS_KEPT = 50_000;

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

  /** All events, in their order. */
  each(onEvent: (event: TraceEvent) => void): void {
    if (this.#spool !== undefined) this.#spool.read(onEvent);
    else for (const event of this.#kept) onEvent(event);
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
