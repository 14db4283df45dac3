/**
 * `stream-list`: a device's streams on a list, up to `maxStreams` of them; whoever finds none waits until one is given back.
 *
 *     device block   listLock │ idle ─▶ stream ─▶ stream ─▶ 0      streams made │ waiters │ noneIdle (slept on)
 *     a stream       buffer's first frame + 1; its descriptor has the next one and the work memory
 *
 *     take   idle? ─yes─▶ off the list (the one given back last: its lines are warmest)
 *              │no
 *            fewer than the most? ─yes─▶ counted, then made with the list unlocked ─✗─▶ uncounted, wait
 *              │no
 *            noneIdle set, waiters + 1, list unlocked ─▶ sleep ─▶ waiters − 1, look again
 *     give   on the list, noneIdle cleared; waiters? ─▶ wake one
 *
 * No wake-up is lost: noneIdle is set and cleared under the list's lock, a sleeper falls asleep only while it is set, and
 * each stream given back while somebody waits wakes one, who finds either that stream or that another came first. All
 * streams that are not on the list are in somebody's hands. The first one is made with the device, so a taker that can make
 * none has one to wait for. (Facts: Linux 3.15; one stream by default.)
 */
import { fail, ok, type Result } from '../../../../shared/result.ts';
import { type Cpu, LockClass, type Suspending } from '../../cpu.ts';
import type { Arena } from '../../memory/arena.ts';
import { DeviceW, StreamFrameW } from '../../memory/arena-layout.ts';
import type { PageFrames } from '../../memory/page-frames.ts';
import { type FrameNumber, frameNumber, type LockWord, lockWord } from '../../units.ts';
import { type CompressStreams, type Stream, type StreamRun, streamRuns } from './stream.ts';

export class StreamList implements CompressStreams {
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #block: number;
  readonly #lock: LockWord;
  readonly #noneIdle: LockWord;
  readonly #runs: readonly StreamRun[];
  /** By first frame of the buffer, what it led to last: a write allocates nothing. */
  readonly #known: (Stream | undefined)[] = [];

  constructor(arena: Arena, frames: PageFrames, device: number) {
    this.#arena = arena;
    this.#frames = frames;
    this.#block = arena.deviceWord(device);
    this.#lock = lockWord(this.#block + DeviceW.listLock);
    this.#noneIdle = lockWord(this.#block + DeviceW.noneIdle);
    this.#runs = streamRuns(arena.config.pageSizeBytes, { workMemory: true, localCopy: false });
  }

