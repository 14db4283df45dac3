/** What the worker does, drawn page by page: U in use, E populated and empty, . not populated. */
import { describe, expect, it } from 'vitest';
import { BalanceWork } from '../../../../../src/main/machine/percpu/chunks/balance-work.ts';
import { bitIsSet, nextSet } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { ChunkW, RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import { chunksOf } from '../../../../../src/main/machine/percpu/chunks/slots.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { FailingPages } from './failing-pages.ts';
import { PercpuMachine } from './percpu-machine.ts';

/** Requests and worker on one CPU; objects are whole pages, named by their numbers. */
class DrawnMachine {
  readonly machine: PercpuMachine;
  readonly pages: FailingPages[] = [];
  readonly objects: PercpuPtr[] = [];

  constructor(failing = Infinity) {
    this.machine = new PercpuMachine({
      maxChunks: 6,
      between: (pages) => {
        const counted = new FailingPages(pages, failing);
        this.pages.push(counted);
        return counted;
      },
    });
  }

  take(pages: number, atomic = false): this {
    const request = { sizeBytes: pages * 4096, alignBytes: 4096, atomic };
    const given = this.machine.run((cpu) => this.machine.allocator.allocate(cpu, request));
    if (!given.ok) throw new Error(given.error.message);
    this.objects.push(given.value);
    return this;
  }

  takeMany(count: number): this {
    for (let object = 0; object < count; object++) this.take(1);
    return this;
  }

  free(...numbers: readonly number[]): this {
    for (const number of numbers) {
      const ptr = this.objects[number];
      expect(this.machine.run((cpu) => this.machine.allocator.free(cpu, ptr))).toBe('freed');
    }
    return this;
  }

  balance(): this {
    this.machine.run((cpu) => this.machine.allocator.runBalanceWork(cpu));
    return this;
  }

  get wanted(): boolean {
    return this.machine.allocator.balanceWanted();
  }

  get emptyPages(): number {
    return this.machine.region.header(RegionW.emptyPages);
  }

  list(name: 'sidelined' | 'fullyFree' | 'toDepopulate'): number[] {
    const { region } = this.machine;
    return chunksOf(region, region.slots[name]);
  }

  draw(chunk: number): string {
    const { region } = this.machine;
    const perPage = region.layout.cellsPerPage;
    return Array.from({ length: region.chunkField(chunk, ChunkW.pages) }, (_, page) => {
      const end = (page + 1) * perPage;
      if (nextSet(region.words, region.allocMap(chunk), page * perPage, end) < end) return 'U';
      return bitIsSet(region.words, region.populatedMap(chunk), page) ? 'E' : '.';
    }).join('');
  }
}

describe('the worker', () => {
  it('keeps four empty pages ready, the lowest ones', () => {
    const drawn = new DrawnMachine().take(1);
    // The first chunk has one empty page; the object went into the second chunk or used it up.
    drawn.takeMany(2);
    expect(drawn.wanted).toBe(true);
    drawn.balance();
    expect(drawn.wanted).toBe(false);
    expect(drawn.emptyPages).toBe(4);
    expect(drawn.draw(2)).toMatch(/^U+E{3,4}\.+$/);
  });

  it('gives an atomic request that failed four pages more', () => {
    const drawn = new DrawnMachine().take(1).takeMany(2).balance();
    expect(() => drawn.take(8, true)).toThrow('no room for an atomic object');
    expect(drawn.wanted).toBe(true);
    drawn.balance();
    expect(drawn.emptyPages).toBe(8);
    expect(() => drawn.take(8, true)).not.toThrow();
  });

  it('makes a chunk when no other has a page to populate', () => {
    const drawn = new DrawnMachine().takeMany(2 + 16);
    const { region } = drawn.machine;
    const before = region.header(RegionW.chunks);
    drawn.balance();
    expect(region.header(RegionW.chunks)).toBeGreaterThanOrEqual(before);
    expect(drawn.emptyPages).toBe(4);
  });

  it('of the chunks that are wholly free keeps one, and gives back all pages of the others', () => {
    const drawn = new DrawnMachine().takeMany(1 + 16 * 3);
    const { region } = drawn.machine;
    const framesBefore = drawn.machine.percpuFrames();
    const chunksBefore = region.header(RegionW.chunks);
    drawn.free(...drawn.objects.keys());
    expect(drawn.wanted).toBe(true);
    // One that was to be reclaimed comes back wholly free behind the first pass: the next run takes it.
    drawn.balance().balance();
    expect(drawn.list('fullyFree')).toHaveLength(1);
    expect(region.header(RegionW.chunks)).toBeLessThan(chunksBefore);
    expect(drawn.machine.percpuFrames()).toBeLessThan(framesBefore);
    expect(drawn.pages[0]?.out).toBe(region.header(RegionW.populatedPages));
  });

  it('gives back the empty pages of a chunk that has many, while others have enough, and sidelines it', () => {
    const drawn = new DrawnMachine().takeMany(1 + 16 * 2);
    const chunkOf = (number: number): number => {
      const ptr = drawn.objects[number];
      return ptr === undefined ? -1 : (drawn.machine.allocator.locate(ptr)?.chunk ?? -1);
    };
    const [first, second] = [chunkOf(1), chunkOf(17)];
    expect([drawn.draw(first), drawn.draw(second)]).toEqual(['U'.repeat(16), 'U'.repeat(16)]);
    // Five empty pages elsewhere, then four, a quarter of the units' pages, here.
    drawn.free(17, 18, 19, 20, 21, 22);
    drawn.free(2, 3, 9, 10, 11);
    expect([...drawn.list('toDepopulate')].length).toBeGreaterThan(0);
    const isolated = drawn.list('toDepopulate')[0] ?? -1;
    drawn.balance();
    expect(drawn.list('toDepopulate')).toEqual([]);
    expect(drawn.list('sidelined')).toEqual([isolated]);
    expect(drawn.draw(isolated)).not.toContain('E');
    expect(drawn.emptyPages).toBeGreaterThanOrEqual(4);
  });

  it('goes on when pages run out, and asks for what is missing when it runs again', () => {
    const drawn = new DrawnMachine(4).take(1).takeMany(2);
    drawn.balance();
    const { region } = drawn.machine;
    expect(drawn.pages[0]?.out).toBe(region.header(RegionW.populatedPages));
    drawn.balance();
    expect(drawn.emptyPages).toBe(4);
  });

  it('tells of chunks that it makes and destroys', () => {
    const drawn = new DrawnMachine().takeMany(1 + 16 * 2);
    const { region, pages } = drawn.machine;
    drawn.free(...drawn.objects.keys());
    const told: string[] = [];
    const work = new BalanceWork(region, pages, {
      created: (chunk) => void told.push(`+${chunk}`),
      destroyed: (chunk) => void told.push(`-${chunk}`),
    });
    const spare = drawn.list('fullyFree').slice(1);
    drawn.machine.run((cpu) => work.run(cpu));
    expect(told).toEqual(spare.toReversed().map((chunk) => `-${chunk}`));
  });
});
