/**
 * Finding the order in which events happened, where the printed one does not give the kernel's offsets.
 *
 *     printed    free F1   alloc A   free F2   alloc B           recent │ A │ upcoming
 *     tried      alloc A   free F1             A a few events earlier
 *                alloc B   alloc A             an allocation printed later went first
 *                free F2   alloc A             a free of what lies in A's way went first (a text whose lines were swapped)
 *
 * The model's words go back to a mark and forth again; nothing is tried across a chunk's making or end.
 */
import type { AllocEvent, FreeEvent, TraceEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { ChunkRequest } from '../../machine/percpu/chunks/requests.ts';
import { type OrderProof, REORDER_EVENTS } from './chunk-doubt.ts';
import { EventWindow } from './event-window.ts';
import type { JournaledWords } from './journaled-words.ts';
import type { KernelFollower } from './kernel-follower.ts';

/** Length of the journal at which the past becomes final. */
const JOURNAL_LIMIT = 1 << 14;

interface Recent {
  readonly event: AllocEvent | FreeEvent;
  mark: number;
  readonly structureVersion: number;
}

export class EventOrder {
  readonly #kernel: KernelFollower;
  readonly #words: JournaledWords;
  readonly #proof: OrderProof;
  readonly #recent = new EventWindow<Recent>();

  constructor(kernel: KernelFollower, words: JournaledWords, proof: OrderProof) {
    this.#proof = proof;
    this.#kernel = kernel;
    this.#words = words;
  }

  /** The last few events that could be moved, the oldest first. */
  recentEvents(): readonly (AllocEvent | FreeEvent)[] {
    return this.#recent.items().map(({ event }) => event);
  }

  /** The last event that could be moved. */
  lastEvent(): AllocEvent | FreeEvent | undefined {
    return this.#recent.at(this.#recent.length - 1)?.event;
  }

  /** To be called before an event: how things are now. Makes final what nobody goes back to. */
  mark(): number {
    if (this.#words.mark() > JOURNAL_LIMIT) {
      const final = this.#recent.at(0)?.mark ?? this.#words.mark();
      this.#words.forgetBefore(final);
      for (const recent of this.#recent.items()) recent.mark -= final;
    }
    return this.#words.mark();
  }

  /** After an event that happened as printed; `mark` is from before it. */
  remember(event: AllocEvent | FreeEvent, mark: number): void {
    if (this.#recent.length === REORDER_EVENTS) this.#recent.shift();
    this.#recent.push({ event, mark, structureVersion: this.#kernel.structureVersion });
  }

  /** Predicts, and accepts if the kernel did the same; else nothing is changed. */
  acceptIfSame(event: AllocEvent): boolean {
    const mark = this.#words.mark();
    const request = requestOf(event);
    const place = this.#kernel.predict(request);
    if (
      place !== undefined &&
      place.start * CELL_BYTES === event.offsetBytes &&
      this.#kernel.followed(place.chunk)?.base === event.base
    ) {
      this.#kernel.accept(place, request);
      return true;
    }
    this.#words.rollBack(mark);
    return false;
  }

  /** Whether the allocation agrees when it is taken to have happened before some of the last events. Answers with the first of these. */
  acceptEarlier(event: AllocEvent): AllocEvent | FreeEvent | undefined {
    for (let index = this.#recent.length - 1; index >= 0; index--) {
      const recent = this.#recent.at(index);
      if (recent === undefined || !this.#canBeUndone(recent)) return undefined;
      if (!this.#proof.allowsBefore(event, recent.event, this.#recent.length - index)) return undefined;
      const undone = this.#words.takeBack(recent.mark);
      const order = this.#takeInOrder(event, this.#recent.items().slice(index));
      if (order !== undefined) {
        this.#recent.replace(index, Infinity, ...order);
        if (this.#recent.length > REORDER_EVENTS) this.#recent.shift();
        return recent.event;
      }
      this.#words.rollBack(recent.mark);
      this.#words.redo(undone);
    }
    return undefined;
  }

  /**
   * Whether the allocation agrees when one that is printed later happened first. Answers with that one's index; both are
   * taken then, and remembered.
   */
  acceptAfterLater(event: AllocEvent, upcoming: EventWindow<TraceEvent>): number | undefined {
    for (const [index, later] of upcoming.items().entries()) {
      if (later.kind === 'create' || later.kind === 'destroy' || later.kind === 'lost') return undefined;
      if (later.kind !== 'alloc' || !this.#proof.isOpen(event, later)) continue;
      const mark = this.#words.mark();
      if (!this.acceptIfSame(later)) continue;
      const between = this.#words.mark();
      if (this.acceptIfSame(event)) {
        this.remember(later, mark);
        this.remember(event, between);
        return index;
      }
      this.#words.rollBack(mark);
    }
    return undefined;
  }

  /** Makes the allocation happen, and after it what was printed before; undefined when that is not as recorded. */
  #takeInOrder(event: AllocEvent, later: readonly Recent[]): readonly Recent[] | undefined {
    const { structureVersion } = this.#kernel;
    const order: Recent[] = [{ event, mark: this.#words.mark(), structureVersion }];
    if (!this.acceptIfSame(event)) return undefined;
    for (const each of later) {
      order.push({ event: each.event, mark: this.#words.mark(), structureVersion });
      if (!this.#takeAgain(each.event)) return undefined;
    }
    return order;
  }

  /** What lies before a chunk's making or end cannot be undone. */
  #canBeUndone({ structureVersion }: Recent): boolean {
    return structureVersion === this.#kernel.structureVersion;
  }

  /** Makes an event of the recent past happen again; false when it would not have been the same. */
  #takeAgain(event: AllocEvent | FreeEvent): boolean {
    if (event.kind === 'alloc') return this.acceptIfSame(event);
    const followed = this.#kernel.chunkOf(event.base);
    const object = followed === undefined ? undefined : this.#kernel.objectAt(followed.chunk, event.offsetBytes);
    if (object === undefined) return false;
    this.#kernel.free(object);
    return true;
  }
}

/** What the kernel asked its allocator for, in cells. */
export function requestOf({ sizeBytes, alignBytes, isAtomic, isReserved }: AllocEvent): ChunkRequest {
  return {
    cells: Math.ceil(sizeBytes / CELL_BYTES),
    alignCells: Math.max(alignBytes / CELL_BYTES, 1),
    atomic: isAtomic,
    reserved: isReserved,
  };
}
