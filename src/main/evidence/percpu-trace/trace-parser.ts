/**
 * Streaming parser of ftrace text with `percpu:*` events, both generations of the format. Bytes go in as they come, events
 * go out; what cannot be read is collected with its line number and stops nothing.
 */
import { KeptStrings } from './kept-strings.ts';
import { type ByteSpan, type EventFields, findMarker, type LinePrefix, readFields, readPrefix } from './line-fields.ts';
import type { MalformedLine, TraceEvent, TraceSummary } from './trace-event.ts';

/** Malformed lines that are kept; the rest is counted. */
const MALFORMED_KEPT = 100;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;
const HASH = 0x23;

type Answer = TraceEvent | string;

export class TraceParser {
  readonly #onEvent: (event: TraceEvent) => void;
  readonly #prefix: LinePrefix = { taskStart: 0, taskEnd: 0, cpu: 0, inInterrupt: false, timeUs: 0 };
  readonly #fields: EventFields = {
    callSite: '',
    base: '',
    isReserved: 0,
    isAtomic: 0,
    sizeBytes: NaN,
    alignBytes: NaN,
    offsetBytes: NaN,
  };
  readonly #strings = { callSites: new KeptStrings(), bases: new KeptStrings() };
  readonly #tasks = new KeptStrings();
  readonly #names = new KeptStrings();
  /** The piece of bytes in hand, and what of it has no line feed yet. */
  #bytes = Buffer.alloc(0);
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
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes]);
    let start = 0;
    for (let end = this.#bytes.indexOf(LINE_FEED); end >= 0; end = this.#bytes.indexOf(LINE_FEED, start)) {
      this.#takeLine({ start, end });
      start = end + 1;
    }
    this.#bytes = this.#bytes.subarray(start);
  }

  /** Takes the last line, if it did not end with a line feed, and answers with what was read. */
  end(): TraceSummary {
    if (this.#bytes.length > 0) this.#takeLine({ start: 0, end: this.#bytes.length });
    this.#bytes = Buffer.alloc(0);
    return {
      lines: this.#line,
      otherEvents: this.#otherEvents,
      malformedCount: this.#malformedCount,
      malformed: this.#malformed,
      onlineCpus: this.#onlineCpus,
      overwrittenEvents: this.#overwrittenEvents,
    };
  }

  #takeLine(line: ByteSpan): void {
    this.#line += 1;
    const marker = this.#bytes[line.start] === HASH ? -1 : findMarker(this.#bytes, line);
    if (marker < 0) {
      this.#takeOtherLine(this.#bytes.toString('latin1', line.start, line.end));
      return;
    }
    const answer = this.#readEvent(line, marker);
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
  #readEvent({ start, end }: ByteSpan, marker: number): Answer {
    const bytes = this.#bytes;
    if (!readPrefix(bytes, start, marker, this.#prefix)) return 'no task, CPU and time before the event';
    let name = marker + ': percpu_'.length;
    // perf prints the system's name before the event's: `percpu:percpu_…`.
    if (bytes[name - 1] === COLON) name += 'percpu_'.length;
    let colon = name;
    while (colon < end && bytes[colon] !== COLON) colon += 1;
    if (colon === end) return 'no percpu event';
    const stop = bytes[end - 1] === RETURN ? end - 1 : end;
    readFields(bytes, { start: colon + 2, end: stop }, this.#fields, this.#strings);
    switch (this.#names.get(bytes, name, colon)) {
      case 'alloc_percpu':
        return this.#allocEvent();
      case 'free_percpu':
        return this.#freeEvent();
      case 'create_chunk':
        return this.#chunkEvent('create');
      case 'destroy_chunk':
        return this.#chunkEvent('destroy');
      case 'alloc_percpu_fail':
        return this.#failEvent();
      default:
        return `percpu_${bytes.toString('latin1', name, colon)} is no event that is known`;
    }
  }

  #allocEvent(): Answer {
    const fields = this.#fields;
    const missing = missingField(fields, ['base', 'sizeBytes', 'alignBytes', 'offsetBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return {
      kind: 'alloc',
      line: this.#line,
      timeUs,
      cpu,
      task: this.#task(),
      inInterrupt,
      callSite: fields.callSite === '' ? undefined : fields.callSite,
      isReserved: fields.isReserved !== 0,
      isAtomic: fields.isAtomic !== 0,
      sizeBytes: fields.sizeBytes,
      alignBytes: fields.alignBytes,
      base: fields.base,
      offsetBytes: fields.offsetBytes,
    };
  }

  #freeEvent(): Answer {
    const { base, offsetBytes } = this.#fields;
    const missing = missingField(this.#fields, ['base', 'offsetBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return { kind: 'free', line: this.#line, timeUs, cpu, task: this.#task(), inInterrupt, base, offsetBytes };
  }

  #chunkEvent(kind: 'create' | 'destroy'): Answer {
    const missing = missingField(this.#fields, ['base']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return { kind, line: this.#line, timeUs, cpu, task: this.#task(), inInterrupt, base: this.#fields.base };
  }

  #failEvent(): Answer {
    const { sizeBytes, alignBytes, isReserved, isAtomic } = this.#fields;
    const missing = missingField(this.#fields, ['sizeBytes', 'alignBytes']);
    if (missing !== undefined) return missing;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return {
      kind: 'fail',
      line: this.#line,
      timeUs,
      cpu,
      task: this.#task(),
      inInterrupt,
      isReserved: isReserved !== 0,
      isAtomic: isAtomic !== 0,
      sizeBytes,
      alignBytes,
    };
  }

  #task(): string {
    return this.#tasks.get(this.#bytes, this.#prefix.taskStart, this.#prefix.taskEnd);
  }
}

const FIELD_NAMES = { base: 'base_addr', sizeBytes: 'size', alignBytes: 'align', offsetBytes: 'off' } as const;

function missingField(fields: EventFields, needed: readonly (keyof typeof FIELD_NAMES)[]): string | undefined {
  for (const name of needed) {
    const value = fields[name];
    if (value === '' || Number.isNaN(value)) return `${FIELD_NAMES[name]} is missing or no number`;
  }
  return undefined;
}
