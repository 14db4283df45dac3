/**
 * The page-frame allocator: one zone, a stack of freed frames and a cursor over those never used, one lock.
 *
 *     frames   [ boot: slot tables, per-CPU area, buffers ][ pool, free, pool, free … ][ never used … ]
 *                                                                                       ^ fresh
 *
 * Boot takes contiguous runs while no CPU runs yet; afterwards frames come singly, or as a contiguous run for what must lie
 * together (a compression buffer): that is rare and may walk all descriptors. Frames of one request are chained through
 * FrameW.next. A frame is used for exactly one FrameKind; the zone counts frames by kind, so that every figure of memory can
 * be recounted by walking the descriptors (`countFrames`).
 *
 * An `atomic` request must not sleep, so it leaves the zone's reserve alone; a `sleeping` one may use the last frame. In a
 * kernel the latter would have memory reclaimed for it; here the reserve stands for what reclaim finds.
 */
import { type Cpu, LockClass, type Suspending } from '../cpu.ts';
import { type FrameNumber, frameNumber, type LockWord, lockWord, roundUp } from '../units.ts';
import type { Arena } from './arena.ts';
import { FRAME_KIND_COUNT, FrameKind, FrameW, ZoneW } from './arena-layout.ts';

/** Whether a request may sleep until there is memory. */
export type TakeMode = 'atomic' | 'sleeping';

