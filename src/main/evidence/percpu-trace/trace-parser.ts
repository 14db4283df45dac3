/**
 * Streaming parser of ftrace text with `percpu:*` events, both generations of the format. Bytes go in as they come, events
 * go out; what cannot be read is collected with its line number and stops nothing.
 */
import { StringDecoder } from 'node:string_decoder';
import { type EventFields, type LinePrefix, readFields, readNumber, readPrefix } from './line-fields.ts';
import type { MalformedLine, TraceEvent, TraceSummary } from './trace-event.ts';

/** Malformed lines that are kept; the rest is counted. */
const MALFORMED_KEPT = 100;
const MARKER = ': percpu';
const EVENT_PREFIX = 'percpu_';

type Answer = TraceEvent | string;

export class TraceParser {
  readonly #onEvent: (event: TraceEvent) => void;
  readonly #decoder = new StringDecoder('latin1');
  readonly #prefix: LinePrefix = { taskStart: 0, taskEnd: 0, cpu: 0, inInterrupt: false, timeUs: 0 };
  readonly #fields: EventFields = {
    callSite: '',
    base: '',
    isReserved: 0,
    isAtomic: 0,
    sizeBytes: NaN,
    alignBytes: NaN,
    offsetBytes: NaN,
    bytesAlloc: NaN,
  };
  readonly #kept = new Map<string, string>();
  #lastTask = '';
  #lastBase = '';
  #rest = '';
  #line = 0;
  #otherEvents = 0;
  #malformedCount = 0;
  readonly #malformed: MalformedLine[] = [];
  #onlineCpus: number | undefined;
  #overwrittenEvents = 0;

  constructor(onEvent: (event: TraceEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Takes the next bytes of the text. Events are told before it returns. */
  push(bytes: Uint8Array): void {
    const text = this.#rest + this.#decoder.write(bytes);
    let start = 0;
    let marker = text.indexOf(MARKER);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (marker >= 0 && marker < start) marker = text.indexOf(MARKER, start);
      this.#takeLine(text, { start, end }, marker);
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }

  /** Takes the last line, if it did not end with a line feed, and answers with what was read. */
  end(): TraceSummary {
    const text = this.#rest;
    this.#rest = '';
    if (text !== '') this.#takeLine(text, { start: 0, end: text.length }, text.indexOf(MARKER));
    return {
      lines: this.#line,
      otherEvents: this.#otherEvents,
      malformedCount: this.#malformedCount,
      malformed: this.#malformed,
      onlineCpus: this.#onlineCpus,
      overwrittenEvents: this.#overwrittenEvents,
    };
  }

  /** `marker`: position of the next marker in the text, in this line or later, or −1. */
  #takeLine(text: string, { start, end }: { start: number; end: number }, marker: number): void {
    this.#line += 1;
    if (marker < start || marker >= end || text.charAt(start) === '#') {
      this.#takeOtherLine(text.slice(start, end));
      return;
    }
    const answer = this.#readEvent(text, { start, end }, marker);
    if (typeof answer === 'string') this.#addMalformed(answer);
    else this.#onEvent(answer);
  }

  #takeOtherLine(line: string): void {
    const lost = /^\s*CPU:\s*(\d+) \[LOST (?:(\d+) )?EVENTS\]/.exec(line);
    if (lost !== null) {
      const count = lost[2] === undefined ? undefined : Number(lost[2]);
      this.#onEvent({ kind: 'lost', line: this.#line, cpu: Number(lost[1]), count });
    } else if (line.startsWith('#')) {
      this.#takeHeaderLine(line);
    } else if (/\[\d+\].*\d: \S+/.test(line)) {
      this.#otherEvents += 1;
    } else if (line.trim() !== '') {
      this.#addMalformed('no trace event');
    }
  }

  #takeHeaderLine(line: string): void {
    const entries = /entries-in-buffer\/entries-written:\s*(\d+)\/(\d+)/.exec(line);
    if (entries !== null) this.#overwrittenEvents = Math.max(0, Number(entries[2]) - Number(entries[1]));
    const online = /#P:(\d+)/.exec(line);
    if (online !== null) this.#onlineCpus = Number(online[1]);
  }

  #addMalformed(reason: string): void {
    this.#malformedCount += 1;
    if (this.#malformed.length < MALFORMED_KEPT) this.#malformed.push({ line: this.#line, reason });
  }

  /** The event, or what is wrong with the line. */
  #readEvent(text: string, { start, end }: { start: number; end: number }, marker: number): Answer {
    if (!readPrefix(text, start, marker, this.#prefix)) return 'no task, CPU and time before the event';
    let name = marker + 2;
    if (text.startsWith('percpu:', name)) name += 'percpu:'.length;
    const colon = text.indexOf(':', name);
    if (!text.startsWith(EVENT_PREFIX, name) || colon < 0 || colon >= end) return 'no percpu event';
    const stop = text.charAt(end - 1) === '\r' ? end - 1 : end;
    readFields(text, { start: colon + 2, end: stop }, this.#fields, this.#keepValue);
    const word = text.slice(name + EVENT_PREFIX.length, colon);
    switch (word) {
      case 'alloc_percpu':
        return this.#allocEvent(text);
      case 'free_percpu':
        return this.#freeEvent(text);
      case 'create_chunk':
        return this.#chunkEvent(text, 'create');
      case 'destroy_chunk':
        return this.#chunkEvent(text, 'destroy');
      case 'alloc_percpu_fail':
        return this.#failEvent(text);
      default:
        return `percpu_${word} is no event that is known`;
    }
  }

  #allocEvent(text: string): Answer {
    const fields = this.#fields;
    const missing = missingField(fields, ['base', 'sizeBytes', 'alignBytes', 'offsetBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return {
      kind: 'alloc',
      line: this.#line,
      timeUs,
      cpu,
      task: this.#task(text),
      inInterrupt,
      callSite: fields.callSite === '' ? undefined : fields.callSite,
      isReserved: fields.isReserved !== 0,
      isAtomic: fields.isAtomic !== 0,
      sizeBytes: fields.sizeBytes,
      alignBytes: fields.alignBytes,
      base: fields.base,
      offsetBytes: fields.offsetBytes,
      bytesAlloc: Number.isNaN(fields.bytesAlloc) ? undefined : fields.bytesAlloc,
    };
  }

  #freeEvent(text: string): Answer {
    const { base, offsetBytes } = this.#fields;
    const missing = missingField(this.#fields, ['base', 'offsetBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return { kind: 'free', line: this.#line, timeUs, cpu, task: this.#task(text), inInterrupt, base, offsetBytes };
  }

  #chunkEvent(text: string, kind: 'create' | 'destroy'): Answer {
    const missing = missingField(this.#fields, ['base']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return { kind, line: this.#line, timeUs, cpu, task: this.#task(text), inInterrupt, base: this.#fields.base };
  }

  #failEvent(text: string): Answer {
    const { sizeBytes, alignBytes, isReserved, isAtomic } = this.#fields;
    const missing = missingField(this.#fields, ['sizeBytes', 'alignBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return {
      kind: 'fail',
      line: this.#line,
      timeUs,
      cpu,
      task: this.#task(text),
      inInterrupt,
      isReserved: isReserved !== 0,
      isAtomic: isAtomic !== 0,
      sizeBytes,
      alignBytes,
    };
  }

  #task(text: string): string {
    const { taskStart, taskEnd } = this.#prefix;
    const last = this.#lastTask;
    if (taskEnd - taskStart === last.length && text.startsWith(last, taskStart)) return last;
    this.#lastTask = copyOf(text, taskStart, taskEnd);
    return this.#lastTask;
  }

  /** Equal values become one string that does not hold on to the text. */
  readonly #keepValue = (text: string, start: number, end: number, kind: 'site' | 'base'): string => {
    const last = this.#lastBase;
    if (kind === 'base' && end - start === last.length && text.startsWith(last, start)) return last;
    const value = text.slice(start, end);
    let kept = this.#kept.get(value);
    if (kept === undefined) {
      kept = copyOf(text, start, end);
      this.#kept.set(kept, kept);
    }
    if (kind === 'base') this.#lastBase = kept;
    return kept;
  };
}

/** A slice of a text keeps the whole text alive; a copy does not. */
function copyOf(text: string, start: number, end: number): string {
  return Buffer.from(text.slice(start, end), 'latin1').toString('latin1');
}

const FIELD_NAMES = { base: 'base_addr', sizeBytes: 'size', alignBytes: 'align', offsetBytes: 'off' } as const;

function missingField(fields: EventFields, needed: readonly (keyof typeof FIELD_NAMES)[]): string | undefined {
  for (const name of needed) {
    const value = fields[name];
    if (value === '' || Number.isNaN(value)) return `${FIELD_NAMES[name]} is missing or no number`;
  }
  return undefined;
}
