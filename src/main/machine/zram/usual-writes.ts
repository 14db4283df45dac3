/**
 * Writes on a CPU whose engine has their usual steps compiled (machine/write-steps.ts):
 *
 *     not same-filled ─▶ stream ─▶ codec ─▶ finishWrite: pool, stream back, slot, counters
 *       └ same             └ none    └ huge    └ stopped
 *         ▼                  ▼         ▼         ▼
 *         write-path.ts, which begins anew where there was no stream, and else goes on
 *
 * They do what write-path.ts and requests.ts do, with the same locks in the same order. All that a write needs is in fields of
 * this one object, which therefore is of one CPU: each object more that V8 must look into takes a write time, which
 * `npm run bench -- overhead` measures.
 */
import type { Codec, IoPage } from '../codec.ts';
import type { Cpu } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import * as layout from '../memory/arena-layout.ts';
import * as operations from '../operation.ts';
import * as units from '../units.ts';
import type { PhysicalAddress } from '../units.ts';
import * as compiled from '../write-steps.ts';
import type { WriteSteps } from '../write-steps.ts';
import { deviceCounters } from './device-statistics.ts';
import * as ioStatus from './io-status.ts';
import type { IoOutcome } from './io-status.ts';
import * as pageCopies from './page-copies.ts';
import * as requesting from './requests.ts';
import type { Requests } from './requests.ts';
import type { Slots } from './slots.ts';
import type { CompressStreams, Stream } from './streams/stream.ts';
import type { WritePath } from './write-path.ts';

// This module's own constants: V8 compiles them into a write, while an import is looked up at every use.
const { CpuW, SLOT_BYTES } = layout;
const STREAM_CHANGES = layout.HeaderW.streamChanges;
const SLOT_WORDS = SLOT_BYTES / 4;
const POOL_CLASS_WORDS = layout.POOL_CLASS_BYTES / 4;
const { IoStatus } = ioStatus;
const { GIVE_PREEMPTION_ON, GIVE_TO_LIST, WRITTEN } = compiled;
const { isSameFilled } = pageCopies;
const { lockWord, physicalAddress } = units;
const { pageAt } = requesting;
const OPERATION = operations.Operation.write;

/** Of a page: it is done, and so is its request, counted and ended. */
const COUNTED = -1;
type PageOutcome = IoOutcome | typeof COUNTED;

export interface UsualWriteParts {
  readonly slots: Slots;
  readonly streams: CompressStreams;
  readonly requests: Requests;
  /** Where what is not usual goes on. */
  readonly path: WritePath;
}

export class UsualWrites {
  readonly cpu: Cpu;
  readonly #streams: CompressStreams;
  readonly #requests: Requests;
  readonly #path: WritePath;
  readonly #codec: Codec;
  readonly #finishWrite: WriteSteps['finishWrite'];
  readonly #words: Int32Array;
  readonly #pageSizeBytes: number;
  readonly #slotCount: number;
  readonly #hugeThresholdBytes: number;
  readonly #device: number;
  /** Words: of the CPU's block, the device's block, the first slot's lock, the first size class's block. Doubles: the counters. */
  readonly #cpuBlock: number;
  readonly #deviceBlock: number;
  readonly #firstLock: number;
  readonly #firstClass: number;
  readonly #counters: number;
  readonly #classOfStep: Uint16Array;
  readonly #objectBytes: Int32Array;
  readonly #capacity: Int32Array;
  /** The stream taken last, and its lock; GIVE_PREEMPTION_ON where it has none. */
  #stream: Stream | undefined;
  #target: PhysicalAddress = physicalAddress(0);
  #workMemory: PhysicalAddress = physicalAddress(0);
  #lock = lockWord(0);
  /** Whether it is another one each time, off a list. */
  #isListed = false;
  /** Changes of streams that there had been when it was found. */
  #changes = -1;

  /** `steps` are those of `cpu`. */
  constructor(arena: Arena, device: number, cpu: Cpu, parts: UsualWriteParts & { readonly steps: WriteSteps }) {
    const { slots, streams, requests, path, steps } = parts;
    this.cpu = cpu;
    this.#streams = streams;
    this.#requests = requests;
    this.#path = path;
    this.#codec = cpu.codec;
    this.#finishWrite = steps.finishWrite;
    this.#words = arena.words;
    this.#pageSizeBytes = arena.config.pageSizeBytes;
    this.#slotCount = arena.slotCount;
    this.#hugeThresholdBytes = arena.sizeClasses.hugeThresholdBytes;
    this.#cpuBlock = arena.cpuWord(cpu.id);
    this.#device = device;
    this.#deviceBlock = arena.deviceWord(device);
    this.#firstLock = slots.lock(0);
    this.#firstClass = arena.poolClassWord(device);
    this.#counters = deviceCounters(arena, device, cpu.id);
    this.#classOfStep = arena.sizeClasses.classOfStep;
    this.#objectBytes = arena.sizeClasses.objectBytes;
    this.#capacity = arena.sizeClasses.objects;
  }

