import { describe, expect, it } from 'vitest';
import { zramProblem } from '../../../../src/main/lab/zram/check-zram.ts';
import { zramVariantOf } from '../../../../src/main/lab/zram/zram-variant-of.ts';
import { parseProfile } from '../../../../src/shared/profile.ts';
import { PROFILE } from '../run-record-fixtures.ts';

describe('the zram of a profile', () => {
  it.each([
    [{ afterwards: [{ do: 'recompress' }] }, 'recompression needs at least one algorithm in zram.recompression'],
    [
      { recompression: ['zstd'], afterwards: [{ do: 'recompress', algorithm: 'deflate' }] },
      'recompression with deflate, which zram.recompression lacks',
    ],
    [
      { recompression: ['zstd'], afterwards: [{ do: 'recompress', thresholdBytes: 3625 }] },
      'a recompression threshold of 3625 bytes must be below 3625',
    ],
    [
      { zspagePages: 4, recompression: ['zstd'], afterwards: [{ do: 'recompress', thresholdBytes: 3300 }] },
      'a recompression threshold of 3300 bytes must be below 3257',
    ],
  ])('is refused before anything runs: %o', (zram, message) => {
    const parsed = parseProfile({ ...PROFILE, zram });
    if (!parsed.ok) throw new Error(parsed.error.message);
    expect(zramProblem(parsed.value)).toMatchObject({ error: { code: 'bad-input', message } });
  });

  it.each([
    [{ zspagePages: 3 }, 'zram.zspagePages', 'Pages of a zspage must be a whole number from 4 to 16'],
    [{ freeOrder: 'never' }, 'zram.freeOrder', 'The old content must be freed last or first'],
    [{ allocationStages: 'three' }, 'zram.allocationStages', 'Allocation must have one stage or two'],
    [{ recompression: ['lzo'] }, 'zram.recompression.0', 'A recompression algorithm must be one of zstd, deflate'],
    [
      { afterwards: [{ do: 'recompress', maxPages: 0 }] },
      'zram.afterwards.0.maxPages',
      'The most pages must be a whole number of at least 1',
    ],
  ])('has ranges: %o', (zram, where, message) => {
    expect(parseProfile({ ...PROFILE, zram })).toMatchObject({ ok: false, error: { where, message } });
  });

  it('is that of a current kernel where nothing is said', () => {
    expect(zramVariantOf(undefined, 'per-cpu-global')).toEqual({
      zspagePages: 8,
      freeOrder: 'last',
      allocationStages: 'one',
      algorithms: 1,
    });
    expect(zramVariantOf({ freeOrder: 'first' }, 'single-mutex')).toMatchObject({ zspagePages: 8, freeOrder: 'first' });
    expect(zramProblem(PROFILE)).toBeUndefined();
  });
});
