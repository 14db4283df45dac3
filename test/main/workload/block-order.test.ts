import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlockOrder, ListedOrder, RandomOrder, SequentialOrder } from '../../../src/main/workload/block-order.ts';
import { Random } from '../../../src/main/workload/random.ts';

function visits(order: BlockOrder, count: number): readonly number[] {
  return Array.from({ length: count }, () => order.next());
}

describe('sequential order', () => {
  it('goes from the first block to the last and round again', () => {
    expect(visits(new SequentialOrder(4), 10).join(' ')).toBe('0 1 2 3 0 1 2 3 0 1');
    expect(visits(new SequentialOrder(1), 3).join(' ')).toBe('0 0 0');
  });
});

describe('random order', () => {
  it('visits every block once per round, each round in another order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(0xffff), (blocks, seed) => {
        const order = new RandomOrder(blocks, new Random(seed));
        const all = Array.from({ length: blocks }, (_, block) => block);
        for (let round = 0; round < 3; round++) {
          expect(visits(order, blocks).toSorted((a, b) => a - b)).toEqual(all);
        }
      }),
    );
    const order = new RandomOrder(50, new Random(1));
    expect(visits(order, 50)).not.toEqual(visits(order, 50));
  });

  it('is the same for the same seed', () => {
    const visited = (seed: number) => visits(new RandomOrder(64, new Random(seed)), 130);
    expect(visited(9)).toEqual(visited(9));
    expect(visited(9)).not.toEqual(visited(10));
  });
});

describe('listed order', () => {
  it('visits what is listed, as listed, and round again', () => {
    expect(visits(new ListedOrder(Uint32Array.of(7, 2, 9)), 7).join(' ')).toBe('7 2 9 7 2 9 7');
  });
});