export class PageFrames {
  readonly #arena: Arena;
  readonly #zone: number;
  readonly #lock: LockWord;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#zone = arena.zoneWord();
    this.#lock = lockWord(this.#zone + ZoneW.lock);
  }

  /**
   * A contiguous run of `count` frames that begins at a multiple of `alignFrames`, for boot alone (no lock); undefined when
   * memory does not suffice. Chained in order, as `takeRun` does; what is skipped for the alignment is free.
   */
  takeAtBoot(count: number, kind: FrameKind, alignFrames = 1): FrameNumber | undefined {
    const { words, frameCount } = this.#arena;
    const fresh = this.#arena.word(this.#zone + ZoneW.fresh);
    const first = roundUp(fresh, alignFrames);
    if (first + count > frameCount) return undefined;
    words[this.#zone + ZoneW.fresh] = first + count;
    for (let frame = fresh; frame < first; frame++) this.#pushFree(frame);
    this.#markRun(first, count, kind);
    return frameNumber(first);
  }

  /** Gives back a part of what boot took (no lock). */
  giveAtBoot(first: FrameNumber, count: number, kind: FrameKind): void {
    for (let frame = first + count - 1; frame >= first; frame--) {
      this.#requireKind(frameNumber(frame), kind);
      this.#pushFree(frame);
    }
    this.#account(kind, -count);
    this.#forgetPeaks(kind);
  }

  /** `count` contiguous frames for `kind`, chained in order; undefined, with nothing taken, when there is no such run. */
  *takeRun(cpu: Cpu, count: number, kind: FrameKind): Suspending<FrameNumber | undefined> {
    cpu.mightSleep?.();
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.zone);
    const first = this.#findRun(count);
    if (first !== undefined) this.#claimRun(first, count, kind);
    cpu.unlock(this.#lock);
    return first;
  }

  /** The quick way to take frames, atomic; undefined when `take` must be asked instead. */
  tryTake(cpu: Cpu, count: number, kind: FrameKind): FrameNumber | undefined {
    if (!cpu.tryLock(this.#lock)) return undefined;
    const first = this.#hasRoom(count, 'atomic') ? this.#takeLocked(count, kind) : undefined;
    cpu.unlock(this.#lock);
    return first;
  }

  /** `count` frames for `kind`, chained by FrameW.next; undefined, with nothing taken, when memory does not suffice. */
  *take(cpu: Cpu, count: number, kind: FrameKind, mode: TakeMode = 'sleeping'): Suspending<FrameNumber | undefined> {
    if (mode === 'sleeping') cpu.mightSleep?.();
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.zone);
    const first = this.#hasRoom(count, mode) ? this.#takeLocked(count, kind) : undefined;
    cpu.unlock(this.#lock);
    return first;
  }

  /** Gives back a chain of `count` frames of `kind` that starts at `first`. */
  *give(cpu: Cpu, first: FrameNumber, count: number, kind: FrameKind): Suspending<void> {
    if (!cpu.tryLock(this.#lock)) yield* cpu.lock(this.#lock, LockClass.zone);
    this.giveLocked(first, count, kind);
    cpu.unlock(this.#lock);
  }

  /** One attempt at the zone's lock, for who must know that frames can be given back before it does what makes them free. */
  tryLock(cpu: Cpu): boolean {
    return cpu.tryLock(this.#lock);
  }

  /** As `give`, under the lock that `tryLock` took. */
  giveLocked(first: FrameNumber, count: number, kind: FrameKind): void {
    let frame = first;
    for (let given = 0; given < count; given++) {
      const next = this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.next);
      this.#requireKind(frame, kind);
      this.#pushFree(frame);
      frame = frameNumber(next - 1);
    }
    this.#account(kind, -count);
  }

  unlock(cpu: Cpu): void {
    cpu.unlock(this.#lock);
  }

  #hasRoom(count: number, mode: TakeMode): boolean {
    const reserved = mode === 'atomic' ? this.#arena.word(this.#zone + ZoneW.reservedFrames) : 0;
    return this.#arena.word(this.#zone + ZoneW.usedFrames) + count + reserved <= this.#arena.frameCount;
  }

  #takeLocked(count: number, kind: FrameKind): FrameNumber {
    const { words } = this.#arena;
    // In the order taken, so that a zspage of never-used frames lies in ascending addresses.
    let first = 0;
    let last = 0;
    for (let taken = 0; taken < count; taken++) {
      const frame = this.#popFree();
      const descriptor = this.#arena.descriptorWord(frame);
      words[descriptor + FrameW.kind] = kind;
      words[descriptor + FrameW.next] = 0;
      if (taken === 0) first = frame;
      else words[last + FrameW.next] = frame + 1;
      last = descriptor;
    }
    this.#account(kind, count);
    return frameNumber(first);
  }

  /** From the frames never used if they suffice, else the lowest run among the freed ones. */
  #findRun(count: number): FrameNumber | undefined {
    const { frameCount } = this.#arena;
    const fresh = this.#arena.word(this.#zone + ZoneW.fresh);
    if (fresh + count <= frameCount) return frameNumber(fresh);
    for (let frame = 0, length = 0; frame < frameCount; frame++) {
      const kind = this.#arena.word(this.#arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
      length = kind === FrameKind.free ? length + 1 : 0;
      if (length === count) return frameNumber(frame + 1 - count);
    }
    return undefined;
  }

  #claimRun(first: FrameNumber, count: number, kind: FrameKind): void {
    const { words } = this.#arena;
    const fresh = this.#arena.word(this.#zone + ZoneW.fresh);
    this.#unlinkFree(first, first + count);
    // A freed run may reach into the frames never used.
    words[this.#zone + ZoneW.fresh] = Math.max(fresh, first + count);
    this.#markRun(first, count, kind);
  }

  /** Enters the use and the chain of frames that are on no stack any more. */
  #markRun(first: number, count: number, kind: FrameKind): void {
    const { words } = this.#arena;
    for (let frame = first; frame < first + count; frame++) {
      const descriptor = this.#arena.descriptorWord(frameNumber(frame));
      words[descriptor + FrameW.kind] = kind;
      words[descriptor + FrameW.next] = frame + 1 < first + count ? frame + 2 : 0;
    }
    this.#account(kind, count);
  }

  /** Takes the frames [first, end) off the stack of freed ones, where they are on it. */
  #unlinkFree(first: number, end: number): void {
    const { words } = this.#arena;
    let link = this.#zone + ZoneW.freeHead;
    for (let entry = this.#arena.word(link); entry !== 0;) {
      const next = this.#arena.descriptorWord(frameNumber(entry - 1)) + FrameW.next;
      const isTaken = entry - 1 >= first && entry - 1 < end;
      entry = this.#arena.word(next);
      if (isTaken) words[link] = entry;
      else link = next;
    }
  }

  #popFree(): FrameNumber {
    const { words } = this.#arena;
    const head = this.#arena.word(this.#zone + ZoneW.freeHead);
    if (head === 0) {
      const fresh = this.#arena.word(this.#zone + ZoneW.fresh);
      words[this.#zone + ZoneW.fresh] = fresh + 1;
      return frameNumber(fresh);
    }
    const frame = frameNumber(head - 1);
    words[this.#zone + ZoneW.freeHead] = this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.next);
    return frame;
  }

  #pushFree(frame: number): void {
    const { words } = this.#arena;
    const descriptor = this.#arena.descriptorWord(frameNumber(frame));
    words[descriptor + FrameW.kind] = FrameKind.free;
    words[descriptor + FrameW.next] = this.#arena.word(this.#zone + ZoneW.freeHead);
    words[this.#zone + ZoneW.freeHead] = frame + 1;
  }

  #requireKind(frame: FrameNumber, kind: FrameKind): void {
    const found = this.#arena.word(this.#arena.descriptorWord(frame) + FrameW.kind);
    if (found !== kind) throw new Error(`frame ${frame} given back as kind ${kind} is of kind ${found}`);
  }

  #account(kind: FrameKind, change: number): void {
    this.#addWithPeak(ZoneW.usedFrames, ZoneW.usedFramesPeak, change);
    this.#addWithPeak(ZoneW.byKind + kind, ZoneW.byKindPeak + kind, change);
  }

  /** What boot takes for a moment only is no peak of the machine. */
  #forgetPeaks(kind: FrameKind): void {
    const { words } = this.#arena;
    words[this.#zone + ZoneW.usedFramesPeak] = this.#arena.word(this.#zone + ZoneW.usedFrames);
    words[this.#zone + ZoneW.byKindPeak + kind] = this.#arena.word(this.#zone + ZoneW.byKind + kind);
  }

  #addWithPeak(field: number, peakField: number, change: number): void {
    const { words } = this.#arena;
    const value = this.#arena.word(this.#zone + field) + change;
    words[this.#zone + field] = value;
    if (value > this.#arena.word(this.#zone + peakField)) words[this.#zone + peakField] = value;
  }
}

/** Frames by kind, recounted from the descriptors: the check on the zone's counters. Not under a lock; use it at rest. */
export function countFrames(arena: Arena): readonly number[] {
  const byKind = Array.from({ length: FRAME_KIND_COUNT }, () => 0);
  for (let frame = 0; frame < arena.frameCount; frame++) {
    const kind = arena.word(arena.descriptorWord(frameNumber(frame)) + FrameW.kind);
    byKind[kind] = (byKind[kind] ?? 0) + 1;
  }
  return byKind;
}
