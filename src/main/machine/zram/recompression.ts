/**
 * Recompression: stored pages are decompressed and compressed again by codecs of higher priorities (stronger, slower).
 *
 *     choose   slots in order that qualify ─▶ marked CHOSEN, into buckets of 64 stored bytes, each a stack
 *     serve    largest bucket first, per slot under its lock:
 *                no longer CHOSEN, or below the threshold ─▶ left alone
 *                decompress ─▶ next priority ─▶ a smaller size class, and below the threshold? ─no─▶ next priority …
 *                                                 │yes                                     └ none left: INCOMPRESSIBLE
 *                                                 └▶ new object entered, old one freed
 *
 * `huge_pages_since`, the memory limit and the high-water mark do not notice. A slot's lock is held throughout its try; a
 * stream of the priority is taken under it for each attempt. One pass of a device at a time. Where allocation has two stages,
 * a pass has the first alone, which must not sleep: it ends where that finds no room, and the page stays as it is. The list of
 * the chosen is the pass's own scratch: a kernel keeps it in slab memory that no statistic counts, so it is not in the arena
 * either. The page in between is a frame of the machine.
 * (Facts: read, not measured; the measured kernel has no recompression.)
 */
import { assertUnreachable, fail, ok, type Result } from '../../../shared/result.ts';
import type { RecompressionType } from '../../../shared/zram-profile.ts';
import { type Codec, COMPRESSION_FAILED, type IoPage } from '../codec.ts';
import { Cost, type Cpu, LockClass, type Suspending } from '../cpu.ts';
import type { Arena } from '../memory/arena.ts';
import { DeviceW, FrameKind } from '../memory/arena-layout.ts';
import type { PageFrames } from '../memory/page-frames.ts';
import { Operation } from '../operation.ts';
import { type FrameNumber, type LockWord, NO_HANDLE } from '../units.ts';
import { emptySpan } from './object-span.ts';
import { copyPageOut, copyToObject } from './page-copies.ts';
import type { Pool } from './pool.ts';
import { classOf } from './size-classes.ts';
import type { SlotContent } from './slot-content.ts';
import type { Stream } from './streams/stream.ts';
import type { DeviceStreams } from './streams/zram-streams.ts';
import { SLOT_CHOSEN, SLOT_HUGE, SLOT_IDLE, SLOT_INCOMPRESSIBLE, SLOT_SAME, type Slots } from './slots.ts';

/** What a device is made of, for those who work on its slots. */
export interface DeviceParts {
  readonly slots: Slots;
  readonly pool: Pool;
  readonly content: SlotContent;
  readonly streams: DeviceStreams;
}

export interface RecompressionRequest {
  /** Which pages; absent: all. */
  readonly type?: RecompressionType | undefined;
  /** Pages stored in fewer bytes are left alone, and results must be below it. Below the huge threshold. */
  readonly thresholdBytes?: number | undefined;
  /** Ends the pass after so many tries, successful or not. */
  readonly maxPages?: number | undefined;
  /** Only the codec of this priority, 1 … 3. */
  readonly priority?: number | undefined;
  /** Only the codec of this name. */
  readonly algorithm?: string | undefined;
}

export interface RecompressionOutcome {
  readonly tried: number;
  readonly recompressed: number;
  /** Of those tried, the ones that are now marked incompressible. */
  readonly incompressible: number;
}

/** A pass: a checked request, with the priorities [low, end) to try. */
interface Pass {
  readonly type: RecompressionType;
  readonly thresholdBytes: number;
  readonly maxPages: number;
  readonly low: number;
  readonly end: number;
  /** Codecs by priority. */
  readonly codecs: readonly Codec[];
  /** Where pages are in between. */
  readonly page: IoPage;
}

/** A codec's try at a slot. */
interface Attempt {
  readonly slot: LockWord;
  readonly priority: number;
  /** Number of the size class that the result must fall below. */
  readonly smallerThan: number;
}

type Try = 'skipped' | 'recompressed' | 'incompressible' | 'kept' | PassFailure;
/** What ends a pass. */
type PassFailure = 'no-memory' | 'no-buffer' | 'codec-failed';

/** Stored bytes of one bucket of candidates. */
const BUCKET_BYTES = 64;

export class Recompression {
  readonly #arena: Arena;
  readonly #frames: PageFrames;
  readonly #block: number;
  readonly #parts: DeviceParts;
  /** Scratch, never across a yield. */
  readonly #span = emptySpan();

  constructor(arena: Arena, frames: PageFrames, device: number, parts: DeviceParts) {
    this.#arena = arena;
    this.#frames = frames;
    this.#block = arena.deviceWord(device);
    this.#parts = parts;
  }

