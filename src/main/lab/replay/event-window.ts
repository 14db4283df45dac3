/** A queue of the few events at hand. Taking the first costs the same whatever is behind it, unlike an array's `shift`. */

/** Taken ones are dropped when there are so many. */
const MOST_TAKEN = 1024;

export class EventWindow<Item> {
  readonly #items: Item[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the first, or answers undefined when there is none. */
  shift(): Item | undefined {
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#first += 1;
    if (this.#first === MOST_TAKEN) {
      this.#items.copyWithin(0, MOST_TAKEN);
      this.#items.length -= MOST_TAKEN;
      this.#first = 0;
    }
    return item;
  }

  /** The item at a place from the first on; undefined beyond the last. */
  at(index: number): Item | undefined {
    return this.#items[this.#first + index];
  }

  /** Takes the items from `index` on, `count` of them, and puts others in their place. */
  replace(index: number, count: number, ...others: readonly Item[]): void {
    this.#items.splice(this.#first + index, count, ...others);
  }

  /** All of them, the first first. */
  items(): readonly Item[] {
    return this.#items.slice(this.#first);
  }
}
