/**
 * Per-CPU objects too large for the per-CPU region: a run of page frames for every possible CPU, and a page that says where.
 *
 *     list head ─▶ [ record page: next, size, call site, CPU 0's run, CPU 1's run, … ] ─▶ [ record page ] ─▶ …
 *                                                    │
 *                                                    ▼  contiguous frames, zeroed
 *
 * No offset leads to them, so that `thisCpu…` and `perCpuPtr` do not compile for them; `bigPerCpuPtr` looks the run up. The
 * list is under its own lock, taken with the class of the allocation mutex; a record is its owner's between allocation and free.
 */
import { fail, ok, type Result } from '../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { FrameKind, HeaderW } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { type BigPercpuPtr, bigPercpuPtr, type CpuId, frameNumber, lockWord, type PhysicalAddress } from '../units.ts';

/** Words of a record page. */
const RecordW = {
  /** Record's frame number + 1 of the next big object, 0 at the end. Under the list's lock. */
  next: 0,
  sizeBytes: 1,
  callSite: 2,
  /** RECORD_MAGIC while the object lives. */
  magic: 3,
  /** First frame + 1 of each possible CPU's run; 0 while there is none. */
  runs: 4,
} as const;
const RECORD_MAGIC = 0x42494730;

export interface BigObject {
  readonly sizeBytes: number;
  readonly callSite: number;
}

export class BigObjects {
  readonly #arena: Arena;
  readonly #frames: PageFrames;

  constructor(arena: Arena, frames: PageFrames) {
    this.#arena = arena;
    this.#frames = frames;
  }

  /** Zeroed on every possible CPU. Errors: 'bad-input' for a size that is none; 'out-of-memory', with nothing taken. */
  *allocate(cpu: Cpu, { sizeBytes, callSite }: BigObject): Suspending<Result<BigPercpuPtr>> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
      return fail('bad-input', `an object of ${sizeBytes} bytes is none`);
    }
    const record = yield* this.#frames.take(cpu, 1, FrameKind.percpuBig);
    if (record === undefined) return noRoom(sizeBytes);
    const word = this.#zero(record, 1) / 4;
    this.#arena.words[word + RecordW.sizeBytes] = sizeBytes;
    this.#arena.words[word + RecordW.callSite] = callSite;
    for (let target = 0; target < this.#arena.config.possibleCpus; target++) {
      const first = yield* this.#frames.takeRun(cpu, this.#pages(sizeBytes), FrameKind.percpuBig);
      if (first === undefined) {
        yield* this.#giveBack(cpu, word);
        return noRoom(sizeBytes);
      }
      this.#zero(first, this.#pages(sizeBytes));
      this.#arena.words[word + RecordW.runs + target] = first + 1;
    }
    this.#arena.words[word + RecordW.magic] = RECORD_MAGIC;
    yield* this.#link(cpu, record + 1);
    return ok(bigPercpuPtr(record));
  }

  /** False, and nothing is changed, for what is no live object: freed already, or never given. */
  *free(cpu: Cpu, ptr: BigPercpuPtr): Suspending<boolean> {
    if (!(yield* this.#unlink(cpu, ptr + 1))) return false;
    const word = this.#recordWord(ptr);
    this.#arena.words[word + RecordW.magic] = 0;
    yield* this.#giveBack(cpu, word);
    return true;
  }

  /** First byte of `cpu`'s copy; the whole copy follows it. The caller owns the object. Throws for what is none. */
  physicalAddress(ptr: BigPercpuPtr, cpu: CpuId): PhysicalAddress {
    const word = this.#recordWord(ptr);
    if (this.#arena.word(word + RecordW.magic) !== RECORD_MAGIC) throw new Error(`${ptr} is no big per-CPU object`);
    if (cpu < 0 || cpu >= this.#arena.config.possibleCpus)
      throw new Error(`CPU ${cpu} is not possible on this machine`);
    return this.#arena.frameAddress(frameNumber(this.#arena.word(word + RecordW.runs + cpu) - 1));
  }

  /** All live objects, the youngest first. At rest, or a moment old. */
  list(): readonly BigObject[] {
    const objects: BigObject[] = [];
    for (let entry = this.#arena.word(HeaderW.bigObjects); entry !== 0;) {
      const word = this.#recordWord(bigPercpuPtr(entry - 1));
      objects.push({
        sizeBytes: this.#arena.word(word + RecordW.sizeBytes),
        callSite: this.#arena.word(word + RecordW.callSite),
      });
      entry = this.#arena.word(word + RecordW.next);
    }
    return objects;
  }

  #recordWord(ptr: BigPercpuPtr): number {
    return this.#arena.frameAddress(frameNumber(ptr)) / 4;
  }

  #pages(sizeBytes: number): number {
    return Math.ceil(sizeBytes / this.#arena.config.pageSizeBytes);
  }

  #zero(first: number, pages: number): PhysicalAddress {
    const start = this.#arena.frameAddress(frameNumber(first));
    this.#arena.bytes.fill(0, start, start + pages * this.#arena.config.pageSizeBytes);
    return start;
  }

  *#giveBack(cpu: Cpu, word: number): Suspending<void> {
    const pages = this.#pages(this.#arena.word(word + RecordW.sizeBytes));
    for (let target = 0; target < this.#arena.config.possibleCpus; target++) {
      const run = this.#arena.word(word + RecordW.runs + target);
      if (run !== 0) yield* this.#frames.give(cpu, frameNumber(run - 1), pages, FrameKind.percpuBig);
    }
    const record = (word * 4 - this.#arena.geometry.frames) / this.#arena.config.pageSizeBytes;
    yield* this.#frames.give(cpu, frameNumber(record), 1, FrameKind.percpuBig);
  }

  *#link(cpu: Cpu, entry: number): Suspending<void> {
    yield* this.#takeLock(cpu);
    this.#arena.words[this.#recordWord(bigPercpuPtr(entry - 1)) + RecordW.next] = this.#arena.word(HeaderW.bigObjects);
    this.#arena.words[HeaderW.bigObjects] = entry;
    cpu.unlock(lockWord(HeaderW.bigObjectsLock));
  }

  *#unlink(cpu: Cpu, entry: number): Suspending<boolean> {
    yield* this.#takeLock(cpu);
    let link: number = HeaderW.bigObjects;
    let at = this.#arena.word(link);
    while (at !== 0 && at !== entry) {
      link = this.#recordWord(bigPercpuPtr(at - 1)) + RecordW.next;
      at = this.#arena.word(link);
    }
    if (at !== 0) this.#arena.words[link] = this.#arena.word(this.#recordWord(bigPercpuPtr(at - 1)) + RecordW.next);
    cpu.unlock(lockWord(HeaderW.bigObjectsLock));
    return at !== 0;
  }

  *#takeLock(cpu: Cpu): Suspending<void> {
    const lock = lockWord(HeaderW.bigObjectsLock);
    if (!cpu.tryLock(lock)) yield* cpu.lock(lock, LockClass.percpuAllocMutex);
  }
}

function noRoom(sizeBytes: number): Result<never> {
  return fail('out-of-memory', `no contiguous pages for a big object of ${sizeBytes} bytes on every CPU`);
}
