/**
 * Every event in turn, each allocation predicted from the model's own state, then compared.
 *
 *     predicted = recorded          accept
 *     else, in another order        the allocation really preceded what another context printed before it, or followed what
 *                                   one prints a little later: reorder (event-order.ts)
 *     else                          what the trace does not show is put right: repair (missing-events.ts)
 *     else                          mismatch: explained (chunk-doubt.ts); do as the kernel did, after lost events from a state
 *                                   that is guessed (guessed-state.ts), and go on
 *
 * An allocation is printed after the allocator's locks are released, a free inside pcpu_lock: frees are in true order, an
 * allocation happened at or before its event. The order within one context is true as well. Events wait in a short queue, so
 * that those to come can be looked at; `finish` takes the last of them.
 */
import type { AllocEvent, ChunkEvent, FreeEvent, TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import type { Mismatch, MismatchClass } from '../../../shared/replay-report.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { explain, type Neighbour, noteAgreement, OrderProof, raiseDoubt, REORDER_EVENTS } from './chunk-doubt.ts';
import { EventOrder, requestOf } from './event-order.ts';
import { EventWindow } from './event-window.ts';
import { GuessedState } from './guessed-state.ts';
import type { JournaledWords } from './journaled-words.ts';
import { type FollowedChunk, type KernelFollower, UNSEEN_SITE } from './kernel-follower.ts';
import { MissingEvents } from './missing-events.ts';
import type { TraceSurvey } from './trace-survey.ts';

/** The balance work runs when the running task changes, or after a pause of so many microseconds. */
const WORKER_PAUSE_US = 200;
/** Mismatches that are kept; the rest is counted. */
const MISMATCHES_KEPT = 100;

/** Told of every object, for tables and series. */
export interface ReplayObserver {
  readonly allocated: (event: AllocEvent, chunk: FollowedChunk) => void;
  readonly freed: (event: FreeEvent, chunk: FollowedChunk, sizeBytes: number) => void;
  /** After everything that an event of the trace sets off. */
  readonly taken: (timeUs: number) => void;
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

function noCounts(): ReplayCounts {
  return {
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
}

export class Replayer {
  readonly counts = noCounts();
  readonly mismatches: Mismatch[] = [];
  readonly mismatchCounts: Record<MismatchClass, number> = {
    'event-order': 0,
    'lost-events': 0,
    'starting-state': 0,
    unexplained: 0,
  };
  readonly #kernel: KernelFollower;
  readonly #words: JournaledWords;
  readonly #proof: OrderProof;
  readonly #order: EventOrder;
  readonly #missing: MissingEvents;
  readonly #guess: GuessedState;
  readonly #observer: ReplayObserver;
  readonly #survey: TraceSurvey;
  /** Events to come, the next one first. */
  readonly #upcoming = new EventWindow<TraceEvent>();
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
    this.#proof = new OrderProof(survey.displacedLines);
    this.#order = new EventOrder(kernel, words, this.#proof);
    this.#missing = new MissingEvents(kernel, words, this.#order, survey);
    this.#guess = new GuessedState(kernel, words, this.#order);
    this.#survey = survey;
    this.#observer = observer;
  }

  /** Bases of older chunks that were found to have been sidelined before the trace began. */
  get sidelinedAtStart(): readonly string[] {
    return this.#missing.sidelinedAtStart;
  }

  take(event: TraceEvent): void {
    this.#upcoming.push(event);
    if (this.#upcoming.length > REORDER_EVENTS) this.#takeNext();
  }

  /** Takes what still waits; no event follows. */
  finish(): void {
    while (this.#upcoming.length > 0) this.#takeNext();
  }

  #takeNext(): void {
    const event = this.#upcoming.shift();
    if (event === undefined) return;
    if (event.kind === 'lost') {
      this.counts.lostMarkers += 1;
      this.counts.lostCounted += event.count ?? 0;
      // Whatever exists may have been touched.
      for (const chunk of this.#kernel.allFollowed()) {
        raiseDoubt(chunk, { class: 'lost-events', lines: [event.line] });
      }
      return;
    }
    if (event.task !== this.#lastTask || event.timeUs - this.#lastTimeUs > WORKER_PAUSE_US) this.#letWorkerRun();
    if (event.kind !== 'fail') this.#doubtIfShuffled(event);
    this.#lastTask = event.task;
    this.#lastTimeUs = event.timeUs;
    this.#takeEvent(event);
    this.#observer.taken(event.timeUs);
  }

  /** Two events of a chunk that may be the wrong way round leave other hints, though the same cells in use. */
  #doubtIfShuffled(event: Neighbour): void {
    const last = this.#order.lastEvent();
    if (last?.base !== event.base || !this.#proof.mayBeShuffled(last, event)) return;
    const followed = this.#kernel.chunkOf(event.base);
    if (followed?.doubt === undefined) raiseDoubt(followed, { class: 'event-order', lines: [last.line, event.line] });
  }

  #takeEvent(event: Exclude<TraceEvent, { kind: 'lost' }>): void {
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
    const followed = this.#kernel.needChunk(event.base);
    let object = this.#kernel.objectAt(followed.chunk, event.offsetBytes);
    if (object === undefined && this.#takeAllocationPrintedLate(event)) {
      object = this.#kernel.objectAt(followed.chunk, event.offsetBytes);
    }
    this.counts.frees += 1;
    if (object === undefined) {
      this.#kernel.repairs.missingAllocations += 1;
      raiseDoubt(followed, { class: 'lost-events', lines: [event.line] });
      return;
    }
    const mark = this.#order.mark();
    this.#kernel.free(object);
    this.#forgetIfEmpty(followed);
    const site = followed.sites[object.start] ?? 0;
    if (site === 0) this.#noteOlderFreed(event, followed);
    // Its size is a guess.
    else if (site === UNSEEN_SITE) raiseDoubt(followed, { class: 'lost-events', lines: [event.line] });
    else this.#observer.freed(event, followed, object.cells * CELL_BYTES);
    followed.sites[object.start] = 0;
    this.#order.remember(event, mark);
  }

  /** Nothing of a chunk's past is left once it is wholly free. */
  #forgetIfEmpty(followed: FollowedChunk): void {
    if (followed.olderSince === undefined && followed.lostSince === undefined) return;
    if (!this.#kernel.isWhollyFree(followed)) return;
    followed.olderSince = undefined;
    followed.lostSince = undefined;
  }

  /** An object of which nothing is known but where it began. */
  #noteOlderFreed({ line }: FreeEvent, followed: FollowedChunk): void {
    raiseDoubt(followed, { class: 'starting-state', lines: [line] });
    this.counts.freesOfOlderObjects += 1;
    this.#kernel.hasFreedOlder = true;
  }

  /** The allocation of what is freed may stand a few lines below, where lines were swapped. */
  #takeAllocationPrintedLate(event: FreeEvent): boolean {
    const { base, offsetBytes } = event;
    const index = this.#upcoming
      .items()
      .findIndex(
        (later) =>
          later.kind === 'alloc' &&
          later.base === base &&
          later.offsetBytes === offsetBytes &&
          this.#proof.isOpen(later, event),
      );
    const late = index < 0 ? undefined : this.#upcoming.at(index);
    if (late?.kind !== 'alloc') return false;
    this.#upcoming.replace(index, 1);
    this.counts.reordered += 1;
    this.#takeAlloc(late);
    return true;
  }

  #takeAlloc(event: AllocEvent): void {
    const followed = this.#kernel.needChunk(event.base);
    const mark = this.#order.mark();
    if (this.#order.acceptIfSame(event)) {
      this.#order.remember(event, mark);
      this.#countMatch(event, followed);
    } else {
      this.#takeOdd(event, followed);
    }
  }

  #countMatch(event: AllocEvent, followed: FollowedChunk): void {
    this.counts.matched += 1;
    this.counts.sameChunk += 1;
    if (followed.bornInTrace) this.counts.bornMatched += 1;
    noteAgreement(followed);
    this.#count(event, followed);
  }

  #count(event: AllocEvent, followed: FollowedChunk): void {
    this.counts.allocations += 1;
    followed.allocations += 1;
    if (followed.bornInTrace) this.counts.bornTotal += 1;
    this.#observer.allocated(event, followed);
  }

  /** An allocation that the printed order does not explain. */
  #takeOdd(event: AllocEvent, followed: FollowedChunk): void {
    if (this.#acceptReordered(event, followed)) {
      this.counts.reordered += 1;
      return;
    }
    if (this.#takeFreesPrintedLate(event, followed) && this.#order.acceptIfSame(event)) {
      this.counts.reordered += 1;
      this.#countMatch(event, followed);
      return;
    }
    if (this.#missing.acceptWithSidelined(event, followed)) {
      this.#countMatch(event, followed);
      return;
    }
    if (this.#missing.acceptRepaired(event, followed)) {
      this.counts.repaired += 1;
      this.#countMatch(event, followed);
      return;
    }
    this.#addMismatch(event, followed);
    this.#count(event, followed);
  }

  #acceptReordered(event: AllocEvent, followed: FollowedChunk): boolean {
    const passed = this.#order.acceptEarlier(event);
    if (passed !== undefined) {
      this.#countMatch(event, followed);
      // Another order may give the same offsets and leave other hints.
      raiseDoubt(followed, { class: 'event-order', lines: [passed.line, event.line] });
      return true;
    }
    const index = this.#order.acceptAfterLater(event, this.#upcoming);
    if (index === undefined) return false;
    const later = this.#upcoming.at(index);
    this.#upcoming.replace(index, 1);
    if (later?.kind !== 'alloc') throw new Error('only an allocation is taken before what was printed first');
    this.#countMatch(later, this.#kernel.needChunk(later.base));
    this.#countMatch(event, followed);
    raiseDoubt(followed, { class: 'event-order', lines: [event.line, later.line] });
    return true;
  }

  /** Takes the frees of objects in the allocation's way that stand a few lines below, where lines were swapped. */
  #takeFreesPrintedLate(event: AllocEvent, { chunk }: FollowedChunk): boolean {
    const end = event.offsetBytes + event.sizeBytes;
    let taken = 0;
    for (let index = 0; index < this.#upcoming.length; index++) {
      const later = this.#upcoming.at(index);
      if (later?.kind !== 'free' || later.base !== event.base || later.offsetBytes >= end) continue;
      if (!this.#proof.isOpen(event, later)) continue;
      const object = this.#kernel.objectAt(chunk, later.offsetBytes);
      if (object === undefined || (object.start + object.cells) * CELL_BYTES <= event.offsetBytes) continue;
      this.#upcoming.replace(index, 1);
      index -= 1;
      this.#takeFree(later);
      taken += 1;
    }
    return taken > 0;
  }

  #addMismatch(event: AllocEvent, followed: FollowedChunk): void {
    const request = requestOf(event);
    const mark = this.#words.mark();
    const place = this.#kernel.predict(request);
    const models = place === undefined ? undefined : this.#kernel.followed(place.chunk);
    const modelOffsetBytes = place === undefined ? undefined : place.start * CELL_BYTES;
    this.#words.rollBack(mark);
    if (models === followed) this.counts.sameChunk += 1;
    const why = explain({ event, kernels: followed, models }, this.#survey.gaps, this.#neighboursOf(event));
    const consequence = { class: why.class, lines: why.lines.length === 0 ? [event.line] : why.lines };
    raiseDoubt(followed, consequence);
    raiseDoubt(models, consequence);
    if (why.class !== 'lost-events' || !this.#guess.accept(event, followed, models)) {
      const start = event.offsetBytes / CELL_BYTES;
      this.#kernel.force({ chunk: followed.chunk, start, cells: request.cells }, request);
    }
    this.mismatchCounts[why.class] += 1;
    if (this.mismatches.length === MISMATCHES_KEPT) return;
    this.mismatches.push({
      line: event.line,
      class: why.class,
      evidence: why.lines,
      sizeBytes: event.sizeBytes,
      alignBytes: event.alignBytes,
      kernelBase: event.base,
      kernelOffsetBytes: event.offsetBytes,
      modelBase: models?.base,
      modelOffsetBytes,
    });
  }

  /** Events around the allocation that the text does not prove to have happened in the printed order. */
  #neighboursOf(event: AllocEvent): Neighbour[] {
    const upcoming = this.#upcoming
      .items()
      .flatMap((later) => (later.kind === 'lost' || later.kind === 'fail' ? [] : [later]));
    return [...this.#order.recentEvents(), ...upcoming].filter((other) => this.#proof.isOpen(event, other));
  }
}