  *run(cpu: Cpu, request: RecompressionRequest): Suspending<Result<RecompressionOutcome>> {
    const codecs = [cpu.codec, ...(cpu.recompressors ?? [])];
    const priorities = this.#priorities(codecs, request);
    if (!priorities.ok) return priorities;
    const { words } = this.#arena;
    if (Atomics.compareExchange(words, this.#block + DeviceW.postProcessing, 0, 1) !== 0) {
      return fail('busy', 'another recompression of the device is running');
    }
    cpu.begin(Operation.recompress);
    const frame = yield* this.#frames.take(cpu, 1, FrameKind.recompression);
    const outcome =
      frame === undefined
        ? fail('out-of-memory', 'the machine has no page for recompression to work on')
        : yield* this.#runPass(cpu, {
            type: request.type ?? 'all',
            thresholdBytes: request.thresholdBytes ?? 0,
            maxPages: request.maxPages ?? Infinity,
            ...priorities.value,
            codecs,
            page: this.#pageOf(frame),
          });
    if (frame !== undefined) yield* this.#frames.give(cpu, frame, 1, FrameKind.recompression);
    Atomics.store(words, this.#block + DeviceW.postProcessing, 0);
    cpu.end();
    return outcome;
  }

  #priorities(
    codecs: readonly Codec[],
    request: RecompressionRequest,
  ): Result<{ readonly low: number; readonly end: number }> {
    const huge = this.#parts.pool.hugeThresholdBytes;
    if (request.thresholdBytes !== undefined && request.thresholdBytes >= huge) {
      return fail('bad-input', `the threshold of ${request.thresholdBytes} bytes must be below ${huge}`, 'threshold');
    }
    const { algorithm, priority: wanted } = request;
    if (wanted === undefined && algorithm === undefined) {
      if (codecs.length < 2) return fail('bad-input', 'the device has no algorithm beside its primary one');
      return ok({ low: 1, end: codecs.length });
    }
    const priority = wanted ?? codecs.findIndex((codec, at) => at > 0 && codec.name === algorithm);
    if (priority < 1 || priority >= codecs.length) {
      const named = wanted === undefined ? `algorithm ${algorithm}` : `priority ${wanted}`;
      return fail('bad-input', `the device recompresses with no ${named}`, wanted === undefined ? 'algo' : 'priority');
    }
    return ok({ low: priority, end: priority + 1 });
  }

  #pageOf(frame: FrameNumber): IoPage {
    const { buffer, config } = this.#arena;
    const address = this.#arena.frameAddress(frame);
    return {
      address,
      bytes: new Uint8Array(buffer, address, config.pageSizeBytes),
      words: new Int32Array(buffer, address, config.pageSizeBytes / 4),
    };
  }

  *#runPass(cpu: Cpu, pass: Pass): Suspending<Result<RecompressionOutcome>> {
    const buckets = yield* this.#choose(cpu, pass);
    const outcome = { tried: 0, recompressed: 0, incompressible: 0 };
    let failure: PassFailure | undefined;
    for (const bucket of buckets.toReversed()) {
      for (const slot of bucket.toReversed()) {
        const isOver: boolean = outcome.tried >= pass.maxPages || failure !== undefined;
        const result: Try = isOver ? yield* this.#unchoose(cpu, slot) : yield* this.#serve(cpu, pass, slot);
        if (result !== 'skipped') outcome.tried += 1;
        if (result === 'recompressed' || result === 'incompressible') outcome[result] += 1;
        if (result === 'no-memory' || result === 'no-buffer' || result === 'codec-failed') failure = result;
      }
    }
    switch (failure) {
      case undefined:
        return ok(outcome);
      case 'no-memory':
        return fail('out-of-memory', 'the machine has no memory for a recompressed page');
      case 'no-buffer':
        return fail('unavailable', `CPU ${cpu.id} has no compression buffer`);
      case 'codec-failed':
        return fail('unavailable', 'a codec failed on a stored page, which stays as it was');
      default:
        return assertUnreachable(failure);
    }
  }

  /** Marks the candidates; by bucket, in slot order. */
  *#choose(cpu: Cpu, pass: Pass): Suspending<readonly (readonly LockWord[])[]> {
    const { slots } = this.#parts;
    const bucketCount = this.#arena.config.pageSizeBytes / BUCKET_BYTES + 1;
    const buckets = Array.from({ length: bucketCount }, (): LockWord[] => []);
    for (let number = 0; number < this.#arena.slotCount; number++) {
      const slot = slots.lock(number);
      if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
      if (this.#qualifies(slot, pass)) {
        slots.mark(slot, SLOT_CHOSEN);
        buckets[Math.floor(slots.sizeBytes(slot) / BUCKET_BYTES)]?.push(slot);
      }
      cpu.unlock(slot);
    }
    return buckets;
  }

  #qualifies(slot: LockWord, { type, end }: Pass): boolean {
    const { slots } = this.#parts;
    const flags = slots.flags(slot);
    if (!slots.hasContent(slot) || (flags & (SLOT_SAME | SLOT_INCOMPRESSIBLE)) !== 0) return false;
    if (type.startsWith('huge') && (flags & SLOT_HUGE) === 0) return false;
    if (type.endsWith('idle') && (flags & SLOT_IDLE) === 0) return false;
    return slots.priority(slot) + 1 < end;
  }

  *#unchoose(cpu: Cpu, slot: LockWord): Suspending<Try> {
    if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
    this.#parts.slots.unmark(slot, SLOT_CHOSEN);
    cpu.unlock(slot);
    return 'skipped';
  }

  *#serve(cpu: Cpu, pass: Pass, slot: LockWord): Suspending<Try> {
    const { slots } = this.#parts;
    if (!cpu.tryLock(slot)) yield* cpu.lock(slot, LockClass.slot);
    const isStillChosen = (slots.flags(slot) & SLOT_CHOSEN) !== 0;
    slots.unmark(slot, SLOT_CHOSEN);
    const result =
      isStillChosen && slots.sizeBytes(slot) >= pass.thresholdBytes
        ? yield* this.#tryLocked(cpu, pass, slot)
        : 'skipped';
    cpu.unlock(slot);
    return result;
  }

  /** Under the slot's lock. */
  *#tryLocked(cpu: Cpu, pass: Pass, slot: LockWord): Suspending<Try> {
    const { slots } = this.#parts;
    if (!this.#readInto(cpu, pass, slot)) return 'codec-failed';
    slots.unmark(slot, SLOT_IDLE);
    const smallerThan = classOf(this.#arena.sizeClasses, slots.sizeBytes(slot));
    for (let priority = Math.max(pass.low, slots.priority(slot) + 1); priority < pass.end; priority++) {
      const result = yield* this.#tryPriority(cpu, pass, { slot, priority, smallerThan });
      if (result !== 'kept') return result;
    }
    if (pass.end < pass.codecs.length) return 'kept';
    slots.mark(slot, SLOT_INCOMPRESSIBLE);
    return 'incompressible';
  }

  /** False when the page does not decompress. */
  #readInto(cpu: Cpu, { codecs, page }: Pass, slot: LockWord): boolean {
    const { slots, pool } = this.#parts;
    const sizeBytes = slots.sizeBytes(slot);
    pool.locate(slots.handle(slot), sizeBytes, this.#span);
    if ((slots.flags(slot) & SLOT_HUGE) !== 0) {
      copyPageOut(this.#arena.bytes, this.#span, page, cpu.codec);
      cpu.charge(Cost.copyBytes, sizeBytes);
      return true;
    }
    const priority = slots.priority(slot);
    const codec = codecs[priority];
    if (codec === undefined) throw new Error(`CPU ${cpu.id} has no codec of priority ${priority}`);
    cpu.charge(Cost.decompressPage, 1);
    return codec.decompress(this.#span, page);
  }

  *#tryPriority(cpu: Cpu, pass: Pass, attempt: Attempt): Suspending<Try> {
    const streams = this.#parts.streams.byPriority[attempt.priority];
    if (streams === undefined) return 'no-buffer';
    const stream = streams.tryTake(cpu) ?? (yield* streams.take(cpu));
    if (stream === undefined) return 'no-buffer';
    const result = yield* this.#compressInto(cpu, pass, { ...attempt, stream });
    if (!streams.tryGive(cpu, stream)) yield* streams.give(cpu, stream);
    return result;
  }

  *#compressInto(cpu: Cpu, pass: Pass, attempt: Attempt & { readonly stream: Stream }): Suspending<Try> {
    const { pool, content } = this.#parts;
    const { slot, priority, smallerThan, stream } = attempt;
    const sizeBytes = pass.codecs[priority]?.compress(pass.page, stream.target, stream.workMemory) ?? Infinity;
    cpu.charge(Cost.compressPage, 1);
    if (cpu.shouldPause()) yield* cpu.pause();
    if (sizeBytes === COMPRESSION_FAILED) return 'codec-failed';
    if (!this.#isWorthIt(sizeBytes, smallerThan, pass)) return 'kept';
    const maySleep = this.#arena.zram.allocationStages === 'one';
    const request = { bytes: sizeBytes, owner: slot, maySleep, span: this.#span };
    const handle = yield* pool.allocate(cpu, request);
    if (handle === NO_HANDLE) return 'no-memory';
    copyToObject(this.#arena.bytes, stream.target, this.#span, cpu.codec);
    cpu.charge(Cost.copyBytes, sizeBytes);
    if (!content.tryRelease(cpu, slot)) yield* content.release(cpu, slot);
    content.enterRecompressed(cpu, slot, { handle, sizeBytes, priority });
    return 'recompressed';
  }

  /** A smaller class and, with a threshold, below it. */
  #isWorthIt(sizeBytes: number, smallerThan: number, { thresholdBytes }: Pass): boolean {
    if (sizeBytes >= this.#arena.config.pageSizeBytes) return false;
    if (thresholdBytes > 0 && sizeBytes >= thresholdBytes) return false;
    return classOf(this.#arena.sizeClasses, sizeBytes) < smallerThan;
  }
}
