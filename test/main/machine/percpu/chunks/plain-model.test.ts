/** Request by request against the plain allocator: same chunk, same offset, same hints, same pages, same lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SummaryW } from '../../../../../src/main/machine/percpu/chunks/block-summary.ts';
import { bitIsSet } from '../../../../../src/main/machine/percpu/chunks/bitmap.ts';
import { ChunkFlag, ChunkW, RegionW } from '../../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { ChunkRegion } from '../../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import { chunksOf } from '../../../../../src/main/machine/percpu/chunks/slots.ts';
import type { PercpuPtr } from '../../../../../src/main/machine/units.ts';
import { PercpuMachine } from './percpu-machine.ts';
import { PlainAllocator, type PlainPlace, type PlainRequest } from './plain-allocator.ts';
import type { PlainChunk } from './plain-chunk.ts';
import type { PlainSummary } from './plain-summary.ts';

const MAX_CHUNKS = 9;

type Step =
  | ({ readonly kind: 'take' } & PlainRequest)
  | { readonly kind: 'free'; readonly pick: number }
  | { readonly kind: 'free-many'; readonly pick: number; readonly count: number }
  | { readonly kind: 'balance' };

const sizes = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(4, 8, 16, 24, 32, 64, 128, 528, 1216) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 3000 }) },
  { weight: 2, arbitrary: fc.constantFrom(4096, 4092, 8192, 12288, 20480, 32768) },
);
const aligns = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(4, 8) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 16, 64, 256, 1024, 4096) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc.record({
        kind: fc.constant('take' as const),
        sizeBytes: sizes,
        alignBytes: aligns,
        atomic: fc.nat(5).map((roll) => roll === 0),
        reserved: fc.nat(15).map((roll) => roll === 0),
      }),
    },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('free-many' as const), pick: fc.nat(), count: fc.nat(12) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('balance' as const) }) },
  ),
  { minLength: 20, maxLength: 260, size: 'max' },
);

interface Live {
  readonly ptr: PercpuPtr;
  readonly place: PlainPlace;
}

/** The two side by side. */
class Pair {
  readonly machine = new PercpuMachine({ maxChunks: MAX_CHUNKS });
  readonly plain = new PlainAllocator(this.machine.region.geometry, MAX_CHUNKS);
  readonly live: Live[] = [];

  run(step: Step): void {
    switch (step.kind) {
      case 'take':
        this.#take(step);
        return;
      case 'free':
        this.#free(step.pick, 1);
        return;
      case 'free-many':
        this.#free(step.pick, step.count);
        return;
      case 'balance':
        this.machine.run((cpu) => this.machine.allocator.runBalanceWork(cpu));
        this.plain.balance();
    }
  }

  #take(request: PlainRequest): void {
    const place = this.plain.allocate(request);
    const given = this.machine.run((cpu) => this.machine.allocator.allocate(cpu, request));
    const at = given.ok ? this.machine.allocator.locate(given.value) : undefined;
    expect(at === undefined ? undefined : `${at.chunk}+${at.offsetBytes / 4}`).toBe(
      place === undefined ? undefined : `${place.chunk.number}+${place.start}`,
    );
    if (place !== undefined && given.ok) this.live.push({ ptr: given.value, place });
  }

  #free(pick: number, count: number): void {
    const from = this.live.length === 0 ? 0 : pick % this.live.length;
    for (const { ptr, place } of this.live.splice(from, count)) {
      this.plain.free(place);
      expect(this.machine.run((cpu) => this.machine.allocator.free(cpu, ptr))).toBe('freed');
    }
  }
}

function pictureOfPlain(plain: PlainAllocator) {
  const { reserved } = plain;
  return {
    lists: plain.lists.map((list) => list.map(({ number }) => number)),
    globalEmpty: plain.globalEmpty,
    isWorkerWanted: plain.isWorkerWanted,
    chunks: [...(reserved === undefined ? [] : [reserved]), ...plain.chunks()].map(plainChunkPicture),
  };
}

function plainChunkPicture(chunk: PlainChunk) {
  return {
    number: chunk.number,
    objects: chunk.objects,
    freeBytes: chunk.freeCells * 4,
    emptyPages: chunk.emptyPages,
    isIsolated: chunk.isIsolated,
    populated: chunk.populated.map((isPopulated) => (isPopulated ? 'P' : '.')).join(''),
    whole: plainHints(chunk.whole),
    blocks: chunk.blocks.map((block) => `${plainHints(block)} L${block.left} R${block.right}`),
  };
}

function plainHints({ firstFree, contig, contigStart, scan, scanStart }: PlainSummary): string {
  return hintText({ firstFree, contig, contigStart, scan, scanStart });
}

