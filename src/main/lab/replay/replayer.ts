/**
 * The second reading: every event in turn, each allocation predicted from the model's own state, then compared.
 *
 *     predicted = recorded          accept
 *     else, a few events earlier    the allocation really preceded frees that another context printed in between: reorder
 *     else                          a chunk that nothing went into yet may have been sidelined before the trace began
 *     else                          mismatch: do as the kernel did, and go on
 *
 * An allocation is printed after the allocator's locks are released, a free inside pcpu_lock: frees are in true order, an
 * allocation happened at or before its event. The order within one context is true as well.
 */
import type { AllocEvent, ChunkEvent, FreeEvent, TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import type { Mismatch, MismatchClass } from '../../../shared/replay-report.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { ChunkRequest } from '../../machine/percpu/chunks/requests.ts';
import type { JournaledWords } from './journaled-words.ts';
import { type FollowedChunk, type KernelFollower, UNSEEN_SITE } from './kernel-follower.ts';
import type { TraceSurvey } from './trace-survey.ts';
import { LARGEST_UNSEEN_CELLS } from './unseen-objects.ts';
import type { ObjectCells } from '../../machine/percpu/chunks/place.ts';

/** The balance work runs when the running task changes, or after a pause of so many microseconds. */
const WORKER_PAUSE_US = 200;
/** Events before an allocation that it may really have preceded, and how long before its own event they may be printed. */
const REORDER_EVENTS = 8;
const REORDER_US = 1000;
/** Objects that are put back for one allocation. */
const MOST_REPAIRS = 512;
/** Length of the journal at which the past becomes final. */
const JOURNAL_LIMIT = 1 << 18;
/** Mismatches that are kept; the rest is counted. */
const MISMATCHES_KEPT = 100;

/** Told of every object, for tables and series. */
export interface ReplayObserver {
  readonly allocated: (event: AllocEvent, chunk: FollowedChunk) => void;
  readonly freed: (event: FreeEvent, chunk: FollowedChunk, sizeBytes: number) => void;
}

interface Recent {
  readonly event: AllocEvent | FreeEvent;
  mark: number;
  readonly structureVersion: number;
}

/** Counters of a replay; see ReplayReport. */
export interface ReplayCounts {
  allocations: number;
  frees: number;
  failures: number;
  freesOfOlderObjects: number;
  chunksBorn: number;
  chunksDestroyed: number;
  matched: number;
  sameChunk: number;
  bornMatched: number;
  bornTotal: number;
  reordered: number;
  repaired: number;
  lostMarkers: number;
  lostCounted: number;
}

export class Replayer {
  readonly counts: ReplayCounts = {
    allocations: 0,
    frees: 0,
    failures: 0,
    freesOfOlderObjects: 0,
    chunksBorn: 0,
    chunksDestroyed: 0,
    matched: 0,
    sameChunk: 0,
    bornMatched: 0,
    bornTotal: 0,
    reordered: 0,
    repaired: 0,
    lostMarkers: 0,
    lostCounted: 0,
  };
  readonly mismatches: Mismatch[] = [];
  readonly mismatchCounts: Record<MismatchClass, number> = {
    'event-order': 0,
    'lost-events': 0,
    'starting-state': 0,
    unexplained: 0,
  };
  /** Bases of older chunks that were found to have been sidelined before the trace began. */
  readonly sidelinedAtStart: string[] = [];
  readonly #kernel: KernelFollower;
  readonly #words: JournaledWords;
  readonly #observer: ReplayObserver;
  readonly #survey: TraceSurvey;
  readonly #recent: Recent[] = [];
  #lastTask = '';
  #lastTimeUs = 0;

  /** `words` are those of the follower's region. */
  constructor(
    kernel: KernelFollower,
    words: JournaledWords,
    { survey, observer }: { readonly survey: TraceSurvey; readonly observer: ReplayObserver },
  ) {
    this.#kernel = kernel;
    this.#words = words;
    this.#survey = survey;
    this.#observer = observer;
  }

  take(event: TraceEvent): void {
    if (event.kind === 'lost') {
      this.counts.lostMarkers += 1;
      this.counts.lostCounted += event.count ?? 0;
      return;
    }
    if (this.#words.mark() > JOURNAL_LIMIT) this.#forgetPast();
    if (event.task !== this.#lastTask || event.timeUs - this.#lastTimeUs > WORKER_PAUSE_US) this.#letWorkerRun();
    this.#lastTask = event.task;
    this.#lastTimeUs = event.timeUs;
    switch (event.kind) {
      case 'alloc':
        this.#takeAlloc(event);
        return;
      case 'free':
        this.#takeFree(event);
        return;
      case 'create':
      case 'destroy':
        this.#takeChunkEvent(event);
        return;
      case 'fail':
        this.counts.failures += 1;
    }
  }

  #letWorkerRun(): void {
    if (this.#kernel.balanceWanted()) this.#kernel.runBalanceWork();
  }

  /** Makes everything final but the last few events. */
  #forgetPast(): void {
    const final = this.#recent[0]?.mark ?? this.#words.mark();
    this.#words.forgetBefore(final);
    for (const recent of this.#recent) recent.mark -= final;
  }

  #remember(event: AllocEvent | FreeEvent, mark: number): void {
    if (this.#recent.length === REORDER_EVENTS) this.#recent.shift();
    this.#recent.push({ event, mark, structureVersion: this.#kernel.structureVersion });
  }

  #takeChunkEvent(event: ChunkEvent): void {
    if (event.kind === 'create') {
      this.counts.chunksBorn += 1;
      this.#kernel.create(event.base);
    } else {
      this.counts.chunksDestroyed += 1;
      this.#kernel.destroy(event.base);
    }
  }

  #takeFree(event: FreeEvent): void {
    this.counts.frees += 1;
    const followed = this.#kernel.needChunk(event.base);
    const mark = this.#words.mark();
    const object = this.#kernel.objectAt(followed.chunk, event.offsetBytes);
    if (object === undefined) {
      this.#kernel.repairs.missingAllocations += 1;
      return;
    }
    this.#kernel.free(object);
    const site = followed.sites[object.start] ?? 0;
    if (site === 0) this.counts.freesOfOlderObjects += 1;
    else if (site !== UNSEEN_SITE) this.#observer.freed(event, followed, object.cells * CELL_BYTES);
    followed.sites[object.start] = 0;
    this.#remember(event, mark);
  }

  #takeAlloc(event: AllocEvent): void {
    this.counts.allocations += 1;
    const followed = this.#kernel.needChunk(event.base);
    const mark = this.#words.mark();
    const request = requestOf(event);
    const start = event.offsetBytes / CELL_BYTES;
    if (this.#acceptIfSame(request, followed.chunk, start)) {
      this.#countMatch(followed);
      this.#remember(event, mark);
    } else {
      this.#takeOdd(event, followed, request);
    }
    followed.allocations += 1;
    if (followed.bornInTrace) this.counts.bornTotal += 1;
    this.#observer.allocated(event, followed);
  }

  #countMatch({ bornInTrace }: FollowedChunk): void {
    this.counts.matched += 1;
    this.counts.sameChunk += 1;
    if (bornInTrace) this.counts.bornMatched += 1;
  }

  /** Predicts, and accepts if the kernel did the same; else nothing is changed. */
  #acceptIfSame(request: ChunkRequest, chunk: number, start: number): boolean {
    const mark = this.#words.mark();
    const place = this.#kernel.predict(request);
    if (place?.chunk === chunk && place.start === start) {
      this.#kernel.accept(place, request);
      return true;
    }
    this.#words.rollBack(mark);
    return false;
  }

  /** An allocation that the printed order does not explain. */
  #takeOdd(event: AllocEvent, followed: FollowedChunk, request: ChunkRequest): void {
    const start = event.offsetBytes / CELL_BYTES;
    if (this.#acceptEarlier(event, followed)) {
      this.counts.reordered += 1;
      this.#countMatch(followed);
      return;
    }
    if (this.#acceptWithSidelined(request, followed.chunk, start)) {
      this.#countMatch(followed);
      return;
    }
    if (this.#acceptRepaired(event, followed, request)) {
      this.counts.repaired += 1;
      this.#countMatch(followed);
      return;
    }
    this.#addMismatch(event, followed, request);
    this.#kernel.force({ chunk: followed.chunk, start, cells: request.cells }, request);
  }

  /** Whether the allocation agrees when it is taken to have happened before some of the last events. */
  #acceptEarlier(event: AllocEvent, followed: FollowedChunk): boolean {
    for (let index = this.#recent.length - 1; index >= 0; index--) {
      const recent = this.#recent[index];
      if (recent === undefined || !this.#mayHavePreceded(event, recent)) return false;
      const undone = this.#words.takeBack(recent.mark);
      const order = this.#takeInOrder(event, followed, this.#recent.slice(index));
      if (order !== undefined) {
        this.#recent.splice(index, Infinity, ...order);
        if (this.#recent.length > REORDER_EVENTS) this.#recent.shift();
        return true;
      }
      this.#words.rollBack(recent.mark);
      this.#words.redo(undone);
    }
    return false;
  }

  /** Makes the allocation happen, and after it what was printed before; undefined when that is not as recorded. */
  #takeInOrder(event: AllocEvent, followed: FollowedChunk, later: readonly Recent[]): readonly Recent[] | undefined {
    const { structureVersion } = this.#kernel;
    const order: Recent[] = [{ event, mark: this.#words.mark(), structureVersion }];
    if (!this.#acceptIfSame(requestOf(event), followed.chunk, event.offsetBytes / CELL_BYTES)) return undefined;
    for (const each of later) {
      order.push({ event: each.event, mark: this.#words.mark(), structureVersion });
      if (!this.#takeAgain(each.event)) return undefined;
    }
    return order;
  }

  /** What lies before a chunk's making or end cannot be undone. */
  #mayHavePreceded(event: AllocEvent, { event: printed, structureVersion }: Recent): boolean {
    return structureVersion === this.#kernel.structureVersion && mayBeOutOfOrder(event, printed);
  }

  /** Makes an event of the recent past happen again; false when it would not have been the same. */
  #takeAgain(event: AllocEvent | FreeEvent): boolean {
    const followed = this.#kernel.chunkOf(event.base);
    if (followed === undefined) return false;
    if (event.kind === 'alloc') {
      return this.#acceptIfSame(requestOf(event), followed.chunk, event.offsetBytes / CELL_BYTES);
    }
    const object = this.#kernel.objectAt(followed.chunk, event.offsetBytes);
    if (object === undefined) return false;
    this.#kernel.free(object);
    return true;
  }

  /** Whether the allocation agrees once unused older chunks that the model would prefer are taken as sidelined. */
  #acceptWithSidelined(request: ChunkRequest, chunk: number, start: number): boolean {
    const mark = this.#words.mark();
    const sidelined: FollowedChunk[] = [];
    for (;;) {
      const place = this.#kernel.predict(request);
      const preferred = place === undefined ? undefined : this.#kernel.followed(place.chunk);
      this.#words.rollBack(this.#words.mark());
      if (preferred === undefined || preferred.chunk === chunk) break;
      if (preferred.bornInTrace || preferred.allocations > 0 || sidelined.includes(preferred)) break;
      this.#kernel.takeAsSidelined(preferred);
      sidelined.push(preferred);
    }
    if (sidelined.length > 0 && this.#acceptIfSame(request, chunk, start)) {
      this.sidelinedAtStart.push(...sidelined.flatMap(({ base }) => base ?? []));
      return true;
    }
    this.#words.rollBack(mark);
    return false;
  }

  /** Whether the allocation agrees once what the trace lacks is put right: objects in its way, objects known by their frees. */
  #acceptRepaired(event: AllocEvent, { chunk }: FollowedChunk, request: ChunkRequest): boolean {
    const start = event.offsetBytes / CELL_BYTES;
    const object = { chunk, start, cells: request.cells };
    let repairs = this.#kernel.clear(object);
    for (let tries = 0; tries < MOST_REPAIRS; tries++) {
      if (repairs > 0 && this.#acceptIfSame(request, chunk, start)) return true;
      const mark = this.#words.mark();
      const place = this.#kernel.predict(request);
      const wrong = place === undefined ? undefined : { chunk: place.chunk, start: place.start, cells: request.cells };
      this.#words.rollBack(mark);
      if (wrong === undefined || !this.#putBackUnseen(wrong, object, event.line)) return false;
      repairs += 1;
    }
    return false;
  }

  /** Puts an object back that lies where the model would place the request; false when none is known. */
  #putBackUnseen(wrong: ObjectCells, object: ObjectCells, line: number): boolean {
    const followed = this.#kernel.followed(wrong.chunk);
    if (followed?.base === undefined) return false;
    const { unseen } = this.#survey;
    const found = unseen.within(followed.base, { from: wrong.start, end: wrong.start + wrong.cells }, line);
    if (found === undefined) return this.#takeAsUsed(followed, wrong);
    // Its size is not known: it ends where the next thing begins.
    const furthest = found.start + LARGEST_UNSEEN_CELLS;
    const next = unseen.within(followed.base, { from: found.start + 1, end: furthest }, line)?.start ?? furthest;
    const kernels = object.chunk === wrong.chunk && object.start > found.start ? object.start : furthest;
    this.#kernel.putBack(followed, { start: found.start, end: Math.min(next, kernels) });
    return true;
  }

  /** Cells of an older chunk that the kernel never gives out in the whole trace are in use, whatever was freed beside them. */
  #takeAsUsed(followed: FollowedChunk, wrong: ObjectCells): boolean {
    if (followed.bornInTrace || this.counts.freesOfOlderObjects === 0) return false;
    const touched = this.#survey.olderChunks.find(({ base }) => base === followed.base)?.touched;
    if (touched === undefined) return false;
    let start = wrong.start;
    const end = wrong.start + wrong.cells;
    while (start < end && touched.has(start)) start += 1;
    if (start === end) return false;
    this.#kernel.takeAsUsed(followed, { start, end: touched.next(start) });
    return true;
  }

  #addMismatch(event: AllocEvent, followed: FollowedChunk, request: ChunkRequest): void {
    const mark = this.#words.mark();
    const place = this.#kernel.predict(request);
    const model = place === undefined ? undefined : this.#kernel.followed(place.chunk);
    const modelOffsetBytes = place === undefined ? undefined : place.start * CELL_BYTES;
    this.#words.rollBack(mark);
    if (model === followed) this.counts.sameChunk += 1;
    const mismatchClass = this.#classOf(event, followed, model);
    this.mismatchCounts[mismatchClass] += 1;
    if (this.mismatches.length === MISMATCHES_KEPT) return;
    this.mismatches.push({
      line: event.line,
      class: mismatchClass,
      sizeBytes: event.sizeBytes,
      alignBytes: event.alignBytes,
      kernelBase: event.base,
      kernelOffsetBytes: event.offsetBytes,
      modelBase: model?.base,
      modelOffsetBytes,
    });
  }

  #classOf(event: AllocEvent, followed: FollowedChunk, model: FollowedChunk | undefined): MismatchClass {
    const { missingFrees, missingAllocations, missingChunkEvents } = this.#kernel.repairs;
    if (this.counts.lostMarkers + missingFrees + missingAllocations + missingChunkEvents > 0) return 'lost-events';
    const isOlder = !followed.bornInTrace || model?.bornInTrace === false;
    if (isOlder && this.counts.freesOfOlderObjects > 0) return 'starting-state';
    // An order that was taken for true may show a few events later only.
    if (this.#recent.some((recent) => isOtherContext(event, recent.event))) return 'event-order';
    return isOlder ? 'starting-state' : 'unexplained';
  }
}

/** Whether an allocation may really have preceded an event that was printed before it. */
function mayBeOutOfOrder(event: AllocEvent, printed: AllocEvent | FreeEvent): boolean {
  if (event.timeUs - printed.timeUs > REORDER_US) return false;
  // A task may be preempted between its allocation and the event.
  return isOtherContext(event, printed) || printed.task !== event.task;
}

function isOtherContext(event: AllocEvent, printed: AllocEvent | FreeEvent): boolean {
  return event.timeUs - printed.timeUs <= REORDER_US && (printed.cpu !== event.cpu || printed.inInterrupt);
}

function requestOf({ sizeBytes, alignBytes, isAtomic, isReserved }: AllocEvent): ChunkRequest {
  return {
    cells: Math.ceil(sizeBytes / CELL_BYTES),
    alignCells: Math.max(alignBytes / CELL_BYTES, 1),
    atomic: isAtomic,
    reserved: isReserved,
  };
}
