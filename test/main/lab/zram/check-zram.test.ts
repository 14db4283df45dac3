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
    expect(zramVariantOf(undefined, 'single-mutex')).toEqual({
      zspagePages: 8,
      freeOrder: 'last',
      allocationStages: 'one',
      algorithms: 1,
    });
    expect(zramVariantOf({ freeOrder: 'first' }, 'single-mutex')).toMatchObject({ zspagePages: 8, freeOrder: 'first' });
    expect(zramProblem(PROFILE)).toBeUndefined();
  });

  it.each([
    [{ protection: { 'single-mutex': 'local-lock' } }, 'single-mutex', 'mutex'],
    [{ protection: { 'stream-list': 'mutex' } }, 'stream-list', 'wait-queue'],
    [
      { protection: { 'per-device': 'wait-queue' } },
      'per-device',
      'one of preemption-off, local-lock, mutex, read-write',
    ],
  ])('refuses a protection that makes no sense for a layout: %o', (zram, layout, ways) => {
    expect(parseProfile({ ...PROFILE, zram })).toMatchObject({
      ok: false,
      error: {
        where: `zram.protection.${layout}`,
        message: `What protects the streams of ${layout} must be ${ways}`,
      },
    });
  });

  it('refuses a list of no streams and of too many', () => {
    for (const maxStreams of [0, 65, 1.5]) {
      expect(parseProfile({ ...PROFILE, zram: { maxStreams } })).toMatchObject({
        ok: false,
        error: { where: 'zram.maxStreams', message: 'Most streams of a list must be a whole number from 1 to 64' },
      });
    }
  });

  it.each([
    [
      'one',
      { 'per-device': 'local-lock' },
      'under local-lock (per-device) the holder of a stream must not sleep, so allocation needs two stages, not one',
    ],
    [
      'one',
      { 'per-cpu-global': 'preemption-off' },
      'under preemption-off (per-cpu-global) the holder of a stream must not sleep, so allocation needs two stages, not one',
    ],
    [
      'two',
      { 'per-stream': 'mutex' },
      'under mutex (per-stream) the holder of a stream may sleep, so allocation has one stage, not two',
    ],
    [
      'two',
      { 'per-cpu-global': 'read-write' },
      'under read-write (per-cpu-global) the holder of a stream may sleep, so allocation has one stage, not two',
    ],
  ] as const)('refuses %s stages of allocation beside %o', (allocationStages, protection, message) => {
    expect(zramProblem({ ...PROFILE, zram: { allocationStages, protection } })).toEqual({
      ok: false,
      error: { code: 'bad-input', message, where: 'zram.allocationStages' },
    });
  });

  it('allows both stages where nothing is said of the protection, and two beside the mutex of 2010', () => {
    for (const allocationStages of ['one', 'two'] as const) {
      expect(zramProblem({ ...PROFILE, zram: { allocationStages } })).toBeUndefined();
    }
    const zram = { allocationStages: 'two', protection: { 'single-mutex': 'mutex' } } as const;
    expect(zramProblem({ ...PROFILE, zram })).toBeUndefined();
  });

  it('allocates in two stages under a protection that forbids sleep, whether it is named or the layout’s own', () => {
    const protection = { 'per-device': 'local-lock', 'per-stream': 'mutex' } as const;
    expect(zramVariantOf({ protection }, 'per-device')).toMatchObject({
      allocationStages: 'two',
      protection: 'local-lock',
    });
    expect(zramVariantOf({ protection }, 'per-stream')).toMatchObject({ allocationStages: 'one', protection: 'mutex' });
    expect(zramVariantOf({ protection }, 'per-cpu-global')).toMatchObject({ allocationStages: 'two' });
    expect(zramVariantOf({ allocationStages: 'one' }, 'per-cpu-global')).toMatchObject({ allocationStages: 'one' });
  });

  it('has a stream for each algorithm of recompression beside the primary one', () => {
    expect(zramVariantOf({ recompression: ['zstd', 'deflate'] }, 'per-stream').algorithms).toBe(3);
  });
});
