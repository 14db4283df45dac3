import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random, splitMix64, xoshiro128StarStar } from '../../../src/main/workload/random.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('the published generators', () => {
  it('splitMix64 gives the values published for seed 1234567', () => {
    // Rosetta Code, "Pseudo-random numbers/Splitmix64"
    expect([1, 2, 3, 4, 5].map((n) => splitMix64(1234567n, n))).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  it('xoshiro128StarStar gives the values of the reference program (1.1) for the state 1, 2, 3, 4', () => {
    // xoshiro128starstar.c as quoted by the tests of the Rust crate rand_xoshiro
    const state = Uint32Array.of(1, 2, 3, 4);
    expect(Array.from({ length: 10 }, () => xoshiro128StarStar(state))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe('Random', () => {
  it('starts from the words that SplitMix64 makes of the seed, low word first', () => {
    const [first, second] = [splitMix64(7n, 1), splitMix64(7n, 2)];
    const words = [first, first >> 32n, second, second >> 32n].map((word) => Number(word & 0xffffffffn));
    expect(new Random(7).nextUint32()).toBe(xoshiro128StarStar(Uint32Array.from(words)));
  });

  it('repeats itself from the same seed and differs from another', () => {
    const drawn = (seed: number) =>
      Array.from(
        { length: 4 },
        (
          (random) => () =>
            random.nextUint32()
        )(new Random(seed)),
      );
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(drawn(seed)).toEqual(drawn(seed));
      }),
    );
    expect(drawn(0)).not.toEqual(drawn(1));
  });

  it('refuses seeds and bounds that it cannot honour', () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => new Random(seed)).toThrow(RangeError);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1]) expect(() => new Random(0).nextBelow(n)).toThrow(RangeError);
  });

  it('nextBelow stays below its bound and reaches every number about equally often', () => {
    const random = new Random(1);
    const counts = new Uint32Array(10);
    for (let i = 0; i < 100_000; i++) {
      const drawn = random.nextBelow(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    // chi-square with 9 degrees of freedom: above 27.88 in one of a thousand seeds
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.88);
  });

  it('nextBelow is not skewed where 2^32 is no multiple of the bound', () => {
    // With a plain remainder the lower half of 0 … 3·2^30 - 1 would come up twice out of four, not once out of three.
    const random = new Random(2);
    const bound = 3 * 2 ** 30;
    let low = 0;
    for (let i = 0; i < 30_000; i++) if (random.nextBelow(bound) < 2 ** 30) low++;
    expect(Math.abs(low - 10_000)).toBeLessThan(400);
  });

  it('fillBytes writes the same bytes at any alignment and nothing beside them', () => {
    fc.assert(
      fc.property(seeds, fc.nat(40), fc.nat(7), (seed, length, offset) => {
        const aligned = new Uint8Array(length);
        new Random(seed).fillBytes(aligned);
        const surrounded = new Uint8Array(length + 16).fill(0xaa);
        new Random(seed).fillBytes(surrounded.subarray(offset, offset + length));
        expect([...surrounded.subarray(offset, offset + length)]).toEqual([...aligned]);
        expect(surrounded.subarray(0, offset).every((byte) => byte === 0xaa)).toBe(true);
        expect(surrounded.subarray(offset + length).every((byte) => byte === 0xaa)).toBe(true);
      }),
    );
  });

  it('fillBytes writes the words in little-endian order', () => {
    const bytes = new Uint8Array(6);
    new Random(3).fillBytes(bytes);
    const random = new Random(3);
    const [first, second] = [random.nextUint32(), random.nextUint32()];
    const expected = [first, first >>> 8, first >>> 16, first >>> 24, second, second >>> 8].map((word) => word & 0xff);
    expect([...bytes]).toEqual(expected);
  });

  it('shuffle keeps every element and reaches every order about equally often', () => {
    const random = new Random(4);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const letters = ['a', 'b', 'c'];
      random.shuffle(letters);
      counts.set(letters.join(''), (counts.get(letters.join('')) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
