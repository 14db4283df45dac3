import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameProfile, measuresTheSame } from '../../../src/renderer/stores/same-profile.ts';
import { sampleProfile } from '../sample-profile.ts';

/** The same value with the fields of every object the other way round. */
function turned<T>(value: T): T;
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => turned(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, each]) => [key, turned(each)]),
  );
}

test('profiles are the same whatever the order of their fields, and with fields that are undefined', () => {
  const profile = sampleProfile();
  expect(isSameProfile(profile, turned(profile))).toBe(true);
  expect(isSameProfile(profile, { ...profile, zram: undefined, checks: undefined })).toBe(true);
  expect(isSameProfile(profile, undefined)).toBe(false);
  expect(isSameProfile(undefined, undefined)).toBe(true);
});

test('profiles that differ anywhere are not the same', () => {
  const profile = sampleProfile();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (one, other) => {
      const of = (onlineCpus: number) => ({ ...profile, machine: { ...profile.machine, onlineCpus } });
      expect(isSameProfile(of(one), turned(of(other)))).toBe(one === other);
    }),
  );
  expect(isSameProfile(profile, { ...profile, designs: profile.designs.toReversed() })).toBe(false);
});

test('profiles of other names and descriptions measure the same, and nothing else that differs does', () => {
  const profile = sampleProfile();
  const renamed = { ...profile, name: 'mine', description: 'of my own' };
  expect(isSameProfile(renamed, profile)).toBe(false);
  expect(measuresTheSame(renamed, profile)).toBe(true);
  expect(measuresTheSame({ ...renamed, designs: renamed.designs.toReversed() }, profile)).toBe(false);
  expect(measuresTheSame(undefined, profile)).toBe(false);
});