/** Starts of empty runs say nothing and are left out. */
function hintText(hints: Omit<PlainSummary, 'span' | 'left' | 'right'>): string {
  const contig = hints.contig === 0 ? '-' : `${hints.contig}@${hints.contigStart}`;
  return `ff${hints.firstFree} C${contig} S${hints.scan === 0 ? '-' : `${hints.scan}@${hints.scanStart}`}`;
}

function pictureOfRegion(region: ChunkRegion, isWorkerWanted: boolean) {
  const lists = Array.from({ length: region.slots.count }, (_, slot) => chunksOf(region, slot));
  return {
    lists,
    globalEmpty: region.header(RegionW.emptyPages),
    isWorkerWanted,
    chunks: [1, ...lists.flat()].map((chunk) => regionChunkPicture(region, chunk)),
  };
}

function regionChunkPicture(region: ChunkRegion, chunk: number) {
  const pages = region.chunkField(chunk, ChunkW.pages);
  return {
    number: chunk,
    objects: region.chunkField(chunk, ChunkW.liveObjects),
    freeBytes: region.chunkField(chunk, ChunkW.freeBytes),
    emptyPages: region.chunkField(chunk, ChunkW.emptyPages),
    isIsolated: region.hasFlag(chunk, ChunkFlag.isolated),
    populated: Array.from({ length: pages }, (_, page) =>
      bitIsSet(region.words, region.populatedMap(chunk), page) ? 'P' : '.',
    ).join(''),
    whole: regionHints(region, region.chunkWord(chunk) + ChunkW.summary),
    blocks: Array.from({ length: pages }, (_, block) => {
      const summary = region.blockSummary(chunk, block);
      const { words } = region;
      return `${regionHints(region, summary)} L${words.get(summary + SummaryW.left)} R${words.get(summary + SummaryW.right)}`;
    }),
  };
}

function regionHints({ words }: ChunkRegion, summary: number): string {
  return hintText({
    firstFree: words.get(summary + SummaryW.firstFree),
    contig: words.get(summary + SummaryW.contig),
    contigStart: words.get(summary + SummaryW.contigStart),
    scan: words.get(summary + SummaryW.scan),
    scanStart: words.get(summary + SummaryW.scanStart),
  });
}

describe('the allocator and the plain one', () => {
  it('begin alike', () => {
    const { machine, plain } = new Pair();
    expect(pictureOfRegion(machine.region, false)).toEqual(pictureOfPlain(plain));
  });

  it('do the same with small objects of every alignment, where holes are many', () => {
    const small = fc.array(
      fc.oneof(
        {
          weight: 7,
          arbitrary: fc.record({
            kind: fc.constant('take' as const),
            sizeBytes: fc.integer({ min: 1, max: 40 }),
            alignBytes: fc.constantFrom(4, 8, 16, 32, 64, 128, 256),
            atomic: fc.constant(false),
            reserved: fc.constant(false),
          }),
        },
        { weight: 5, arbitrary: fc.record({ kind: fc.constant('free' as const), pick: fc.nat() }) },
      ),
      { minLength: 150, maxLength: 400, size: 'max' },
    );
    fc.assert(
      fc.property(small, (all) => {
        const pair = new Pair();
        // The first chunk is full, so that everything happens in one whose hints start at 0.
        for (const sizeBytes of [4096, 1024, 64, 32, 16, 8, 4]) {
          for (let turn = 0; turn < 3; turn++) {
            pair.run({ kind: 'take', sizeBytes, alignBytes: 4, atomic: false, reserved: false });
          }
        }
        for (const step of all) pair.run(step);
        const { region, allocator } = pair.machine;
        expect(pictureOfRegion(region, allocator.balanceWanted())).toEqual(pictureOfPlain(pair.plain));
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('do the same with every request, and are the same after each', () => {
    const reached = { chunks: 0, isolated: 0, refused: 0 };
    fc.assert(
      fc.property(steps, (all) => {
        const pair = new Pair();
        for (const step of all) {
          const liveBefore = pair.live.length;
          pair.run(step);
          const { region, allocator } = pair.machine;
          const picture = pictureOfRegion(region, allocator.balanceWanted());
          expect(picture).toEqual(pictureOfPlain(pair.plain));
          reached.chunks = Math.max(reached.chunks, picture.chunks.length);
          if (picture.chunks.some(({ isIsolated }) => isIsolated)) reached.isolated += 1;
          if (step.kind === 'take' && pair.live.length === liveBefore) reached.refused += 1;
        }
      }),
      { numRuns: 60, seed: 20_240_611 },
    );
    // The runs went where the rules are many.
    expect(reached.chunks).toBeGreaterThan(6);
    expect(reached.isolated).toBeGreaterThan(20);
    expect(reached.refused).toBeGreaterThan(20);
  });
});
