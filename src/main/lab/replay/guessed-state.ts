/**
 * After lost events no line tells what happened to a chunk: what the kernel does next does. A mismatch stays one; but the model
 * is brought into a state from which the kernel's choice follows, so that the next allocations agree by themselves.
 *
 *     kernel   ####....A.......      it passes over cells that the model holds for free: something lies there that no line names
 *     model    ####BB..A.......      B is put there
 *
 *     kernel   passes over a chunk: it stands behind the one that is taken
 */
import type { AllocEvent } from '../../evidence/percpu-trace/trace-event.ts';
import { ChunkW } from '../../machine/percpu/chunks/chunk-layout.ts';
import { CELL_BYTES } from '../../machine/percpu/chunks/percpu-geometry.ts';
import { moveToTail } from '../../machine/percpu/chunks/slots.ts';
import { type EventOrder, requestOf } from './event-order.ts';
import type { JournaledWords } from './journaled-words.ts';
import type { FollowedChunk, KernelFollower } from './kernel-follower.ts';

/** Objects that are taken to lie in the way of one allocation. */
const MOST_GUESSED = 32;

export class GuessedState {
  readonly #kernel: KernelFollower;
  readonly #words: JournaledWords;
  readonly #order: EventOrder;

  constructor(kernel: KernelFollower, words: JournaledWords, order: EventOrder) {
    this.#kernel = kernel;
    this.#words = words;
    this.#order = order;
  }

  /** Whether the allocation follows from a state that could be guessed, and has happened there; else nothing is changed. */
  accept(event: AllocEvent, followed: FollowedChunk, models: FollowedChunk | undefined): boolean {
    return (
      this.#acceptFilled(event, followed) ||
      (models !== undefined && models !== followed && this.#acceptBehind(event, followed, models))
    );
  }

  /** Moves the chunk that the model would use behind the one that the kernel uses. */
  #acceptBehind(event: AllocEvent, { chunk }: FollowedChunk, models: FollowedChunk): boolean {
    const { region } = this.#kernel;
    const mark = this.#words.mark();
    moveToTail(region, models.chunk, region.chunkField(chunk, ChunkW.list));
    if (this.#order.acceptIfSame(event)) return true;
    this.#words.rollBack(mark);
    return false;
  }

  /** Puts objects of the request's size where the model would place it, as long as that is in the kernel's chunk. */
  #acceptFilled(event: AllocEvent, followed: FollowedChunk): boolean {
    const mark = this.#words.mark();
    const request = requestOf(event);
    const guessed: { start: number; end: number }[] = [];
    while (guessed.length < MOST_GUESSED) {
      const before = this.#words.mark();
      const place = this.#kernel.predict(request);
      const start = place?.chunk === followed.chunk ? place.start : Infinity;
      this.#words.rollBack(before);
      if (start * CELL_BYTES >= event.offsetBytes) break;
      const cells = { start, end: start + request.cells };
      this.#kernel.takeAsUsed(followed, cells);
      guessed.push(cells);
    }
    if (guessed.length > 0 && this.#order.acceptIfSame(event)) {
      for (const { start } of guessed) this.#kernel.noteUnseen(followed, start);
      return true;
    }
    this.#words.rollBack(mark);
    return false;
  }
}
