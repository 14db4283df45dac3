/** Turns the records of spooled-record.ts into events again. */
import {
  HeadBits,
  HIGH_SHIFT,
  LOW_HALF,
  MOST_LINES_BACK,
  RecordKind,
  RecordWords,
  RequestFlag,
  ShapeBits,
} from './spooled-record.ts';
import type { TraceEvent } from './trace-event.ts';

export class EventReader {
  readonly #onEvent: (event: TraceEvent) => void;
  #strings: string[] = [];
  #line = 0;
  #timeUs = 0;

  constructor(onEvent: (event: TraceEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** Tells the events of the next block. */
  read(words: Int32Array): void {
    for (let at = 0; ;) {
      const length = this.#readRecord(words, at);
      if (length === 0) return;
      at += length;
    }
  }

  /** Answers with the record's length in words; 0 at the block's end. */
  #readRecord(words: Int32Array, at: number): number {
    const head = words[at] ?? 0;
    switch (head & HeadBits.kind) {
      case RecordKind.alloc:
        this.#tellAlloc(words, at);
        return RecordWords.alloc;
      case RecordKind.free:
        this.#tellFree(words, at);
        return RecordWords.free;
      case RecordKind.create:
        this.#tellChunk('create', words, at);
        return RecordWords.chunk;
      case RecordKind.destroy:
        this.#tellChunk('destroy', words, at);
        return RecordWords.chunk;
      case RecordKind.end:
        return 0;
      default:
        return this.#readRare(words, at);
    }
  }

  #readRare(words: Int32Array, at: number): number {
    const head = words[at] ?? 0;
    switch (head & HeadBits.kind) {
      case RecordKind.fail:
        this.#tellFail(words, at);
        return RecordWords.fail;
      case RecordKind.lost: {
        const count = (head & HeadBits.flag) === 0 ? undefined : doubleAt(words, at + 1);
        this.#onEvent({ kind: 'lost', line: this.#nextLine(head), cpu: head >>> HeadBits.cpuShift, count });
        return RecordWords.lost;
      }
      case RecordKind.position:
        this.#line = doubleAt(words, at + 1);
        this.#timeUs = doubleAt(words, at + 3);
        return RecordWords.position;
      case RecordKind.string:
        return this.#learn(words, at);
      case RecordKind.forget:
        this.#strings = [];
        return RecordWords.forget;
      default:
        throw new Error(`word ${at} of a spool's block, ${head}, begins no record`);
    }
  }

  #learn(words: Int32Array, at: number): number {
    const length = words[at + 1] ?? 0;
    const start = words.byteOffset + (at + RecordWords.string) * 4;
    const text = Buffer.from(words.buffer, start, length).toString('latin1');
    this.#strings[(words[at] ?? 0) >>> HeadBits.cpuShift] = text;
    return RecordWords.string + Math.ceil(length / 4);
  }

  #tellAlloc(words: Int32Array, at: number): void {
    const head = words[at] ?? 0;
    const names = words[at + 2] ?? 0;
    const shape = words[at + 4] ?? 0;
    const site = words[at + 5] ?? 0;
    const flags = shape >>> ShapeBits.flagShift;
    this.#onEvent({
      kind: 'alloc',
      line: this.#nextLine(head),
      timeUs: this.#nextTime(words, at),
      cpu: head >>> HeadBits.cpuShift,
      task: this.#text(names & LOW_HALF),
      inInterrupt: (head & HeadBits.flag) !== 0,
      callSite: site === 0 ? undefined : this.#text(site),
      isReserved: (flags & RequestFlag.reserved) !== 0,
      isAtomic: (flags & RequestFlag.atomic) !== 0,
      sizeBytes: shape & ShapeBits.size,
      alignBytes: 1 << ((shape >>> ShapeBits.alignShift) & ShapeBits.align),
      base: this.#text(names >>> HIGH_SHIFT),
      offsetBytes: words[at + 3] ?? 0,
    });
  }

  #tellFree(words: Int32Array, at: number): void {
    const head = words[at] ?? 0;
    const names = words[at + 2] ?? 0;
    this.#onEvent({
      kind: 'free',
      line: this.#nextLine(head),
      timeUs: this.#nextTime(words, at),
      cpu: head >>> HeadBits.cpuShift,
      task: this.#text(names & LOW_HALF),
      inInterrupt: (head & HeadBits.flag) !== 0,
      base: this.#text(names >>> HIGH_SHIFT),
      offsetBytes: words[at + 3] ?? 0,
    });
  }

  #tellChunk(kind: 'create' | 'destroy', words: Int32Array, at: number): void {
    const head = words[at] ?? 0;
    const names = words[at + 2] ?? 0;
    this.#onEvent({
      kind,
      line: this.#nextLine(head),
      timeUs: this.#nextTime(words, at),
      cpu: head >>> HeadBits.cpuShift,
      task: this.#text(names & LOW_HALF),
      inInterrupt: (head & HeadBits.flag) !== 0,
      base: this.#text(names >>> HIGH_SHIFT),
    });
  }

  #tellFail(words: Int32Array, at: number): void {
    const head = words[at] ?? 0;
    const names = words[at + 2] ?? 0;
    const flags = names >>> HIGH_SHIFT;
    this.#onEvent({
      kind: 'fail',
      line: this.#nextLine(head),
      timeUs: this.#nextTime(words, at),
      cpu: head >>> HeadBits.cpuShift,
      task: this.#text(names & LOW_HALF),
      inInterrupt: (head & HeadBits.flag) !== 0,
      isReserved: (flags & RequestFlag.reserved) !== 0,
      isAtomic: (flags & RequestFlag.atomic) !== 0,
      sizeBytes: words[at + 3] ?? 0,
      alignBytes: words[at + 4] ?? 0,
    });
  }

  #nextLine(head: number): number {
    this.#line += ((head >>> HeadBits.lineShift) & HeadBits.lines) - MOST_LINES_BACK;
    return this.#line;
  }

  #nextTime(words: Int32Array, at: number): number {
    this.#timeUs += words[at + 1] ?? 0;
    return this.#timeUs;
  }

  #text(number: number): string {
    const text = this.#strings[number];
    if (text === undefined) throw new Error(`string ${number} of a spool was not told`);
    return text;
  }
}

function doubleAt(words: Int32Array, at: number): number {
  return new Float64Array(words.slice(at, at + 2).buffer)[0] ?? 0;
}
