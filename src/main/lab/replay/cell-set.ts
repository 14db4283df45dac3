/** A set of a chunk's cells, one bit each: it grows with the furthest one. Ranges are [from, end). */

/** A chunk of 16 KiB. */
const FIRST_WORDS = 128;

export class CellSet {
  #words = new Int32Array(FIRST_WORDS);
  #end = 0;

  /** Cell after the furthest that ever was in the set. */
  get end(): number {
    return this.#end;
  }

  has(cell: number): boolean {
    return (((this.#words[cell >>> 5] ?? 0) >>> (cell & 31)) & 1) !== 0;
  }

  /** Whether a cell of the range is in the set. */
  meets(from: number, end: number): boolean {
    const last = (end - 1) >>> 5;
    for (let index = from >>> 5; index <= last; index++) {
      if (((this.#words[index] ?? 0) & maskIn(index, from, end)) !== 0) return true;
    }
    return false;
  }

  /** How many cells of the range are in the set; its end may be infinite. */
  countIn(from: number, end: number): number {
    let count = 0;
    for (let cell = this.next(from); cell < end; cell = this.next(cell + 1)) count += 1;
    return count;
  }

  addRange(from: number, end: number): void {
    const last = (end - 1) >>> 5;
    if (last >= this.#words.length) this.#reach(last);
    const words = this.#words;
    for (let index = from >>> 5; index <= last; index++) {
      words[index] = (words[index] ?? 0) | maskIn(index, from, end);
    }
    if (end > this.#end) this.#end = end;
  }

  /** Takes cells out, which were in the set. */
  removeRange(from: number, end: number): void {
    const words = this.#words;
    const last = (end - 1) >>> 5;
    for (let index = from >>> 5; index <= last; index++) {
      words[index] = (words[index] ?? 0) & ~maskIn(index, from, end);
    }
  }

  /** First cell at or after `from` that is in the set; infinite when there is none. */
  next(from: number): number {
    let index = from >>> 5;
    let bits = (this.#words[index] ?? 0) & (-1 << (from & 31));
    while (bits === 0) {
      index += 1;
      if (index >= this.#words.length) return Infinity;
      bits = this.#words[index] ?? 0;
    }
    return index * 32 + 31 - Math.clz32(bits & -bits);
  }

  #reach(index: number): void {
    let length = this.#words.length;
    while (length <= index) length *= 2;
    const longer = new Int32Array(length);
    longer.set(this.#words);
    this.#words = longer;
  }
}

/** The bits of word `index` that a range covers; the word is one of the range's. */
function maskIn(index: number, from: number, end: number): number {
  const low = Math.max(from - index * 32, 0);
  const high = Math.min(end - index * 32, 32);
  return (-1 << low) & (-1 >>> (32 - high));
}
