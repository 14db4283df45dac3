/**
 * The per-CPU streams of one owner: an algorithm of a device, a device, or all devices (a kernel's zcomp).
 *
 *     pointer ──+ unit of the CPU──▶ record [ lock │ readers' lock │ buffer │ work memory │ local copy ]
 *                                                                 frame number + 1 each, 0 for none
 *
 * The records are one object of the machine's per-CPU allocator: every possible CPU has one, locks included, from the start.
 * Streams are made for CPUs that are online (`prepare`) and freed when one is dead, under the stream's locks. The streams of
 * 2010, which all devices share with preemption off, have no record: two static per-CPU variables point at the runs.
 *
 * A buffer that is not 0 says that the other runs are there as well. Records change under the hotplug lock. Each change is counted
 * (HeaderW.streamChanges), so who has found a stream once looks at one word before the next use.
 */
import { fail, ok, type Result } from '../../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import * as layout from '../../memory/arena-layout.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import type { PercpuArea } from '../../percpu/percpu-area.ts';
import {
  type CpuId,
  cpuId,
  type FrameNumber,
  frameNumber,
  type LockWord,
  lockWord,
  percpuPtr,
  type PhysicalAddress,
} from '../../units.ts';
import type { Stream, StreamRun } from './stream.ts';

// This module's own: V8 compiles it into a write, while an import is looked up at every use.
const STREAM_CHANGES = layout.HeaderW.streamChanges;

/** Size and alignment of a record: a record never crosses a page. */
export const STREAM_RECORD_BYTES = 32;
/** Words of a record. */
const RecordW = { lock: 0, readLock: 1, buffer: 2, workMemory: 3, localCopy: 4 } as const;

/** Where a CPU's copy of a record lies: word indices. */
interface RecordWords {
  /** Absent in static variables. */
  readonly lock?: LockWord;
  readonly readLock?: LockWord;
  readonly buffer: number;
  readonly workMemory: number;
  readonly localCopy?: number;
}

/** A CPU's stream, and the changes there had been of records before it was found. */
interface KnownStream {
  readonly changes: number;
  readonly stream: Stream;
}

export interface StreamSetParts {
  readonly frames: PageFrames;
  readonly area: PercpuArea;
  /** Word that holds the pointer of the records, divided by their size, 0 while there are none; absent: static variables. */
  readonly pointerWord?: number;
  /** What each stream is made of. */
  readonly runs: readonly StreamRun[];
}

export class StreamSet {
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #area: PercpuArea;
  readonly #pointerWord: number | undefined;
  readonly #runs: readonly StreamRun[];
  /** The pointer that `#records` follows; pages of live per-CPU objects never move. */
  #pointer = 0;
  #records: readonly RecordWords[] = [];
  #known: KnownStream[] = [];

  constructor(arena: Arena, { frames, area, pointerWord, runs }: StreamSetParts) {
    this.#arena = arena;
    this.#frames = frames;
    this.#area = area;
    this.#pointerWord = pointerWord;
    this.#runs = runs;
    if (pointerWord === undefined) this.#records = this.#staticRecords();
  }

  /** Whether its records, while there are any, are an object of the per-CPU allocator. */
  get hasRecords(): boolean {
    return this.#pointerWord !== undefined;
  }

  /** Whether there are records; always of static variables. Under the hotplug lock, or with I/O in hand. */
  exists(): boolean {
    return this.#pointerWord === undefined || this.#arena.word(this.#pointerWord) !== 0;
  }

  /** Where a CPU's locks are; undefined while there are no records. */
  locksOf(cpu: CpuId): RecordWords | undefined {
    this.#follow();
    return this.#records[cpu];
  }

  /** The CPU's stream, undefined where it has none. The caller keeps others off it. */
  streamOf(cpu: CpuId): Stream | undefined {
    const known = this.#known[cpu];
    return known?.changes === this.#arena.words[STREAM_CHANGES] ? known?.stream : this.#findStream(cpu);
  }

  #findStream(cpu: CpuId): Stream | undefined {
    // Pairs with the count of a change, which comes after it: what is read from here on is no older.
    const changes = Atomics.load(this.#arena.words, STREAM_CHANGES);
    this.#follow();
    const record = this.#records[cpu];
    const stream = record === undefined ? undefined : this.#streamAt(record);
    if (stream === undefined) return undefined;
    this.#known[cpu] = { changes, stream };
    return stream;
  }

