/** Lists of chunks: which one, and where on it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChunk } from '../../../../../src/main/machine/percpu/chunks/chunk-lifecycle.ts';
import { ChunkSummaryW, ChunkW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { specialSlots } from '../../../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import {
  chunksOf,
  computedSlot,
  firstOf,
  isolate,
  moveToHead,
  moveToTail,
  nextOf,
  reintegrate,
  relocate,
  slotOfBytes,
  takeOffList,
} from '../../../../../src/main/machine/percpu/chunks/slots.ts';
import { makeRegionWithFullFirstChunk } from './one-region.ts';

function withChunks(count: number): { region: ChunkRegion; chunks: number[] } {
  const region = makeRegionWithFullFirstChunk();
  return { region, chunks: Array.from({ length: count }, () => createChunk(region)) };
}

describe('the list of a size', () => {
  it.each([
    [4, 1],
    [12, 1],
    [16, 2],
    [31, 2],
    [32, 3],
    [63, 3],
    [64, 4],
    [128, 5],
    [4096, 10],
    [8191, 10],
    [524288, 17],
    [1048575, 17],
  ])('%i bytes is %i, as the written table has it', (bytes, slot) => {
    const { region } = withChunks(0);
    expect(slotOfBytes(region, bytes)).toBe(slot);
  });

  it('of a whole unit is the fully free one, behind the sidelined one', () => {
    const { region } = withChunks(0);
    expect(specialSlots(1048576)).toEqual({ sidelined: 19, fullyFree: 20, toDepopulate: 21, count: 22 });
    expect(slotOfBytes(region, 1048576)).toBe(20);
  });

  it('of a chunk follows its contig hint, not its free bytes', () => {
    const { region, chunks } = withChunks(1);
    const [chunk = -1] = chunks;
    expect(computedSlot(region, chunk)).toBe(region.slots.fullyFree);
    region.setChunkField(chunk, ChunkSummaryW.contig, 4);
    expect(computedSlot(region, chunk)).toBe(2);
    region.setChunkField(chunk, ChunkSummaryW.contig, 0);
    expect(computedSlot(region, chunk)).toBe(0);
  });
});

describe('a chunk that changes', () => {
  it('goes up to the head, down to the tail, and stays when its list is the same', () => {
    const { region, chunks } = withChunks(3);
    const [one = -1, two = -1, three = -1] = chunks;
    for (const chunk of chunks) {
      moveToTail(region, chunk, 5);
      region.setChunkField(chunk, ChunkSummaryW.contig, 32);
    }
    relocate(region, two, 5);
    expect(chunksOf(region, 5)).toEqual([one, two, three]);
    relocate(region, three, 4);
    expect(chunksOf(region, 5)).toEqual([three, one, two]);
    relocate(region, three, 6);
    expect(chunksOf(region, 5)).toEqual([one, two, three]);
  });

  it('does not move while it is isolated, and comes back to the head of its list', () => {
    const { region, chunks } = withChunks(2);
    const [one = -1, two = -1] = chunks;
    for (const chunk of chunks) region.setChunkField(chunk, ChunkSummaryW.contig, 32);
    moveToTail(region, one, 5);
    isolate(region, two);
    relocate(region, two, 0);
    expect(chunksOf(region, region.slots.toDepopulate)).toEqual([two]);
    reintegrate(region, two);
    expect(chunksOf(region, 5)).toEqual([two, one]);
  });
});

describe('lists', () => {
  it('are what arrays would be, in both directions, whatever is moved', () => {
    const moves = fc.array(
      fc.record({ chunk: fc.nat(5), slot: fc.nat(4), where: fc.constantFrom('head', 'tail', 'off') }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(moves, (all) => {
        const { region, chunks } = withChunks(6);
        for (const chunk of chunks) takeOffList(region, chunk);
        const first = region.chunkField(0, ChunkW.list);
        const model: number[][] = Array.from({ length: 5 }, (_, slot) => (slot === first ? [0] : []));
        for (const { chunk: index, slot, where } of all) {
          const chunk = chunks[index] ?? -1;
          for (const list of model) if (list.includes(chunk)) list.splice(list.indexOf(chunk), 1);
          if (where === 'head') {
            moveToHead(region, chunk, slot);
            model[slot]?.unshift(chunk);
          } else if (where === 'tail') {
            moveToTail(region, chunk, slot);
            model[slot]?.push(chunk);
          } else {
            takeOffList(region, chunk);
          }
          for (const [each, list] of model.entries()) {
            expect(chunksOf(region, each)).toEqual(list);
            expect(firstOf(region, each)).toBe(list[0] ?? -1);
            const last = list.at(-1);
            if (last !== undefined) expect(nextOf(region, last)).toBe(-1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
