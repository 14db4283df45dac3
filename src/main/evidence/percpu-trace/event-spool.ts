/**
 * Events of a long trace, put away in a file and read back in their order. Reading them costs a fraction of parsing the text
 * anew, and memory does not depend on the trace's length.
 *
 *     file     block │ block │ …      each BLOCK_BYTES long, read and written at once
 *     block    record │ string │ record │ record │ … │ 0
 *
 *     record   0 kind, flags, CPU   1 line   2–3 time (a double)   4 task   5 call site, or events lost   6 base
 *              7 size   8 alignment   9 offset                                                 (32-bit words)
 *     string   0 kind   1 number   2 bytes   3 –   then the bytes, padded to 8: before the first record that needs it
 *
 * Numbers of strings are used again once there are MOST_STRINGS. One writing, then any number of readings. Whoever makes one
 * closes it, which removes the file.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { TraceEvent } from './trace-event.ts';

const BLOCK_BYTES = 1 << 18;
const BLOCK_WORDS = BLOCK_BYTES / 4;
const RECORD_WORDS = 10;
const STRING_HEAD_WORDS = 4;
const MOST_STRINGS = 1 << 16;
/** Longer strings are cut: no task or call site is as long. */
const LONGEST_STRING = 4096;

/** Word 0 of a record, lowest bits first: kind (3 bits), flags (5 bits), CPU. 0 ends a block. */
const KIND = { end: 0, alloc: 1, fail: 2, free: 3, create: 4, destroy: 5, lost: 6, string: 7 } as const;
const KIND_BITS = 7;
const FLAG = { reserved: 8, atomic: 16, interrupt: 32, absent: 64 } as const;
const CPU_SHIFT = 8;

class Block {
  readonly bytes = Buffer.alloc(BLOCK_BYTES);
  readonly words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, BLOCK_WORDS);
  readonly doubles = new Float64Array(this.bytes.buffer, this.bytes.byteOffset, BLOCK_WORDS / 2);
  /** Word at which the next record begins; even. */
  at = 0;
}

export class EventSpool {
  readonly #folder: string;
  readonly #file: number;
  readonly #block = new Block();
  readonly #numbers = new Map<string, number>();
  #strings = 0;
  #lastTask: string | undefined;
  #lastTaskNumber = 0;
  #blocks = 0;
  #failure: string | undefined;

  private constructor(folder: string, file: number) {
    this.#folder = folder;
    this.#file = file;
  }

  /** An empty spool in this host's folder for temporary files. Errors: 'storage'. */
  static open(): Result<EventSpool> {
    try {
      const folder = mkdtempSync(join(tmpdir(), 'percpu-lab-events-'));
      return ok(new EventSpool(folder, openSync(join(folder, 'events'), 'w+', 0o600)));
    } catch (error) {
      return fail('storage', `no room for a long trace's events in ${tmpdir()}: ${messageOf(error)}`);
    }
  }

  /** Adds an event. What goes wrong is told by `finish`. */
  write(event: TraceEvent): void {
    if (event.kind === 'lost') {
      this.#writeRecord(event.kind, event.count === undefined ? FLAG.absent : 0, event, 0);
      this.#setLast(5, event.count ?? 0);
      return;
    }
    const task = event.task === this.#lastTask ? this.#lastTaskNumber : this.#numberOf(event.task);
    this.#lastTask = event.task;
    this.#lastTaskNumber = task;
    const flags = event.inInterrupt ? FLAG.interrupt : 0;
    switch (event.kind) {
      case 'alloc':
        this.#writeAlloc(event, flags, task);
        return;
      case 'fail':
        this.#writeRecord(event.kind, flags | requestFlags(event), event, task);
        this.#setLast(7, event.sizeBytes);
        this.#setLast(8, event.alignBytes);
        return;
      case 'free':
      case 'create':
      case 'destroy': {
        const base = this.#numberOf(event.base);
        this.#writeRecord(event.kind, flags, event, task);
        this.#setLast(6, base);
        if (event.kind === 'free') this.#setLast(9, event.offsetBytes);
      }
    }
  }

  /** Ends the writing. Errors: 'storage' when an event could not be put away. */
  finish(): Result<void> {
    this.#flush();
    this.#numbers.clear();
    if (this.#failure === undefined) return ok(undefined);
    return fail('storage', `a long trace's events cannot be put away in ${tmpdir()}: ${this.#failure}`);
  }

  /**
   * Tells all events in their order, block by block; yields the share of the blocks that was told. Throws when the file is
   * gone or shorter: nobody else has a hand in it.
   */
  *read(onEvent: (event: TraceEvent) => void): Generator<number, void> {
    const block = new Block();
    const strings: string[] = [];
    for (let index = 0; index < this.#blocks; index++) {
      const bytes = readSync(this.#file, block.bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
      if (bytes !== BLOCK_BYTES) throw new Error(`block ${index} of the spool has ${bytes} bytes`);
      readBlock(block, strings, onEvent);
      yield (index + 1) / this.#blocks;
    }
  }

  /** Removes the file. */
  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #writeAlloc(event: Extract<TraceEvent, { kind: 'alloc' }>, flags: number, task: number): void {
    const { callSite, sizeBytes, alignBytes, offsetBytes } = event;
    const base = this.#numberOf(event.base);
    const site = callSite === undefined ? 0 : this.#numberOf(callSite);
    const absent = callSite === undefined ? FLAG.absent : 0;
    this.#writeRecord(event.kind, flags | absent | requestFlags(event), event, task);
    this.#setLast(5, site);
    this.#setLast(6, base);
    this.#setLast(7, sizeBytes);
    this.#setLast(8, alignBytes);
    this.#setLast(9, offsetBytes);
  }

  #writeRecord(kind: TraceEvent['kind'], flags: number, event: TraceEvent, task: number): void {
    const at = this.#makeRoom(RECORD_WORDS);
    const { words, doubles } = this.#block;
    words[at] = KIND[kind] | flags | (event.cpu << CPU_SHIFT);
    words[at + 1] = event.line;
    doubles[(at + 2) / 2] = event.kind === 'lost' ? 0 : event.timeUs;
    words[at + 4] = task;
  }

