/**
 * A CPU that is watched: it passes everything on to the one it is made of, and notes what is done with locks.
 *
 *     machine code ──▶ CheckedCpu ──▶ LiveCpu, InterleavedCpu
 *                          └─ record, shared by all CPUs (lock-record.ts) ─▶ report (lock-report.ts)
 *
 * Noted before a lock is waited for: under which classes it is taken, whether it is held already, whether a lock that may sleep is
 * taken with preemption off or under a spinning one; the same of requests for memory that may sleep. At every use of a stream:
 * what guards it, which must be the same as last time: a stream's lock, or this CPU's preemption being off. At the end of an
 * operation: what was taken in it and not given back.
 *
 * One per task: locks are held by tasks, of which a CPU may have several. A lock that is only tried may be taken in any order. A
 * machine without the checker has none of this; who makes the CPUs decides once.
 */
import type { Codec, IoPage, ObjectSpan } from '../codec.ts';
import { type Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { Operation } from '../operation.ts';
import type { CpuId, LockWord, PhysicalAddress } from '../units.ts';
import { LockClasses, maySleep } from './lock-classes.ts';
import type { Chain, LockRecord, SeenProblem } from './lock-record.ts';

interface HeldLock {
  readonly word: LockWord;
  readonly lockClass: LockClass | undefined;
}

export class CheckedCpu implements Cpu {
  readonly id: CpuId;
  readonly codec: Codec;
  readonly recompressors?: readonly Codec[];
  readonly #cpu: Cpu;
  readonly #record: LockRecord;
  readonly #classes: LockClasses;
  /** What keeps others off is then that the stream is on no list, which no lock shows. */
  readonly #streamsAreListed: boolean;
  readonly #held: HeldLock[] = [];
  readonly #operations: Operation[] = [];
  #preemptOff = 0;
  /** What the task had before its operation began: that need not be given back by its end. */
  readonly #before = { held: 0, preemptOff: 0 };
  #acquisitions = 0;

  constructor(cpu: Cpu, arena: Arena, record: LockRecord) {
    this.#cpu = cpu;
    this.#record = record;
    this.#classes = new LockClasses(arena);
    this.#streamsAreListed = arena.config.bufferLayout === 'stream-list';
    this.id = cpu.id;
    const use = (target: PhysicalAddress): void => {
      this.#useStream(target);
    };
    this.codec = new CheckedCodec(cpu.codec, use);
    if (cpu.recompressors !== undefined) {
      this.recompressors = cpu.recompressors.map((codec) => new CheckedCodec(codec, use));
    }
  }

  begin(operation: Operation): void {
    // Streams are made and freed, and their memory is another's afterwards.
    if (operation === Operation.hotplug || operation === Operation.reset) this.#record.forgetStreams();
    if (this.#operations.length === 0) {
      this.#before.held = this.#held.length;
      this.#before.preemptOff = this.#preemptOff;
    }
    this.#operations.push(operation);
    this.#cpu.begin(operation);
  }

  end(): void {
    if (this.#operations.length === 1) this.#expectNothingLeft();
    this.#operations.pop();
    this.#cpu.end();
  }

  tryLock(word: LockWord): boolean {
    if (!this.#cpu.tryLock(word)) return false;
    const lockClass = this.#classes.of(word);
    this.#takes(lockClass);
    this.#held.push({ word, lockClass });
    return true;
  }

  tryOnly(word: LockWord): boolean {
    if (!this.#cpu.tryOnly(word)) return false;
    this.#acquisitions += 1;
    this.#held.push({ word, lockClass: this.#classes.of(word) });
    return true;
  }

  *lock(word: LockWord, lockClass: LockClass): Suspending<void> {
    this.#classes.learn(word, lockClass);
    if (this.#held.some((held) => held.word === word)) {
      this.#note('recursion', lockClass);
      throw new Error(`CPU ${this.id} waits for lock word ${word}, which it holds itself`);
    }
    this.#takes(lockClass);
    yield* this.#cpu.lock(word, lockClass);
    this.#held.push({ word, lockClass });
  }

  unlock(word: LockWord): void {
    const at = this.#held.findLastIndex((held) => held.word === word);
    if (at < 0) this.#note('not-held', this.#classes.of(word));
    else this.#held.splice(at, 1);
    this.#cpu.unlock(word);
  }

  *sleepOn(word: LockWord, lockClass: LockClass): Suspending<void> {
    if (this.#mustNotSleep()) this.#note('sleeping', lockClass);
    yield* this.#cpu.sleepOn(word, lockClass);
  }

  wakeOne(word: LockWord): void {
    this.#cpu.wakeOne(word);
  }

  preemptDisable(): void {
    this.#preemptOff += 1;
    this.#cpu.preemptDisable();
  }

  preemptEnable(): boolean {
    this.#preemptOff -= 1;
    return this.#cpu.preemptEnable();
  }

  *reschedule(): Suspending<void> {
    if (this.#mustNotSleep()) this.#note('sleeping', undefined);
    yield* this.#cpu.reschedule();
  }

  mightSleep(): void {
    if (this.#mustNotSleep()) this.#note('allocating', undefined);
  }

  shouldPause(): boolean {
    return this.#cpu.shouldPause();
  }

  pause(): Suspending<void> {
    return this.#cpu.pause();
  }

  charge(cost: Cost, amount: number): void {
    this.#cpu.charge(cost, amount);
  }

  /** A lock of the class is about to be taken, or has just been. */
  #takes(lockClass: LockClass | undefined): void {
    this.#acquisitions += 1;
    if (lockClass === undefined) return;
    if (maySleep(lockClass) && this.#mustNotSleep()) this.#note('sleeping', lockClass);
    for (const held of this.#held) {
      if (held.lockClass === lockClass) this.#note('same-class', lockClass);
      else if (held.lockClass !== undefined) this.#record.addOrder(held.lockClass, lockClass, this.#chain(lockClass));
    }
  }

  #mustNotSleep(): boolean {
    if (this.#preemptOff > 0) return true;
    return this.#held.some(({ lockClass }) => lockClass !== undefined && !maySleep(lockClass));
  }

  #useStream(target: PhysicalAddress): void {
    if (this.#streamsAreListed) return;
    const lock = this.#held.findLast(({ lockClass }) => lockClass === LockClass.deviceMutex);
    const chain = this.#chain(undefined);
    if (lock === undefined && this.#preemptOff === 0) {
      this.#note('stream', undefined);
      return;
    }
    const before = this.#record.useStream(target, lock?.word ?? -1 - this.id, chain);
    if (before !== undefined) this.#record.addProblem('stream', LockClass.deviceMutex, chain, before);
  }

  #expectNothingLeft(): void {
    const left = this.#held[this.#before.held];
    if (left !== undefined) this.#note('left-held', left.lockClass);
    else if (this.#preemptOff > this.#before.preemptOff) this.#note('left-held', undefined);
    this.#record.countAcquisitions(this.#acquisitions);
    this.#acquisitions = 0;
  }

  #note(kind: SeenProblem, lockClass: LockClass | undefined): void {
    const taken = kind === 'left-held' || kind === 'not-held' ? undefined : lockClass;
    this.#record.addProblem(kind, lockClass, this.#chain(taken));
  }

  #chain(taken: LockClass | undefined): Chain {
    const classes = this.#held.flatMap(({ lockClass }) => (lockClass === undefined ? [] : [lockClass]));
    if (taken !== undefined) classes.push(taken);
    return { cpu: this.id, operation: this.#operations.at(-1) ?? Operation.idle, classes };
  }
}

/** Says which stream is used before it is. */
class CheckedCodec implements Codec {
  readonly name: string;
  readonly #codec: Codec;
  readonly #use: (target: PhysicalAddress) => void;

  constructor(codec: Codec, use: (target: PhysicalAddress) => void) {
    this.name = codec.name;
    this.#codec = codec;
    this.#use = use;
  }

  compress(page: IoPage, target: PhysicalAddress, workMemory: PhysicalAddress): number {
    this.#use(target);
    return this.#codec.compress(page, target, workMemory);
  }

  decompress(source: Readonly<ObjectSpan>, page: IoPage): boolean {
    return this.#codec.decompress(source, page);
  }
}
