/** Lines that stand twice, one below the other: a kernel never gives out a place twice, or takes it back twice, at one time. */
import { assertUnreachable } from '../../../shared/result.ts';
import type { TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';

/** Tells doubled events apart, one after another. */
export class DoubledLines {
  count = 0;
  /** 0: none yet. */
  firstLine = 0;
  #last: TraceEvent | undefined;

  /** Whether the event is the one before once more; it is counted then. */
  isDouble(event: TraceEvent): boolean {
    const last = this.#last;
    this.#last = event;
    if (last === undefined || event.kind === 'lost' || last.kind === 'lost') return false;
    if (event.timeUs !== last.timeUs || event.kind !== last.kind || event.cpu !== last.cpu) return false;
    if (event.task !== last.task || placeOf(event) !== placeOf(last)) return false;
    this.count += 1;
    if (this.firstLine === 0) this.firstLine = event.line;
    return true;
  }
}

/** Two failures in a row may well be alike. */
function placeOf(event: Exclude<TraceEvent, { kind: 'lost' }>): string {
  switch (event.kind) {
    case 'alloc':
    case 'free':
      return `${event.base}+${event.offsetBytes}`;
    case 'create':
    case 'destroy':
      return event.base;
    case 'fail':
      return `line ${event.line}`;
    default:
      return assertUnreachable(event);
  }
}