  /** Allocates the records, all zero. Under the hotplug lock. Errors: 'out-of-memory'. */
  *make(cpu: Cpu): Suspending<Result<void>> {
    if (this.#pointerWord === undefined) return ok(undefined);
    const request = { sizeBytes: STREAM_RECORD_BYTES, alignBytes: STREAM_RECORD_BYTES };
    const made = yield* this.#area.allocator.allocate(cpu, request);
    if (!made.ok) return made;
    this.#arena.words[this.#pointerWord] = made.value / STREAM_RECORD_BYTES;
    this.#countChange();
    return ok(undefined);
  }

  /** Frees the records; no CPU has a stream. Under the hotplug lock. */
  *free(cpu: Cpu): Suspending<void> {
    if (this.#pointerWord === undefined) return;
    const pointer = percpuPtr(this.#arena.word(this.#pointerWord) * STREAM_RECORD_BYTES);
    this.#arena.words[this.#pointerWord] = 0;
    this.#countChange();
    const outcome = yield* this.#area.allocator.free(cpu, pointer);
    if (outcome !== 'freed') throw new Error(`the stream records at ${pointer} were not there`);
  }

  /** Makes the stream of a CPU that has none. Under the hotplug lock. Errors: 'out-of-memory', with nothing left taken. */
  *prepare(cpu: Cpu, target: CpuId): Suspending<Result<void>> {
    const taken: FrameNumber[] = [];
    for (const { pages, kind } of this.#runs) {
      const first = yield* this.#frames.takeRun(cpu, pages, kind);
      if (first === undefined) {
        yield* this.#giveRuns(cpu, taken);
        return fail('out-of-memory', `no ${pages} contiguous pages are free`);
      }
      taken.push(first);
    }
    this.#enter(this.#recordOf(target), taken);
    return ok(undefined);
  }

  /**
   * Frees the stream of a CPU, if it has one, once nobody uses it: who takes a lock from now on finds no buffer, and who holds
   * one is waited for. One lock at a time. Under the hotplug lock.
   */
  *dead(cpu: Cpu, target: CpuId): Suspending<void> {
    const record = this.#recordOf(target);
    const taken = this.#runs.map(({ name }) => this.#arena.word(runWord(record, name)));
    if (taken[0] === 0) return;
    if (record.lock === undefined) this.#enter(record, []);
    else {
      if (!cpu.tryLock(record.lock)) yield* cpu.lock(record.lock, LockClass.deviceMutex);
      this.#enter(record, []);
      cpu.unlock(record.lock);
    }
    if (record.readLock !== undefined) {
      if (!cpu.tryLock(record.readLock)) yield* cpu.lock(record.readLock, LockClass.deviceMutex);
      cpu.unlock(record.readLock);
    }
    yield* this.#giveRuns(
      cpu,
      taken.map((entry) => frameNumber(entry - 1)),
    );
  }

  /** The buffer last when there is one, first when there is none: whoever sees it finds the rest. */
  #enter(record: RecordWords, frames: readonly FrameNumber[]): void {
    const fields = this.#runs.map(({ name }, index) => [runWord(record, name), (frames[index] ?? -1) + 1] as const);
    for (const [word, value] of frames.length === 0 ? fields : fields.toReversed()) {
      Atomics.store(this.#arena.words, word, value);
    }
    this.#countChange();
  }

  /**
   * After the change, and under the lock that it is made under: who holds a stream's lock, or has preemption off, and sees no new
   * count has what it knew. Pairs with the load in `#findStream`.
   */
  #countChange(): void {
    Atomics.add(this.#arena.words, STREAM_CHANGES, 1);
  }

  *#giveRuns(cpu: Cpu, frames: readonly FrameNumber[]): Suspending<void> {
    for (const [index, first] of frames.entries()) {
      const run = this.#runs[index];
      if (run !== undefined) yield* this.#frames.give(cpu, first, run.pages, run.kind);
    }
  }

  /** Each word is read once: they may change meanwhile. */
  #streamAt({ buffer, workMemory, localCopy, lock, readLock }: RecordWords): Stream | undefined {
    const target = this.#addressIn(buffer);
    if (target === undefined) return undefined;
    return {
      target,
      workMemory: this.#addressIn(workMemory) ?? target,
      localCopy: localCopy === undefined ? undefined : this.#addressIn(localCopy),
      lock,
      readLock,
    };
  }

  /** Of the run that a word of a record names, if it does. */
  #addressIn(word: number): PhysicalAddress | undefined {
    const entry = this.#arena.word(word);
    return entry === 0 ? undefined : this.#arena.frameAddress(frameNumber(entry - 1));
  }

  #recordOf(cpu: CpuId): RecordWords {
    this.#follow();
    const record = this.#records[cpu];
    if (record === undefined) throw new Error(`CPU ${cpu} has no stream record: it is not possible, or none were made`);
    return record;
  }

  /** Notices that the records are others than those seen last: made or freed by another thread as well. */
  #follow(): void {
    if (this.#pointerWord === undefined) return;
    const pointer = this.#arena.word(this.#pointerWord);
    if (pointer === this.#pointer) return;
    this.#pointer = pointer;
    this.#known = [];
    this.#records = pointer === 0 ? [] : this.#recordsAt(pointer * STREAM_RECORD_BYTES);
  }

  #recordsAt(offset: number): readonly RecordWords[] {
    const ptr = percpuPtr(offset);
    return this.#possibleCpus().map((cpu) => {
      const word = this.#area.physicalAddress(ptr, cpu) / 4;
      return {
        lock: lockWord(word + RecordW.lock),
        readLock: lockWord(word + RecordW.readLock),
        buffer: word + RecordW.buffer,
        workMemory: word + RecordW.workMemory,
        localCopy: word + RecordW.localCopy,
      };
    });
  }

  #staticRecords(): readonly RecordWords[] {
    const buffer = this.#area.variable('compress_buffer');
    const workMemory = this.#area.variable('compress_workmem');
    return this.#possibleCpus().map((cpu) => ({
      buffer: this.#area.physicalAddress(buffer, cpu) / 4,
      workMemory: this.#area.physicalAddress(workMemory, cpu) / 4,
    }));
  }

  #possibleCpus(): readonly CpuId[] {
    return Array.from({ length: this.#arena.config.possibleCpus }, (_, cpu) => cpuId(cpu));
  }
}

function runWord(record: RecordWords, name: StreamRun['name']): number {
  const word = record[name];
  if (word === undefined) throw new Error(`a stream of static variables has no ${name}`);
  return word;
}