  /** Sets a word of the record written last. */
  #setLast(word: number, value: number): void {
    this.#block.words[this.#block.at - RECORD_WORDS + word] = value;
  }

  /** The number of a string, which is written before the record that names it. */
  #numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    // At most four numbers are asked for per record, so none of them is used again in between.
    if (this.#numbers.size === MOST_STRINGS) {
      this.#numbers.clear();
      this.#lastTask = undefined;
    }
    const number = this.#strings % (2 * MOST_STRINGS);
    this.#strings += 1;
    this.#numbers.set(text, number);
    const bytes = Buffer.from(text.slice(0, LONGEST_STRING), 'latin1');
    const at = this.#makeRoom(STRING_HEAD_WORDS + wordsOf(bytes.length));
    this.#block.words.set([KIND.string, number, bytes.length, 0], at);
    bytes.copy(this.#block.bytes, (at + STRING_HEAD_WORDS) * 4);
    return number;
  }

  /** Takes so many words of the block, of a new one if they do not fit; answers with the first. */
  #makeRoom(words: number): number {
    // A zero behind the last record ends the block.
    if (this.#block.at + words >= BLOCK_WORDS) this.#flush();
    const at = this.#block.at;
    this.#block.at += words;
    return at;
  }

  #flush(): void {
    const { bytes, words, at } = this.#block;
    this.#block.at = 0;
    if (this.#failure !== undefined) return;
    words.fill(KIND.end, at);
    try {
      writeSync(this.#file, bytes, 0, BLOCK_BYTES, this.#blocks * BLOCK_BYTES);
      this.#blocks += 1;
    } catch (error) {
      this.#failure = messageOf(error);
    }
  }
}

function requestFlags({ isReserved, isAtomic }: { isReserved: boolean; isAtomic: boolean }): number {
  return (isReserved ? FLAG.reserved : 0) | (isAtomic ? FLAG.atomic : 0);
}

/** Words of so many bytes; an even number. */
function wordsOf(bytes: number): number {
  return 2 * Math.ceil(bytes / 8);
}

function readBlock(block: Block, strings: string[], onEvent: (event: TraceEvent) => void): void {
  const { words, bytes } = block;
  for (let at = 0; (words[at] ?? KIND.end) !== KIND.end;) {
    if (((words[at] ?? 0) & KIND_BITS) === KIND.string) {
      const length = words[at + 2] ?? 0;
      const start = (at + STRING_HEAD_WORDS) * 4;
      strings[words[at + 1] ?? 0] = bytes.toString('latin1', start, start + length);
      at += STRING_HEAD_WORDS + wordsOf(length);
    } else {
      onEvent(readRecord(block, at, strings));
      at += RECORD_WORDS;
    }
  }
}

function readRecord({ words, doubles }: Block, at: number, strings: readonly string[]): TraceEvent {
  const head = words[at] ?? 0;
  const cpu = head >>> CPU_SHIFT;
  const line = (words[at + 1] ?? 0) >>> 0;
  const text = (word: number): string => strings[words[at + word] ?? 0] ?? '';
  if ((head & KIND_BITS) === KIND.lost) {
    return { kind: 'lost', line, cpu, count: (head & FLAG.absent) === 0 ? words[at + 5] : undefined };
  }
  const timeUs = doubles[(at + 2) / 2] ?? 0;
  const inInterrupt = (head & FLAG.interrupt) !== 0;
  const task = text(4);
  const isReserved = (head & FLAG.reserved) !== 0;
  const isAtomic = (head & FLAG.atomic) !== 0;
  const sizeBytes = words[at + 7] ?? 0;
  const alignBytes = words[at + 8] ?? 0;
  const offsetBytes = words[at + 9] ?? 0;
  switch (head & KIND_BITS) {
    case KIND.alloc: {
      const callSite = (head & FLAG.absent) === 0 ? text(5) : undefined;
      const base = text(6);
      const request = { isReserved, isAtomic, sizeBytes, alignBytes };
      return { kind: 'alloc', line, timeUs, cpu, task, inInterrupt, callSite, ...request, base, offsetBytes };
    }
    case KIND.fail:
      return { kind: 'fail', line, timeUs, cpu, task, inInterrupt, isReserved, isAtomic, sizeBytes, alignBytes };
    case KIND.free:
      return { kind: 'free', line, timeUs, cpu, task, inInterrupt, base: text(6), offsetBytes };
    case KIND.create:
      return { kind: 'create', line, timeUs, cpu, task, inInterrupt, base: text(6) };
    case KIND.destroy:
      return { kind: 'destroy', line, timeUs, cpu, task, inInterrupt, base: text(6) };
    default:
      throw new Error(`word ${at} of a spool's block, ${head}, begins no record`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
