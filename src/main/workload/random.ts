/**
 * The one source of randomness: a seed in, the same numbers out, on every machine.
 *
 *   seed ── SplitMix64 ──► four 32-bit words of state ── xoshiro128** 1.1 ──► numbers, bytes, permutations
 *
 * Both generators are Blackman and Vigna's (https://prng.di.unimi.it), xoshiro128** in its version 1.1; the tests hold
 * them against the published values. Not for secrets. Bytes are the words' bytes in little-endian order.
 */

const UINT32_SPAN = 2 ** 32;
const UINT64_MASK = (1n << 64n) - 1n;

/** Returns the n-th (1-based) output of SplitMix64 for a 64-bit seed. Pure. */
export function splitMix64(seed: bigint, n: number): bigint {
  let z = (seed + BigInt(n) * 0x9e3779b97f4a7c15n) & UINT64_MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & UINT64_MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & UINT64_MASK;
  return z ^ (z >> 31n);
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Advances a state of four 32-bit words in place and returns xoshiro128**'s next number, 0 … 2^32 - 1. */
export function xoshiro128StarStar(state: Uint32Array): number {
  // Not destructured: that goes through the array's iterator and costs ten times as much.
  const a = state[0] ?? 0;
  const b = state[1] ?? 0;
  const c = state[2] ?? 0;
  const d = state[3] ?? 0;
  const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  const mixedC = c ^ a;
  const mixedD = d ^ b;
  state[0] = a ^ mixedD;
  state[1] = b ^ mixedC;
  state[2] = mixedC ^ (b << 9);
  state[3] = rotateLeft(mixedD, 11);
  return result;
}

function stateFromSeed(seed: number): Uint32Array {
  const first = splitMix64(BigInt(seed), 1);
  const second = splitMix64(BigInt(seed), 2);
  return Uint32Array.of(
    Number(first & 0xffffffffn),
    Number(first >> 32n),
    Number(second & 0xffffffffn),
    Number(second >> 32n),
  );
}

/** A stream of random numbers. Not shared between threads: each derives its own from a seed. */
export class Random {
  readonly #state: Uint32Array;

  /** @param seed an integer, 0 … 2^53 - 1; anything else throws. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`seed must be an integer from 0, not ${seed}`);
    this.#state = stateFromSeed(seed);
  }

  /** 0 … 2^32 - 1, each equally likely. */
  nextUint32(): number {
    return xoshiro128StarStar(this.#state);
  }

  /** 0 … n - 1, each equally likely: the numbers that would favour small results are drawn again. `n` is 1 … 2^32. */
  nextBelow(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > UINT32_SPAN) throw new RangeError(`n must be 1 … 2^32, not ${n}`);
    const limit = UINT32_SPAN - (UINT32_SPAN % n);
    let drawn = this.nextUint32();
    while (drawn >= limit) drawn = this.nextUint32();
    return drawn % n;
  }

  /** Overwrites all of `bytes`. Takes one number per four bytes, the last one's surplus is dropped. */
  fillBytes(bytes: Uint8Array): void {
    const wholeBytes = bytes.length - (bytes.length % 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < wholeBytes; at += 4) view.setUint32(at, this.nextUint32(), true);
    if (wholeBytes === bytes.length) return;
    let rest = this.nextUint32();
    for (let at = wholeBytes; at < bytes.length; at++, rest >>>= 8) bytes[at] = rest & 0xff;
  }

  /** Brings `array` into a random order in place (Fisher-Yates); every order is equally likely. */
  shuffle<T>(array: { readonly length: number; [index: number]: T }): void {
    for (let last = array.length - 1; last > 0; last--) {
      const other = this.nextBelow(last + 1);
      // Both lie inside the array.
      [array[last], array[other]] = [array[other] as T, array[last] as T];
    }
  }
}
