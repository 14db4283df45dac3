/**
 * The shared words of a sample on the kernel's zram: run control, and what each thread counts.
 *
 *     ┌──────────────────────┬────────────────────────┬────────────────────────┬ …
 *     │ stop · halt · go     │ thread 0               │ thread 1               │
 *     └──────────────────────┴────────────────────────┴────────────────────────┴ …
 *       256 bytes              256 bytes each: what different threads write is never on one cache line
 *
 * Run control is written by the main thread: `stop` ends jobs at their next request, `halt` also whoever waits at the
 * barrier, `go` is the number of the phase that may start. A thread writes its own part only.
 */

/** Words of the first part. */
export const ControlW = { stop: 0, halt: 1, go: 2 } as const;

const PART_BYTES = 256;
const WORDS = PART_BYTES / 4;
const DOUBLES = PART_BYTES / 8;
/** Word of a thread's part: 1 while it may be in a request of the kernel. */
const IN_PHASE_W = 0;
/** Doubles of a thread's part, after the word: bytes since the sample began. */
const READ_BYTES_F64 = 1;
const WRITTEN_BYTES_F64 = 2;

export interface ThreadCounters {
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly isInPhase: boolean;
}

export class ControlBlock {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly threads: number;
  readonly #doubles: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
    this.threads = buffer.byteLength / PART_BYTES - 1;
  }

  static forThreads(threads: number): ControlBlock {
    return new ControlBlock(new SharedArrayBuffer((1 + threads) * PART_BYTES));
  }

  counters(thread: number): ThreadCounters {
    const first = (thread + 1) * DOUBLES;
    return {
      readBytes: this.#doubles[first + READ_BYTES_F64] ?? 0,
      writtenBytes: this.#doubles[first + WRITTEN_BYTES_F64] ?? 0,
      isInPhase: Atomics.load(this.words, (thread + 1) * WORDS + IN_PHASE_W) !== 0,
    };
  }

  /** By that thread alone. */
  addRead(thread: number, bytes: number): void {
    const at = (thread + 1) * DOUBLES + READ_BYTES_F64;
    this.#doubles[at] = (this.#doubles[at] ?? 0) + bytes;
  }

  /** By that thread alone. */
  addWritten(thread: number, bytes: number): void {
    const at = (thread + 1) * DOUBLES + WRITTEN_BYTES_F64;
    this.#doubles[at] = (this.#doubles[at] ?? 0) + bytes;
  }

  /** By that thread: before it looks whether it was stopped. Pairs with `waitUntilQuiet`. */
  enterPhase(thread: number): void {
    Atomics.store(this.words, (thread + 1) * WORDS + IN_PHASE_W, 1);
  }

  /** By that thread: after its last request. */
  leavePhase(thread: number): void {
    const word = (thread + 1) * WORDS + IN_PHASE_W;
    Atomics.store(this.words, word, 0);
    Atomics.notify(this.words, word);
  }

  /** Tells everybody to end, and wakes who waits at the barrier. */
  halt(): void {
    Atomics.store(this.words, ControlW.stop, 1);
    Atomics.store(this.words, ControlW.halt, 1);
    Atomics.notify(this.words, ControlW.go);
  }

  /** Blocks until no thread is in a request, at most so long for each; whether that came true. After `halt`. */
  waitUntilQuiet(milliseconds: number): boolean {
    for (let thread = 0; thread < this.threads; thread++) {
      const word = (thread + 1) * WORDS + IN_PHASE_W;
      if (Atomics.wait(this.words, word, 1, milliseconds) === 'timed-out') return false;
    }
    return true;
  }
}
