import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainSlot, specialSlots } from '../../../src/main/machine/percpu/chunks/percpu-geometry.ts';
import { parseBytes } from '../../../src/renderer/format/bytes.ts';
import { chunkRows } from '../../../src/renderer/picture/chunk-rows.ts';
import { listWords } from '../../../src/renderer/picture/chunk-words.ts';
import { firstChunkPicture } from '../../../src/renderer/picture/first-chunk-picture.ts';
import { translationSteps } from '../../../src/renderer/picture/translate.ts';
import { unitParts } from '../../../src/renderer/picture/unit-parts.ts';
import { labelledUnits, layOutStrip, sliceShares, unitAt } from '../../../src/renderer/picture/unit-strip.ts';
import { visibleRows } from '../../../src/renderer/picture/visible-rows.ts';
import { sampleBoot, sampleChunk, samplePicture } from '../sample-evidence.ts';

describe('a list', () => {
  const unitBytes = 2 ** 20;
  const picture = { ...samplePicture(), lists: specialSlots(unitBytes) };
  const wide = { ...picture, geometry: { ...picture.geometry, unitBytes } };

  test('says which contig hints the allocator puts on it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 16, max: unitBytes - 4 }), (bytes) => {
        const words = listWords(sampleChunk({ slot: plainSlot(bytes) }), wide);
        const [low = NaN, high = NaN] = [...words.matchAll(/[\d.]+ (?:B|KiB|MiB)/g)].map(([text]) => parseBytes(text));
        expect(bytes).toBeGreaterThanOrEqual(low);
        expect(bytes).toBeLessThan(high);
      }),
    );
  });

  test.each([
    [0, '0 · full or parked'],
    [1, '1 · < 16 B'],
    [wide.lists.sidelined, '19 · sidelined'],
    [wide.lists.fullyFree, '20 · fully free'],
    [wide.lists.toDepopulate, '21 · to depopulate'],
  ])('%d is called %s', (slot, words) => {
    expect(listWords(sampleChunk({ slot }), wide)).toBe(words);
  });
});

describe('the table of chunks', () => {
  test('has hints, pages and free bytes of each', () => {
    expect(chunkRows(samplePicture())).toMatchObject([
      {
        name: '00000000cf3d60bb',
        free: '15.8 KiB',
        pages: '2 / 4',
        contigHint: '15.8 KiB @ 0xc0',
        scanHint: '–',
        firstFree: '0xc0',
      },
    ]);
  });

  test('never says that all is in use while something is free', () => {
    const [row] = chunkRows(
      samplePicture([sampleChunk({ freeBytes: 4, sizeBytes: 2 ** 20, firstFreeBytes: 2 ** 20 })]),
    );
    expect([row?.used, row?.firstFree]).toEqual(['> 99.9 %', 'full']);
  });

  test('draws the rows that are seen and a few more', () => {
    expect(visibleRows({ scrollTop: 0, height: 240 }, 24, 500)).toEqual({ first: 0, end: 14 });
    expect(visibleRows({ scrollTop: 2400, height: 240 }, 24, 500)).toEqual({ first: 96, end: 114 });
    expect(visibleRows({ scrollTop: 9999, height: 240 }, 24, 3)).toEqual({ first: 3, end: 3 });
  });
});

describe('the parts of a unit', () => {
  test('fill it without gaps, in the order of addresses', () => {
    const { geometry } = samplePicture();
    const parts = unitParts(geometry, sampleChunk({ heading: 'first' }));
    expect(parts.map(({ kind, startBytes, endBytes }) => [kind, startBytes, endBytes])).toEqual([
      ['static', 0, 5000],
      ['reserved', 5000, 6000],
      ['dynamic', 6000, 8192],
      ['given-back', 8192, 16384],
    ]);
  });

  test('leave out what is not there', () => {
    const geometry = { ...samplePicture().geometry, reservedBytes: 0, dynBytes: 11384 };
    expect(unitParts(geometry, sampleChunk({ heading: 'first' })).map(({ kind }) => kind)).toEqual([
      'static',
      'dynamic',
    ]);
    expect(unitParts(geometry, sampleChunk()).map(({ kind }) => kind)).toEqual(['chunk']);
  });
});

