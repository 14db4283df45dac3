import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProfile, profileFieldErrors, profileNameProblem, type Profile } from '../../src/shared/profile.ts';

const SEED: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../resources/profiles/seed-2010.json'), 'utf8'),
);

function seed(): Profile {
  const parsed = parseProfile(SEED);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

/** The seed with one field of its machine changed. */
function withMachine(change: Record<string, unknown>): unknown {
  return { ...seed(), machine: { ...seed().machine, ...change } };
}

describe('the shipped profile', () => {
  it('is parsed to what it says', () => {
    expect(parseProfile(SEED)).toEqual({ ok: true, value: SEED });
    expect(profileFieldErrors(SEED)).toEqual([]);
  });
});

describe('the name of a profile', () => {
  it.each([
    ['small 2010', undefined],
    ['   ', 'Name must not be empty'],
    ['a/b', 'Name must not contain slashes or control characters'],
    ['a\u0007b', 'Name must not contain slashes or control characters'],
    ['n'.repeat(81), 'Name must have at most 80 characters'],
  ])('%o: %s', (name, problem) => {
    expect(profileNameProblem(name)).toBe(problem);
  });
});

describe('a wrong profile', () => {
  it.each([
    [{ possibleCpus: 65 }, 'machine.possibleCpus', 'Possible CPUs must be a whole number from 1 to 64'],
    [{ onlineCpus: 1.5 }, 'machine.onlineCpus', 'Online CPUs must be a whole number from 1 to 64'],
    [{ onlineCpus: 3 }, 'machine.onlineCpus', 'Online CPUs must not exceed possible CPUs'],
    [{ pageSizeBytes: 8192 }, 'machine.pageSizeBytes', 'Page size must be 4096, 16384 or 65536 bytes'],
    [{ devices: '2' }, 'machine.devices', 'zram devices must be a whole number from 1 to 16'],
    [{ devices: undefined }, 'machine.devices', 'zram devices must be a whole number from 1 to 16'],
    [{ colour: 'red' }, 'machine.colour', 'A profile has no such field'],
  ])('with %o names the field', (change, field, message) => {
    expect(profileFieldErrors(withMachine(change))).toEqual([{ field, message }]);
  });

  it.each([
    ['', 'Name must not be empty'],
    ['a/b', 'Name must not contain slashes or control characters'],
  ])('with the name %j says the one thing that is wrong with it', (name, message) => {
    expect(profileFieldErrors({ ...seed(), name })).toEqual([{ field: 'name', message }]);
  });

  it('names a field that is missing', () => {
    const { description: _, ...rest } = seed();
    expect(parseProfile(rest)).toMatchObject({
      ok: false,
      error: { code: 'bad-input', where: 'description', message: 'This field is missing' },
    });
  });

  it('names too many CPUs also while another field is wrong', () => {
    const fields = profileFieldErrors(withMachine({ onlineCpus: 3, devices: 0 })).map((error) => error.field);
    expect(fields).toEqual(['machine.devices', 'machine.onlineCpus']);
  });

  it('refuses shares of pages that exceed the whole', () => {
    const data = { kind: 'generator', zeroPercent: 50, samePercent: 30, randomPercent: 21, compressPercent: 0 };
    const errors = profileFieldErrors({ ...seed(), workload: { ...seed().workload, data } });
    expect(errors.map((error) => error.field)).toEqual(['workload.data.randomPercent']);
  });

  it('means lz4 when it was saved before there was a choice of codecs', () => {
    const { codec: _codec, ...machine } = seed().machine;
    const parsed = parseProfile({ ...seed(), machine });
    expect(parsed.ok && parsed.value.machine.codec).toBe('lz4');
    expect(profileFieldErrors({ ...seed(), machine })).toEqual([]);
  });

  it('refuses a codec that there is not', () => {
    const errors = profileFieldErrors({ ...seed(), machine: { ...seed().machine, codec: 'zip' } });
    expect(errors).toEqual([{ field: 'machine.codec', message: 'Codec must be one of lz4, lz4-kernel' }]);
  });

  it('refuses a design that is picked twice', () => {
    const errors = profileFieldErrors({ ...seed(), designs: ['single-mutex', 'single-mutex'] });
    expect(errors).toEqual([{ field: 'designs', message: 'Each design may be picked once' }]);
  });

  it.each([7, 'profile', undefined, []])('that is %o is one sentence', (input) => {
    expect(parseProfile(input).ok).toBe(false);
  });
});
