/**
 * In which order a phase visits the blocks of a job's stretch.
 *
 *     sequential   0 1 2 … n−1, 0 1 2 …                    a cursor of its own for reads and for writes, as in fio
 *     random       a shuffled permutation, then another    every block once per round, as fio's random map does it
 */
import type { Random } from './random.ts';

export interface BlockOrder {
  /** The next block, 0 … blocks − 1, going round for ever. */
  next(): number;
}

export class SequentialOrder implements BlockOrder {
  readonly #blocks: number;
  #at = 0;

  constructor(blocks: number) {
    this.#blocks = blocks;
  }

  next(): number {
    const block = this.#at;
    this.#at = block + 1 === this.#blocks ? 0 : block + 1;
    return block;
  }
}

export class RandomOrder implements BlockOrder {
  readonly #permutation: Uint32Array;
  readonly #random: Random;
  #at: number;

  constructor(blocks: number, random: Random) {
    this.#permutation = Uint32Array.from({ length: blocks }, (_, block) => block);
    this.#random = random;
    this.#at = blocks;
  }

  next(): number {
    if (this.#at === this.#permutation.length) {
      this.#random.shuffle(this.#permutation);
      this.#at = 0;
    }
    const block = this.#permutation[this.#at] ?? 0;
    this.#at += 1;
    return block;
  }
}

/** Visits the listed blocks in the order given, going round for ever. At least one. */
export class ListedOrder implements BlockOrder {
  readonly #blocks: Uint32Array;
  #at = 0;

  constructor(blocks: Uint32Array) {
    this.#blocks = blocks;
  }

  next(): number {
    const block = this.#blocks[this.#at] ?? 0;
    this.#at = this.#at + 1 === this.#blocks.length ? 0 : this.#at + 1;
    return block;
  }
}
