/** Pictures of regions against what the allocator itself says: its objects, its percpu_stats, its page tables. */
import { describe, expect, it } from 'vitest';
import { chunkKey, type PictureSource, regionPicture } from '../../../../src/main/lab/picture/region-picture.ts';
import { percpuStats } from '../../../../src/main/machine/percpu/chunks/chunk-figures.ts';
import { FIRST_CHUNK, RegionW } from '../../../../src/main/machine/percpu/chunks/chunk-layout.ts';
import type { ChunkRegion } from '../../../../src/main/machine/percpu/chunks/chunk-region.ts';
import type { PercpuPtr } from '../../../../src/main/machine/units.ts';
import { Random } from '../../../../src/main/workload/random.ts';
import { NO_CALL_SITE, type PictureChunk, type PictureUnit } from '../../../../src/shared/percpu-picture.ts';
import { DrawnChunk } from '../../machine/percpu/chunks/one-region.ts';
import { PercpuMachine, SMALL_GEOMETRY } from '../../machine/percpu/chunks/percpu-machine.ts';

const UNITS: readonly PictureUnit[] = [{ cpu: 0, group: 0, offsetBytes: 0 }];

function source(region: ChunkRegion, changes: Partial<PictureSource> = {}): PictureSource {
  return {
    region,
    units: UNITS,
    callSites: ['even', 'odd'],
    callSiteOf: (_chunk, cell) => cell % 2,
    baseOf: (chunk) => ({ baseAddress: chunk * 2 ** 20 }),
    ...changes,
  };
}

function chunkOf(drawn: DrawnChunk, changes: Partial<PictureSource> = {}): PictureChunk {
  const key = chunkKey(drawn.region, drawn.chunk);
  const found = regionPicture(source(drawn.region, changes)).chunks.find((chunk) => chunk.key === key);
  if (found === undefined) throw new Error(`no chunk ${key} in the picture`);
  return found;
}

describe('the picture of a chunk', () => {
  it('has each object with offset, size and who asked for it', () => {
    const drawn = new DrawnChunk();
    drawn.allocate(16, 4);
    drawn.allocate(4, 4);
    drawn.allocate(64, 64);
    expect(drawn.draw(0, 32)).toBe('#####...........################');
    const { objects } = chunkOf(drawn);
    expect([...(objects?.startBytes ?? [])]).toEqual([0, 16, 64]);
    expect([...(objects?.sizeBytes ?? [])]).toEqual([16, 4, 64]);
    expect([...(objects?.callSite ?? [])]).toEqual([0, 0, 0]);
  });

  it('keeps neighbours apart, and does not join what was freed between them', () => {
    const drawn = new DrawnChunk();
    for (let object = 0; object < 3; object++) drawn.allocate(8, 4);
    drawn.free(2);
    const { objects } = chunkOf(drawn);
    expect([...(objects?.startBytes ?? [])]).toEqual([0, 16]);
    expect([...(objects?.sizeBytes ?? [])]).toEqual([8, 8]);
  });

  it('has the hints as the allocator has them, in bytes', () => {
    const drawn = new DrawnChunk();
    drawn.allocate(4000, 4);
    drawn.allocate(160, 4);
    drawn.allocate(64, 64);
    drawn.free(1000);
    expect(drawn.chunkHints()).toBe('C=261088@1056 S=40@1000');
    expect(chunkOf(drawn)).toMatchObject({
      contigHint: { startBytes: 1056 * 4, sizeBytes: 261088 * 4 },
      scanHint: { startBytes: 4000, sizeBytes: 160 },
      firstFreeBytes: 4000,
      slot: drawn.list(),
      isolated: false,
    });
  });

  it('shows how much of each page is in use, and never nothing where something is', () => {
    const drawn = new DrawnChunk();
    drawn.allocate(4096, 4096);
    drawn.allocate(4, 4);
    expect([...chunkOf(drawn).fill.subarray(0, 3)]).toEqual([255, 1, 0]);
  });

  it('leaves objects out where they are not wanted', () => {
    const drawn = new DrawnChunk();
    drawn.allocate(16, 4);
    const first = chunkKey(drawn.region, FIRST_CHUNK);
    expect(chunkOf(drawn, { withObjects: new Set([first]) }).objects).toBeUndefined();
  });
});

describe('the picture of a machine in use', () => {
  const machine = new PercpuMachine({ seed: 7 });
  const random = new Random(11);
  const live = new Map<PercpuPtr, number>();
  for (let request = 0; request < 400; request++) {
    const sizeBytes = 4 * (1 + random.nextBelow(200));
    const given = machine.run((cpu) => machine.allocator.allocate(cpu, { sizeBytes, alignBytes: 4 }));
    if (given.ok) live.set(given.value, sizeBytes);
    const [oldest] = live.keys();
    if (oldest === undefined || request % 3 !== 0) continue;
    live.delete(oldest);
    machine.run((cpu) => machine.allocator.free(cpu, oldest));
  }
  const picture = regionPicture(source(machine.region, { callSiteOf: () => NO_CALL_SITE }));

  it('has the chunks of percpu_stats in their order, with their figures', () => {
    const stats = percpuStats(machine.region).chunks;
    expect(stats.length).toBeGreaterThan(3);
    const figures = picture.chunks.map(({ heading, freeBytes, liveObjects, emptyPages, contigHint }) => [
      heading,
      freeBytes,
      liveObjects,
      emptyPages,
      contigHint?.sizeBytes ?? 0,
    ]);
    expect(figures).toEqual(
      stats.map((chunk) => [chunk.heading, chunk.freeBytes, chunk.liveObjects, chunk.emptyPages, chunk.contigBytes]),
    );
  });

  it('has as many objects and bytes as are live', () => {
    const sizes = picture.chunks.flatMap(({ objects }) => [...(objects?.sizeBytes ?? [])]);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([...live.values()].sort((a, b) => a - b));
  });

  it('has a frame behind each populated page of every unit; the parts of the first chunk share the page they meet in', () => {
    const units = SMALL_GEOMETRY.units;
    const frames = picture.chunks.flatMap(({ objects, populated }) => {
      const column = objects?.frames ?? new Int32Array();
      expect(column.length).toBe(populated.length * units);
      column.forEach((frame, at) => expect(frame >= 0).toBe(populated[Math.floor(at / units)] === 1));
      return [...column].filter((frame) => frame >= 0);
    });
    // Page 1 holds the end of the static part, the reserved part and the beginning of the dynamic part.
    expect(new Set(frames).size).toBe(frames.length - units);
    // Page 0 is static, so that it is in no chunk's books.
    expect(new Set(frames).size).toBe(machine.percpuFrames() - units);
  });

  it('puts the parts of the first chunk where they lie in the unit', () => {
    const parts = picture.chunks.filter(({ heading }) => heading === 'first' || heading === 'reserved');
    // Static 5000, reserved 2048: both begin in page 1.
    expect(parts.map(({ unitStartBytes }) => unitStartBytes)).toEqual([4096, 4096]);
  });

  it('ends even where a list goes round in a circle, as one may that is being changed', () => {
    const { region } = machine;
    const list = picture.chunks.find(({ heading }) => heading === 'ordinary')?.slot ?? 0;
    const head = region.header(RegionW.lists + 2 * list);
    const word = region.chunkWord(head - 1) + 2;
    const before = region.words.get(word);
    region.words.set(word, head);
    expect(
      regionPicture(source(region))
        .chunks.map(({ key }) => key)
        .sort(),
    ).toEqual(picture.chunks.map(({ key }) => key).sort());
    region.words.set(word, before);
  });
});
