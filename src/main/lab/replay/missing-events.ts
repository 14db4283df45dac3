/**
 * Putting right what the trace lacks, so that the model can follow: objects in an allocation's way, objects that are known by
 * their frees alone, cells of older chunks that the kernel never gives out, chunks that were sidelined before the trace began.
 */
import type { AllocEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import type { ObjectCells } from '../../machine/percpu/chunks/place.ts';
import { raiseDoubt } from './chunk-doubt.ts';
import { type EventOrder, requestOf } from './event-order.ts';
import type { JournaledWords } from './journaled-words.ts';
import type { FollowedChunk, KernelFollower } from './kernel-follower.ts';
import type { TraceSurvey } from './trace-survey.ts';
import { LARGEST_UNSEEN_CELLS } from './unseen-objects.ts';

/** Objects that are put back for one allocation. */
const MOST_REPAIRS = 512;

export class MissingEvents {
  /** Bases of older chunks that were found to have been sidelined before the trace began. */
  readonly sidelinedAtStart: string[] = [];
  readonly #kernel: KernelFollower;
  readonly #words: JournaledWords;
  readonly #order: EventOrder;
  readonly #survey: TraceSurvey;

  constructor(kernel: KernelFollower, words: JournaledWords, order: EventOrder, survey: TraceSurvey) {
    this.#kernel = kernel;
    this.#words = words;
    this.#order = order;
    this.#survey = survey;
  }

  /** Whether the allocation agrees once unused older chunks that the model would prefer are taken as sidelined. */
  acceptWithSidelined(event: AllocEvent, { chunk }: FollowedChunk): boolean {
    const mark = this.#words.mark();
    const sidelined: FollowedChunk[] = [];
    for (;;) {
      const wrong = this.#predicted(event);
      const preferred = wrong === undefined ? undefined : this.#kernel.followed(wrong.chunk);
      if (preferred === undefined || preferred.chunk === chunk) break;
      if (preferred.bornInTrace || preferred.allocations > 0 || sidelined.includes(preferred)) break;
      this.#kernel.takeAsSidelined(preferred);
      sidelined.push(preferred);
    }
    if (sidelined.length > 0 && this.#order.acceptIfSame(event)) {
      this.sidelinedAtStart.push(...sidelined.flatMap(({ base }) => base ?? []));
      return true;
    }
    this.#words.rollBack(mark);
    return false;
  }

  /** Whether the allocation agrees once what is missing is put right. What was put right stays so in any case. */
  acceptRepaired(event: AllocEvent, followed: FollowedChunk): boolean {
    const object = { chunk: followed.chunk, start: event.offsetBytes / CELL_BYTES, cells: requestOf(event).cells };
    const cleared = this.#kernel.clear(object);
    if (cleared.traced > 0) raiseDoubt(followed, { class: 'lost-events', lines: [event.line] });
    else if (cleared.older > 0) raiseDoubt(followed, { class: 'starting-state', lines: [event.line] });
    let repairs = cleared.traced + cleared.older;
    for (let tries = 0; tries < MOST_REPAIRS; tries++) {
      if (repairs > 0 && this.#order.acceptIfSame(event)) return true;
      const wrong = this.#predicted(event);
      if (wrong === undefined || !this.#putBack(wrong, object, event.line)) return false;
      repairs += 1;
    }
    return false;
  }

  #predicted(event: AllocEvent): ObjectCells | undefined {
    const mark = this.#words.mark();
    const request = requestOf(event);
    const place = this.#kernel.predict(request);
    this.#words.rollBack(mark);
    return place === undefined ? undefined : { chunk: place.chunk, start: place.start, cells: request.cells };
  }

  /** Puts an object back that lies where the model would place the request; false when none is known. */
  #putBack(wrong: ObjectCells, object: ObjectCells, line: number): boolean {
    const followed = this.#kernel.followed(wrong.chunk);
    if (followed?.base === undefined) return false;
    const { unseen } = this.#survey;
    const found = unseen.within(followed.base, { from: wrong.start, end: wrong.start + wrong.cells }, line);
    if (found === undefined) return this.#kernel.hasFreedOlder && this.#takeAsUsed(followed, wrong, line);
    // Its size is not known: it ends where the next thing begins.
    const furthest = found.start + LARGEST_UNSEEN_CELLS;
    const next = unseen.within(followed.base, { from: found.start + 1, end: furthest }, line)?.start ?? furthest;
    const kernels = object.chunk === wrong.chunk && object.start > found.start ? object.start : furthest;
    this.#kernel.putBack(followed, { start: found.start, end: Math.min(next, kernels) });
    raiseDoubt(followed, { class: 'lost-events', lines: [line, found.freeLine] });
    return true;
  }

  /** Cells of an older chunk that the kernel never gives out in the whole trace are in use, whatever was freed beside them. */
  #takeAsUsed(followed: FollowedChunk, wrong: ObjectCells, line: number): boolean {
    if (followed.bornInTrace) return false;
    const touched = this.#survey.olderChunks.find(({ base }) => base === followed.base)?.touched;
    if (touched === undefined) return false;
    let start = wrong.start;
    const end = wrong.start + wrong.cells;
    while (start < end && touched.has(start)) start += 1;
    if (start === end) return false;
    this.#kernel.takeAsUsed(followed, { start, end: touched.next(start) });
    raiseDoubt(followed, { class: 'starting-state', lines: [line] });
    return true;
  }
}
