/**
 * Words that remember their last changes, so that a replay can try an order of events and go back.
 *
 *     log   … [index, old value] [index, old value] │ mark │ [index, old value] …
 *
 * A mark is a length of the log; rolling back to it undoes everything later, newest first.
 */
import { RegionWords } from '../../machine/percpu/chunks/region-words.ts';

const FIRST_CAPACITY = 1 << 16;

export class JournaledWords extends RegionWords {
  #log = new Int32Array(FIRST_CAPACITY);
  #length = 0;

  /** The present, to be handed to `rollBack` later; void after `forgetBefore` a later one. */
  mark(): number {
    return this.#length;
  }

  /** Undoes every change since the mark; answers with what `redo` needs to make them again. */
  takeBack(mark: number): Int32Array {
    const changes = this.#log.slice(mark, this.#length);
    for (let at = changes.length; at > 0; at -= 2) {
      const index = changes[at - 2] ?? 0;
      const old = changes[at - 1] ?? 0;
      changes[at - 1] = this.view[index] ?? 0;
      this.view[index] = old;
    }
    this.#length = mark;
    return changes;
  }

  /** Makes changes again that `takeBack` has undone, with nothing changed since. */
  redo(changes: Int32Array): void {
    for (let at = 0; at < changes.length; at += 2) this.set(changes[at] ?? 0, changes[at + 1] ?? 0);
  }

  /** Undoes every change since the mark. */
  rollBack(mark: number): void {
    const log = this.#log;
    for (let at = this.#length; at > mark; at -= 2) this.view[log[at - 2] ?? 0] = log[at - 1] ?? 0;
    this.#length = mark;
  }

  /** Makes everything before the mark final; marks at or after it are to be lowered by it. */
  forgetBefore(mark: number): void {
    this.#log.copyWithin(0, mark, this.#length);
    this.#length -= mark;
  }

  override set(index: number, value: number): void {
    if (this.#length + 2 > this.#log.length) this.#grow();
    this.#log[this.#length] = index;
    this.#log[this.#length + 1] = this.view[index] ?? 0;
    this.#length += 2;
    this.view[index] = value;
  }

  override fill(value: number, first: number, end: number): void {
    for (let index = first; index < end; index++) this.set(index, value);
  }

  #grow(): void {
    const longer = new Int32Array(this.#log.length * 2);
    longer.set(this.#log);
    this.#log = longer;
  }
}
