import { describe, expect, it } from 'vitest';
import { parseProfile, profileFieldErrors } from '../../src/shared/profile.ts';
import { smallProfile, valueOf } from '../main/lab/small-lab.ts';

function errorsWith(disturbances: object): string {
  return profileFieldErrors({ ...smallProfile(), ...disturbances })
    .map(({ field, message }) => `${field}: ${message}`)
    .join('\n');
}

describe('faults of a profile', () => {
  it('may be every nth or a share, at any of the sites, and none of it has to be there', () => {
    const faults = { seed: 9, frames: { every: 100 }, atomic: { percent: 0.5 }, codec: { percent: 100 } };
    expect(valueOf(parseProfile({ ...smallProfile(), faults })).faults).toEqual(faults);
    expect(errorsWith({ faults: {} })).toBe('');
    expect(valueOf(parseProfile(smallProfile())).faults).toBeUndefined();
  });

  it.each([
    [{ codec: { every: 0 } }, 'faults.codec.every: every must be a whole number from 1 to 1000000000'],
    [{ codec: { every: 1.5 } }, 'faults.codec.every: every must be a whole number from 1 to 1000000000'],
    [{ frames: { percent: 0 } }, 'faults.frames.percent: percent must be a number above 0 and up to 100'],
    [{ frames: { percent: 101 } }, 'faults.frames.percent: percent must be a number above 0 and up to 100'],
    [{ seed: -1 }, 'faults.seed: Seed of the faults must be a whole number from 0 to 4294967295'],
    [{ pages: { every: 1 } }, 'faults.pages: A profile has no such field'],
  ])('%j are refused with the field', (faults, message) => {
    expect(errorsWith({ faults })).toBe(message);
  });

  it('with two rates at once, or none, are refused in words', () => {
    for (const atomic of [{}, 5, { every: 1, percent: 1 }])
      expect(errorsWith({ faults: { atomic } })).toContain('faults.atomic');
  });
});

describe('hotplug and lock checks of a profile', () => {
  it('are read as they are', () => {
    const asked = { hotplug: { everyMs: 20, seed: 3 }, checks: true };
    expect(valueOf(parseProfile({ ...smallProfile(), ...asked }))).toMatchObject(asked);
  });

  it('are refused with the field', () => {
    expect(errorsWith({ hotplug: { everyMs: 0 } })).toBe(
      'hotplug.everyMs: The time between two changes must be a whole number of milliseconds from 1 to 60000',
    );
    expect(errorsWith({ hotplug: { everyMs: 5, seed: 0.5 } })).toContain('hotplug.seed');
    expect(errorsWith({ checks: 'yes' })).toBe('checks: checks must be true or false');
  });
});
