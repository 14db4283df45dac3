/**
 * What an access does to the word that its route leads to, 32 bits.
 *
 *     atomic   one instruction, LDADD and its kin
 *     plain    one instruction without a bus lock (x86): no interrupt comes into it
 *     torn     load, change, translate again, store: two instructions
 */
import type { AccessMode } from '../../../../shared/design.ts';
import { type Route, usesAtomics } from './routes.ts';

/** Each gives what it found, as this_cpu_add_return, this_cpu_xchg and this_cpu_cmpxchg need it. By the CPU's own thread. */
export interface CopyAccess {
  readonly add: (word: number, amount: number) => number;
  readonly and: (word: number, mask: number) => number;
  readonly or: (word: number, mask: number) => number;
  readonly exchange: (word: number, value: number) => number;
  readonly compareExchange: (word: number, expected: number, value: number) => number;
}

/** The accesses of a mode, to what `route` leads to. */
export function copyAccess(mode: AccessMode, words: Int32Array, route: Route): CopyAccess {
  if (usesAtomics(mode)) return new AtomicAccess(words);
  return mode === 'segment' ? new PlainAccess(words) : new TornAccess(words, route);
}

class AtomicAccess implements CopyAccess {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  add(word: number, amount: number): number {
    return Atomics.add(this.#words, word, amount);
  }

  and(word: number, mask: number): number {
    return Atomics.and(this.#words, word, mask);
  }

  or(word: number, mask: number): number {
    return Atomics.or(this.#words, word, mask);
  }

  exchange(word: number, value: number): number {
    return Atomics.exchange(this.#words, word, value);
  }

  compareExchange(word: number, expected: number, value: number): number {
    return Atomics.compareExchange(this.#words, word, expected, value);
  }
}

class PlainAccess implements CopyAccess {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  add(word: number, amount: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[word] = found + amount;
    return found;
  }

  and(word: number, mask: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[word] = found & mask;
    return found;
  }

  or(word: number, mask: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[word] = found | mask;
    return found;
  }

  exchange(word: number, value: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[word] = value;
    return found;
  }

  compareExchange(word: number, expected: number, value: number): number {
    const found = this.#words[word] ?? 0;
    if (found === expected) this.#words[word] = value;
    return found;
  }
}

class TornAccess implements CopyAccess {
  readonly #words: Int32Array;
  readonly #route: Route;

  constructor(words: Int32Array, route: Route) {
    this.#words = words;
    this.#route = route;
  }

  add(word: number, amount: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[this.#route.translateAgain()] = found + amount;
    return found;
  }

  and(word: number, mask: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[this.#route.translateAgain()] = found & mask;
    return found;
  }

  or(word: number, mask: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[this.#route.translateAgain()] = found | mask;
    return found;
  }

  exchange(word: number, value: number): number {
    const found = this.#words[word] ?? 0;
    this.#words[this.#route.translateAgain()] = value;
    return found;
  }

  compareExchange(word: number, expected: number, value: number): number {
    const found = this.#words[word] ?? 0;
    if (found === expected) this.#words[this.#route.translateAgain()] = value;
    return found;
  }
}