  tryTake(cpu: Cpu): Stream | undefined {
    if (!cpu.tryLock(this.#lock)) return undefined;
    const stream = this.#pop();
    cpu.unlock(this.#lock);
    return stream;
  }

  *take(cpu: Cpu): Suspending<Stream | undefined> {
    for (;;) {
      if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.deviceMutex);
      const stream = this.#pop();
      const made = this.#word(DeviceW.streams);
      const mayMake = made > 0 && made < this.#arena.zram.maxStreams;
      if (stream === undefined && mayMake) this.#set(DeviceW.streams, made + 1);
      cpu.unlock(this.#lock);
      // A device that was reset has none, and nobody will give one back.
      if (stream !== undefined || made === 0) return stream;
      if (mayMake) {
        const fresh = yield* this.#makeCounted(cpu);
        if (fresh !== undefined) return this.#streamAt(fresh);
      }
      yield* this.#waitForIdle(cpu);
    }
  }

  tryGive(cpu: Cpu, stream: Stream): boolean {
    if (!cpu.tryLock(this.#lock)) return false;
    this.#pushAndUnlock(cpu, this.#frameOf(stream));
    return true;
  }

  *give(cpu: Cpu, stream: Stream): Suspending<void> {
    yield* cpu.lock(this.#lock, LockClass.deviceMutex);
    this.#pushAndUnlock(cpu, this.#frameOf(stream));
  }

  placeOf(): 'list' {
    return 'list';
  }

  /** The first stream, when the device is made. Errors: 'out-of-memory'; 'bad-input' when it was made already. */
  *makeFirst(cpu: Cpu): Suspending<Result<void>> {
    if (this.#word(DeviceW.streams) > 0) return fail('bad-input', 'the device has its compression streams already');
    this.#set(DeviceW.streams, 1);
    const first = yield* this.#makeCounted(cpu);
    if (first === undefined) return fail('out-of-memory', 'no contiguous pages are free for a compression stream');
    this.#push(first);
    return ok(undefined);
  }

  /** Frees all streams; none may be in anybody's hands. */
  *freeAll(cpu: Cpu): Suspending<void> {
    for (let made = this.#word(DeviceW.streams); made > 0; made--) {
      const entry = this.#word(DeviceW.idleStreams);
      if (entry === 0) throw new Error(`${made} streams are in use while their device is reset`);
      const frame = frameNumber(entry - 1);
      this.#set(DeviceW.idleStreams, this.#linkOf(frame, StreamFrameW.nextIdle));
      this.#set(DeviceW.streams, made - 1);
      yield* this.#giveRuns(cpu, [frame, frameNumber(this.#linkOf(frame, StreamFrameW.workMemory))]);
    }
  }

  /** Makes a stream that is counted already; uncounts it when memory does not suffice. */
  *#makeCounted(cpu: Cpu): Suspending<FrameNumber | undefined> {
    const taken: FrameNumber[] = [];
    for (const { pages, kind } of this.#runs) {
      const first = yield* this.#frames.takeRun(cpu, pages, kind);
      if (first !== undefined) taken.push(first);
    }
    const [buffer, workMemory] = taken;
    if (buffer !== undefined && workMemory !== undefined) {
      this.#arena.words[this.#arena.descriptorWord(buffer) + StreamFrameW.workMemory] = workMemory;
      return buffer;
    }
    yield* this.#giveRuns(cpu, taken);
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.deviceMutex);
    this.#set(DeviceW.streams, this.#word(DeviceW.streams) - 1);
    cpu.unlock(this.#lock);
    return undefined;
  }

  /** Gives back the first runs of a stream. */
  *#giveRuns(cpu: Cpu, frames: readonly FrameNumber[]): Suspending<void> {
    for (const [index, { pages, kind }] of this.#runs.entries()) {
      const first = frames[index];
      if (first !== undefined) yield* this.#frames.give(cpu, first, pages, kind);
    }
  }

  *#waitForIdle(cpu: Cpu): Suspending<void> {
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.deviceMutex);
    const mustWait = this.#word(DeviceW.idleStreams) === 0;
    if (mustWait) {
      this.#set(DeviceW.streamWaiters, this.#word(DeviceW.streamWaiters) + 1);
      Atomics.store(this.#arena.words, this.#noneIdle, 1);
    }
    cpu.unlock(this.#lock);
    if (!mustWait) return;
    yield* cpu.sleepOn(this.#noneIdle, LockClass.deviceMutex);
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.deviceMutex);
    this.#set(DeviceW.streamWaiters, this.#word(DeviceW.streamWaiters) - 1);
    cpu.unlock(this.#lock);
  }

  /** Under the lock. */
  #pop(): Stream | undefined {
    const entry = this.#word(DeviceW.idleStreams);
    if (entry === 0) return undefined;
    const frame = frameNumber(entry - 1);
    this.#set(DeviceW.idleStreams, this.#linkOf(frame, StreamFrameW.nextIdle));
    return this.#streamAt(frame);
  }

  /** Under the lock, or while nobody else knows the device. */
  #push(frame: FrameNumber): void {
    this.#arena.words[this.#arena.descriptorWord(frame) + StreamFrameW.nextIdle] = this.#word(DeviceW.idleStreams);
    this.#set(DeviceW.idleStreams, frame + 1);
  }

  #pushAndUnlock(cpu: Cpu, frame: FrameNumber): void {
    this.#push(frame);
    const somebodyWaits = this.#word(DeviceW.streamWaiters) > 0;
    if (somebodyWaits) Atomics.store(this.#arena.words, this.#noneIdle, 0);
    cpu.unlock(this.#lock);
    if (somebodyWaits) cpu.wakeOne(this.#noneIdle);
  }

  #streamAt(frame: FrameNumber): Stream {
    const workMemory = this.#arena.frameAddress(frameNumber(this.#linkOf(frame, StreamFrameW.workMemory)));
    const known = this.#known[frame];
    if (known?.workMemory === workMemory) return known;
    const stream = { target: this.#arena.frameAddress(frame), workMemory };
    this.#known[frame] = stream;
    return stream;
  }

  #frameOf({ target }: Stream): FrameNumber {
    return frameNumber((target - this.#arena.geometry.frames) / this.#arena.config.pageSizeBytes);
  }

  #linkOf(frame: FrameNumber, field: number): number {
    return this.#arena.word(this.#arena.descriptorWord(frame) + field);
  }

  #word(field: number): number {
    return this.#arena.word(this.#block + field);
  }

  #set(field: number, value: number): void {
    this.#arena.words[this.#block + field] = value;
  }
}
