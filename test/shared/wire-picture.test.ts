import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../src/shared/base64.ts';
import { MAX_PIECE_BYTES } from '../../src/shared/evidence-contract.ts';
import type { PercpuPicture, PictureChunk } from '../../src/shared/percpu-picture.ts';
import { decodePicture, encodePicture } from '../../src/shared/wire-picture.ts';
import { MAX_CALL_BYTES } from '../../src/shared/wire.ts';

describe('base64', () => {
  it('is what Node makes of the same bytes, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('of a whole piece fits into a message', () => {
    const base64 = toBase64(new Uint8Array(MAX_PIECE_BYTES));
    const call = { kind: 'call', id: 2 ** 53 - 1, method: 'sendUpload', input: { fileId: 'x'.repeat(100), base64 } };
    expect(JSON.stringify(call).length).toBeLessThan(MAX_CALL_BYTES);
  });

  it('that is none is nothing', () => {
    expect(fromBase64('*')).toBeUndefined();
  });
});

const GEOMETRY: PercpuPicture['geometry'] = {
  pageSizeBytes: 4096,
  unitBytes: 65536,
  staticBytes: 0,
  reservedBytes: 0,
  dynBytes: 4096,
  atomBytes: 4096,
  allocBytes: 65536,
};

const objects = fc.record({
  startBytes: fc.int32Array(),
  sizeBytes: fc.int32Array(),
  callSite: fc.uint16Array(),
  frames: fc.option(fc.int32Array(), { nil: undefined }),
});
const chunk: fc.Arbitrary<PictureChunk> = fc.record({
  key: fc.string(),
  heading: fc.constantFrom('first', 'reserved', 'ordinary', 'sidelined', 'to-depopulate'),
  slot: fc.option(fc.nat(), { nil: undefined }),
  isolated: fc.boolean(),
  unitStartBytes: fc.nat(),
  sizeBytes: fc.nat(),
  freeBytes: fc.nat(),
  liveObjects: fc.nat(),
  emptyPages: fc.nat(),
  firstFreeBytes: fc.nat(),
  contigHint: fc.option(fc.record({ startBytes: fc.nat(), sizeBytes: fc.nat() }), { nil: undefined }),
  populated: fc.uint8Array(),
  fill: fc.uint8Array(),
  objects: fc.option(objects, { nil: undefined }),
});

describe('a picture on the wire', () => {
  it('comes out as it went in, through JSON', () => {
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 4 }), (chunks) => {
        const picture: PercpuPicture = {
          geometry: GEOMETRY,
          units: [{ cpu: 0, group: 0, offsetBytes: 0 }, { group: 0 }],
          chunks,
          callSites: ['a'],
        };
        const sent: ReturnType<typeof encodePicture> = JSON.parse(JSON.stringify(encodePicture(picture)));
        expect(decodePicture(sent)).toEqual(picture);
      }),
    );
  });

  it('takes columns that are parts of a larger buffer', () => {
    const large = Int32Array.of(1, 2, 3, 4);
    const part = {
      startBytes: large.subarray(1, 3),
      sizeBytes: large.subarray(0, 2),
      callSite: new Uint16Array(2),
    };
    const [sample] = fc.sample(chunk, 1);
    if (sample === undefined) throw new Error('no sample');
    const picture = { geometry: GEOMETRY, units: [], callSites: [], chunks: [{ ...sample, objects: part }] };
    expect(decodePicture(encodePicture(picture)).chunks[0]?.objects?.startBytes).toEqual(Int32Array.of(2, 3));
  });
});
