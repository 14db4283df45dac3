/** Turns events into the records of spooled-record.ts. */
import {
  BLOCK_WORDS,
  HeadBits,
  HIGH_SHIFT,
  MOST_LINES_AHEAD,
  MOST_LINES_BACK,
  MOST_STRINGS,
  RecordKind,
  RecordWords,
  RequestFlag,
  ShapeBits,
} from './spooled-record.ts';
import type { AllocEvent, FailEvent, LostEvent, TraceEvent } from './trace-event.ts';

/** Longer strings are cut: no task, call site or base is as long. */
const LONGEST_STRING = 4096;
/** Names of one event: task, base, call site. */
const MOST_NAMES = 3;

type TimedEvent = Exclude<TraceEvent, LostEvent>;

export class EventWriter {
  readonly #onBlock: (words: Int32Array) => Int32Array;
  #words: Int32Array;
  /** Word at which the next record begins. */
  #at = 0;
  #line = 0;
  #timeUs = 0;
  readonly #numbers = new Map<string, number>();
  /** The last event's, and its number; undefined where none is known. */
  #task: string | undefined;
  #taskNumber = 0;
  readonly #double = new Float64Array(1);
  readonly #doubleWords = new Int32Array(this.#double.buffer);

  /** `onBlock` takes each block that is full and answers with the one to be filled next, which may be the same. */
  constructor(first: Int32Array, onBlock: (words: Int32Array) => Int32Array) {
    this.#words = first;
    this.#onBlock = onBlock;
  }

  write(event: TraceEvent): void {
    if (event.kind === 'lost') {
      this.#writeLost(event);
      return;
    }
    if (this.#numbers.size > MOST_STRINGS - MOST_NAMES) this.#forget();
    switch (event.kind) {
      case 'alloc':
        this.#writeAlloc(event);
        return;
      case 'free': {
        const base = this.#numberOf(event.base);
        const at = this.#writeHead(event, RecordKind.free, RecordWords.free, base);
        this.#words[at + 3] = event.offsetBytes;
        return;
      }
      case 'create':
      case 'destroy':
        this.#writeHead(event, RecordKind[event.kind], RecordWords.chunk, this.#numberOf(event.base));
        return;
      case 'fail': {
        const at = this.#writeHead(event, RecordKind.fail, RecordWords.fail, flagsOf(event));
        this.#words[at + 3] = event.sizeBytes;
        this.#words[at + 4] = event.alignBytes;
      }
    }
  }

  /** Hands over the block in hand. */
  finish(): void {
    this.#handOver();
  }

  #writeAlloc(event: AllocEvent): void {
    const { callSite, sizeBytes, alignBytes } = event;
    const base = this.#numberOf(event.base);
    const site = callSite === undefined ? 0 : this.#numberOf(callSite);
    const at = this.#writeHead(event, RecordKind.alloc, RecordWords.alloc, base);
    const words = this.#words;
    words[at + 3] = event.offsetBytes;
    const align = 31 - Math.clz32(alignBytes);
    words[at + 4] = sizeBytes | (align << ShapeBits.alignShift) | (flagsOf(event) << ShapeBits.flagShift);
    words[at + 5] = site;
  }

  #writeLost({ line, cpu, count }: LostEvent): void {
    if (!isNear(line - this.#line)) this.#writePosition(line, this.#timeUs);
    const at = this.#makeRoom(RecordWords.lost);
    this.#words[at] = headOf(RecordKind.lost, line - this.#line, cpu, count !== undefined);
    this.#putDouble(at + 1, count ?? 0);
    this.#line = line;
  }

  /** Words 0 to 2 of an event with a time; answers with the record's first word. */
  #writeHead(event: TimedEvent, kind: number, length: number, upper: number): number {
    const { line, timeUs, task } = event;
    const taskNumber = task === this.#task ? this.#taskNumber : this.#newTask(task);
    const microseconds = (timeUs - this.#timeUs) | 0;
    // Parts of a microsecond, and what is too long for a word, do not come back as they were.
    const isNext = this.#timeUs + microseconds === timeUs && isNear(line - this.#line);
    if (!isNext) this.#writePosition(line, timeUs);
    const at = this.#makeRoom(length);
    const words = this.#words;
    words[at] = headOf(kind, line - this.#line, event.cpu, event.inInterrupt);
    words[at + 1] = isNext ? microseconds : 0;
    words[at + 2] = taskNumber | (upper << HIGH_SHIFT);
    this.#line = line;
    this.#timeUs = timeUs;
    return at;
  }

  #writePosition(line: number, timeUs: number): void {
    const at = this.#makeRoom(RecordWords.position);
    this.#words[at] = RecordKind.position;
    this.#putDouble(at + 1, line);
    this.#putDouble(at + 3, timeUs);
    this.#line = line;
    this.#timeUs = timeUs;
  }

  #putDouble(at: number, value: number): void {
    this.#double[0] = value;
    this.#words.set(this.#doubleWords, at);
  }

  #newTask(task: string): number {
    this.#task = task;
    this.#taskNumber = this.#numberOf(task);
    return this.#taskNumber;
  }

  /** The number of a string, from 1; a new one is told before the record that names it. */
  #numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(text, number);
    const bytes = Buffer.from(text.slice(0, LONGEST_STRING), 'latin1');
    const at = this.#makeRoom(RecordWords.string + Math.ceil(bytes.length / 4));
    this.#words[at] = RecordKind.string | (number << HeadBits.cpuShift);
    this.#words[at + 1] = bytes.length;
    const start = this.#words.byteOffset + (at + RecordWords.string) * 4;
    bytes.copy(new Uint8Array(this.#words.buffer, start, bytes.length));
    return number;
  }

  #forget(): void {
    const at = this.#makeRoom(RecordWords.forget);
    this.#words[at] = RecordKind.forget;
    this.#numbers.clear();
    this.#task = undefined;
  }

  /** Takes so many words of the block, of a new one if they do not fit; answers with the first. */
  #makeRoom(words: number): number {
    // One more ends the block.
    if (this.#at + words >= BLOCK_WORDS) this.#handOver();
    const at = this.#at;
    this.#at += words;
    return at;
  }

  #handOver(): void {
    this.#words[this.#at] = RecordKind.end;
    this.#words = this.#onBlock(this.#words);
    this.#at = 0;
  }
}

function headOf(kind: number, lines: number, cpu: number, flag: boolean): number {
  const flagBit = flag ? HeadBits.flag : 0;
  return kind | flagBit | ((lines + MOST_LINES_BACK) << HeadBits.lineShift) | (cpu << HeadBits.cpuShift);
}

function isNear(lines: number): boolean {
  return lines >= -MOST_LINES_BACK && lines <= MOST_LINES_AHEAD;
}

function flagsOf({ isReserved, isAtomic }: AllocEvent | FailEvent): number {
  return (isReserved ? RequestFlag.reserved : 0) | (isAtomic ? RequestFlag.atomic : 0);
}