describe('units side by side', () => {
  const { units } = samplePicture();

  test('stand in order, groups apart, and are found where they stand', () => {
    const strip = layOutStrip(units, 130);
    expect(strip.map(({ x }) => x)).toEqual([0, 30, 70, 100]);
    expect(strip.map(({ x, width }) => unitAt(strip, x + width / 2))).toEqual([0, 1, 2, 3]);
    expect(unitAt(strip, 64)).toBeUndefined();
  });

  test('fit however many there are', () => {
    const many = Array.from({ length: 336 }, (_, cpu) => ({ cpu, group: cpu < 168 ? 0 : 1 }));
    const last = layOutStrip(many, 1000).at(-1);
    expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(1000);
  });

  test.each([0, 1, 3, 77, 143])('of many CPUs have labels that never meet when CPU %d is chosen', (selected) => {
    const many = Array.from({ length: 144 }, (_, cpu) => ({ cpu, group: cpu < 72 ? 0 : 1 }));
    const strip = layOutStrip(many, 600);
    const labelled = labelledUnits(strip, selected);
    const centres = strip.filter(({ index }) => labelled.has(index)).map(({ x, width }) => x + width / 2);
    expect(labelled).toContain(selected);
    expect(centres.length).toBeGreaterThan(10);
    // Three bold digits of 11 px take about 21 px.
    for (const [index, centre] of centres.slice(1).entries())
      expect(centre - (centres[index] ?? 0)).toBeGreaterThan(22);
  });

  test('of few CPUs have all their labels', () => {
    expect([...labelledUnits(layOutStrip(units, 600), 1)].toSorted()).toEqual([0, 1, 2, 3]);
  });

  test('show which slices of a unit are in use, from where the chunk begins', () => {
    const chunk = { fill: Uint8Array.of(255, 0), populated: Uint8Array.of(1, 1), unitStartBytes: 4096 };
    const shares = sliceShares(chunk, { unitBytes: 16384, pageBytes: 4096, rows: 4 });
    expect(shares).toEqual([
      { used: 0, populated: 0 },
      { used: 1, populated: 1 },
      { used: 0, populated: 1 },
      { used: 0, populated: 0 },
    ]);
  });
});

describe('the translation of a pointer', () => {
  const steps = (changes: Parameters<typeof sampleChunk>[0], unit: number, unitByte = 64) =>
    translationSteps({ picture: samplePicture(), chunk: sampleChunk(changes), unitByte, unit }).map(
      ({ value }) => value,
    );

  test('adds the CPU’s offset to what is the same for all', () => {
    expect(steps({ baseAddress: 0x10000 }, 1)).toEqual(['0x10040', '0x4000', '0x14040', 'a frame + 0x40']);
  });

  test('ends at the frame, where the source knows it', () => {
    const objects = { startBytes: Int32Array.of(0), sizeBytes: Int32Array.of(64), callSite: Uint16Array.of(0) };
    // Page 1 on four units, behind those of page 0.
    const frames = Int32Array.of(0, 1, 2, 3, 100, 101, -1, 103, -1, -1, -1, -1);
    expect(steps({ objects: { ...objects, frames } }, 1, 4096 + 16).at(-1)).toBe('frame 101 + 0x10');
    expect(steps({ objects: { ...objects, frames } }, 2, 4096 + 16).at(-1)).toBe('none');
  });

  test('keeps the name of a base that is no number', () => {
    expect(steps({}, 1).slice(0, 3)).toEqual(['00000000cf3d60bb + 0x40', '0x4000', '00000000cf3d60bb + 0x4040']);
  });

  test('says what is not known, and where there is no page', () => {
    expect(steps({}, 2).slice(1, 3)).toEqual(['not known', 'not known']);
    expect(steps({}, 0, 9000).at(-1)).toBe('none');
  });

  test('takes the static variables before the first chunk’s dynamic part as backed by pages', () => {
    expect(steps({ heading: 'first', unitStartBytes: 4096 }, 0, 16).at(-1)).toBe('a frame + 0x10');
  });
});

describe('the first chunk of a boot log', () => {
  test('has the parts that were printed, and the units of the map', () => {
    const picture = firstChunkPicture(sampleBoot());
    expect(picture?.geometry).toMatchObject({ pageSizeBytes: 4096, unitBytes: 1048576, staticBytes: 185560 });
    expect(picture?.units).toEqual([
      { cpu: 0, group: 0, offsetBytes: 0 },
      { cpu: 1, group: 0, offsetBytes: 1048576 },
    ]);
    // 185560 = 45 × 4096 + 1240: the dynamic part begins in page 45, and eight pages belong to it.
    expect(picture?.chunks).toMatchObject([{ unitStartBytes: 45 * 4096, firstFreeBytes: 1240, sizeBytes: 8 * 4096 }]);
  });

  test('does not say where a second group’s units lie', () => {
    const printed = { ...sampleBoot().printed, groupMap: [[0], [1, undefined]] };
    expect(firstChunkPicture({ printed })?.units).toEqual([
      { cpu: 0, group: 0, offsetBytes: 0 },
      { cpu: 1, group: 1, offsetBytes: undefined },
      { cpu: undefined, group: 1, offsetBytes: undefined },
    ]);
  });

  test.each([
    ['no unit', { unitBytes: undefined }],
    ['a unit that is too small', { unitBytes: 4096 }],
    ['a page that is no power of two', { pagesPerCpu: 52 }],
    ['no static part', { staticBytes: undefined }],
  ])('is not drawn with %s', (_what, changes) => {
    expect(firstChunkPicture({ printed: { ...sampleBoot().printed, ...changes } })).toBeUndefined();
  });
});
