/**
 * Streaming parser of ftrace text with `percpu:*` events, both generations of the format. Bytes go in as they come, events
 * go out; what cannot be read is collected with its line number and stops nothing.
 */
import { KeptStrings } from './kept-strings.ts';
import {
  type ByteSpan,
  type EventFields,
  findMarker,
  type LinePrefix,
  readFields,
  readPrefix,
  skipSpaces,
} from './line-fields.ts';
import type { MalformedLine, TraceEvent, TraceSummary } from './trace-event.ts';

/** Malformed lines that are kept; the rest is counted. */
const MALFORMED_KEPT = 100;
/** A line that is longer is no event's, and taken to pieces. */
const LONGEST_LINE = 1 << 20;
/** No kernel serves larger objects (64 KiB where pages are as large), nor has larger units. */
const LARGEST_OBJECT_BYTES = 65536;
const LARGEST_UNIT_BYTES = 2 ** 28;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;
const HASH = 0x23;

/** What trace-cmd prints before the events. */
const TRACE_CMD_HEADER = /^(?:cpus=\d+|version = \d+|CPU \d+ is empty)\s*$/;

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
    isWhole: true,
  };
  readonly #strings = { callSites: new KeptStrings(), bases: new KeptStrings() };
  readonly #tasks = new KeptStrings();
  readonly #names = new KeptStrings();
  /** The bytes in hand: whole lines, of a piece or of two. */
  #bytes: Buffer = NOTHING;
  /** What came after the last line feed. */
  #rest: Buffer = NOTHING;
  /** The line in hand does not end with a line feed. */
  #isLastLine = false;
  /** Characters before the marker of the last event. */
  #prefixLength = 0;
  /** Characters of the addresses so far; all have as many. */
  #baseLength = 0;
  #line = 0;
  #otherEvents = 0;
  #malformedCount = 0;
  readonly #malformed: MalformedLine[] = [];
  #onlineCpus: number | undefined;
  #overwrittenEvents = 0;
  #percpuEvents = 0;
  #header: TraceSummary['header'];
  #allocatedPerByte: number | undefined;

  constructor(onEvent: (event: TraceEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Takes the next bytes of the text, which stay the caller's. Events are told before it returns. */
  push(bytes: Uint8Array): void {
    let piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#rest.length > 0) {
      const end = piece.indexOf(LINE_FEED);
      const own = end < 0 ? piece.length : end + 1;
      this.#rest = Buffer.concat([this.#rest, piece.subarray(0, own)]);
      piece = piece.subarray(own);
      if (end < 0 && this.#rest.length < LONGEST_LINE) return;
      this.#takeLines(this.#rest);
      if (end < 0) this.#takeLine({ start: 0, end: this.#rest.length });
    }
    this.#rest = Buffer.from(piece.subarray(this.#takeLines(piece)));
  }

  /** Takes all whole lines; answers with their bytes. */
  #takeLines(bytes: Buffer): number {
    this.#bytes = bytes;
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#takeLine({ start, end });
      start = end + 1;
    }
    return start;
  }

  /** Takes the last line, if it did not end with a line feed, and answers with what was read. */
  end(): TraceSummary {
    this.#bytes = this.#rest;
    this.#isLastLine = true;
    if (this.#rest.length > 0) this.#takeLine({ start: 0, end: this.#rest.length });
    this.#bytes = NOTHING;
    this.#rest = NOTHING;
    return {
      lines: this.#line,
      otherEvents: this.#otherEvents,
      malformedCount: this.#malformedCount,
      malformed: this.#malformed,
      cutShort: undefined,
      onlineCpus: this.#onlineCpus,
      allocatedPerByte: Number.isNaN(this.#allocatedPerByte ?? NaN) ? undefined : this.#allocatedPerByte,
      overwrittenEvents: this.#overwrittenEvents,
      entriesRead: this.#percpuEvents + this.#otherEvents + this.#malformedCount,
      header: this.#header,
    };
  }

  #takeLine(line: ByteSpan): void {
    this.#line += 1;
    const marker =
      this.#bytes[line.start] === HASH ? -1 : findMarker(this.#bytes, line, line.start + this.#prefixLength);
    if (marker < 0) {
      this.#takeOtherLine(this.#bytes.toString('latin1', line.start, line.end));
      return;
    }
    this.#prefixLength = marker - line.start;
    const answer = this.#readEvent(line, marker);
    if (typeof answer === 'string') this.#addMalformed(answer);
    else {
      this.#percpuEvents += 1;
      this.#onEvent(answer);
    }
  }

  #takeOtherLine(line: string): void {
    const lost = /^\s*CPU:\s*(\d+) \[(?:LOST (?:(\d+) )?EVENTS|(\d+) EVENTS DROPPED)\]/.exec(line);
    if (lost !== null) {
      const counted = lost[2] ?? lost[3];
      const count = counted === undefined ? undefined : Number(counted);
      this.#onEvent({ kind: 'lost', line: this.#line, cpu: Number(lost[1]), count });
    } else if (line.startsWith('#') || TRACE_CMD_HEADER.test(line)) {
      this.#takeHeaderLine(line);
    } else if (/\[\d+\].*\d: +\S/.test(line)) {
      this.#otherEvents += 1;
    } else if (line.trim() !== '') {
      this.#addMalformed('no trace event');
    }
  }

  #takeHeaderLine(line: string): void {
    const entries = /entries-in-buffer\/entries-written:\s*(\d+)\/(\d+)/.exec(line);
    if (entries !== null) this.#takeCounts(Number(entries[1]), Number(entries[2]));
    const online = /#P:(\d+)|^cpus=(\d+)/.exec(line);
    if (online !== null) this.#onlineCpus = Number(online[1] ?? online[2]);
  }

  /** A text of several traces has several headers. */
  #takeCounts(inBuffer: number, written: number): void {
    this.#overwrittenEvents += Math.max(0, written - inBuffer);
    this.#header = { line: this.#header?.line ?? this.#line, entries: (this.#header?.entries ?? 0) + inBuffer };
  }

  #addMalformed(reason: string): void {
    this.#malformedCount += 1;
    if (this.#malformed.length < MALFORMED_KEPT) this.#malformed.push({ line: this.#line, reason });
  }

  /** The event, or what is wrong with the line. */
  #readEvent({ start, end }: ByteSpan, marker: number): Answer {
    const bytes = this.#bytes;
    if (!readPrefix(bytes, start, marker, this.#prefix)) return 'no task, CPU and time before the event';
    let name = skipSpaces(bytes, marker + 1, end) + 'percpu_'.length;
    // perf prints the system's name before the event's: `percpu:percpu_…`.
    if (bytes[name - 1] === COLON) name += 'percpu_'.length;
    let colon = name;
    while (colon < end && bytes[colon] !== COLON) colon += 1;
    if (colon === end) return 'no percpu event';
    const stop = bytes[end - 1] === RETURN ? end - 1 : end;
    readFields(bytes, { start: colon + 1, end: stop }, this.#fields, this.#strings);
    switch (this.#names.get(bytes, name, colon)) {
      case 'alloc_percpu':
        this.#allocatedPerByte ??= this.#readAllocated({ start, end: stop });
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

  /** NaN where the line does not say it, which no later line will then. */
  #readAllocated({ start, end }: ByteSpan): number {
    const bytes = /bytes_alloc=(\d+)/.exec(this.#bytes.toString('latin1', start, end))?.[1];
    return Number(bytes) / this.#fields.sizeBytes;
  }

  #allocEvent(): Answer {
    const fields = this.#fields;
    const wrong = missingField(fields, ['base', 'sizeBytes', 'alignBytes', 'offsetBytes']) ?? wrongNumber(fields);
    if (wrong !== undefined) return wrong;
    this.#baseLength = fields.base.length;
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
    const wrong = missingField(this.#fields, ['base', 'offsetBytes']) ?? wrongOffset(this.#fields);
    if (wrong !== undefined) return wrong;
    const { cpu, inInterrupt, timeUs } = this.#prefix;
    return { kind: 'free', line: this.#line, timeUs, cpu, task: this.#task(), inInterrupt, base, offsetBytes };
  }

  #chunkEvent(kind: 'create' | 'destroy'): Answer {
    const missing = missingField(this.#fields, ['base']);
    if (missing !== undefined) return missing;
    const { length } = this.#fields.base;
    if (this.#isLastLine && length < this.#baseLength) return 'the text ends within base_addr';
    this.#baseLength = length;
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

/** Whether the line is cut, or its numbers are none of the allocator's. */
function wrongOffset({ offsetBytes, isWhole }: EventFields): string | undefined {
  if (!isWhole) return 'the line is cut: no ptr follows off';
  if (offsetBytes % 4 === 0 && offsetBytes < LARGEST_UNIT_BYTES) return undefined;
  return `off=${offsetBytes} is no offset of an object`;
}

function wrongNumber(fields: EventFields): string | undefined {
  const { sizeBytes, alignBytes } = fields;
  if (sizeBytes < 1 || sizeBytes > LARGEST_OBJECT_BYTES) return `size=${sizeBytes} is no size of an object`;
  if (!Number.isInteger(Math.log2(alignBytes)) || alignBytes > LARGEST_OBJECT_BYTES)
    return `align=${alignBytes} is no alignment`;
  return wrongOffset(fields);
}

function missingField(fields: EventFields, needed: readonly (keyof typeof FIELD_NAMES)[]): string | undefined {
  for (const name of needed) {
    const value = fields[name];
    if (value === '' || Number.isNaN(value)) return `${FIELD_NAMES[name]} is missing or no number`;
  }
  return undefined;
}
