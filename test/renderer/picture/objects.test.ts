import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fragmentationOf } from '../../../src/renderer/picture/fragmentation.ts';
import { factsAt } from '../../../src/renderer/picture/object-facts.ts';
import { alignmentOf, firstObjectFrom, objectIndexAt, objectOf } from '../../../src/renderer/picture/object-search.ts';
import { objectSpan } from '../../../src/renderer/picture/object-span.ts';
import { siteEntries, siteLook, SITES_WITH_LOOK } from '../../../src/renderer/picture/site-look.ts';
import { NO_CALL_SITE, type PictureObjects } from '../../../src/shared/percpu-picture.ts';
import { sampleChunk, samplePicture } from '../sample-evidence.ts';

/** Objects from a drawing: a letter is a byte of a call site, a capital begins an object, `.` is free. */
function drawn(text: string): PictureObjects {
  const starts = [...text.matchAll(/[A-Z]/g)].map(({ index }) => index);
  const ends = starts.map((start) => start + 1 + (/^[a-z]*/.exec(text.slice(start + 1))?.[0].length ?? 0));
  return {
    startBytes: Int32Array.from(starts),
    sizeBytes: Int32Array.from(ends, (end, index) => end - (starts[index] ?? 0)),
    callSite: Uint16Array.from(starts, (start) => text.charCodeAt(start) - 65),
  };
}

describe('an object', () => {
  test('is found at each of its bytes and at no other', () => {
    const text = 'AaaBb..C.Aaa';
    const expected = [0, 0, 0, 1, 1, undefined, undefined, 2, undefined, 3, 3, 3];
    expect(expected.map((_, byte) => objectIndexAt(drawn(text), byte))).toEqual(expected);
  });

  test('is found as a search of all of them finds it', () => {
    const picture = fc.array(fc.constantFrom('A', 'Aa', 'Bbbb', '.', '..'), { maxLength: 60 });
    fc.assert(
      fc.property(picture, fc.nat(200), (parts, byte) => {
        const objects = drawn(parts.join(''));
        const isAfter = (start: number, index: number): boolean => start + (objects.sizeBytes[index] ?? 0) > byte;
        const first = objects.startBytes.findIndex(isAfter);
        expect(firstObjectFrom(objects, byte)).toBe(first < 0 ? objects.startBytes.length : first);
      }),
    );
  });

  test('is read out of its columns', () => {
    expect(objectOf(drawn('.Bb'), 0)).toEqual({ index: 0, startBytes: 1, sizeBytes: 2, callSite: 1 });
    expect(objectOf(drawn('.Bb'), 1)).toBeUndefined();
    expect(objectOf(undefined, 0)).toBeUndefined();
  });

  test.each([
    [0, 4096],
    [4, 4],
    [24, 8],
    [3 * 2 ** 20, 4096],
    [64, 64],
  ])('at offset %d is aligned to %d bytes', (offset, alignment) => {
    expect(alignmentOf(offset, 4096)).toBe(alignment);
  });
});

describe('fragmentation', () => {
  const of = (text: string) =>
    fragmentationOf(sampleChunk({ objects: drawn(text) }), { startBytes: 0, endBytes: text.length });

  test.each([
    ['Aaaa....', { freeBytes: 4, largestBytes: 4, runs: 1, share: 0 }],
    ['..A....B..', { freeBytes: 8, largestBytes: 4, runs: 3, share: 0.5 }],
    ['AaBb', { freeBytes: 0, largestBytes: 0, runs: 0, share: 0 }],
    ['....', { freeBytes: 4, largestBytes: 4, runs: 1, share: 0 }],
  ])('of %s is what it looks like', (text, expected) => {
    expect(of(text)).toEqual(expected);
  });

  test('is not made up where objects are not known', () => {
    expect(fragmentationOf(sampleChunk({ objects: undefined }), { startBytes: 0, endBytes: 8 })).toBeUndefined();
  });

  test('leaves out what lies beside the parts of the first chunk', () => {
    const { geometry } = samplePicture();
    expect(objectSpan(geometry, sampleChunk({ heading: 'first', unitStartBytes: 4096 }))).toEqual({
      startBytes: 1904,
      endBytes: 4096,
    });
    expect(objectSpan(geometry, sampleChunk({ heading: 'reserved', unitStartBytes: 4096 }))).toEqual({
      startBytes: 904,
      endBytes: 1904,
    });
    expect(objectSpan(geometry, sampleChunk())).toEqual({ startBytes: 0, endBytes: 16384 });
  });
});

describe('call sites', () => {
  test('have a letter beside their colour, the same in every picture', () => {
    const looks = Array.from({ length: SITES_WITH_LOOK }, (_, site) => siteLook(site));
    expect(looks.map(({ letter }) => letter).join('')).toBe('ABCDEFGH');
    expect(new Set(looks.map(({ token }) => token)).size).toBe(SITES_WITH_LOOK);
    expect([siteLook(SITES_WITH_LOOK), siteLook(NO_CALL_SITE)].map(({ letter }) => letter)).toEqual(['·', '?']);
  });

  test('are counted in their order, then all others, then what nobody knows', () => {
    const names = Array.from({ length: 12 }, (_, site) => `site ${site}`);
    const callSite = Uint16Array.of(11, NO_CALL_SITE, 2, 2, 9);
    const entries = siteEntries({ callSite, sizeBytes: Int32Array.of(1, 2, 4, 8, 16) }, names, 'unknown');
    expect(entries.map(({ title, objects, bytes }) => [title, objects, bytes])).toEqual([
      ['site 2', 2, 12],
      ['all other call sites', 2, 17],
      ['unknown', 1, 2],
    ]);
  });
});

describe('what is said of a place', () => {
  const picture = samplePicture();
  const [chunk] = picture.chunks;
  if (chunk === undefined) throw new Error('the sample has a chunk');

  test('names who allocated the object, and its address on each CPU that has one', () => {
    const { title, facts } = factsAt(picture, chunk, 70, 'nobody');
    expect(title).toBe('psi_cgroup_alloc+0x4a/0xd0');
    expect(new Map(facts)).toEqual(
      new Map([
        ['size', '64 B'],
        ['offset', '64 = 0x40'],
        ['aligned to', '64 B'],
        ['page', '0'],
        ['on CPU 0', '00000000cf3d60bb + 0x40'],
        ['on CPU 1', '00000000cf3d60bb + 0x4040'],
        ['and', '1 more CPU'],
      ]),
    );
  });

  test.each([
    [130, 'nobody'],
    [5000, 'free'],
    [9000, 'free, no page behind it'],
  ])('byte %d: %s', (byte, title) => {
    expect(factsAt(picture, chunk, byte, 'nobody').title).toBe(title);
  });

  test.each([
    [0, 'static variables'],
    [5500, 'reserved for modules'],
    [6100, 'dynamic part'],
    [10_000, 'given back at boot'],
  ])('byte %d of the first chunk: %s', (byte, title) => {
    const first = sampleChunk({ heading: 'first', unitStartBytes: 4096, objects: undefined });
    expect(factsAt(picture, first, byte, 'nobody').title).toBe(title);
  });
});