  /** As ZramDevice.write, on its CPU. */
  write(firstSlot: number, pages: readonly IoPage[]): IoOutcome {
    this.#words[this.#cpuBlock + CpuW.device] = this.#device;
    this.cpu.begin(OPERATION);
    const last = pages.length - 1;
    for (let at = 0; at <= last; at++) {
      const requestBytes = at === last ? pages.length * this.#pageSizeBytes : 0;
      const outcome = this.#move(firstSlot + at, pageAt(pages, at), requestBytes);
      if (outcome === COUNTED) return IoStatus.done;
      if (outcome !== IoStatus.done) {
        return this.#requests.goOn(this.cpu, this.#path, outcome, { firstSlot, pages, at });
      }
    }
    return this.#requests.finish(this.cpu, this.#path, pages.length);
  }

  /** A page of a request, its last one when `requestBytes` is not 0. */
  #move(slot: number, page: IoPage, requestBytes: number): PageOutcome {
    const words = this.#words;
    const block = this.#cpuBlock;
    words[block + CpuW.slot] = slot;
    if (slot >>> 0 !== slot || slot >= this.#slotCount) return this.#path.move(this.cpu, slot, page);
    const start = page.address >>> 2;
    const mayBeSame = words[start] === words[start + 2] && words[start + 1] === words[start + 3];
    if (mayBeSame && isSameFilled(page.words)) return this.#path.enterSame(this.cpu, slot, page);
    if (!this.#tryTake()) return this.#path.move(this.cpu, slot, page);
    const length = this.#codec.compress(page, this.#target, this.#workMemory);
    if (length >= this.#hugeThresholdBytes) return this.#goOn(slot, page, length, 0);
    const sizeClass = this.#classOfStep[(length + 7) >> 3];
    if (sizeClass === undefined) throw new Error(`no size class for ${length} bytes`);
    const answer = this.#finishWrite(
      block,
      this.#deviceBlock,
      this.#counters,
      lockWord(this.#firstClass + sizeClass * POOL_CLASS_WORDS),
      this.#objectBytes[sizeClass] ?? 0,
      this.#capacity[sizeClass] ?? 0,
      lockWord(this.#firstLock + slot * SLOT_WORDS),
      this.#target,
      length,
      this.#isListed ? GIVE_TO_LIST : this.#lock,
      requestBytes,
    );
    if (answer !== WRITTEN) return this.#goOn(slot, page, length, answer);
    return requestBytes > 0 ? COUNTED : IoStatus.done;
  }

  #goOn(slot: number, page: IoPage, length: number, answer: number): IoOutcome {
    const stream = this.#stream;
    if (stream === undefined) throw new Error('a page is compressed without a stream');
    return this.#path.goOn(
      this.cpu,
      { slot: lockWord(this.#firstLock + slot * SLOT_WORDS), page, stream, length },
      answer,
    );
  }

  /** False, with nothing taken, when no stream is to be had at the first attempt. */
  #tryTake(): boolean {
    if (this.#isListed) return this.#tryTakeListed();
    return this.#lock === GIVE_PREEMPTION_ON ? this.#tryTakeUnpreempted() : this.#tryTakeLocked();
  }

  #tryTakeUnpreempted(): boolean {
    this.cpu.preemptDisable();
    if (this.#isThere()) return true;
    this.cpu.preemptEnable();
    this.#find();
    return false;
  }

  #tryTakeLocked(): boolean {
    // Before its lock is touched, which may have gone with the stream, and under the lock.
    if (!this.#isThere()) this.#find();
    else if (this.cpu.tryLock(this.#lock)) {
      if (this.#isThere()) return true;
      this.cpu.unlock(this.#lock);
    }
    return false;
  }

  #isThere(): boolean {
    return this.#words[STREAM_CHANGES] === this.#changes;
  }

  #tryTakeListed(): boolean {
    const stream = this.#streams.tryTake(this.cpu);
    if (stream === undefined) return false;
    this.#use(stream);
    return true;
  }

  /** Looks where the next writes find a stream; this one goes the other way. */
  #find(): void {
    // Pairs with the count of a change in StreamSet, which comes after it.
    const changes = Atomics.load(this.#words, STREAM_CHANGES);
    const place = this.#streams.placeOf(this.cpu.id);
    if (place === 'list') this.#isListed = true;
    if (place === 'list' || place === undefined) return;
    this.#lock = place.lock ?? lockWord(GIVE_PREEMPTION_ON);
    this.#use(place.stream);
    this.#changes = changes;
  }

  #use(stream: Stream): void {
    this.#stream = stream;
    this.#target = stream.target;
    this.#workMemory = stream.workMemory;
  }
}
