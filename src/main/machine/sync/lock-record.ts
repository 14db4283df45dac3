/**
 * What all CPUs of a machine have been seen to do with locks, in one shared buffer that is no part of the machine.
 *
 *     header │ orders: for each pair of classes the first chain that took the one under the other │ problems │ streams
 *
 *     chain, one word:   bits 0-9 CPU │ 10-13 operation │ 14-17, 18-21, 22-25, 26-29 classes + 1 │ 30 there is one
 *                        the classes held, the last of them what was taken; where more are held, the outermost is left out
 *
 * Threads add to it with Atomics and never wait; what a thread has seen stays when it dies or hangs. An entry is written once,
 * except a stream's. `lockReport` (lock-report.ts) reads it.
 */
import type { LockClass } from '../cpu.ts';
import type { Operation } from '../operation.ts';

/** Room in the numbers of a chain: classes 0 … 14, operations 0 … 15. */
const CLASS_ROOM = 15;
const CLASSES_OF_CHAIN = 4;

/** Kinds of problems that one CPU sees by itself; the order of locks is seen in the whole record only. */
export const SEEN_PROBLEMS = [
  'recursion',
  'same-class',
  'sleeping',
  'stream',
  'left-held',
  'not-held',
  'allocating',
] as const;
export type SeenProblem = (typeof SEEN_PROBLEMS)[number];

export interface Chain {
  readonly cpu: number;
  readonly operation: Operation;
  /** At most four; what was taken is the last. */
  readonly classes: readonly LockClass[];
}

/** Words of the header. */
const RecordW = { acquisitions: 0, problems: 1, generation: 2 } as const;
const ORDERS = 16;
const PROBLEMS = ORDERS + CLASS_ROOM * CLASS_ROOM;
const MOST_PROBLEMS = 64;
/** Words of a problem: its kind and class in one, its chain, and the chain of what was before it, 0 for none. */
const ProblemW = { key: 0, chain: 1, before: 2 } as const;
const PROBLEM_WORDS = 3;
const STREAMS = PROBLEMS + MOST_PROBLEMS * PROBLEM_WORDS;
const MOST_STREAMS = 1024;
/** Words of a stream: its address + 1, what guarded it last, in which generation, and the chain. */
const StreamW = { key: 0, guard: 1, generation: 2, chain: 3 } as const;
const STREAM_WORDS = 4;
const RECORD_BYTES = (STREAMS + MOST_STREAMS * STREAM_WORDS) * 4;

export class LockRecord {
  /** What other threads make theirs from. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  /** A new record, unless one is given. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(RECORD_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  countAcquisitions(more: number): void {
    Atomics.add(this.#words, RecordW.acquisitions, more);
  }

  acquisitions(): number {
    return Atomics.load(this.#words, RecordW.acquisitions);
  }

  /** `inner` was taken under `outer`; the first chain of each pair is kept. */
  addOrder(outer: LockClass, inner: LockClass, chain: Chain): void {
    const word = ORDERS + outer * CLASS_ROOM + inner;
    if (Atomics.load(this.#words, word) === 0) Atomics.compareExchange(this.#words, word, 0, packed(chain));
  }

  /** The first chain that took `inner` under `outer`. */
  order(outer: number, inner: number): Chain | undefined {
    return unpacked(Atomics.load(this.#words, ORDERS + outer * CLASS_ROOM + inner));
  }

  /** One of a kind, class and operation is kept, and no more than there is room for. */
  addProblem(kind: SeenProblem, lockClass: LockClass | undefined, chain: Chain, before?: Chain): void {
    const key = ((SEEN_PROBLEMS.indexOf(kind) + 1) << 8) | (((lockClass ?? -1) + 1) << 4) | chain.operation;
    for (let at = 0; at < MOST_PROBLEMS; at++) {
      const first = PROBLEMS + at * PROBLEM_WORDS;
      const found = Atomics.compareExchange(this.#words, first + ProblemW.key, 0, key);
      if (found === key) return;
      if (found !== 0) continue;
      Atomics.store(this.#words, first + ProblemW.before, before === undefined ? 0 : packed(before));
      Atomics.store(this.#words, first + ProblemW.chain, packed(chain));
      return;
    }
  }

  problems(): readonly { kind: SeenProblem; lockClass: number | undefined; chain: Chain; before: Chain | undefined }[] {
    return Array.from({ length: MOST_PROBLEMS }, (_, at) => PROBLEMS + at * PROBLEM_WORDS).flatMap((first) => {
      const key = Atomics.load(this.#words, first + ProblemW.key);
      const kind = SEEN_PROBLEMS[(key >> 8) - 1];
      const chain = unpacked(Atomics.load(this.#words, first + ProblemW.chain));
      if (kind === undefined || chain === undefined) return [];
      const lockClass = ((key >> 4) & 15) - 1;
      const before = unpacked(Atomics.load(this.#words, first + ProblemW.before));
      return [{ kind, lockClass: lockClass < 0 ? undefined : lockClass, chain, before }];
    });
  }

  /** Streams may be other CPUs' from now on: what guarded them so far is forgotten. */
  forgetStreams(): void {
    Atomics.add(this.#words, RecordW.generation, 1);
  }

  /** Notes what guards the stream at `address`; answers with the chain of the last use if something else guarded it then. */
  useStream(address: number, guard: number, chain: Chain): Chain | undefined {
    const entry = this.#streamEntry(address + 1);
    if (entry === undefined) return undefined;
    const generation = Atomics.load(this.#words, RecordW.generation);
    const isKnown = this.#words[entry + StreamW.generation] === generation && this.#words[entry + StreamW.chain] !== 0;
    const guardedBefore = this.#words[entry + StreamW.guard];
    const before = unpacked(this.#words[entry + StreamW.chain] ?? 0);
    this.#words[entry + StreamW.guard] = guard;
    this.#words[entry + StreamW.generation] = generation;
    this.#words[entry + StreamW.chain] = packed(chain);
    return isKnown && guardedBefore !== guard ? before : undefined;
  }

  #streamEntry(key: number): number | undefined {
    // Buffers begin at pages.
    for (let at = 0, slot = key >>> 12; at < MOST_STREAMS; at++, slot++) {
      const entry = STREAMS + (slot % MOST_STREAMS) * STREAM_WORDS;
      const found = Atomics.compareExchange(this.#words, entry + StreamW.key, 0, key);
      if (found === 0 || found === key) return entry;
    }
    return undefined;
  }
}

function packed({ cpu, operation, classes }: Chain): number {
  let word = 1 << 30;
  word |= (cpu & 1023) | ((operation & 15) << 10);
  for (const [at, lockClass] of classes.slice(-CLASSES_OF_CHAIN).entries()) word |= (lockClass + 1) << (14 + 4 * at);
  return word;
}

function unpacked(word: number): Chain | undefined {
  if (word === 0) return undefined;
  const classes: LockClass[] = [];
  for (let at = 0; at < CLASSES_OF_CHAIN; at++) {
    const lockClass = ((word >>> (14 + 4 * at)) & 15) - 1;
    if (lockClass >= 0) classes.push(lockClass as LockClass);
  }
  return { cpu: word & 1023, operation: ((word >>> 10) & 15) as Operation, classes };
}
